#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.10.2, VLAN 10 ==== p1 +------------------+
#     h2 10.0.10.3, VLAN 10 ==== p2 | br0.10 10.0.10.1 |
#     h3 10.0.10.4, VLAN 10 ---- p3 | br0.20 10.0.20.1 |
#     h4 10.0.20.2, VLAN 20 ==== p4 +------------------+
#
# Two workers on two CPUs, and a bridge over the ports of both. Double lines have two queues each
# way; what the other worker has for the single line is handed over, floods as well.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"

allowed=$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')
[[ $allowed = *,* ]] || {
	echo "1..0 # SKIP two CPUs are wanted"
	exit
}
guest=02:00:00:00:77:01 all=10.0.10.255

counter() {
	viaduct -j show counters | python3 -c '
import json, sys
print(next(r["value"] for r in json.load(sys.stdin) if r["name"] == sys.argv[1]))' "$1"
}

handed_over() {
	[ "$(counter handover.given)" -gt "$1" ] &&
		[ "$(counter handover.given)" = "$(counter handover.taken)" ]
}

# flows ADDRESS FROM HOST...: 64 flows of 300 packets come to each HOST, all of them in order.
flows() {
	local ears=() h
	for h in "${@:3}"; do
		at_background "$h" "$here/flows.py" hear "$1" 64
		ears+=("$background")
		wait_for 5 grep -q ready "$scratch/$h.log"
	done
	at "$2" "$here/flows.py" send "$1" 64 300
	for h in "${@:3}"; do
		wait "${ears[0]}" || { cat "$scratch/$h.log" && return 1; }
		ears=("${ears[@]:1}")
		cat "$scratch/$h.log"
		# Most of them, or there was nothing to tell; a busy machine loses some.
		[ "$(awk '/packets/ { print $1 }' "$scratch/$h.log")" -gt 9600 ] || return 1
	done
}

# stations_everywhere: the same ten thousand stations speak at three ports at once, to as many
# that nobody knows, while flows to h4 pass the router.
stations_everywhere() {
	local floods=() pid
	for h in h1 h2 h3; do
		at_background $h "$here/l2.py" stations eth0 10000
		floods+=("$background")
	done
	flows 10.0.20.2 h1 h4 || return 1
	for pid in "${floods[@]}"; do
		wait "$pid" || return 1
	done
	tail -qn 1 "$scratch"/h[123].log
}

# roams: the guest is now at h2, now at h3, while 64 flows are sent to it. What comes to the two
# together is what was sent: nothing twice.
roams() {
	local ears=() h sum=0 n
	for h in h2 h3; do
		at_background $h "$here/frame.py" hear 3 eth0 0800
		ears+=("$background")
		wait_for 5 grep -q ready "$scratch/$h.log"
	done
	at_background h1 "$here/flows.py" send 10.0.10.77 64 300
	while kill -0 "$background" 2>/dev/null; do
		for h in h2 h3; do
			guest_at $h
		done
	done
	wait "$background" && wait "${ears[0]}" && wait "${ears[1]}" || return 1
	for h in h2 h3; do
		n=$(tail -n 1 "$scratch/$h.log")
		echo "$h: $n"
		[ "$n" -gt 100 ] || return 1
		sum=$((sum + n))
	done
	[ $sum -gt 9600 ] && [ $sum -le $((64 * 300 + 3)) ]
}
guest_at() { at "$1" "$here/frame.py" send eth0 "$h1" $guest 88b5; }

written() { # written PORTS
	cat >"$config" <<-E
		version: 1
		system: {workers: 2, cpus: "$allowed"}
		bridges:
		  br0:
		    vlan-aware: yes
		    ports: {p1: {access: 10}, p2: {access: 10}, p4: {access: 20}$1}
		    vlans: {10: {addresses: [10.0.10.1/24]}, 20: {addresses: [10.0.20.1/24]}}
	E
}
in_force() { written "$@" && viaduct reload; }

# comes_and_goes: p3 leaves and joins while h1 speaks to all.
comes_and_goes() {
	at_background h1 "$here/flows.py" send $all 64 500
	while kill -0 "$background" 2>/dev/null; do
		in_force '' && in_force ', p3: {access: 10}' || return 1
	done
	wait "$background"
}

queues_add h1 p1 2 10.0.10.2/24 10.0.10.1
queues_add h2 p2 2 10.0.10.3/24 10.0.10.1
queues_add h3 p3 1 10.0.10.4/24 10.0.10.1
queues_add h4 p4 2 10.0.20.2/24 10.0.20.1
h1=$(mac h1)
ip -n "$prefix.h1" neighbour add 10.0.10.77 lladdr $guest dev eth0

written ', p3: {access: 10}'
it "the daemon starts" router_start
it "there are two workers, each on its CPU" \
	has_json "[r['cpu'] for r in rows] == [$allowed]" viaduct -j show workers
for to in 10.0.10.1 10.0.10.3 10.0.10.4; do
	it "h1 reaches $to in its VLAN" reaches h1 $to -t 1
done
it "h1 reaches h4 by the router" reaches h1 10.0.20.2
flooded=$(counter bridge.flooded)
it "flows to a known station arrive in order" flows 10.0.10.3 h1 h2
it "both workers had their share" has_json "min(r['packets'] for r in rows) > 3000" \
	viaduct -j show workers
given=$(counter handover.given)
it "flows to one at a port of one queue arrive in order" flows 10.0.10.4 h1 h3
it "a share of them was handed over, and all of that taken" \
	wait_for 5 handed_over $((given + 3000))
it "flows from there arrive in order" flows 10.0.10.2 h3 h1
it "as do those between VLANs" flows 10.0.20.2 h1 h4
it "none of that was flooded" [ "$(counter bridge.flooded)" -lt $((flooded + 100)) ]
given=$(counter handover.given)
it "flows to all arrive in order, at either kind of port" flows $all h1 h2 h3
it "by floods" [ "$(counter bridge.flooded)" -gt $((flooded + 9600)) ]
it "of which copies are handed over, and all of them taken" \
	wait_for 5 handed_over $((given + 3000))
it "every frame and every packet is accounted for" wait_for 5 balanced

guest_at h2
it "a guest speaks up" wait_for 5 learned $guest p2
it "it is now here, now there: what is for it comes to one place or the other, once" roams
it "where it spoke last it is found" wait_for 5 learned $guest p3
it "every frame and every packet is accounted for" wait_for 5 balanced

it "ten thousand stations are at three ports at once" stations_everywhere
it "every frame and every packet is accounted for" wait_for 5 balanced
it "h1 reaches h2" reaches h1 10.0.10.3 -t 1
it "a port comes and goes while others speak" comes_and_goes
it "all reach each other" reaches h3 10.0.20.2
finish
