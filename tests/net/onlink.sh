#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24, 192.0.2.5,
#                                                                  10.99.0.1 -- 198.51.100.1
#
# A route with an interface leads to hosts and gateways on that link which are in no subnet of it.
. "$(dirname "$0")/lib.sh"

network_lay 2
printf '%s\n' 'routes:' '  - {to: 192.0.2.0/24, interface: p2}' \
	'  - {to: 198.51.100.0/24, via: 10.99.0.1, interface: p2}' >>"$config"
for address in 192.0.2.5 10.99.0.1 198.51.100.1; do
	ip -n "$prefix.h2" address add "$address/32" dev eth0
done
neighbour() {
	has_json "any((n['dst'], n['dev'], n['state']) == ('$1', 'p2', '$2') for n in rows)" \
		viaduct -j show neighbours
}

it "the daemon starts" router_start
it "a host is reached by a route to its link" reaches h1 192.0.2.5
it "as a neighbour there" neighbour 192.0.2.5 reachable
it "a network behind a gateway of no subnet" reaches h1 198.51.100.1
it "which is a neighbour too" neighbour 10.99.0.1 reachable
echo '  - {to: 203.0.113.0/24, type: blackhole}' >>"$config"
it "a reload that does not concern them" viaduct reload
it "leaves them known" neighbour 10.99.0.1 reachable
it "and reached" reaches h1 198.51.100.1
it "a host that is not there fails" says 'Host Unreachable' at h1 ping -n -c 1 -W 5 192.0.2.99
finish
