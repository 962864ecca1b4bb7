#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#
# Devices that grow while we have them: a larger MTU, more queues. They are bound anew by themselves,
# and no frame is lost.
. "$(dirname "$0")/lib.sh"

network_lay 2
at h1 ip link set eth0 mtu 3000
at h2 ip link set eth0 mtu 3000
says_log() { grep -q -- "$1" "$scratch/log"; }
# rates CONDITION: of each row that the interfaces show.
rates() { has_json "all(0 $1 r['rx_pps'] < 1e6 for r in rows)" viaduct -j show interfaces; }
# They are reckoned once a second.
rates_stay_sane() {
	local end=$(($(now_ms) + 1500))
	while [ "$(now_ms)" -lt "$end" ]; do
		rates '<=' || return 1
		sleep 0.05
	done
}

it "the daemon starts" router_start
it "a full packet passes" says ' 0% packet loss' at h1 ping -n -M "do" -s 1472 -c 5 -i 0.02 -W 1 10.0.2.2
it "that is seen in the rates" wait_for 5 rates '<'
it "both devices get a larger MTU" at router ip link set p1 mtu 3000
it "each" at router ip link set p2 mtu 3000
it "they are bound anew" wait_for 10 says_log 'p2: its MTU has grown: bound anew'
it "what was counted before does not disturb the rates" rates_stay_sane
it "the longer packet passes" wait_for 10 says ' 0% packet loss' \
	at h1 ping -n -M "do" -s 2900 -c 5 -i 0.02 -W 1 10.0.2.2
finish
