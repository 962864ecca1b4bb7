#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1, VLAN 10 ---- p1 access 10 +---------------------------------+
#     h2, VLAN 20 ---- p2 access 20 | br0                             |
#     a3, VLAN 10 -- t3 == p3 trunk | br0.10 10.0.10.1, 2001:db8:10:: |
#     b3, VLAN 20 --/               | br0.20 10.0.20.1, 2001:db8:20:: |
#                                   +---------------------------------+
#
# The router has a foot in each of two VLANs: hosts on access ports and behind a trunk get their
# addresses from its advertisements, and are routed from VLAN to VLAN. One station may be in both. A
# reload takes a VLAN away, and what is the others' stays.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"
[ -c /dev/net/tun ] || die "the kernel $(uname -r) has no TAP devices"

bridge_host h1 p1 10.0.10.2/24
bridge_host h2 p2 10.0.20.2/24
netns_add t3
link_add t3 eth0 router p3
at_background t3 "$here/vlan_taps.py" eth0 a3=10 b3=20
wait_for 10 grep -q ready "$scratch/t3.log"
same=02:00:00:00:33:33
for h in a3 b3; do
	netns_add $h
	ip -n "$prefix.t3" link set $h netns "$prefix.$h" name eth0
	ip -n "$prefix.$h" link set eth0 address $same up
done
ip -n "$prefix.a3" address add 10.0.10.3/24 dev eth0
ip -n "$prefix.b3" address add 10.0.20.3/24 dev eth0
for h in h1 a3; do ip -n "$prefix.$h" route add default via 10.0.10.1; done
for h in h2 b3; do ip -n "$prefix.$h" route add default via 10.0.20.1; done

foot() { echo "{addresses: [10.0.$1.1/24, '2001:db8:$1::1/64'], router-advertisement: {interval: 4s}}"; }
written() { # written TRUNK FEET
	printf '%s\n' 'version: 1' 'bridges:' '  br0:' '    vlan-aware: yes' \
		"    ports: {p1: {access: 10}, p2: {access: 20}, p3: {trunk: [$1]}}" \
		"    vlans: {$2}" >"$config"
}
in_force() { written "$@" && viaduct reload; }
both="10: $(foot 10), 20: $(foot 20)"
addressed() { [[ $(address6 "$1") == 2001:db8:$2:* ]]; }

written '10, 20' "$both"
it "the daemon starts" router_start
for h in h1 h2 a3 b3; do
	host6_slaac $h
done
for each in h1=10 a3=10 h2=20 b3=20; do
	it "${each%=*} has an address of VLAN ${each#*=}" wait_for 20 addressed ${each%=*} ${each#*=}
done
it "in VLAN 10 hosts speak to each other" reaches h1 10.0.10.3 -t 1
it "by IPv6 too" reaches h1 "$(address6 a3)" -t 1
it "in VLAN 20 as well" reaches b3 10.0.20.2 -t 1
it "by IPv6 too" reaches b3 "$(address6 h2)" -t 1
for to in 10.0.20.2 10.0.20.3 "$(address6 h2)" "$(address6 b3)"; do
	it "h1 reaches $to in VLAN 20" reaches h1 "$to"
	it "by the router" not at h1 ping -n -c 1 -W 1 -t 1 "$to"
done
it "the same station is in both VLANs" has_json \
	"sorted(r['vlan'] for r in rows if r['ifname'] == 'p3') == [10, 20]" \
	viaduct -j show bridge br0 mac $same
it "one VLAN can be asked for" has_json "{r['vlan'] for r in rows} == {20}" \
	viaduct -j show bridge vlan 20
it "with the router's own foot" has_json \
	"[r['ifname'] for r in rows if r['state'] == 'router'] == ['br0.20']" \
	viaduct -j show bridge br0 vlan 20
it "ports are shown with their VLANs" bridge_port p3 "r['trunk'] in (['10', '20'], ['10', '20-20'])"
it "so are those of access" says '^br0 +p1 +forwarding +10' viaduct show bridge-ports

at_background h2 iperf3 -s
wait_for 20 listens h2 tcp 5201
for to in 10.0.20.2 "$(address6 h2)"; do
	it "TCP passes from VLAN to VLAN, to $to" at h1 iperf3 -c "$to" -t 1
	it "and back" at h1 iperf3 -c "$to" -t 1 -R
	it "UDP too" at h1 iperf3 -c "$to" -t 1 -u -b 10M -l 1300
done

it "VLAN 20 leaves the trunk" in_force 10 "$both"
it "and its station with it" wait_for 5 has_json "not any(r['ifname'] == 'p3' for r in rows)" \
	viaduct -j show bridge vlan 20
it "which is reached no more" not at h1 ping -n -c 3 -i 0.2 -W 1 10.0.20.3
it "the other is" reaches h1 10.0.10.3
it "and who is in VLAN 20 elsewhere" reaches h1 10.0.20.2
it "the router leaves VLAN 20" in_force '10, 20' "10: $(foot 10)"
it "whose hosts speak on" wait_for 5 reaches h2 10.0.20.3
it "but to no other VLAN" not at h2 ping -n -c 3 -i 0.2 -W 1 10.0.10.2
it "VLAN 10 has all it had" reaches a3 10.0.10.2
finish
