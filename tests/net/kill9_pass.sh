#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# `on-failure: pass`: kill -9 under traffic leaves no program attached, and the kernel's own stack
# has the devices again; the restart takes over.
. "$(dirname "$0")/lib.sh"

network_lay 2 'on-failure: pass'

# killed: succeeds when nothing is attached 10 ms later; when the kernel had its first packet is
# added to $scratch/took.
killed() {
	at router "$here/kill9.py" "$router_pid" p1 >>"$scratch/took" || return 1
	wait "$router_pid" 2>/dev/null || [ $? = 137 ]
}

# quick MS: of all kills, one at least. Most of the time is the kernel's, which detaches in grace
# periods and by threads of its own: other work of the machine stretches many a kill.
quick() {
	cat "$scratch/took"
	sort -n "$scratch/took" | awk -v most="$1" 'NR == 1 { took = $1 } END { exit !(NR && took <= most) }'
}

# quick_among KILLS MS: kill on, as long as other work may have been the reason.
quick_among() {
	until quick "$2"; do
		[ "$(wc -l <"$scratch/took")" -lt "$1" ] || return 1
		router_start && killed || return 1
	done
}

it "the daemon starts" router_start
it "traffic passes" reaches h1 10.0.2.2 -c 10 -l 10
at_background h1 "$here/send.py" 10.0.2.2 0.0005
traffic=$background
for round in 1 2 3; do
	it "the kernel sees none of it ($round)" says '^0$' at router "$here/kernel_sees.py" p1 0.5
	it "after kill -9 nothing is attached ($round)" killed
	it "the kernel sees the traffic ($round)" says '^50$' at router "$here/kernel_sees.py" p1 5 50
	it "the restart takes over ($round)" router_start
	it "traffic passes again ($round)" wait_for 5 reaches h1 10.0.2.2 -c 10 -l 10
done
it "every frame and every packet is accounted for" wait_for 5 balanced
it "it is killed once more" killed
it "the kernel had the traffic within 10 ms" quick_among 20 10
kill "$traffic"
it "a last restart" router_start
finish
