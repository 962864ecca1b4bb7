#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router]
#
# Whoever reads the log may stop or go away; the daemon routes on, and still gives its devices back.
. "$(dirname "$0")/lib.sh"

network_lay 1
mkfifo "$scratch/log"
stays_background cat "$scratch/log" >"$scratch/read"
reader=$background
logged() { grep -q "$1" "$scratch/read"; }
# shrink FIFO: to a page, so that few lines fill it.
shrink() {
	python3 -c '
import fcntl, os, sys
fcntl.fcntl(os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK), 1031, 4096)  # F_SETPIPE_SZ' "$1"
}
down() { has_json 'rows[0]["operstate"] == "down"' viaduct -j show interfaces; }

it "the daemon starts, its log a pipe" router_start
it "which tells" wait_for 5 logged ready
kill -STOP "$reader"
shrink "$scratch/log"
for ((i = 0; i < 20; i++)); do
	kill -HUP "$router_pid" # each reload says a line
	viaduct show version >"$scratch/out"
done
it "the reader of the log stops, and packets go on" reaches h1 10.0.1.1
it "and commands are answered" viaduct show version
kill -CONT "$reader"
it "what was lost meanwhile is told" wait_for 5 logged 'lines of the log were lost'
child_end "$reader"
ip -n "$prefix.h1" link set eth0 down
it "something to log happens, and nobody reads" wait_for 5 down
ip -n "$prefix.h1" link set eth0 up
it "packets go on" wait_for 5 reaches h1 10.0.1.1
finish
