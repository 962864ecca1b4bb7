#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#            MTU 9000                    |       MTU 1400
#                                        p3 10.0.3.1 ---- h3 10.0.3.2/24, MTU 1500
#
# Fragments (RFC 791 3.2): the router cuts what its next hop does not take, puts together what is
# for itself, and lets pass what is not. The hosts' kernels judge.
. "$(dirname "$0")/lib.sh"

network_lay 3
mtu=([1]=9000 [2]=1400 [3]=1500)
for i in 1 2 3; do
	sed -i "/p$i:/s/}\$/, mtu: ${mtu[i]}}/" "$config"
	ip -n "$prefix.router" link set "p$i" mtu "${mtu[i]}"
	ip -n "$prefix.h$i" link set eth0 mtu "${mtu[i]}"
done

drops() { viaduct -j show drops | python3 -c '
import json, sys
print(sum(r["packets"] for r in json.load(sys.stdin) if r["reason"] == sys.argv[1]))' "$1"; }
counter() { viaduct -j show counters | python3 -c '
import json, sys
print(next(r["value"] for r in json.load(sys.stdin) if r["name"] == sys.argv[1]))' "$1"; }

# udp_passes FROM TO ADDRESS SIZE...: datagrams arrive as they were sent.
udp_passes() {
	at_background "$2" python3 "$here/udp_echo.py" serve
	local server=$background
	wait_for 5 listens "$2" udp 7777
	at "$1" python3 "$here/udp_echo.py" "$3" "${@:4}"
	child_end "$server"
}

it "the daemon starts" router_start
it "the router answers a ping of 4000 bytes, in fragments both ways" \
	reaches h3 10.0.3.1 -s 4000
it "and one of 30000" reaches h3 10.0.3.1 -s 30000
it "by a jumbo link too" reaches h1 10.0.1.1 -s 20000
it "a jumbo ping without DF passes a link of 1400 bytes" reaches h1 10.0.2.2 -M dont -s 8000
it "and one of 1500" reaches h1 10.0.3.2 -M dont -s 8000
it "what a host cuts itself passes, and is cut again" reaches h3 10.0.2.2 -M dont -s 8000
it "the longest ping there is passes" reaches h1 10.0.2.2 -M dont -s 65507
it "UDP of any size arrives intact" \
	udp_passes h1 h2 10.0.2.2 1 1371 1372 1373 1379 1380 1381 1473 2753 2768 8972 20000 65507
it "with DF the router still refuses" says 'mtu = 1400' \
	at h1 ping -n -M 'do' -s 8000 -c 1 -W 2 10.0.2.2
it "nothing waits in the router any more" test "$(counter frames.held)" = 0
it "nothing was lost on the way" test "$(drops fragment)$(drops no-frame)$(drops tx-full)" = 000
it "the longest ping is more than the router puts together" \
	exits 1 at h3 ping -n -s 65507 -c 1 -W 1 10.0.3.1
it "which is told, and none of its bytes taken for a type" \
	has_json "[r['example'] for r in rows if r['reason'] == 'fragment'] == ['10.0.3.2 > 10.0.3.1 proto 1']" \
	viaduct -j show drops
finish
