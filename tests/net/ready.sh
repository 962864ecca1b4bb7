#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# READY means links: it waits for one that is not there yet, and works meanwhile; but not for ever.
. "$(dirname "$0")/lib.sh"

network_lay 2

# router_begin: the daemon, not waited for.
router_begin() {
	: >"$scratch/log"
	stays_background nsenter --net="/run/netns/$prefix.router" -- \
		"$viaductd" --config "$config" --run-dir "$run" --state-dir "$scratch/state" \
		>"$scratch/log" 2>&1
	router_pid=$background
}
log_has() { grep -q "$1" "$scratch/log"; }
not_ready() { ! log_has 'ready:'; }

ip -n "$prefix.h2" link set eth0 down
router_begin
it "the control socket answers before" wait_for 3 viaduct show version
it "it is not ready without a link" not_ready
it "the link that is there works" says ' 0% packet loss' at h1 ping -n -c 1 -W 2 10.0.1.1
it "it is still not ready" not_ready
ip -n "$prefix.h2" link set eth0 up
it "it is ready with the link" wait_for 2 log_has 'ready:'
it "no link is missed" not log_has 'no link'
it "it stops" router_stop

ip -n "$prefix.h2" link set eth0 down
begin=$(now_ms)
router_begin
it "in time it is ready without the link" wait_for 10 log_has 'ready:'
it "it did wait" test $(($(now_ms) - begin)) -ge 4500
it "it says which link is missing" log_has 'interfaces.p2: has no link'
finish
