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
it "and wakes for the first packet" says ' 0% packet loss' at h1 ping -n -c 1 -W 1 10.0.2.2
finish
