#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# A device that goes away takes nothing with it but its own traffic; one of the same name that comes
# later is taken by a reload. The same reload serves queues that a device got meanwhile.
. "$(dirname "$0")/lib.sh"

network_lay 2
good=$(cat "$config")
with_mtu() { sed '/p2:/s/}$/, mtu: 1400}/' <<<"$good" >"$config"; }
logged() { wait_for 5 grep -q "$1" "$scratch/log"; }
serves() { has_json "any(r['ifname'] == '$1' and r['queues'] == $2 for r in rows)" \
	viaduct -j show interfaces; }

# p2_comes [QUEUES]: p2 and its host are there (again).
p2_comes() {
	ip link add name p2 netns "$prefix.router" numrxqueues "${1:-1}" numtxqueues "${1:-1}" \
		type veth peer name eth0 netns "$prefix.h2" numrxqueues 1 numtxqueues 1
	ip -n "$prefix.h2" link set eth0 up
	ip -n "$prefix.h2" address add 10.0.2.2/24 dev eth0
	ip -n "$prefix.h2" route add default via 10.0.2.1
}
passes() { reaches h1 10.0.2.2; }

it "the daemon starts" router_start
it "traffic passes" passes
at_background h1 ping -n -i 0.002 10.0.2.2
traffic=$background
it "a device goes away under traffic" ip -n "$prefix.router" link del p2
it "which is logged" logged 'p2: the device is gone'
it "and shown" has_json "[r['note'] for r in rows if r['ifname'] == 'p2'] == ['the device is gone']" \
	viaduct -j show interfaces
it "hosts are told" says 'From 10.0.1.1 .*Unreachable' at h1 ping -n -c 1 -W 2 10.0.2.2
it "the router goes on" reaches h1 10.0.1.1
it "a reload goes on without it" viaduct reload
with_mtu
it "one that would change it is refused" exits 1 viaduct reload
it "and says why" says 'p2.*no such network device' viaduct reload
echo "$good" >"$config"
it "nothing was changed by that" reaches h1 10.0.1.1

p2_comes 4
at router ethtool -L p2 rx 2 tx 2
it "its successor is noticed" logged 'p2: there is a device of this name again'
it "a reload takes it" viaduct reload
it "traffic passes again" wait_for 5 passes
it "by its two queues" serves p2 2
at router ethtool -L p2 rx 4 tx 4
it "more queues are noticed" logged 'p2: its queues have changed'
it "a reload serves them" viaduct reload
it "which are four" serves p2 4
it "traffic passes by them" wait_for 5 passes

ip -n "$prefix.router" link del p2
it "it goes again" wait_for 5 has_json \
	'any(r["ifname"] == "p2" and r["operstate"] == "down" for r in rows)' \
	viaduct -j show interfaces
ip -n "$prefix.router" link add p2 type bridge
it "one that cannot do it comes in its place" logged 'p2: there is a device of this name again'
it "a reload cannot take it" exits 1 viaduct reload
it "the interface is shown to be without a device" has_json \
	'[r["operstate"] for r in rows if "has no device" in r.get("note", "")] == ["down"]' viaduct -j show interfaces
it "by its name, too" says '^p2 +down' viaduct show interfaces p2
it "the other goes on" reaches h1 10.0.1.1
ip -n "$prefix.router" link del p2
sed -i '/p2:/d' "$config"
it "and is taken out of the configuration" viaduct reload
p2_comes
echo "$good" >"$config"
it "and comes as if it were new" viaduct reload
it "traffic passes by it" wait_for 5 passes
kill "$traffic"
ip -n "$prefix.router" link del p1
finish
