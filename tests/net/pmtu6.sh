#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2 ---- p1 2001:db8:1::1 [router] p2 2001:db8:2::1 ---- h2 2001:db8:2::2
#              MTU 1500                                  MTU 1400
#
# Path MTU discovery (RFC 8201): the router says how long a packet may be and cuts none itself; the
# hosts take it.
. "$(dirname "$0")/lib.sh"

network6_lay 2
sed -i '/p2:/s/}$/, mtu: 1400}/' "$config"
ip -n "$prefix.router" link set p2 mtu 1400
ip -n "$prefix.h2" link set eth0 mtu 1400
too_big() { has_json "sum(r['packets'] for r in rows if r['reason'] == 'too-big') $1" viaduct -j show drops; }

it "the daemon starts" router_start
it "what fits passes" reaches h1 2001:db8:2::2 -M 'do' -s 1352
it "one byte more is refused, with the MTU" \
	says 'From 2001:db8:1::1 .*Packet too big: mtu=1400' \
	at h1 ping -n -M 'do' -s 1353 -c 1 -W 2 2001:db8:2::2
it "the host has taken the MTU" says 'mtu 1400' at h1 ip -6 route get 2001:db8:2::2
it "the host no longer sends what does not fit" \
	says 'mtu: 1400|mtu=1400' at h1 ping -n -M 'do' -s 1353 -c 1 -W 1 2001:db8:2::2
it "the refusal is counted" too_big '== 1'
it "what the host cuts itself passes" reaches h1 2001:db8:2::2 -M dont -s 4000
ip -n "$prefix.h1" -6 route add 2001:db8:1::1/128 dev eth0 mtu 1280
it "the router puts together what is for itself" reaches h1 2001:db8:1::1 -M dont -s 1400
it "by fragments" has_json 'any(r["name"] == "verdict.reassembled" and r["value"] for r in rows)' \
	viaduct -j show counters
ip -n "$prefix.h1" -6 route del 2001:db8:1::1/128 dev eth0
it "and answers in fragments what is longer than the link takes" reaches h1 2001:db8:1::1 -M dont -s 4000
it "and refused nothing meanwhile" too_big '== 1'

# h1 serves, and h2 invites it to send full segments: TCP has to find out.
ip -n "$prefix.h1" -6 route flush cache
ip -n "$prefix.h2" -6 route replace default via 2001:db8:2::1 dev eth0 advmss 1440
head -c 300000 /dev/urandom >"$scratch/file"
at_background h1 python3 -m http.server --bind :: --directory "$scratch" 8000
wait_for 5 listens h1 tcp 8000
it "TCP finds its way" \
	at h2 curl -sS -g -m 10 -o "$scratch/copy" 'http://[2001:db8:1::2]:8000/file'
it "and the file is whole" cmp "$scratch/file" "$scratch/copy"
it "by another refusal" too_big '> 1'
finish
