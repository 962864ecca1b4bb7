#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2, 2001:db8:1::2 ---- p1 10.0.1.1, 2001:db8:1::1 +--------+
#     h2 10.0.2.2, 2001:db8:2::2 ---- p2 10.0.2.1, 2001:db8:2::1 | router |
#     h3 10.0.3.2, 2001:db8:3::2 ---- p3 10.0.3.1, 2001:db8:3::1 +--------+
#
# Every host reaches every other through the router, and every address of the router itself, in both
# families.
. "$(dirname "$0")/lib.sh"

network6_lay 3
it "the daemon starts" router_start
for from in 1 2 3; do
	for to in 1 2 3; do
		it "h$from reaches the router's address on p$to" reaches h$from 10.0.$to.1
		it "by IPv6 too" reaches h$from 2001:db8:$to::1
		[ $from != $to ] || continue
		it "h$from reaches h$to" reaches h$from 10.0.$to.2
		it "by IPv6 too" reaches h$from 2001:db8:$to::2
	done
done
it "the TTL falls by one" says 'ttl=63' at h1 ping -n -c 1 -W 1 10.0.2.2
it "so does the hop limit" says 'ttl=63' at h1 ping -n -c 1 -W 1 2001:db8:2::2
it "a full frame passes" reaches h1 10.0.2.2 -M 'do' -s 1472
it "of IPv6 too" reaches h1 2001:db8:2::2 -M 'do' -s 1452
it "the smallest passes" reaches h1 10.0.2.2 -s 0
it "of IPv6 too" reaches h1 2001:db8:2::2 -s 0
it "no route is answered by unreachable" \
	says 'From 10.0.1.1 .*Destination Net Unreachable' at h1 ping -n -c 1 -W 1 192.0.2.1
it "a host that is not there is answered by unreachable" \
	says 'From 10.0.1.1 .*Destination Host Unreachable' at h1 ping -n -c 1 -W 5 10.0.2.99
it "the neighbours are shown" \
	has_json '{"10.0.1.2", "10.0.2.2", "10.0.3.2", "2001:db8:1::2", "2001:db8:2::2",
		"2001:db8:3::2"} <= {r["dst"] for r in rows}' viaduct -j show neighbours
it "until they are cleared" viaduct clear neighbours p2
it "on the port that was said" has_json \
	'not any(r["dev"] == "p2" for r in rows) and any(r["dev"] == "p1" for r in rows)' \
	viaduct -j show neighbours
it "and are found again" reaches h1 2001:db8:2::2
it "of the interfaces those that are named" has_json \
	'{r["ifname"] for r in rows} == {"p1", "p3"}' viaduct -j show interfaces p1 p3
it "nothing but what had no way was dropped" has_json \
	'{r["reason"] for r in rows if r.get("packets")} <= {"no-route", "neighbour-failed", "multicast"}' \
	viaduct -j show drops
finish
