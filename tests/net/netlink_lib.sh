# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the netlink_*.sh tests share. Sourced with $tool set. Makes two namespaces, $r and $p, with
# names of this process's own, and removes them however the test ends.
set -eu

[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
for program in ip nsenter tcpdump ethtool; do
	command -v $program >/dev/null || { echo "skipped: needs $program"; exit 77; }
done

r=vnl-r-$$
p=vnl-p-$$
run=$(mktemp -d)
helpers=

clean() {
	trap - EXIT
	for pid in $helpers; do kill -9 "$pid" 2>/dev/null || :; done
	wait 2>/dev/null || : # and the shell keeps quiet about it
	ip netns del $r 2>/dev/null || :
	ip netns del $p 2>/dev/null || :
	rm -rf "$run"
}
trap clean EXIT
trap 'clean; exit 130' INT TERM HUP

ip netns add $r
ip netns add $p

in_r() { nsenter --net=/run/netns/$r "$@"; }
in_p() { nsenter --net=/run/netns/$p "$@"; }

# in_r_set NAME VALUE: a file of /proc/sys/net there. A bare system has no sysctl.
in_r_set() { in_r sh -c 'echo "$2" >"/proc/sys/net/$1"' sh "$@"; }

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# until SECONDS COMMAND...: repeat COMMAND until it succeeds
until_ok() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || fail "waited in vain for: $*"
		sleep 0.05
	done
}
