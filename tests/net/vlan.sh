#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.10.2 ---- p1 access 10 [ br0, VLAN-aware        ] p4 trunk 10, 20 ====== t4 -- a4 10.0.10.4
#     h2 10.0.10.3 ---- p2 access 10 [ br0.10 10.0.10.1       ]                          `-- b4 10.0.20.4
#     h3 10.0.20.2 ---- p3 access 20 [ br0.20 10.0.20.1       ] p5.30 10.0.30.1 ====== t5 -- a5 10.0.30.2
#                                    [ p5.40.41 10.0.41.1     ]   (S-tag 40, C-tag 41)   `-- b5 10.0.41.2
#
# and 2001:db8:V::N for 10.0.V.N. Hosts in one VLAN speak to each other whatever their ports, hosts in two
# by the router. Behind trunks t4 and t5 tags are made and taken off by a program, so that it does not
# depend on the kernel's VLAN devices.
. "$(dirname "$0")/lib.sh"
. "$here/iperf_lib.sh"
[ -c /dev/net/tun ] || die "the kernel $(uname -r) has no TAP devices"

cat >"$config" <<'E'
version: 1
interfaces:
  p5: {control: own}
  p5.30: {dad: no, mtu: 1496, addresses: [10.0.30.1/24, "2001:db8:30::1/64"]}
  p5.40: {protocol: 802.1ad}
  p5.40.41: {dad: no, mtu: 1492, addresses: [10.0.41.1/24, "2001:db8:41::1/64"]}
bridges:
  br0:
    vlan-aware: yes
    ports: {p1: {access: 10}, p2: {access: 10}, p3: {access: 20}, p4: {trunk: [10, 20]}}
    vlans:
      10: {dad: no, addresses: [10.0.10.1/24, "2001:db8:10::1/64"]}
      20: {dad: no, addresses: [10.0.20.1/24, "2001:db8:20::1/64"]}
E

# addressed HOST VLAN N: host N of the VLAN.
addressed() {
	ip -n "$prefix.$1" address add "10.0.$2.$3/24" dev eth0
	ip -n "$prefix.$1" route add default via "10.0.$2.1"
	host6_add "$1" "2001:db8:$2::$3/64" "2001:db8:$2::1"
}

access() { # access HOST PORT VLAN N
	netns_add "$1"
	link_add "$1" eth0 router "$2"
	addressed "$1" "$3" "$4"
}

# trunk HOST PORT NAME=TAGS...: a host for each tagged device behind the port.
trunk() {
	local host=$1 port=$2 each name
	shift 2
	netns_add "$host"
	link_add "$host" eth0 router "$port"
	at_background "$host" "$here/vlan_taps.py" eth0 "$@"
	wait_for 10 grep -q ready "$scratch/$host.log"
	for each; do
		name=${each%%=*}
		netns_add "$name"
		ip -n "$prefix.$host" link set "$name" netns "$prefix.$name" name eth0
		ip -n "$prefix.$name" link set eth0 up
	done
}

access h1 p1 10 2
access h2 p2 10 3
access h3 p3 20 2
trunk t4 p4 a4=10 b4=20
trunk t5 p5 a5=30 b5=40s,41
addressed a4 10 4
addressed b4 20 4
addressed a5 30 2
addressed b5 41 2
for h in a5 b5; do # what two tags make of 1500 bytes is more than a veth takes
	ip -n "$prefix.$h" link set eth0 mtu 1492
done

it "the daemon starts" router_start
for to in 10.0.10.3 10.0.10.4 2001:db8:10::3 2001:db8:10::4; do
	it "h1 reaches $to in its own VLAN, without a hop between" reaches h1 $to -t 1
done
for to in 10.0.20.4 2001:db8:20::4; do
	it "h3 reaches $to in its own VLAN, without a hop between" reaches h3 $to -t 1
done
for from in h1 h3 a4 b4 a5 b5; do
	for to in 10.0.10.3 2001:db8:10::3 10.0.20.4 2001:db8:20::4 10.0.30.2 2001:db8:30::2 \
		10.0.41.2 2001:db8:41::2 10.0.10.1 2001:db8:20::1; do
		at $from ip -j address show dev eth0 | grep -qF "\"$to\"" ||
			it "$from reaches $to" reaches $from $to
	done
done
it "from VLAN to VLAN there is the router between" says 'From 10.0.10.1 .*Time to live exceeded' \
	at h1 ping -n -c 1 -W 5 -t 1 10.0.20.2
it "packets of 1500 bytes pass within a VLAN, onto the trunk" \
	reaches h1 10.0.10.4 -M 'do' -s 1472
it "and from VLAN to VLAN" reaches h1 10.0.20.4 -M 'do' -s 1472

for h in h2 h3 a4 a5; do
	iperf_serve $h
done
for offload in on off; do
	for h in h1 h2 h3; do
		tx_offload $h $offload
	done
	for to in 10.0.10.3 2001:db8:10::3; do
		it "TCP from h1 to $to, access to access, tx $offload" carries h1 $to 50
		it "TCP from there to h1, tx $offload" carries h1 $to 50 -R
	done
	for to in 10.0.20.2 2001:db8:20::2; do
		it "TCP from h1 to $to, from VLAN to VLAN, tx $offload" carries h1 $to 50
		it "TCP from there to h1, tx $offload" carries h1 $to 50 -R
		it "UDP from h1 to $to, tx $offload" carries h1 $to 5 -u -b 10M -l 1400
	done
	for to in 10.0.10.4 2001:db8:10::4 10.0.30.2 2001:db8:30::2; do
		it "TCP from h1 to $to, tagged, tx $offload" carries h1 $to 5
		it "TCP from there to h1, tx $offload" carries h1 $to 5 -R
	done
done
finish
