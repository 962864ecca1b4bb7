#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# A router without traffic sleeps, and wakes for the first packet.
. "$(dirname "$0")/lib.sh"

network_lay 2
echo 'system: {idle: adaptive}' >>"$config"

# ticks: processor time that the daemon has used, user and system, in clock ticks.
ticks() { sed 's/.*) //' "/proc/$router_pid/stat" | awk '{ print $12 + $13 }'; }

# uses_at_most PERCENT SECONDS: of a core, over that time. The time is what is measured.
uses_at_most() {
	local before after hz
	hz=$(getconf CLK_TCK)
	before=$(ticks)
	sleep "$2"
	after=$(ticks)
	echo "$((after - before)) ticks of $hz a second in $2 s"
	[ $(((after - before) * 100)) -lt $(($1 * $2 * hz)) ]
}

it "the daemon starts" router_start
it "traffic passes" reaches h1 10.0.2.2
it "an idle router uses less than 2 % of a core" uses_at_most 2 3
idle() { # idle EXPRESSION: of the worker's row
	has_json "len(rows) == 1 and $1" viaduct -j show workers
}
it "which show workers says too" idle "rows[0]['idle_percent'] > 95"
it "it sleeps" wait_for 5 idle "rows[0]['state'] == 'asleep' and rows[0]['sleeps'] > 0"
it "and wakes for the first packet" says ' 0% packet loss' at h1 ping -n -c 1 -W 1 10.0.2.2
at h1 ping -q -n -i 0.002 -c 1500 10.0.2.2 >"$scratch/out" &
it "traffic is told as of the last second" wait_for 5 idle \
	"rows[0].get('pps', 0) > 50 and rows[0]['cycles_per_packet'] > 0 and \
	rows[0]['packets_per_batch'] >= 1 and rows[0]['idle_percent'] < 100"
wait $!
sed -i 's/idle: adaptive/idle: busy/' "$config"
it "told to be busy it is" viaduct reload
it "it does not sleep any more" wait_for 5 idle "rows[0]['state'] == 'idle'"
it "and still is idle without traffic" wait_for 5 idle \
	"rows[0]['idle_percent'] > 95 and rows[0]['pps'] < 5"
finish
