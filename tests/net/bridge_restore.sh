#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.1 ---- p1 +-----------------+ p3.30 10.0.30.1 on p3 ---- h3
#                         | br0, VLAN 10:   |
#     h2 10.0.1.2 ---- p2 | 10.0.1.254      | p4 10.0.4.1 ---- h4 10.0.4.2
#                         +-----------------+
#
# What was done to devices for a bridge and for VLANs is undone by a start without them, too, from the
# journal, after the daemon was killed: tag offloads, everybody's frames, addresses, sysctls, programs.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"

bridge_host h1 p1 10.0.1.1/24
bridge_host h2 p2 10.0.1.2/24
bridge_host h3 p3 10.0.3.3/24
host_add h4 p4 10.0.4.2/24 10.0.4.1
k() { ip -n "$prefix.router" "$@"; }
k address add 10.0.1.9/24 dev p1
k address add 10.0.2.9/24 dev p2
k address add 10.0.3.9/24 dev p3
k route add 198.51.100.0/24 via 10.0.3.3 dev p3 metric 77
if [ -d /proc/sys/net/ipv6 ]; then
	for d in p1 p3; do
		at router sh -c "echo 0 >/proc/sys/net/ipv6/conf/$d/disable_ipv6"
	done
	k address add 2001:db8:3::9/64 dev p3 nodad
fi

# state: what the kernel has on the devices that are to be as they were.
state() {
	local d
	for d in p1 p2 p3; do
		k -o address show dev "$d" | awk '{ print $2, $3, $4 }' | sort
		k -4 route show dev "$d" | sed 's/ linkdown//' | sort
		k -d link show "$d" | grep -Eo 'promiscuity [0-9]+|allmulti [0-9]+|addrgenmode [a-z0-9]+|PROMISC|NOARP|prog/xdp'
		at router ethtool -k "$d" | grep -E 'vlan|^generic-receive|^large'
		at router sh -c "cd /proc/sys/net; grep . ipv4/conf/$d/* ipv6/conf/$d/* 2>/dev/null | grep -v stable_secret"
	done
}
as_before() { state | diff "$scratch/before" -; }
device() { k -d link show "$1" | grep -q "$2"; }
state >"$scratch/before"

fourth='  p4: {control: own, addresses: [10.0.4.1/24]}'
without() { printf '%s\n' 'version: 1' 'interfaces:' "$fourth" >"$config"; }
with() {
	without
	cat >>"$config" <<-'C'
		  p2: {control: own, on-failure: drop}
		  p3: {control: own}
		  p3.30: {addresses: [10.0.30.1/24]}
		bridges:
		  br0:
		    vlan-aware: yes
		    ports: {p1: {access: 10}, p2: {trunk: [20], native: 10}}
		    vlans: {10: {addresses: [10.0.1.254/24]}, 20: {addresses: [10.0.20.1/24]}}
	C
}
with
it "the daemon starts" router_start
it "hosts reach each other" reaches h1 10.0.1.2
it "and the router" reaches h1 10.0.1.254
it "the bridge's ports take everybody's frames" device p1 'promiscuity [1-9]'
it "the kernel has no address left there" not says inet k -o -4 address show dev p1
it "it is killed" router_killed
it "and started again" router_start
it "hosts reach each other as before" wait_for 5 reaches h1 10.0.1.2
it "every frame and every packet is accounted for" wait_for 5 balanced
it "it is killed again" router_killed
it "the program stays where it is to drop" device p2 prog/xdp
it "and nowhere else" not device p1 prog/xdp
without
it "and started without the bridge and the VLAN" router_start
it "their devices are as they were" as_before
it "the router's own is not" device p4 prog/xdp
with
it "a reload brings them back" viaduct reload
it "hosts reach each other" wait_for 5 reaches h1 10.0.1.2
without
it "and takes them away" viaduct reload
it "again the devices are as they were" as_before
finish
