#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 ---- p1 10.0.1.1, 2001:db8:1::1 [router] p2 10.0.2.1, 2001:db8:2::1 ---- h2
#     10.0.1.2, and an address of its own making             10.0.2.2, and one of its own making
#
# Hosts that know nothing get all that they need of the router's advertisements (RFC 4861 6, RFC
# 4862): addresses, the way out, the MTU; and use it as they use IPv4. When the router says that it
# is none any more they believe it.
. "$(dirname "$0")/lib.sh"

network_lay 2 'router-advertisement: {interval: 4s, mtu: 1400, hop-limit: 33}'
for i in 1 2; do
	sed -i "s|\[10\.0\.$i\.1/24|&, \"2001:db8:$i::1/64\"|" "$config"
done
head -c 10000000 /dev/urandom >"$scratch/file"

addressed() { address6 "$1" && [[ $(address6 "$1") == 2001:db8:$2:* ]]; }
default_route() { at "$1" ip -6 route show default dev eth0 proto ra; }
routed() { default_route "$1" | grep 'via fe80:'; }
fetched() {
	at h1 curl -sS -g -m 30 -o "$scratch/copy" "http://[$h2]:8000/file"
	cmp "$scratch/file" "$scratch/copy"
}
sees() { # sees ADDRESS...: by a traceroute from h1 to h2, one a hop
	at h1 traceroute -n -q 1 -w 2 -m 4 "$h2" | tee "$scratch/route" >&2
	[ "$(awk 'NR > 1 { print $2 }' "$scratch/route" | paste -sd' ')" = "$*" ]
}

it "the daemon starts" router_start
host6_slaac h1
host6_slaac h2
for i in 1 2; do
	it "h$i has an address of the prefix" wait_for 15 addressed h$i $i
	it "and the router as its way out" wait_for 5 routed h$i
done
h1=$(address6 h1)
h2=$(address6 h2)
it "the router is known by its link-local address" reaches h1 \
	"$(default_route h1 | sed 's/.*via \(fe80:[^ ]*\).*/\1/')%eth0"
it "the MTU is taken" test "$(at h1 cat /proc/sys/net/ipv6/conf/eth0/mtu)" = 1400
it "the hop limit too" test "$(at h1 cat /proc/sys/net/ipv6/conf/eth0/hop_limit)" = 33
it "h1 reaches h2" reaches h1 "$h2"
it "with that hop limit, less one" says 'ttl=32' at h2 ping -n -c 1 -W 1 "$h1"
it "by IPv4 as before" reaches h1 10.0.2.2
it "through the router" sees 2001:db8:1::1 "$h2"
at_background h2 iperf3 -s
wait_for 5 listens h2 tcp 5201
it "TCP passes" at h1 iperf3 -6 -c "$h2" -t 1
it "and back" at h1 iperf3 -6 -c "$h2" -t 1 -R
it "UDP passes" at h1 iperf3 -6 -c "$h2" -t 1 -u -b 10M -l 1300
stays_background nsenter --net="/run/netns/$prefix.h2" -- \
	python3 -m http.server --bind :: --directory "$scratch" 8000 >"$scratch/http.log" 2>&1
wait_for 5 listens h2 tcp 8000
it "a file arrives whole" fetched
it "the hosts are the router's neighbours" has_json \
	"{('$h1', 'p1'), ('$h2', 'p2')} <= {(r['dst'], r['dev']) for r in rows}" \
	viaduct -j show neighbours

sed -i '/p1:/s/, router-advertisement: {[^}]*}//' "$config"
it "the router says no more on p1" viaduct reload
it "and h1 has no way out" wait_for 5 not routed h1
it "but h2 has" routed h2
finish
