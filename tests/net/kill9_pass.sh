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

# quickest MS: most of the time is the kernel's, which detaches in grace periods: other work of the
# machine may stretch one kill, not all.
quickest() {
	cat "$scratch/took"
	sort -n "$scratch/took" | awk -v most="$1" 'NR == 1 { took = $1 } END { exit !(NR && took <= most) }'
}

it "the daemon starts" router_start
it "traffic passes" says ' 0% packet loss' at h1 ping -n -c 20 -i 0.01 -W 1 10.0.2.2
at_background h1 "$here/send.py" 10.0.2.2 0.0005
traffic=$background
for round in 1 2 3; do
	it "the kernel sees none of it ($round)" says '^0$' at router "$here/kernel_sees.py" p1 0.5
	it "after kill -9 nothing is attached ($round)" killed
	it "the kernel sees the traffic ($round)" says '^50$' at router "$here/kernel_sees.py" p1 5 50
	it "the restart takes over ($round)" router_start
	it "traffic passes again ($round)" wait_for 5 says ' 0% packet loss' \
		at h1 ping -n -c 20 -i 0.01 -W 1 10.0.2.2
done
it "the kernel had the traffic within 10 ms" quickest 10
kill "$traffic"
finish
