#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 +--------+
#     h2 10.0.2.2/24 ---- p2 10.0.2.1 | router |
#     h3 10.0.3.2/24 -+               |        |
#                   switch -- p3 10.0.3.1 -----+
#     h4 10.0.3.4/24 -+      10.9.0.1/24 lies behind h4
#
# What the router itself says, to the kernels' hosts: its address and the time of day in the options
# that ask for them, a reset where nothing listens, and a redirect, which h3 follows.
. "$(dirname "$0")/lib.sh"

network_lay 2
netns_add switch
ip -n "$prefix.switch" link add br0 type bridge
ip -n "$prefix.switch" link set br0 up
for host in h3 h4 router; do
	[ $host = router ] || netns_add $host
	device=eth0
	[ $host != router ] || device=p3
	link_add $host $device switch $host
	ip -n "$prefix.switch" link set $host master br0
done
ip -n "$prefix.h3" address add 10.0.3.2/24 dev eth0
ip -n "$prefix.h4" address add 10.0.3.4/24 dev eth0
ip -n "$prefix.h4" address add 10.9.0.1/24 dev lo
for host in h3 h4; do
	ip -n "$prefix.$host" route add default via 10.0.3.1
	at $host sh -c 'echo 1 | tee /proc/sys/net/ipv4/conf/*/accept_redirects'
done >/dev/null
cat >>"$config" <<E2
  p3: {control: own, addresses: [10.0.3.1/24]}
routes:
  - {to: 10.9.0.0/24, via: 10.0.3.4}
E2

# recorded TO ADDRESS...: a ping from h1 brings just this route back, in this order.
recorded() {
	local to=$1 route
	shift
	at h1 ping -n -R -c 1 -W 2 "$to" | tee "$scratch/ping"
	route=$(sed -n '/RR:/,/^$/s/^\(RR:\)\?[[:space:]]*\([0-9.]\+\)$/\2/p' "$scratch/ping" | uniq | paste -sd' ')
	[ "$route" = "$*" ]
}

# stamped TO ADDRESS: a ping from h1 brings the time at ADDRESS back, near to that of the hop before.
stamped() {
	local ms
	at h1 ping -n -T tsandaddr -c 1 -W 2 "$1" | tee "$scratch/ping"
	ms=$(sed -n "s/^\(TS:\)\?[[:space:]]*${2//./\\.}[[:space:]]*\(-\?[0-9]*\)\( .*\)\?$/\2/p" "$scratch/ping" | head -n 1)
	[ -n "$ms" ] && [ "$ms" -gt -1500 ] && [ "$ms" -lt 1500 ]
}

# goes_by HOST ADDRESS GATEWAY: so the host sends to the address, because it was told. A kernel that
# does not know the gateway asks for it first, and follows the next redirect.
goes_by() {
	at "$1" ping -n -c 1 -W 1 "$2"
	says 'redirected' at "$1" ip route get "$2" && says "via $3 " at "$1" ip route get "$2"
}

it "the daemon starts" router_start
it "a route through the router is recorded there and back" \
	recorded 10.0.2.2 10.0.1.2 10.0.2.1 10.0.2.2 10.0.1.1 10.0.1.2
it "so is one to the router" recorded 10.0.2.1 10.0.1.2 10.0.2.1 10.0.1.2
it "the time of day is that of the hosts, through the router" stamped 10.0.2.2 10.0.2.1
it "and at it" stamped 10.0.1.1 10.0.1.1
for offload in on off; do
	tx_offload h1 $offload
	it "where nothing listens a connection is refused, tx $offload" \
		exits 7 at h1 curl -sS -m 10 http://10.0.2.1:81/
done
it "a host that has a better gateway reaches what is behind it" reaches h3 10.9.0.1
it "and goes by that gateway from then on" wait_for 5 goes_by h3 10.9.0.1 10.0.3.4
sed -i 's/10.0.3.1\/24\]/&, redirects: no/' "$config"
it "redirects can be turned off" viaduct reload
ip -n "$prefix.h3" route flush cache
it "a better gateway is of use as before" reaches h3 10.9.0.1
for again in 1 2; do
	it "and nobody hears of it ($again)" not goes_by h3 10.9.0.1 10.0.3.4
done
it "what was said is counted" \
	has_json 'sum(int(r["value"]) for r in rows if r["name"] == "verdict.tcp-reset") == 2' \
	viaduct -j show counters
finish
