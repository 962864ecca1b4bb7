#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] mv 10.0.2.1 -- q2 ---- eth0 h2 10.0.2.2/24
#                                                            tbf
#
# mv is a macvlan on q2, whose queueing discipline keeps what mv sends, so that nothing comes back as
# completed: a queue that really stands still. The watchdog binds it anew, and frames are conserved.
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24 10.0.1.1
host_add h2 q2 10.0.2.2/24 10.0.2.1
ip -n "$prefix.router" link add link q2 name mv type macvlan mode private ||
	{ echo "1..0 # SKIP no macvlan"; exit 0; }
ip -n "$prefix.router" link set mv up
cat >"$config" <<-C
	version: 1
	interfaces:
	  p1: {control: own, addresses: [10.0.1.1/24]}
	  mv: {control: own, addresses: [10.0.2.1/24], xdp: {mode: generic}}
C
counts() { # counts NAME EXPRESSION: mv's counter is such
	has_json "any(r['ifname'] == 'mv' and r['name'] == '$1' and r['value'] $2 for r in rows)" \
		viaduct -j show counters
}
noted() { has_json "'$1' in rows[0].get('note', '')" viaduct -j show interfaces mv; }
stuck() { at router tc qdisc replace dev q2 root tbf rate 8bit burst 1600 limit 10000000; }
moves() { at router tc qdisc del dev q2 root; }
send() {
	at h1 python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(300):
    s.sendto(bytes(1000), ("10.0.2.2", 9))'
}

it "the daemon starts" router_start
it "traffic passes" reaches h1 10.0.2.2
it "nothing stands still" counts tx.stalls '== 0'
it "the device below stops sending" stuck
it "traffic is sent that way" send
it "the stall is seen" wait_for 5 counts tx.stalls '== 1'
it "and noted" noted 'are not sent'
it "the interface is bound anew" wait_for 10 grep -q 'mv: queue 0: .* binding it anew' "$scratch/log"
it "the device below sends again" moves
it "once" wait_for 10 counts rebinds '== 1'
it "as is noted" wait_for 10 noted 'new bindings: 1'
it "traffic passes again" wait_for 10 reaches h1 10.0.2.2
it "no frame is lost by it" not grep -q 'did not come back' "$scratch/log"
finish
