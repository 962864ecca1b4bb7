#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# `on-failure: drop`: after kill -9 under traffic the pinned program stays and not one frame leaks
# to the kernel; the restart adopts it, again without a leak.
. "$(dirname "$0")/lib.sh"

network_lay 2 'on-failure: drop'
# nothing_leaked: from before the kill until the restart had traffic again.
nothing_leaked() {
	kill -0 "$watch" && wait "$watch"
	says '^0$' cat "$scratch/router.log"
}
xdp_on() { ip -n "$prefix.router" -details link show "$1" | grep -o 'prog/xdp id [0-9]*'; }

it "the daemon starts" router_start
it "traffic passes" reaches h1 10.0.2.2 -c 10 -l 10
at_background h1 ping -n -i 0.002 10.0.2.2
traffic=$background
at_background router "$here/kernel_sees.py" p1 6
watch=$background
wait_for 5 grep -q watching "$scratch/router.log"
router_killed
it "after kill -9 the program of p1 stays" xdp_on p1
it "and that of p2" xdp_on p2
it "nothing gets through" says ' 100% packet loss' at h2 ping -n -c 10 -i 0.01 -W 1 10.0.1.2
sed -i.good 's/^  p2:/  p9: {control: own}\n  p2:/' "$config"
it "a restart that fails" exits 1 viaductd_at_router
it "leaves the program of p1 where it was" xdp_on p1
it "and that of p2" xdp_on p2
it "and still nothing gets through" says ' 100% packet loss' at h2 ping -n -c 10 -i 0.01 -W 1 10.0.1.2
mv "$config.good" "$config"
it "the restart takes over" router_start
it "traffic passes again" wait_for 3 reaches h1 10.0.2.2 -c 10 -l 10
it "from the kill on not one frame leaked to the kernel" nothing_leaked
kill "$traffic"
finish
