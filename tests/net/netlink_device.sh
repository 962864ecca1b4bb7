#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Taking a device from the kernel and giving it back: silence in between, everything as before after.
#
#    namespace r (the router)              namespace p (the peer, listens with tcpdump)
#   +---------------------------+         +--------------------------+
#   | forwarding=1      a0 (DUT)|---veth--| a1                       |
#   |  192.0.2.1/24, .9 2nd     |         |  192.0.2.2/24            |
#   |  2001:db8:1::1/64         |         |  2001:db8:1::2/64        |
#   |                   b0      |---veth--| b1                       |
#   |  198.51.100.1/24          |         |                          |
#   +---------------------------+         +--------------------------+
tool=$1
. "$(dirname "$0")/netlink_lib.sh"

setup() {
	in_r_set ipv4/ip_forward 1
	in_r_set ipv6/conf/all/forwarding 1
	in_r ip link add a0 address 02:00:00:00:00:0a type veth peer name a1 netns $p
	in_r ip link add b0 type veth peer name b1 netns $p
	in_r ip link set lo up
	in_r ip link set a0 up mtu 1600
	in_r ip link set b0 up
	in_p ip link set a1 up mtu 1600
	in_p ip link set b1 up
	in_r ip addr add 192.0.2.1/24 dev a0 brd + label a0:x
	in_r ip addr add 192.0.2.9/24 dev a0
	in_r ip addr add 10.77.0.1 peer 10.77.0.2/32 dev a0
	in_r ip addr add 10.78.0.1/24 dev a0 scope link noprefixroute
	in_r ip addr add 192.0.2.100/24 dev a0 valid_lft 5000 preferred_lft 4000
	in_r ip addr add 2001:db8:1::1/64 dev a0
	in_r ip addr add 2001:db8:1::9/64 dev a0 metric 77
	in_r ip addr add 2001:db8:7::1/64 dev a0 valid_lft 5000 preferred_lft 4000
	in_r ip addr add 198.51.100.1/24 dev b0
	in_r ip addr add 2001:db8:b::1/64 dev b0
	in_p ip addr add 192.0.2.2/24 dev a1
	in_p ip addr add 2001:db8:1::2/64 dev a1
	until_ok 10 settled
	in_r ip route add default via 192.0.2.2
	in_r ip route add 10.1.0.0/16 dev a0 scope link metric 5
	in_r ip route add 10.0.0.0/9 via 10.1.2.3 # needs the one before
	in_r ip route add 10.2.0.0/16 via 192.0.2.3 src 192.0.2.9 mtu 1400 table 100
	in_r ip route add 10.3.0.0/16 nexthop via 192.0.2.4 weight 2 nexthop via 198.51.100.2
	in_r ip route add 10.4.0.0/16 via 198.51.100.2 src 192.0.2.1 # elsewhere, but from here
	in_r ip route add 10.5.0.0/16 via 203.0.113.1 dev a0 onlink
	in_r ip -6 route add default via 2001:db8:1::2
	in_r ip -6 route add 2001:db8:2::/48 via fe80::1 dev a0 src 2001:db8:1::9
	in_r ip -6 route add 2001:db8:3::/48 nexthop via 2001:db8:1::3 weight 3 nexthop via 2001:db8:b::3
	in_r ip -6 route add 2001:db8:4::/48 nexthop via 2001:db8:1::4 nexthop via 2001:db8:1::5
	in_r ip -6 route add 2001:db8:5::/48 via 2001:db8:1::6 expires 5000
	in_r ip -6 route add 2001:db8:6::/48 dev a0 metric 9 pref high
}

settled() {
	! in_r ip -6 addr show tentative | grep -q inet6 && in_r ip -6 addr show dev a0 | grep -q fe80
}

# All that must come back, without the seconds that pass. Sorted where the kernel's order among
# equal prefixes of two devices says only which of them came up last.
picture() {
	in_r ip -d link show dev a0
	in_r ip addr show dev a0
	in_r ip -4 route show table all
	in_r ip -6 route show table all | sort
	in_r sh -c 'cd /proc/sys/net; grep . ipv?/conf/a0/* 2>/dev/null' | grep -v stable_secret
	in_r ethtool -k a0 | grep rx-vlan-offload:
}
snapshot() { picture | sed -E 's/(valid_lft|preferred_lft|expires) [0-9]+sec/\1 Nsec/g'; }

same_as_before() {
	until_ok 10 settled
	snapshot >"$run/after"
	diff "$run/before" "$run/after" || fail "$1: not as before"
	[ -z "$(ls "$run/j")" ] || fail "$1: a journal is left: $(ls "$run/j")"
}

listen() {
	nsenter --net=/run/netns/$p tcpdump --immediate-mode -U -nei a1 -Q in -w "$run/pcap" 2>"$run/tcpdump" &
	listener=$!
	helpers="$helpers $listener"
	until_ok 10 grep -q listening "$run/tcpdump"
}

heard() {
	kill -TERM $listener || fail "the capture ended early: $(cat "$run/tcpdump")"
	wait $listener || :
	tcpdump -nr "$run/pcap" 2>/dev/null
}

silent_while_taken() {
	in_r "$tool" take "$run/j" a0 | grep -qx taken || fail "take"
	in_r ip addr show dev a0 | grep -q inet && fail "addresses are left"
	# The way of a route that has others too is off, not gone.
	in_r ip -4 route show table all | grep "dev a0" | grep -vq dead && fail "IPv4 routes are left"
	in_r ip -6 route show table all | grep -q "dev a0" && fail "IPv6 routes are left"
	in_r ethtool -k a0 | grep -q "rx-vlan-offload: off" || fail "rxvlan is on"
	in_p ip link set a1 down # which would end a capture
	in_p ip link set a1 up
	listen
	# What makes a kernel talk: link changes, forwarding switched, ARP and ND for it, queries.
	in_r ip link set a0 down
	in_r ip link set a0 up
	in_r_set ipv6/conf/all/forwarding 0
	in_r_set ipv6/conf/all/forwarding 1
	in_p ip addr replace 2001:db8:1::2/64 dev a1 nodad
	in_p ip route replace 198.51.100.1 dev a1 src 192.0.2.2
	in_p ping -qc2 -i0.2 -W1 192.0.2.1 >/dev/null && fail "the kernel answers IPv4"
	in_p ping -qc2 -i0.2 -W1 198.51.100.1 >/dev/null && fail "the kernel answers for b0"
	in_p ping -qc2 -i0.2 -W1 2001:db8:1::1 >/dev/null && fail "the kernel answers IPv6"
	in_p ping -qc2 -i0.2 -W1 ff02::2%a1 >/dev/null && fail "the kernel answers all-routers"
	sleep 3 # the time in which MLD reports, DAD and solicitations would come
	heard >"$run/heard"
	[ ! -s "$run/heard" ] || fail "the kernel is not silent: $(cat "$run/heard")"
}

# The capture itself must hear a kernel that talks, else silence proves nothing.
capture_hears() {
	listen
	in_r ping -qc1 -W1 192.0.2.2 >/dev/null || fail "no ping before"
	[ -n "$(heard)" ] || fail "the capture hears nothing"
}

killed_between() {
	nsenter --net=/run/netns/$r "$tool" hold "$run/j" a0 >"$run/held" &
	held=$!
	helpers="$helpers $held"
	until_ok 10 grep -q taken "$run/held"
	kill -9 $held
	wait $held 2>/dev/null || :
	in_r ip addr show dev a0 | grep -q inet && fail "the take was not complete"
	# The next daemon has it in its configuration: the original journal stays.
	cp "$run"/j/journal-* "$run/original"
	in_r "$tool" restore "$run/j" a0
	in_r "$tool" take "$run/j" a0 1400 02:00:00:00:00:0c >/dev/null || fail "take again"
	in_r ip link show dev a0 | grep -q "mtu 1400" || fail "the MTU is not set"
	in_r ip link show dev a0 | grep -q 02:00:00:00:00:0c || fail "the MAC is not set"
	# The one after that has not: everything comes back.
	in_r "$tool" restore "$run/j" | grep -q "^0 .*given back" || fail "restore"
}

# Killed at moments spread over the whole take. It is waited for until it is gone, as a daemon's lock
# waits for its predecessor: killed within a system call it carries that one out first, which on a
# busy machine takes longer than the next one takes to start. (timeout -s KILL does not wait: it
# kills itself as well.)
interrupted_take() {
	for ms in 0 1 2 3 4 5 6 8 10 15; do
		nsenter --net=/run/netns/$r "$tool" take "$run/j" a0 >/dev/null 2>&1 &
		taking=$!
		helpers="$helpers $taking"
		sleep "0.$(printf %03d $ms)1"
		kill -9 $taking 2>/dev/null || :
		wait $taking 2>/dev/null || :
		in_r "$tool" restore "$run/j" >/dev/null
	done
}

mkdir "$run/j"
setup
capture_hears
until_ok 10 settled
snapshot >"$run/before"

[ "$(in_r "$tool" default a0)" = yes ] || fail "a0 has the default route"
[ "$(in_r "$tool" default b0)" = no ] || fail "b0 has no default route"
in_r "$tool" info a0 | grep -q "^a0 kind=veth mtu=1600 up=1 carrier=1 " || fail "info"

silent_while_taken
in_r "$tool" give "$run/j" a0 || fail "give back"
same_as_before "given back"

killed_between
same_as_before "killed between"

interrupted_take
same_as_before "killed within"

# Down before, down after; with an address of its own. (The dead way of an IPv6 route that lives by
# others cannot be added while the device is down.)
in_r ip -6 route del 2001:db8:3::/48
in_r ip link set a0 down
in_r ip addr add 2001:db8:1::77/64 dev a0
snapshot >"$run/down"
in_r "$tool" take "$run/j" a0 >/dev/null || fail "take when down"
in_r ip link show dev a0 | grep -q ",UP" || fail "not up when taken"
in_r "$tool" give "$run/j" a0 || fail "give back when down"
snapshot >"$run/after"
diff "$run/down" "$run/after" || fail "down: not as before"

# A number that another device got, and a device that is gone.
index=$(in_r ip -o link show dev b0 | cut -d: -f1)
in_r "$tool" take "$run/j" b0 >/dev/null || fail "take b0"
in_r ip link del b0
in_r "$tool" restore "$run/j" | grep -q "^1 b0 .*is gone" || fail "gone: not said"
[ -z "$(ls "$run/j")" ] || fail "gone: a journal is left"
in_r ip link add b0 index "$index" type veth peer name b1 netns $p
in_r "$tool" take "$run/j" b0 >/dev/null || fail "take b0 anew"
in_r ip link del b0
in_r ip link add b0 index "$index" type veth peer name b1 netns $p
in_r ip addr add 198.51.100.7/24 dev b0
in_r "$tool" restore "$run/j" | grep -q "^1 b0 .*another device" || fail "reused: not noticed"
in_r ip addr show dev b0 | grep -q 198.51.100.7 || fail "reused: its address was touched"
echo "ok"
