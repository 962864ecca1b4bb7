# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the scripts of tools/ and tests/net/ share: plain words, clean-up on every way out, names
# that tell whose they are, and the build. Sourced by bash after `set -euo pipefail`.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${VIADUCT_BUILD:-$top/build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
me=$(basename "$0")
viaductd=${VIADUCTD:-$build/src/viaductd}
viaduct_program=${VIADUCT:-$build/src/cli/viaduct}

say() { printf '%s: %s\n' "$me" "$*"; }
warn() { printf '%s: %s\n' "$me" "$*" >&2; }
die() {
	warn "$@"
	exit 1
}

# --- Clean-up -----------------------------------------------------------------------------------
# on_exit CMD ARG...: run it on the way out, last one first, also when interrupted.

cleanup_stack=()
on_exit() { cleanup_stack+=("$(printf '%q ' "$@")"); }

cleanup() {
	local rc=$? i
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	for ((i = ${#cleanup_stack[@]} - 1; i >= 0; i--)); do
		eval "${cleanup_stack[i]}"
	done
	exit "$rc"
}

cleanup_arm() {
	trap cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# run_child CMD ARG...: run it so that a signal to this script is acted on at once (bash holds traps
# back while a foreground command runs) and the command ends when the script does, even by SIGKILL.
run_child() {
	local pid rc=0
	setpriv --pdeathsig TERM -- "$@" &
	pid=$!
	on_exit child_end "$pid"
	wait "$pid" || rc=$?
	return "$rc"
}

# One that ended long ago was waited for, and its number may be a stranger's by now.
child_end() {
	[ "$(proc_parent "$1")" = $$ ] || return 0
	kill "$1" 2>/dev/null || return 0
	wait "$1" 2>/dev/null || : # its status is no one's business any more
}

# --- Names --------------------------------------------------------------------------------------
# Everything made outside the build directory is called vd.PID.START.*, after the process that made
# it and that process's start time, so that a later run knows what a killed one left behind.

proc_start() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

proc_parent() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f2; }

owner_tag() { printf 'vd.%s.%s' "$$" "$(proc_start $$)"; }

# owner_lives NAME: the process that NAME is called after still runs.
owner_lives() {
	local pid start
	IFS=. read -r _ pid start _ <<<"$1"
	[ -n "$start" ] && [ "$(proc_start "$pid")" = "$start" ]
}

# netns_drop NAME: end what runs in the namespace, and the namespace with its devices.
netns_drop() {
	local pids
	pids=$(ip netns pids "$1" 2>/dev/null) || return 0 # another run swept it
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null || : # ended by itself
	ip netns delete "$1" 2>/dev/null || :
}

# dir_drop DIR: a scratch directory, with the file systems mounted below it.
dir_drop() {
	local mounts m
	mounts=$(awk -v d="$1/" 'index($2, d) == 1 { print $2 }' /proc/self/mounts | sort -r)
	for m in $mounts; do
		umount -l "$m"
	done
	rm -rf "$1"
}

# sweep: take away what killed runs left behind. Several may do so at once: what one does not find
# any more, another took.
sweep() {
	local name
	for name in $(cd /run/netns 2>/dev/null && ls -d vd.[0-9]*.[0-9]*.* 2>/dev/null); do
		owner_lives "$name" || netns_drop "$name"
	done
	for name in /tmp/vd.[0-9]*.[0-9]*.*; do
		[ ! -d "$name" ] || owner_lives "$(basename "$name")" || dir_drop "$name" 2>/dev/null || :
	done
}

# scratch_make: a directory of this run, in $scratch, gone on the way out.
scratch_make() {
	scratch=/tmp/$(owner_tag).$1
	mkdir -m 700 "$scratch"
	on_exit dir_drop "$scratch"
}

# --- What must be there ---------------------------------------------------------------------------

need_root() {
	[ "$(id -u)" = 0 ] || die "needs root, for namespaces and XDP: run \`sudo $0\`"
}

need_ipv6() { [ -d /proc/sys/net/ipv6 ] || die "the kernel $(uname -r) has no IPv6 (ipv6.disable=1?)"; }

need_xdp_sockets() {
	command -v python3 >/dev/null || die "python3 is missing: run \`sudo tools/setup test\`"
	python3 - <<-'P' || die "the kernel $(uname -r) has no XDP sockets (CONFIG_XDP_SOCKETS)"
		import socket, sys
		try:
		    socket.socket(44, socket.SOCK_RAW)  # AF_XDP
		except PermissionError:
		    pass
		except OSError:
		    sys.exit(1)
	P
}

need_programs() {
	local p
	for p in "$viaductd" "$viaduct_program"; do
		[ -x "$p" ] || die "$p is missing: build first"
	done
}

# --- The build ------------------------------------------------------------------------------------

# build_all [MESON OPTION...]: configure once, then build; the log is shown only when it fails.
build_all() {
	local log=$build/meson-logs/build.log
	say "building in ${build#"$PWD/"}"
	if [ ! -f "$build/build.ninja" ]; then
		meson setup "$build" "$top" "$@" >"$build.setup.log" 2>&1 || {
			tail -n 15 "$build.setup.log" >&2
			die "meson setup failed"
		}
		rm -f "$build.setup.log"
	fi
	run_child ninja -C "$build" >"$log" 2>&1 || {
		tail -n 60 "$log" >&2
		die "the build failed"
	}
}
