#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2 ---- p1 \
#     h2 10.0.1.3 ---- p2 [ br0 10.0.1.1, 2001:db8:1::1 ] p4 10.0.4.1 ---- h4 10.0.4.2
#     h3 10.0.1.4 ---- p3 /                               2001:db8:4::1    2001:db8:4::2
#
# Hosts on three ports of a bridge speak to each other as on one link, and by the router to who is on
# another; with checksums left to their devices or not.
. "$(dirname "$0")/lib.sh"
. "$here/iperf_lib.sh"

cat >"$config" <<'E'
version: 1
interfaces:
  p4: {control: own, dad: no, addresses: [10.0.4.1/24, "2001:db8:4::1/64"]}
bridges:
  br0:
    ports: {p1: {}, p2: {}, p3: {}}
    dad: no
    addresses: [10.0.1.1/24, "2001:db8:1::1/64"]
    router-advertisement: {interval: 4s}
E
for i in 1 2 3; do
	host_add h$i p$i 10.0.1.$((i + 1))/24 10.0.1.1
done
host_add h4 p4 10.0.4.2/24 10.0.4.1
for i in 1 2; do
	host6_add h$i 2001:db8:1::$((i + 1))/64 2001:db8:1::1
done
host6_add h4 2001:db8:4::2/64 2001:db8:4::1

mac() { ip -n "$prefix.$1" -br link show dev eth0 | awk '{ print $3 }'; }
station() { # station HOST PORT: the bridge has it there
	has_json "any((r['mac'], r['ifname'], r['master']) == ('$(mac "$1")', '$2', 'br0') for r in rows)" \
		viaduct -j show bridge
}

it "the daemon starts" router_start
for to in 10.0.1.3 10.0.1.4 2001:db8:1::3; do
	it "h1 reaches $to, without a hop between" reaches h1 $to -t 1
done
it "h1 is a station at p1" station h1 p1
it "h3 is one at p3" station h3 p3
for h in h1 h2; do
	for to in 10.0.1.1 2001:db8:1::1 10.0.4.1 10.0.4.2 2001:db8:4::2; do
		it "$h reaches $to" reaches $h $to
	done
done
it "h4 reaches h3, of whom the router never heard" reaches h4 10.0.1.4
host6_slaac h3
addressed() { address6 h3 && [[ $(address6 h3) == 2001:db8:1:* ]]; }
it "h3 makes itself an address of the router's advertisements" wait_for 15 addressed
it "and is reached at that by h1" reaches h1 "$(address6 h3)" -t 1
it "and by h4" reaches h4 "$(address6 h3)"

iperf_serve h2
iperf_serve h4
for offload in on off; do
	for h in h1 h2 h4; do
		tx_offload $h $offload
	done
	for to in 10.0.1.3 2001:db8:1::3; do
		it "TCP from h1 to $to, bridged, tx $offload" carries h1 $to 50
		it "TCP from there to h1, tx $offload" carries h1 $to 50 -R
		it "UDP from h1 to $to, bridged, tx $offload" carries h1 $to 5 -u -b 10M -l 1400
	done
	for to in 10.0.4.2 2001:db8:4::2; do
		it "TCP from h1 to $to, routed, tx $offload" carries h1 $to 50
		it "TCP from there to h1, tx $offload" carries h1 $to 50 -R
		it "UDP from h1 to $to, routed, tx $offload" carries h1 $to 5 -u -b 10M -l 1400
	done
done

# A host that moves its cable is found at the other port.
ip -n "$prefix.h3" link set eth0 down
it "h3's link goes: it is forgotten" wait_for 5 not station h3 p3
it "the others speak on" reaches h1 10.0.1.3
finish
