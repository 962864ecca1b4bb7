#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2 ---- p1 [router] p2 ---- h2 2001:db8:2::2, 2001:db8:9::1
#                              [      ] p3 ---- h3 2001:db8:3::2, 2001:db8:9::1
#
# Two gateways of IPv6 share the load; what becomes of their flows is that of IPv4 (ecmp.sh).
. "$(dirname "$0")/lib.sh"

network6_lay 3
echo 'routes: [{to: "2001:db8:9::/48", via: ["2001:db8:2::2", "2001:db8:3::2"]}]' >>"$config"
for host in h2 h3; do
	at $host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6'
	ip -n "$prefix.$host" address add 2001:db8:9::1/128 dev lo
	at_background "$host" "$here/paths.py" serve 2001:db8:9::1 5000
done

# flows FILE: 200 flows are sent and answered by h2 or h3; who answered each goes to FILE.
flows() { at h1 "$here/paths.py" ask 2001:db8:9::1 5000 200 >"$scratch/$1"; }
answered() { flows "$1" && cat "$scratch/$1" && [ "$(wc -l <"$scratch/$1")" = 200 ]; }
# share FILE HOST LEAST MOST: so many of the flows were answered by the host.
share() {
	local n
	n=$(grep -c " $2\$" "$scratch/$1") || :
	echo "$2 has $n"
	[ "$n" -ge "$3" ] && [ "$n" -le "$4" ]
}
gateway() {
	has_json "[h['flags'] for r in rows if r['dst'] == '2001:db8:9::/48' for h in r['nexthops'] \
		if h['gateway'] == '$1'] == [$2]" viaduct -j show routes
}

it "the daemon starts" router_start
it "both gateways are listed" \
	says '2001:db8:2::2 p2, 2001:db8:3::2 p3' viaduct show routes
it "the servers are ready" wait_for 10 answered first
it "flows are all answered" answered before
it "by one gateway" share before h2 60 140
it "and by the other" share before h3 60 140
ip -n "$prefix.h2" link set eth0 down
it "a link that goes down is found out" wait_for 5 gateway 2001:db8:2::2 '["dead"]'
it "its flows go on" answered down
it "by the other gateway" share down h3 200 200
ip -n "$prefix.h2" link set eth0 up
host6_add h2 2001:db8:2::2/64 2001:db8:2::1
it "when it is back it is used" wait_for 20 gateway 2001:db8:2::2 '[]'
it "by flows that are answered" answered up
it "as before" cmp "$scratch/before" "$scratch/up"
finish
