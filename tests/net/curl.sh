#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2
#     2001:db8:1::2    2001:db8:1::1           2001:db8:2::1     2001:db8:2::2
#
# A file of 10 MB by HTTP through the router arrives as it left, by either family, with the hosts' checksums left to
# their devices and without; four at a time as well.
. "$(dirname "$0")/lib.sh"

network6_lay 2

mkdir "$scratch/www"
head -c 10000000 /dev/urandom >"$scratch/www/file"
sum=$(sha256sum <"$scratch/www/file")

# fetched HOST N: so many copies at a time, each as the file is.
fetched() {
	local i urls=()
	for ((i = 0; i < $2; i++)); do
		urls+=(-o "$scratch/copy$i" "http://$1:8000/file")
	done
	at h1 curl -sS -m 30 --parallel --parallel-immediate "${urls[@]}"
	for ((i = 0; i < $2; i++)); do
		[ "$(sha256sum <"$scratch/copy$i")" = "$sum" ] || return 1
	done
}

it "the daemon starts" router_start
at_background h2 python3 -m http.server --bind :: --directory "$scratch/www" 8000
wait_for 5 listens h2 tcp 8000
for offload in on off; do
	tx_offload h1 $offload
	tx_offload h2 $offload
	for h2 in 10.0.2.2 '[2001:db8:2::2]'; do
		it "a file arrives whole from $h2, tx $offload" fetched $h2 1
		it "so do four at a time, tx $offload" fetched $h2 4
	done
done
finish
