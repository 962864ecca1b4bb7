#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2, fe80::9 ---- p1 2001:db8:1::1, fe80::1 [router] p2 fe80::1 ---- h2 fe80::9
#                                                         2001:db8:9::1/48 lies behind h2
#
# A gateway known by its link-local address, behind a link that has no other; the same addresses on
# both links, of which none leads to the other.
. "$(dirname "$0")/lib.sh"

network_lay 2
sed -i '/p1:/s|\]|, "2001:db8:1::1/64", "fe80::1/64"], dad: no|; /p2:/s|\]|, "fe80::1/64"], dad: no|' "$config"
echo 'routes: [{to: "2001:db8:9::/48", via: "fe80::9", interface: p2}]' >>"$config"
host6_add h1 2001:db8:1::2/64 fe80::1
ip -n "$prefix.h1" address add fe80::9/64 dev eth0 nodad
host6_add h2 fe80::9/64 fe80::1
at h2 sh -c 'echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6'
ip -n "$prefix.h2" address add 2001:db8:9::1/128 dev lo

it "the daemon starts" router_start
it "what is behind the gateway is reached" reaches h1 2001:db8:9::1
it "as the route says" has_json \
	"any((r['dst'], r.get('gateway'), r.get('dev')) == ('2001:db8:9::/48', 'fe80::9', 'p2') for r in rows)" \
	viaduct -j show routes
it "the gateway is a neighbour of that link" has_json \
	"any((r['dst'], r['dev']) == ('fe80::9', 'p2') for r in rows)" viaduct -j show neighbours
for host in h1 h2; do
	it "$host reaches the router's link-local address" reaches $host fe80::1%eth0 -I fe80::9%eth0
done
it "the router says from its only address there what is wrong" \
	says 'From 2001:db8:1::1 .*No route' at h2 ping -n -c 1 -W 2 -I 2001:db8:9::1 2001:db8:ffff::1
it "a full frame passes" reaches h1 2001:db8:9::1 -M 'do' -s 1452

# A packet for a link-local address that is of another link, sent by hand to the router's MAC.
mac=$(ip -j -n "$prefix.router" link show p1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["address"])')
ip -n "$prefix.h1" neigh replace fe80::77 dev eth0 lladdr "$mac" nud permanent
it "link-local packets do not pass the router" \
	not says ' 0% packet loss' at h1 ping -n -c 2 -i 0.2 -W 1 fe80::77%eth0
it "and end where they are counted" has_json \
	'any(r["ifname"] == "p1" and r["example"].endswith("> fe80::77 icmp6 128") for r in rows)' \
	viaduct -j show drops
finish
