#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2
#     2001:db8:1::2    2001:db8:1::1           2001:db8:2::1     2001:db8:2::2
#
# TCP both ways and UDP, of both families, from hosts that leave checksums to their devices (veth hands the router
# half-made sums, which it must complete) and from hosts that do not.
. "$(dirname "$0")/lib.sh"
. "$here/iperf_lib.sh"

network6_lay 2

it "the daemon starts" router_start
iperf_serve h2
for offload in on off; do
	tx_offload h1 $offload
	tx_offload h2 $offload
	for h2 in 10.0.2.2 2001:db8:2::2; do
		it "TCP from h1 to $h2, tx $offload" carries h1 $h2 50
		it "TCP from there to h1, tx $offload" carries h1 $h2 50 -R
		it "UDP from h1 to $h2, tx $offload" carries h1 $h2 5 -u -b 10M -l 1400
		it "UDP from there to h1, tx $offload" carries h1 $h2 5 -u -b 10M -l 1400 -R
	done
done
finish
