#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.1/24 ---- p1 +--------+ p3 ---- h3, with a hundred thousand MACs
#     h2 10.0.1.2/24 ---- p2 | router |
#                            |  br0   | 4096 stations, of p3 a thousand
#                            +--------+
#
# Who floods a bridge with stations fills what the bridge's port, and the bridge, may have, and no
# more; two stations that are known go on talking and lose nothing; the log says it once.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"

for i in 1 2 3; do
	netns_add "h$i"
	link_add "h$i" eth0 router "p$i"
	ip -n "$prefix.h$i" address add "10.0.1.$i/24" dev eth0
done
limits() { # limits KEYS: the configuration, with KEYS of p3
	cat >"$config" <<-C
		version: 1
		bridges:
		  br0: {mac-limit: 4096, ports: {p1: {}, p2: {}, p3: {storm: 1000/s$1}}}
	C
}

stations() { viaduct -j show bridge | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'; }
stations_at_most() { [ "$(stations)" -le "$1" ]; }
stations_full() { [ "$(stations)" -ge "$1" ]; }
logged() { [ "$(grep -c -- "$1" "$scratch/log")" = "$2" ]; }

# flooded ADDRESS: a paced flow to h2 while h3 floods; all of it arrives.
flooded() {
	local hear flood
	at_background h2 "$here/flows.py" hear 10.0.1.2 1
	hear=$background
	wait_for 5 grep -q ready "$scratch/h2.log"
	at_background h3 "$here/l2.py" stations eth0 100000 "$@"
	flood=$background
	at h1 "$here/flows.py" send 10.0.1.2 1 4000
	wait "$hear" || return 1
	wait "$flood" || return 1
	tail -n 1 "$scratch/h3.log"
	says '^4000 packets of 1 flows' cat "$scratch/h2.log"
}

limits ', mac-limit: 1000'
it "the daemon starts" router_start
it "two stations know each other" reaches h1 10.0.1.2
it "a hundred thousand more do not disturb them, unknown to unknown" flooded
it "the port has what it may have" stations_full 1000
it "and no more" stations_at_most 1010
it "which the log says once" logged 'mac-limit' 1
it "nor do they when each frame is for a known one" flooded "$(mac h1)"
limits ''
it "without a limit of its own" viaduct reload
it "the port has what the bridge leaves" flooded
it "which is full" stations_full 4090
it "and no fuller" stations_at_most 4096
it "the two are still known" reaches h1 10.0.1.2
finish
