#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 ---- p1 10.0.1.1, 2001:db8:1::1/64, 2001:db8:1::abcd/64 [router]
#
# The multicast groups that the router is in: its device lets their MACs in, they are reported to
# the link when they come and go, and when a querier of either version asks (RFC 3810, RFC 2710).
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24

configure() {
	cat >"$config" <<-END
		version: 1
		interfaces:
		  p1: {control: own, addresses: [10.0.1.1/24, "2001:db8:1::1/64"${1:+, $1}]}
	END
}
lets_in() { says "link +$1( |$)" ip -n "$prefix.router" maddr show dev p1; }
heard() { [ "$(grep -Ec -- "$1" "$scratch/h1.log")" -ge "${2:-1}" ]; }
ask() { at h1 "$here/mld.py" ask eth0 "$@"; }

configure '"2001:db8:1::abcd/64"'
it "the device does not let the routers' group in by itself" not lets_in 33:33:00:00:00:02
at_background h1 "$here/mld.py" hear eth0 80
wait_for 5 heard listening
it "the daemon starts" router_start
it "the device lets all routers' group in" lets_in 33:33:00:00:00:02
it "all nodes'" lets_in 33:33:00:00:00:01
it "and the solicited-node groups of its addresses" lets_in 33:33:ff:00:00:01
it "of each of them" lets_in 33:33:ff:00:ab:cd
it "it does not let in all multicasts" \
	not says 'allmulti [1-9]' ip -n "$prefix.router" -details link show p1
it "the groups are reported" wait_for 5 heard '^2 4 ff02::2 '
it "twice" wait_for 5 heard '^2 4 ff02::1:ff00:abcd ' 2
it "from the link-local address as soon as there is one" wait_for 5 heard '^2 4 ff02::2 from fe80::' 2

sent=$(grep -c '^2 2 ' "$scratch/h1.log" || :)
ask 2 1000
it "a query is answered for each group" wait_for 5 heard '^2 2 ' $((sent + 4))
it "of which all nodes' is none" not heard '^. [0-9]* ff02::1 '
ask 2 0 ff02::1:ff00:abcd
it "one about a group is answered for that one" wait_for 5 heard '^2 2 ff02::1:ff00:abcd ' 2
it "and for no other" not heard '^2 2 ff02::2 ' 2
it "ARP goes on" reaches h1 10.0.1.1

configure
it "an address is removed" viaduct reload
it "its group is left" wait_for 5 heard '^2 3 ff02::1:ff00:abcd ' 2
it "the device does not let it in any more" not lets_in 33:33:ff:00:ab:cd
it "and still lets in the others" lets_in 33:33:ff:00:00:01

ask 1 0 ff02::2
it "a querier of version 1 is answered in its words" wait_for 5 heard '^1 131 ff02::2 '
configure '"2001:db8:1::abcd/64"'
it "an address is added" viaduct reload
it "and reported so" wait_for 5 heard '^1 131 ff02::1:ff00:abcd ' 2
it "every frame and every packet is accounted for" wait_for 5 balanced
it "the daemon stops cleanly on SIGTERM" router_stop
it "the groups are left at the end" wait_for 5 heard '^1 132 ff02::1:ff00:abcd '
it "and the device lets nothing in for us" not lets_in 33:33:00:00:00:02
done_testing
