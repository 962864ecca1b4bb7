#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# `on-failure: pass`: kill -9 under traffic leaves no program attached, and the kernel's own stack
# has the devices again; the restart takes over.
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24 10.0.1.1
host_add h2 p2 10.0.2.2/24 10.0.2.1
cat >"$config" <<'Y'
version: 1
interfaces:
  p1: {control: own, addresses: [10.0.1.1/24], on-failure: pass}
  p2: {control: own, addresses: [10.0.2.1/24], on-failure: pass}
Y
killed_within() {
	at router "$here/kill9.py" "$router_pid" | tee "$scratch/took"
	awk -v most="$1" '{ took = $1 } END { exit !(NR == 1 && took <= most) }' "$scratch/took"
}

it "the daemon starts" router_start
it "traffic passes" says ' 0% packet loss' at h1 ping -n -c 20 -i 0.01 -W 1 10.0.2.2
at_background h1 ping -n -i 0.002 10.0.2.2
traffic=$background
it "the kernel sees none of it" says '^0$' at router "$here/kernel_sees.py" p1 0.5
it "within 10 ms of kill -9 nothing is attached" killed_within 10
wait "$router_pid" 2>/dev/null || echo "# killed"
it "the kernel sees the traffic" says '^50$' at router "$here/kernel_sees.py" p1 5 50
it "the restart takes over" router_start
it "traffic passes again" wait_for 5 says ' 0% packet loss' \
	at h1 ping -n -c 20 -i 0.01 -W 1 10.0.2.2
it "and the kernel sees none of it" says '^0$' at router "$here/kernel_sees.py" p1 0.5
kill "$traffic"
finish
