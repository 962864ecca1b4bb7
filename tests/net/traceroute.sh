#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2
#     2001:db8:1::2    2001:db8:1::1           2001:db8:2::1     2001:db8:2::2
#
# Traceroute names the router as the first hop, by the address it was reached at, and the host as
# the second, with probes of UDP and of ICMP, from either side.
. "$(dirname "$0")/lib.sh"

network6_lay 2
echo 'system: {icmp-errors: none}' >>"$config"

# hops FROM HOST ARG...: the route's addresses, one a probe, no probe unanswered.
hops() {
	local from=$1 to=$2
	shift 2
	at "$from" traceroute -n -q 3 -w 2 -m 4 "$@" "$to" | tee "$scratch/route" >&2
	sed -n 's/ *[0-9.]* ms//g; s/^ *\([0-9]*\) */\1 /; /^[0-9]/p' "$scratch/route"
}
goes_by() {
	local want=$1
	shift
	[ "$(hops "$@" | tr -s ' ' | sed 's/ *$//' | paste -sd,)" = "$want" ]
}

it "the daemon starts" router_start
for probe in -U -I; do
	it "h1 sees the router, then h2 ($probe)" goes_by '1 10.0.1.1,2 10.0.2.2' h1 10.0.2.2 $probe
	it "h2 sees the router, then h1 ($probe)" goes_by '1 10.0.2.1,2 10.0.1.2' h2 10.0.1.2 $probe
	it "so h1 does by IPv6 ($probe)" \
		goes_by '1 2001:db8:1::1,2 2001:db8:2::2' h1 2001:db8:2::2 $probe
	it "and h2 ($probe)" goes_by '1 2001:db8:2::1,2 2001:db8:1::2' h2 2001:db8:1::2 $probe
done
it "a port of the router's own is unreachable" goes_by '1 10.0.1.1' h1 10.0.1.1 -U
it "and of IPv6" goes_by '1 2001:db8:1::1' h1 2001:db8:1::1 -U
it "what expired is counted" \
	has_json 'sum(r["packets"] for r in rows if r["reason"] == "ttl-expired") == 24' \
	viaduct -j show drops
finish
