#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2 ---- p1 10.0.1.1 [ router            ] p2 ====== t2 -- a2 10.0.10.2 (VLAN 10)
#     h3 10.0.3.2 ---- p3          [ p2.10 10.0.10.1   ]           |---- b2 10.0.20.2 (VLAN 20)
#                                  [ p2.20 10.0.20.1   ]           `---- c2 10.0.7.2  (S-VLAN 100, 7)
#                                  [ p2.100.7 10.0.7.1 ]
#
# VLANs come and go by reload, with what is theirs, and what others send meanwhile is not lost; they
# follow the device they are on. A device is told to show tags, and everybody's frames where it is a
# bridge's port, and is what it was when that ends. Tags are made by a program, for kernels without.
. "$(dirname "$0")/lib.sh"
[ -c /dev/net/tun ] || die "the kernel $(uname -r) has no TAP devices"

host_add h1 p1 10.0.1.2/24 10.0.1.1
host6_add h1 2001:db8:1::2/64 2001:db8:1::1
host_add h3 p3 10.0.3.2/24 10.0.3.1
netns_add t2
link_add t2 eth0 router p2
at_background t2 "$here/vlan_taps.py" eth0 a2=10 b2=20 c2=100s,7
wait_for 10 grep -q ready "$scratch/t2.log"
tagged() { # tagged HOST NET
	netns_add "$1"
	ip -n "$prefix.t2" link set "$1" netns "$prefix.$1" name eth0
	ip -n "$prefix.$1" link set eth0 mtu 1400 up
	ip -n "$prefix.$1" address add "10.0.$2.2/24" dev eth0
	ip -n "$prefix.$1" route add default via "10.0.$2.1"
}
tagged a2 10
tagged b2 20
tagged c2 7
host6_add a2 2001:db8:10::2/64 2001:db8:10::1

# in_force LINE...: these interfaces, beside p1.
written() {
	printf '%s\n' 'version: 1' 'interfaces:' \
		'  p1: {control: own, dad: no, addresses: [10.0.1.1/24, "2001:db8:1::1/64"]}' "$@" >"$config"
}
in_force() { written "$@" && viaduct reload; }
p2='  p2: {control: own}'
ten='  p2.10: {addresses: [10.0.10.1/24, "2001:db8:10::1/64"], router-advertisement: {interval: 4s}}'
twenty='  p2.20: {addresses: [10.0.20.1/24]}'
inner=('  p2.100: {protocol: 802.1ad}' '  p2.100.7: {addresses: [10.0.7.1/24]}')

row() { # row IFACE EXPRESSION: of what show interfaces says of it
	has_json "any(r['ifname'] == '$1' and ($2) for r in rows)" viaduct -j show interfaces
}
names() { has_json "' '.join(r['ifname'] for r in rows) == '$1'" viaduct -j show interfaces; }
feature() { at router ethtool -k "$1" | grep -q "$2"; }
promiscuous() { ip -n "$prefix.router" -details link show "$1" | grep -q 'promiscuity [1-9]'; }
group() { ip -n "$prefix.router" maddress show dev "$1" | grep -qi "$2"; }

parse=$(at router ethtool -k p2 | sed -n 's/^rx-vlan-stag-hw-parse: //p')
written "$p2" "$ten"
it "the daemon starts" router_start
it "its VLAN is there, and its address nobody else's by then" row p2.10 "r['operstate'] == 'up' and \
	'tentative' not in r and r['mode'] == 'vlan' and r['note'] == 'VLAN 10 of p2' and \
	(r['link'], r['vlan'], r['protocol']) == ('p2', 10, '802.1Q')"
it "the device shows tags of 802.1ad too" feature p2 'rx-vlan-stag-hw-parse: off'
it "and lets in the groups of the VLAN's addresses" group p2 '33:33:ff:00:00:01'
it "h1 reaches a2 by IPv4" reaches h1 10.0.10.2
it "and by IPv6" reaches h1 2001:db8:10::2
it "neighbours are the VLAN's" has_json \
	'{("10.0.10.2", "p2.10"), ("10.0.1.2", "p1")} <= {(r["dst"], r["dev"]) for r in rows}' \
	viaduct -j show neighbours
it "so are routes" has_json \
	'any((r["dst"], r.get("dev")) == ("10.0.10.0/24", "p2.10") for r in rows)' viaduct -j show routes
ip -n "$prefix.a2" -6 route del default
host6_slaac a2
it "hosts there get the router's advertisements" wait_for 15 says 'default via fe80:.* proto ra' \
	at a2 ip -6 route show default

at_background h1 ping -n -i 0.01 10.0.10.2
flood=$background
answers() { [ "$(grep -c ' ttl=' "$scratch/h1.log")" -ge "$1" ]; }
it "a reload adds a VLAN" in_force "$p2" "$ten" "$twenty"
it "which is in force on return" reaches h1 10.0.20.2
it "and one in an S-VLAN" in_force "$p2" "$ten" "$twenty" "${inner[@]}"
it "which is, too" reaches h1 10.0.7.2
it "as show interfaces says" row p2.100 "r['note'] == '802.1ad VLAN 100 of p2' and \
	r['protocol'] == '802.1ad'"
it "and of the other" row p2.100.7 "r['note'] == 'VLAN 7 of p2.100' and r['link'] == 'p2.100'"
it "a reload takes two away" in_force "$p2" "$ten" "${inner[@]:0:1}"
it "which are gone" names 'p1 p2 p2.10 p2.100'
it "with their routes" has_json \
	'not {"10.0.20.0/24", "10.0.7.0/24"} & {r["dst"] for r in rows}' viaduct -j show routes
it "their hosts hear nothing" not at b2 ping -n -c 1 -W 1 10.0.20.1
it "and their frames are those of no VLAN" has_json \
	"any((r['ifname'], r['reason']) == ('p2', 'vlan') for r in rows)" viaduct -j show drops
it "traffic in the VLAN that stayed went on" wait_for 10 answers 100
kill -INT "$flood"
wait "$flood" || : # 1 when the last one was on its way
it "without a gap" awk 'match($0, /icmp_seq=[0-9]+/) && / ttl=/ {
	n++
	if (substr($0, RSTART + 9, RLENGTH - 9) != n) bad = 1
} END { exit bad || n < 100 }' "$scratch/h1.log"

guest='  guest: {parent: p2, vlan: 30, addresses: [10.0.20.1/24]}'
it "a VLAN has a name of its own" in_force "$p2" "$ten" "$guest"
it "in which b2 is not" not at b2 ping -n -c 1 -W 1 10.0.20.1
it "it gets another tag" in_force "$p2" "$ten" "${guest/30/20}"
it "in which b2 is" reaches h1 10.0.20.2
it "it goes again" in_force "$p2" "$ten"
it "the other is what it was" reaches h1 10.0.10.2
it "its device is bound anew" in_force '  p2: {control: own, xdp: {mode: generic}}' "$ten"
it "under a VLAN that stays" reaches h1 10.0.10.2

ip -n "$prefix.t2" link set eth0 down
it "the device's link is lost: so is the VLAN's" wait_for 5 row p2.10 "r['operstate'] == 'down'"
ip -n "$prefix.t2" link set eth0 up
it "it is back: so is the VLAN's" wait_for 5 row p2.10 "r['operstate'] == 'up'"
it "h1 reaches a2 again" wait_for 10 reaches h1 10.0.10.2
mac=$(ip -n "$prefix.router" -json link show p2 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["address"])')
ip -n "$prefix.router" link set p2 address 02:00:00:00:00:77
it "the VLAN has its device's new MAC" wait_for 5 row p2.10 "r['address'] == '02:00:00:00:00:77'"
it "and is reached by that" wait_for 10 reaches a2 10.0.1.2
ip -n "$prefix.router" link set p2 address "$mac" mtu 1380
it "and its lower MTU" wait_for 5 row p2.10 "r['mtu'] == 1380"
it "which is told to those who send more" says 'mtu ?= ?1380' \
	at h1 ping -n -c 3 -W 1 -M "do" -s 1372 10.0.10.2
it "a VLAN cannot carry more" says 'p2.10.*mtu: 1390 is more than p2 can carry, 1380' \
	in_force '  p2: {control: own, xdp: {mode: generic}}' "${ten/\{/\{mtu: 1390, }"
it "which changed nothing" reaches h1 10.0.10.2

lldp() { # an LLDP frame from h3
	at h3 python3 -c 'import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.send(bytes.fromhex("0180c200000e" "020000000003" "88cc") + bytes(46))'
}
passed() { # passed N: link protocols that the kernel got on p3
	has_json "any((r['ifname'], r['name'], r['value']) == ('p3', 'steer.passed-link', $1) for r in rows)" \
		viaduct -j show counters
}
it "a port is the router's own" in_force "$p2" "$ten" '  p3: {control: own}'
it "its device is not promiscuous" not promiscuous p3
lldp
it "and keeps link protocols from the kernel" passed 0
printf '%s\n' 'bridges:' '  br0: {ports: {p3: {}}}' >>"$config"
it "it becomes a bridge's" viaduct reload
it "its device is promiscuous" promiscuous p3
lldp
it "and the kernel gets link protocols" wait_for 5 passed 1
it "as it is told" row p3 "r['master'] == 'br0'"
it "it is the router's own again" in_force "$p2" "$ten" '  p3: {control: own}'
it "and not promiscuous" not promiscuous p3
lldp
it "nor does the kernel get any more" passed 1
it "every frame and every packet is accounted for" wait_for 5 balanced
it "the daemon stops cleanly on SIGTERM" router_stop
it "and the device takes tags off again, if it did" feature p2 "rx-vlan-stag-hw-parse: $parse"
done_testing
