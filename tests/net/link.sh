#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# The router follows the links: a port whose peer goes down is down, its neighbours are forgotten and
# hosts are told that its subnet is unreachable; when it comes back, traffic goes on.
. "$(dirname "$0")/lib.sh"

network_lay 2
port_is() {
	has_json "any(r['ifname'] == '$1' and r['operstate'].lower() == '$2' for r in rows)" \
		viaduct -j show interfaces
}

it "the daemon starts" router_start
it "both ports are up" port_is p2 up
it "traffic passes" reaches h1 10.0.2.2
it "h2 is a neighbour" has_json 'any(r["dst"] == "10.0.2.2" for r in rows)' \
	viaduct -j show neighbours
for round in 1 2; do
	ip -n "$prefix.h2" link set eth0 down
	it "the port goes down with its peer ($round)" wait_for 3 port_is p2 down
	it "its neighbours are forgotten ($round)" \
		wait_for 3 has_json 'not any(r["dst"] == "10.0.2.2" for r in rows)' \
		viaduct -j show neighbours
	it "hosts are told ($round)" says 'From 10.0.1.1 .*Unreachable' \
		at h1 ping -n -c 1 -W 2 10.0.2.2
	it "the router itself still answers ($round)" reaches h1 10.0.1.1
	ip -n "$prefix.h2" link set eth0 up
	ip -n "$prefix.h2" route replace default via 10.0.2.1
	it "the port comes back ($round)" wait_for 3 port_is p2 up
	it "traffic goes on ($round)" wait_for 5 reaches h1 10.0.2.2
done
finish
