#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.2.0.1 ---- h2 10.2.0.2/16
#     h3 10.0.3.2/24 ---- p3 10.0.3.1
#
# A scan of a connected subnet full of hosts that do not exist costs a known host nothing, and a new
# one is found meanwhile: at once from another subnet, and from that of the scan, whose share of the
# questions it has to win, in time.
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24 10.0.1.1
host_add h2 p2 10.2.0.2/16 10.2.0.1
host_add h3 p3 10.0.3.2/24 10.0.3.1
ip -n "$prefix.h2" address add 10.2.0.3/16 dev eth0
ip -n "$prefix.h2" address add 10.2.0.4/16 dev eth0
cat >"$config" <<-C
	version: 1
	interfaces:
	  p1: {control: own, addresses: [10.0.1.1/24]}
	  p2: {control: own, addresses: [10.2.0.1/16]}
	  p3: {control: own, addresses: [10.0.3.1/24]}
C

it "the daemon starts" router_start
it "a host is known" says ' 0% packet loss' at h1 ping -n -c 5 -i 0.02 -W 1 10.2.0.2
at_background h1 python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(1 << 20):
    try:
        s.sendto(b"x", (f"10.2.{1 + i // 250 % 200}.{1 + i % 250}", 9))
    except OSError:
        pass
    if i % 20 == 0:
        time.sleep(0.002)
'
flood=$background
it "many that do not exist are asked for" wait_for 10 has_json \
	'any(r["name"] == "neigh.incomplete" and r["value"] > 1000 for r in rows)' \
	viaduct -j show counters
it "the known one loses nothing" says ' 0% packet loss' at h1 ping -n -c 100 -i 0.02 -W 1 10.2.0.2
it "a new one is found" says ' 0% packet loss' at h3 ping -n -c 3 -i 0.02 -W 2 10.2.0.3
it "in time from the scan's own subnet too" wait_for 20 \
	says ' 0% packet loss' at h1 ping -n -c 3 -i 0.02 -W 0.1 10.2.0.4
it "the flood lasts until here" kill "$flood"
finish
