#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router]
#
# Whoever reads the log may go away; the daemon routes on, and still gives its devices back.
. "$(dirname "$0")/lib.sh"

network_lay 1
mkfifo "$scratch/log"
stays_background cat "$scratch/log" >"$scratch/read"
reader=$background
logged() { grep -q "$1" "$scratch/read"; }
down() { has_json 'rows[0]["operstate"] == "down"' viaduct -j show interfaces; }

it "the daemon starts, its log a pipe" router_start
it "which tells" wait_for 5 logged ready
child_end "$reader"
ip -n "$prefix.h1" link set eth0 down
it "something to log happens, and nobody reads" wait_for 5 down
ip -n "$prefix.h1" link set eth0 up
it "packets go on" wait_for 5 reaches h1 10.0.1.1
finish
