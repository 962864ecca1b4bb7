#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.1 ---- p1 +------------------+
#     h2 10.0.1.2 ---- p2 | br0 10.0.1.254   |
#     h3 10.0.1.3 ---- p3 +------------------+
#
# What a bridge's port does not do: give frames of link protocols to others (IEEE 802.1Q 8.6.3), they
# are the kernel's as before; let isolated ones speak to each other; let one flood as it likes.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"

for i in 1 2 3; do
	bridge_host h$i p$i 10.0.1.$i/24
done
written() {
	printf '%s\n' 'version: 1' 'bridges:' '  br0:' '    addresses: [10.0.1.254/24]' \
		"    ports: {$1}" >"$config"
}
in_force() { written "$@" && viaduct reload; }
sent() { at h1 "$here/frame.py" send eth0 "$1" "$h1" "$2" "${3:-1}"; } # sent TO TYPE [COUNT]
h1=$(mac h1)
lldp=01:80:c2:00:00:0e stp=01:80:c2:00:00:00 all=ff:ff:ff:ff:ff:ff

written 'p1: {}, p2: {}, p3: {}'
it "the daemon starts" router_start
it "h1 reaches h2" reaches h1 10.0.1.2
it "a broadcast comes to h2" test "$(hears h2 eth0 88b5 10 1 sent $all 88b5)" = 1
it "and not to the kernel at the router's port" test "$(hears router p1 88b5 1 1 sent $all 88b5)" = 0
it "LLDP does" test "$(hears router p1 88cc 10 1 sent $lldp 88cc)" = 1
it "but not to h2" test "$(hears h2 eth0 88cc 1 1 sent $lldp 88cc)" = 0
it "so does STP" test "$(hears router p1 0026 10 1 sent $stp 0026)" = 1
it "which does not come to h2 either" test "$(hears h2 eth0 0026 1 1 sent $stp 0026)" = 0

it "p2 and p3 are isolated" in_force 'p1: {}, p2: {isolated: yes}, p3: {isolated: yes}'
it "h2 does not reach h3" not at h2 ping -n -c 3 -i 0.2 -W 1 10.0.1.3
for h in h2 h3; do
	it "$h reaches h1" reaches $h 10.0.1.1
	it "and the router" reaches $h 10.0.1.254
done
it "they are no more" in_force 'p1: {storm: 20/s}, p2: {}, p3: {}'
it "h2 reaches h3" reaches h2 10.0.1.3

it "of broadcasts from p1 only so many a second pass" \
	test "$(hears h2 eth0 88b5 2 0 sent $all 88b5 500)" -lt 250
it "and the others are counted" bridge_port p1 "r['storm_drops'] >= 250"
it "some do pass" test "$(hears h2 eth0 88b5 10 1 sent $all 88b5 1)" = 1
it "what is for a known station is not held back" says ' 0% packet loss' \
	at h1 ping -n -c 200 -i 0.005 -W 1 10.0.1.2
it "the daemon is killed" router_killed
it "and comes back" router_start
it "as do its ports" reaches h2 10.0.1.3
finish
