#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# The kernel's own addresses and routes of a device leave while Viaduct owns it, and come back when it
# stops: also when it was killed and started again in between, from the journal.
. "$(dirname "$0")/lib.sh"

network_lay 2
# k: the router's own kernel.
k() { ip -n "$prefix.router" "$@"; }
k address add 10.0.1.9/24 dev p1
k address add 10.0.1.10/24 dev p1
k address add 192.0.2.1/32 dev p1
k route add 198.51.100.0/24 via 10.0.1.2 dev p1 metric 77
k address add 10.0.2.9/24 dev p2

# state: what the kernel has on the two devices, in an order of its own.
state() {
	local d
	for d in p1 p2; do
		k -o -4 address show dev "$d" | awk '{ print $2, $4 }' | sort
		k -4 route show dev "$d" | sed 's/ linkdown//' | sort
		k -d link show "$d" | tr ' <,>' '\n' | sed -n '/^addrgenmode$/,+1p; /PROMISC/p; /NOARP/p'
	done
}
as_before() {
	state | diff "$scratch/before" -
}
state >"$scratch/before"

it "the daemon starts" router_start
it "the kernel has no address left on p1" not says inet k -o -4 address show dev p1
it "nor on p2" not says inet k -o -4 address show dev p2
it "so only Viaduct answers" reaches h1 10.0.1.1
it "and not the kernel" says ' 100% packet loss' at h1 ping -n -c 2 -i 0.2 -W 1 10.0.1.9
it "the daemon stops" router_stop
it "everything is as it was" as_before

it "the daemon starts again" router_start
it "it is killed" router_killed
it "the restart takes over" router_start
it "traffic passes" wait_for 5 reaches h1 10.0.2.2
it "every frame and every packet is accounted for" wait_for 5 balanced
it "it stops" router_stop
it "everything is as it was, by the journal" as_before
it "no program stays attached" not xdp_attached
done_testing
