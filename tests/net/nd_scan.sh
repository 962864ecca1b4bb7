#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2 ---- p1 2001:db8:1::1 [router] p2 2001:db8:2::1 ---- h2 2001:db8:2::2
#
# Someone scans a /64 (RFC 6583): hosts that are known are reached as before, new ones are found, and
# the table of neighbours does not grow beyond its limit.
. "$(dirname "$0")/lib.sh"

network6_lay 2
counter() { viaduct -j show counters | python3 -c '
import json, sys
print(next(r["value"] for r in json.load(sys.stdin) if r["name"] == sys.argv[1]))' "$1"; }
at_most() { [ "$(counter "$1")" -le "$2" ]; }
at_least() { [ "$(counter "$1")" -ge "$2" ]; }

it "the daemon starts" router_start
it "h2 is known" reaches h1 2001:db8:2::2
# A packet a time to an address of h2's link that nobody has, as fast as 20000 a second.
at_background h1 python3 -c '
import random, socket, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setblocking(False)
while True:
    for i in range(20):
        try:
            s.sendto(b"?", ("2001:db8:2::%x:%x:%x" % (1, random.getrandbits(16), random.getrandbits(16)), 7))
        except OSError:
            pass
    time.sleep(0.001)'
scan=$background
it "a scan meets the limit of questions" wait_for 20 at_least neigh.limit-asked 1000
it "who is known is reached" reaches h1 2001:db8:2::2
ip -n "$prefix.h2" address add 2001:db8:2::3/64 dev eth0 nodad
ip -n "$prefix.h2" neigh flush dev eth0
it "who is new, and looks for the router, is known" \
	wait_for 10 reaches h2 2001:db8:1::2 -I 2001:db8:2::3
it "and reached" reaches h1 2001:db8:2::3
it "who is of another subnet of the link is found" wait_for 10 reaches h1 10.0.2.2
it "the table stays within its limit" at_most neigh.incomplete 8192
it "and the packets that wait" at_most frames.held 4096
it "the scan goes on" kill -0 "$scan"
it "and so does who is known" reaches h1 2001:db8:2::2 -c 20 -i 0.2
child_end "$scan"
it "when it is over nothing is left of it" wait_for 15 at_most neigh.incomplete 0
finish
