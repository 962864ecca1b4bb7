#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2, 2001:db8:1::1 (!) ---- p1 2001:db8:1::1 [router] p2 ---- h2 2001:db8:2::2
#
# Duplicate address detection (RFC 4862 5.4): an address that someone else has is not used, and said
# to be; when it is free it is. `dad: no` uses it at once.
. "$(dirname "$0")/lib.sh"

network_lay 2
sed -i '/p1:/s|\]|, "2001:db8:1::1/64", "2001:db8:1::3/64"]|; /p2:/s|\]|, "2001:db8:2::1/64"], dad: no|' "$config"
host6_add h1 2001:db8:1::2/64 2001:db8:1::3
ip -n "$prefix.h1" address add 2001:db8:1::1/64 dev eth0 nodad
host6_add h2 2001:db8:2::2/64 2001:db8:2::1

# of_p1 LIST ADDRESS: the address is on this list.
of_p1() { has_json "any('$2' in r.get('$1', []) for r in rows)" viaduct -j show interfaces p1; }
usable() { of_p1 addresses "$1" && not of_p1 tentative "$1" && not of_p1 duplicate "$1"; }
is_local() {
	has_json "any((r['dst'], r['type']) == ('$1/128', 'local') for r in rows)" viaduct -j show routes
}

it "the daemon starts" router_start
it "an address that h1 has is a duplicate" of_p1 duplicate 2001:db8:1::1/64
it "which is told in the log, with what to do" \
	grep -q 'p1: 2001:db8:1::1 is in use by someone else.*viaduct reload' "$scratch/log"
it "once" test "$(grep -c 'in use by someone else' "$scratch/log")" = 1
it "and on the screen" says 'p1 .*2001:db8:1::1 is in use by someone else' viaduct show interfaces
it "it is not the router's" not is_local 2001:db8:1::1
it "another of the same link is in use" usable 2001:db8:1::3/64
it "and works" reaches h1 2001:db8:1::3
it "the duplicate is h1's, from afar too" reaches h2 2001:db8:1::1
it "an address without detection is in use" is_local 2001:db8:2::1

ip -n "$prefix.h1" address del 2001:db8:1::1/64 dev eth0
it "a reload looks again" viaduct reload
it "the address may be the router's" of_p1 tentative 2001:db8:1::1/64
it "and is, when nobody objects" wait_for 5 usable 2001:db8:1::1/64
it "with its route" is_local 2001:db8:1::1
it "and works" reaches h1 2001:db8:1::1

# The other way round: it is the router that has it.
at h1 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
ip -n "$prefix.h1" address add 2001:db8:1::3/64 dev eth0
it "a host is told that the router has an address" \
	wait_for 5 says 'dadfailed' ip -n "$prefix.h1" -6 address show dev eth0

sed -i '/p1:/s|"2001:db8:1::3/64"|&, "2001:db8:1::4/64"|' "$config"
it "a new address comes by reload" viaduct reload
it "it is looked at before it is used" of_p1 tentative 2001:db8:1::4/64
it "those that there were stay in use" usable 2001:db8:1::3/64
sed -i '/p1:/s|}$|, dad: no}|; /p1:/s|"2001:db8:1::4/64"|&, "2001:db8:1::5/64"|' "$config"
it "without detection" viaduct reload
for i in 4 5; do
	it "it is in use at once ($i)" usable 2001:db8:1::$i/64
	it "and works ($i)" reaches h1 2001:db8:1::$i
done
finish
