#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ==== p1 10.0.1.1 [router] p2 10.0.2.1 ==== h2 10.0.2.2/24
#                                              p3 10.0.3.1 ---- h3 10.0.3.2/24
#                                              p4 10.0.4.1 ==== h4 10.0.4.2/24
#
# Two workers on two CPUs. Double lines have two queues each way, so that each worker sends by its
# own; the single line has one, and what the other worker has for it is handed over. p4 joins by a
# reload.
. "$(dirname "$0")/lib.sh"

allowed=$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')
[[ $allowed = *,* ]] || {
	echo "1..0 # SKIP two CPUs are wanted"
	exit
}

# flows HOST ADDRESS OF: 64 flows of 300 packets from h1 to HOST arrive in order.
flows() {
	at_background "$1" "$here/flows.py" hear "$2" 64
	local ear=$background
	wait_for 5 grep -q ready "$scratch/$1.log"
	at "${3:-h1}" "$here/flows.py" send "$2" 64 300
	wait "$ear"
	cat "$scratch/$1.log"
	# Most of them, or there was nothing to tell; a busy machine loses some.
	[ "$(awk '/packets/ { print $1 }' "$scratch/$1.log")" -gt 9600 ]
}

# counts NAME: a counter of the whole daemon.
counts() {
	viaduct -j show counters | python3 -c '
import json, sys
print(next(r["value"] for r in json.load(sys.stdin) if r["name"] == sys.argv[1]))' "$1"
}

handed_over() { [ "$(counts handover.given)" -gt "$1" ] && [ "$(counts handover.given)" = "$(counts handover.taken)" ]; }

carries() {
	at h1 iperf3 -c "$1" -t 1 -J "${@:2}" >"$scratch/iperf.json" || {
		cat "$scratch/iperf.json"
		return 1
	}
	python3 - "$scratch/iperf.json" <<-'P'
		import json, sys
		got = json.load(open(sys.argv[1]))["end"]["sum_received"]["bits_per_second"]
		print(f"{got / 1e6:.0f} Mbit/s")
		sys.exit(got < 50e6)
	P
}

queues_add h1 p1 2 10.0.1.2/24 10.0.1.1
queues_add h2 p2 2 10.0.2.2/24 10.0.2.1
queues_add h3 p3 1 10.0.3.2/24 10.0.3.1
queues_add h4 p4 2 10.0.4.2/24 10.0.4.1
cat >"$config" <<E
version: 1
system: {workers: 2, cpus: "$allowed"}
interfaces:
  p1: {control: own, addresses: [10.0.1.1/24]}
  p2: {control: own, addresses: [10.0.2.1/24]}
  p3: {control: own, addresses: [10.0.3.1/24]}
E

it "the daemon starts" router_start
it "there are two workers, each on its CPU" \
	has_json "[r['cpu'] for r in rows] == [$allowed]" viaduct -j show workers
for host in 2 3; do
	it "h1 reaches h$host" reaches h1 10.0.$host.2
done
before=$(counts handover.given)
it "flows between ports of two queues arrive in order" flows h2 10.0.2.2
it "none of that was handed over" [ "$(counts handover.given)" = "$before" ]
it "both workers had their share" has_json "min(r['packets'] for r in rows) > 3000" \
	viaduct -j show workers
it "flows to a port of one queue arrive in order" flows h3 10.0.3.2
it "a share of them was handed over, and all of that taken" handed_over $((before + 3000))
it "flows from a port of one queue arrive in order" flows h1 10.0.1.2 h3

for host in 2 3; do
	at_background h$host iperf3 -s
	wait_for 5 listens h$host tcp 5201
	it "TCP from h1 to h$host" carries 10.0.$host.2 -P 4
	it "TCP from h$host to h1" carries 10.0.$host.2 -P 4 -R
done
it "every frame and every packet is accounted for" wait_for 5 balanced

echo '  p4: {control: own, addresses: [10.0.4.1/24]}' >>"$config"
it "an interface joins by a reload" viaduct reload
# First, for what waits for a neighbour may come behind what does not any more.
it "h1 reaches h4" reaches h1 10.0.4.2
it "flows to it arrive in order" flows h4 10.0.4.2
free=$(counts frames.free)
sed -i '/p4/d' "$config"
it "and leaves again" viaduct reload
it "with its frames free" [ "$(counts frames.free)" -gt "$free" ]
it "every frame and every packet is accounted for" wait_for 5 balanced

it "the daemon is killed" router_killed
it "and starts anew" router_start
it "h1 reaches h3 again" reaches h1 10.0.3.2
it "flows still arrive in order" flows h3 10.0.3.2
finish
