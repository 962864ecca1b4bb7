#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# The router answers ARP (RFC 826) for its own addresses on their own link and for nothing else, and
# asks for what it does not know: once a second, holding what waits.
. "$(dirname "$0")/lib.sh"

network_lay 2
mac_of() { ip -j -n "$prefix.$1" link show "$2" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["address"])'; }
ask() { at h1 "$here/arp.py" ask eth0 "$@"; }
mac=$(mac_of router p1)

it "the daemon starts" router_start
it "its address is answered for" says "^$mac\$" ask 10.0.1.2 10.0.1.1
it "to a unicast request as well" says "^$mac\$" ask 10.0.1.2 10.0.1.1 --to "$mac"
it "a probe for it (RFC 5227) too" says "^$mac\$" ask 0.0.0.0 10.0.1.1
it "another's address is not" says '^silence$' ask 10.0.1.2 10.0.1.77
it "nor the router's address on another link" says '^silence$' ask 10.0.1.2 10.0.2.1
it "a request for another station is not heard" \
	says '^silence$' ask 10.0.1.2 10.0.1.1 --to 02:00:00:00:00:99
it "an unknown operation is not answered" says '^silence$' ask 10.0.1.2 10.0.1.1 --op 9
it "a short one is not, and is counted" says '^silence$' ask 10.0.1.2 10.0.1.1 --cut 30
it "as short or malformed" \
	has_json 'any(r["packets"] for r in rows if r["reason"] in ("short", "arp-malformed"))' \
	viaduct -j show drops

at_background h2 "$here/arp.py" hear eth0 5
hears=$background
wait_for 5 grep -q listening "$scratch/h2.log"
it "a packet to a host that is not there is refused" \
	says 'Destination Host Unreachable' at h1 ping -n -c 1 -W 5 10.0.2.99
wait "$hears"
it "after three requests" says '^3$' grep -c 'request 10.0.2.1 10.0.2.99' "$scratch/h2.log"

it "a held packet goes on when the answer comes" \
	says ' 0% packet loss' at h1 ping -n -c 1 -W 2 10.0.2.2
ip -n "$prefix.h2" link set eth0 address 02:00:00:00:00:42
at h2 "$here/arp.py" ask eth0 10.0.2.2 10.0.2.1 >"$scratch/out"
it "a neighbour with a new address is believed" \
	has_json 'any(r["dst"] == "10.0.2.2" and r["lladdr"] == "02:00:00:00:00:42" for r in rows)' \
	viaduct -j show neighbours
it "and reached there" reaches h1 10.0.2.2

announced() { [ "$(grep -c 'request 10.0.2.1 10.0.2.1' "$scratch/h2.log")" -ge "$1" ]; }
conflicts() {
	has_json "any(r['name'] == 'neigh.conflicts' and r['value'] == $1 for r in rows)" \
		viaduct -j show counters neigh.conflicts
}
at_background h2 "$here/arp.py" hear eth0 60
wait_for 5 grep -q listening "$scratch/h2.log"
ip -n "$prefix.router" link set p2 down
ip -n "$prefix.router" link set p2 up
it "a link that comes up hears the router's address, twice" wait_for 8 announced 2
at h1 "$here/arp.py" ask eth0 10.0.2.1 10.0.2.1 >"$scratch/out"
it "a claim on another link than the address's is none" conflicts 0
at h2 "$here/arp.py" ask eth0 10.0.2.1 10.0.2.1 >"$scratch/out"
it "one on its own link is counted" wait_for 5 conflicts 1
it "and the address defended" wait_for 5 announced 3
it "and kept" reaches h1 10.0.2.1
finish
