#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#            MTU 1500                            MTU 1300
#
# Path MTU discovery (RFC 1191): the router says which MTU its next hop has, the host takes it.
. "$(dirname "$0")/lib.sh"

network_lay 2
sed -i '/p2:/s/}$/, mtu: 1300}/' "$config"
ip -n "$prefix.router" link set p2 mtu 1300
ip -n "$prefix.h2" link set eth0 mtu 1300

it "the daemon starts" router_start
it "what fits passes" reaches h1 10.0.2.2 -M 'do' -s 1272
it "one byte more is refused, with the MTU" \
	says 'From 10.0.1.1 .*Frag needed and DF set \(mtu = 1300\)' \
	at h1 ping -n -M 'do' -s 1273 -c 1 -W 2 10.0.2.2
it "the host has taken the MTU" says 'mtu 1300' at h1 ip route get 10.0.2.2
it "the host no longer sends what does not fit" \
	says 'message too long, mtu=1300' at h1 ping -n -M 'do' -s 1273 -c 1 -W 1 10.0.2.2
it "the refusal is counted" \
	has_json 'sum(r["packets"] for r in rows if r["reason"] == "too-big") == 1' viaduct -j show drops

# h1 serves, and h2 invites it to send full segments: TCP has to find out.
ip -n "$prefix.h1" route flush cache
at h2 ip route replace default via 10.0.2.1 advmss 1460
head -c 300000 /dev/urandom >"$scratch/file"
at_background h1 python3 -m http.server --directory "$scratch" 8000
wait_for 5 listens h1 tcp 8000
it "TCP finds its way" at h2 curl -sS -m 10 -o "$scratch/copy" http://10.0.1.2:8000/file
it "and the file is whole" cmp "$scratch/file" "$scratch/copy"
it "by another refusal" \
	has_json 'sum(r["packets"] for r in rows if r["reason"] == "too-big") > 1' viaduct -j show drops
finish
