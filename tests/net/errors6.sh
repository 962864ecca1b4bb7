#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2 ---- p1 2001:db8:1::1 [router] p2 2001:db8:2::1 ---- h2 2001:db8:2::2
#
# What ICMPv6 tells the kernel of a host (RFC 4443 3): each error, from the address that was asked.
. "$(dirname "$0")/lib.sh"

network6_lay 2
cat >>"$config" <<-C
	system: {icmp-errors: none}
	routes:
	  - {to: "2001:db8:b::/48", type: blackhole}
	  - {to: "2001:db8:c::/48", type: unreachable}
	  - {to: "2001:db8:d::/48", type: prohibit}
C

# told PATTERN ADDRESS ARG...: so the router answers a ping.
told() { says "From 2001:db8:1::1 .*$1" at h1 ping -n -c 1 -W 5 "${@:3}" "$2"; }
# udp_error ERRNO ADDRESS: what a connected socket hears of a datagram.
udp_error() {
	at h1 python3 - "$@" <<-'P'
		import errno, socket, sys
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.settimeout(5)
		s.connect((sys.argv[2], 7))
		s.send(b"?")
		try:
		    s.recv(1)
		except OSError as e:
		    print(errno.errorcode.get(e.errno, e))
		    sys.exit(errno.errorcode.get(e.errno) != sys.argv[1])
		sys.exit("an answer")
	P
}
example() { has_json "any(r['reason'] == '$1' and r['example'] == '$2' for r in rows)" viaduct -j show drops; }

it "the daemon starts" router_start
it "a subnet's routers have an address (RFC 4291 2.6.1)" has_json \
	'any((r["dst"], r["type"]) == ("2001:db8:1::/128", "anycast") for r in rows)' \
	viaduct -j show routes
it "which the router answers to" reaches h1 2001:db8:1::
it "no route" told 'No route' 2001:db8:ffff::1
it "as its example says" example no-route '2001:db8:1::2 > 2001:db8:ffff::1 icmp6 128'
it "a route that is unreachable" told 'No route' 2001:db8:c::1
it "one that is prohibited" told 'Administratively prohibited' 2001:db8:d::1
it "one that is black says nothing" not told '' 2001:db8:b::1 -W 1
it "a host that is not there" told 'Address unreachable' 2001:db8:2::99
it "a hop limit that is used up" told 'Time exceeded: Hop limit' 2001:db8:2::2 -t 1
it "a port that is not open" udp_error ECONNREFUSED 2001:db8:1::1
it "one behind the router" udp_error ECONNREFUSED 2001:db8:2::2
for offload in on off; do
	tx_offload h1 $offload
	it "a connection to the router is refused, tx $offload" \
		exits 7 at h1 curl -sS -g -m 10 'http://[2001:db8:2::1]:81/'
done
it "a multicast address is no host, and not answered" \
	not told '' ff0e::1 -W 1 -I eth0
it "what is counted" has_json \
	'len({"no-route", "unreachable", "prohibit", "blackhole", "neighbour-failed", "ttl-expired"} -
	{r["reason"] for r in rows}) == 0' viaduct -j show drops
finish
