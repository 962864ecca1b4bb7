#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Link events as the agent gets them, channel changes, and the full picture after a loss.
#
#    namespace r (watched)                 namespace p
#   +---------------------------+         +-------------------+
#   |  a0 (4 queues)            |---veth--| a1                |
#   |  d0, d1, d2 (to e0 ... )  |         |                   |
#   +---------------------------+         +-------------------+
tool=$1
. "$(dirname "$0")/netlink_lib.sh"

says() {
	until_ok 10 grep -qx -- "$1" "$run/events"
}

in_r ip link add a0 numrxqueues 4 numtxqueues 4 type veth peer name a1 netns $p
: >"$run/events"
nsenter --net=/run/netns/$r "$tool" watch >"$run/events" &
watcher=$!
helpers=$watcher
says '[.]'
grep -q "^a0 there mtu=1500$" "$run/events" || fail "the first picture lacks a0"

in_r ip link set a0 up
says 'a0 there up mtu=1500'
in_p ip link set a1 up
says 'a0 there up carrier mtu=1500'
in_r ip link set a0 mtu 1400
says 'a0 there up carrier mtu=1400'
in_r ethtool -L a0 rx 2 tx 2
says 'a0 there up carrier channels mtu=1400'

# More than a socket's buffer holds, while the watcher cannot read. d0 stays, d1 goes unseen.
in_r ip link add d0 type veth peer name e0
in_r ip link add d1 type veth peer name e1
says 'd1 there mtu=1500'
kill -STOP $watcher
in_r ip link del d1
for i in $(seq 600); do echo "link set d0 mtu $((1000 + i))"; done | in_r ip -batch -
in_r ip link add d2 type veth peer name e2
kill -CONT $watcher
says lost
says 'd0 there mtu=1600'
says 'd1 deleted mtu=1500'
says 'd2 there mtu=1500'

in_r ip link del a0
says 'a0 deleted mtu=1400'
kill -0 $watcher || fail "the watcher ended"
echo "ok"
