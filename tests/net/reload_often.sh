#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#                                     [      ] p3 10.0.3.1 ---- h3 10.0.3.2/24
#
# A hundred reloads that add, change and remove p3, under traffic that does not concern it: no packet
# is lost, no frame, and the worker has as many as before.
. "$(dirname "$0")/lib.sh"

network_lay 3
two_ports=$(sed '$d' "$config")
# p3 KEYS: the configuration with p3 so.
p3() { printf '%s\n' "$two_ports" "  p3: {control: own, addresses: [10.0.3.1/24]$1}" >"$config"; }
free_frames() {
	viaduct -j show workers | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["free_frames"])'
}
frames_are() { [ "$(free_frames)" = "$1" ]; }

reloads() {
	local i
	for ((i = 0; i < $1; i++)); do
		case $((i % 5)) in
		0) echo "$two_ports" >"$config" ;;
		1) p3 '' ;;
		2) p3 ', mtu: 1400, on-failure: drop' ;;
		3) p3 ', mac: "02:00:00:00:00:33"' ;;
		4) p3 ', xdp: {mode: generic}' ;;
		esac
		viaduct reload || return 1
	done
	p3 ''
	viaduct reload
}
all_answered() {
	kill -INT "$flood"
	wait "$flood" || : # 1 when the last one was on its way
	tail -n 4 "$scratch/h1.log"
	sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' "$scratch/h1.log" | sort -n |
		awk '$1 != NR { print "answer " NR " is to packet " $1; bad = 1 } END { exit bad || NR < 100 }'
}

it "the daemon starts" router_start
it "traffic passes" reaches h1 10.0.2.2
it "a first reload" reloads 5
it "all frames are there" wait_for 5 balanced
frames=$(free_frames)
at_background h1 ping -n -i 0.01 10.0.2.2
flood=$background
it "a hundred reloads" reloads 100
it "lose no packet" all_answered
it "no frame" wait_for 5 balanced
it "and the worker none of its own" wait_for 5 frames_are "$frames"
it "the port that was changed passes packets" wait_for 5 reaches h1 10.0.3.2
finish
