#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     hosts: g1 ---- p1 +--------+
#            g2 ---- p2 | router |
#            ...        |  br0   |
#            g16 -- p16 +--------+
#
# What is flooded to sixteen ports comes out of each but the one it came by, once, in order and
# unchanged; at more than the ports take, what is missing was dropped and counted: no frame is lost
# or leaked.
. "$(dirname "$0")/lib.sh"

ports=16
netns_add hosts
devices=()
{
	printf 'version: 1\nbridges:\n  br0:\n    ports:\n'
	for ((i = 1; i <= ports; i++)); do
		link_add hosts "g$i" router "p$i"
		echo "      p$i: {}"
		devices+=("g$i")
	done
} >"$config"

counter() { # counter NAME: its value over all
	viaduct -j show counters | python3 -c '
import json, sys
print(sum(int(r["value"]) for r in json.load(sys.stdin) if r["name"] == sys.argv[1]))' "$1"
}

# heard COUNT: COUNT from g1 at each of the others, and nothing came back to g1.
heard() {
	local i want="g1 0"
	for ((i = 2; i <= ports; i++)); do
		want+=$'\n'"g$i $1"
	done
	diff <(printf 'ready\n%s\n' "$want") "$scratch/hosts.log"
}

# flood COUNT [PAUSE]: from g1, all others listening.
flood() {
	at_background hosts "$here/l2.py" hear 1 "${devices[@]}"
	wait_for 5 grep -q ready "$scratch/hosts.log"
	at hosts "$here/l2.py" send g1 "$@"
	wait "$background"
}

it "the daemon starts" router_start
it "two thousand broadcasts come to fifteen ports each" flood 2000 0.004
it "in order, unchanged, none missing, none back" heard 2000
it "as copies of which each is counted" test "$(counter balance.copies)" -ge 28000
it "as many as go at once come as they were sent, as far as they come" flood 5000
it "every frame and packet of the rush is accounted for" wait_for 5 balanced
it "and the next ones come as before" flood 500 0.004
it "none missing" heard 500
finish
