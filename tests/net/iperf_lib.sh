# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What tests that measure with iperf3 have in common, beside lib.sh.
# shellcheck disable=SC2154 # scratch is lib.sh's

# carries HOST ADDRESS MBIT ARG...: an iperf3 run with it whose receiver saw at least so many megabits a second. What is
# wrong is so each time; what is slow, or lost for want of a turn, is so while others keep the machine busy.
carries() {
	local try
	for try in 1 2 3 4 5; do
		carries_now "$@" && return
		echo "not in run $try"
	done
	return 1
}

carries_now() {
	local host=$1 address=$2 least=$3
	shift 3
	# What takes a second at that rate: at the usual one it is soon done.
	at "$host" iperf3 -c "$address" -n $((least * 125000)) -J "$@" >"$scratch/iperf.json" || {
		cat "$scratch/iperf.json"
		return 1
	}
	python3 - "$least" "$scratch/iperf.json" <<-'P'
		import json, sys
		end = json.load(open(sys.argv[2]))["end"]
		got = end.get("sum_received", end.get("sum"))
		lost = got.get("lost_percent", 0)
		print(f"{got['bits_per_second'] / 1e6:.0f} Mbit/s, {lost:.2f} % lost")
		sys.exit(got["bits_per_second"] < float(sys.argv[1]) * 1e6 or lost > 1)
	P
}

# iperf_serve HOST: a server there, which is ready.
iperf_serve() {
	at_background "$1" iperf3 -s
	wait_for 20 listens "$1" tcp 5201
}
