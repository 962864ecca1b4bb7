#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 (no address) ---- h2 10.99.0.1/32, 198.51.100.1
#
# A link without an address: the router asks and answers there with its address on p1 (RFC 1812
# 2.2.7).
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24 10.0.1.1
host_add h2 p2 10.99.0.1/32
ip -n "$prefix.h2" address add 198.51.100.1/32 dev eth0
ip -n "$prefix.h2" route add 10.0.1.1/32 dev eth0
ip -n "$prefix.h2" route add default via 10.0.1.1 dev eth0
cat >"$config" <<-C
	version: 1
	interfaces:
	  p1: {control: own, addresses: [10.0.1.1/24]}
	  p2: {control: own}
	routes:
	  - {to: 10.99.0.1/32, interface: p2}
	  - {to: 198.51.100.0/24, via: 10.99.0.1, interface: p2}
C

it "the daemon starts" router_start
it "a host on the link is reached" reaches h1 10.99.0.1
it "a network behind it" reaches h1 198.51.100.1
it "and from there the router" reaches h2 10.0.1.1
it "as a neighbour of that link" \
	has_json 'any((r["dst"], r["dev"]) == ("10.99.0.1", "p2") for r in rows)' \
	viaduct -j show neighbours
it "what has no way is refused by the router" \
	says 'From 10.0.1.1 .*Net Unreachable' at h2 ping -n -c 1 -W 1 192.0.2.1
ip -n "$prefix.h2" neighbour flush dev eth0
it "the router is found anew" reaches h2 10.0.1.2
finish
