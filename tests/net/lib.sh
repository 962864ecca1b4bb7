# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What every net test stands on. A test draws its topology at its head, lays it with host_add,
# starts the daemon with router_start, states facts with `it`, and closes with `finish`.
#
#     h1 ---- p1 router p2 ---- h2          one namespace a host, one for the router;
#        eth0                               pN is the router's end of hN's link
#
# Prints TAP. The first fact that does not hold ends the test, with what the command said and the
# daemon's log. Namespaces, files and processes bear the test's process in their name and go with it.
set -Eeuo pipefail
trap 'echo "# line $LINENO of $0 failed: $BASH_COMMAND"' ERR
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"

here=$top/tests/net
test_name=$(basename "$0" .sh)
facts=0
router_pid=

# A daemon built with sanitizers dies of what they find, and a test by that.
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

need_root
need_xdp_sockets
need_programs
cleanup_arm
sweep
scratch_make "$test_name"
prefix=$(basename "$scratch")
run=$scratch/run
config=$scratch/viaduct.yaml
mkdir "$run" "$scratch/state"

# --- Facts ----------------------------------------------------------------------------------------

# it SENTENCE CMD ARG...: a fact, proved by the command's success.
it() {
	local sentence=$1
	shift
	facts=$((facts + 1))
	if "$@" >"$scratch/out" 2>&1; then
		echo "ok $facts - $sentence"
	else
		echo "not ok $facts - $sentence"
		diagnose "$@"
		echo "1..$facts"
		exit 1
	fi
}

diagnose() {
	{
		echo "command: $*"
		tail -n 40 "$scratch/out"
		if [ -s "$scratch/log" ]; then
			echo "the daemon's log ends:"
			tail -n 40 "$scratch/log"
		fi
	} | sed 's/^/# /'
}

not() { ! "$@"; }

# says PATTERN CMD ARG...: the command's output, either stream, has a line that matches.
says() {
	local pattern=$1 text
	shift
	text=$("$@" 2>&1) || : # what it says is asked, not its status
	printf '%s\n' "$text"
	grep -Eq -- "$pattern" <<<"$text"
}

# exits STATUS CMD ARG...: the command ends with just this status.
exits() {
	local want=$1 rc=0
	shift
	"$@" || rc=$?
	echo "exit status $rc, wanted $want"
	[ "$rc" = "$want" ]
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# wait_for SECONDS CMD ARG...: until the command succeeds, asked every 20 ms, or time is up.
wait_for() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@" >"$scratch/poll" 2>&1; do
		[ "$(now_ms)" -lt "$end" ] || {
			cat "$scratch/poll"
			return 1
		}
		sleep 0.02
	done
}

# --- Hosts ----------------------------------------------------------------------------------------

# at HOST CMD ARG...: run it in the host's namespace. Not by `ip netns exec`, which hides the BPF
# file system.
at() {
	local host=$1
	shift
	nsenter --net="/run/netns/$prefix.$host" -- "$@"
}

netns_add() {
	ip netns add "$prefix.$1"
	on_exit netns_drop "$prefix.$1"
	# Silence, so that tests count only what they send. A kernel may lack IPv6 altogether.
	at "$1" sh -c 'for f in all default; do
		f=/proc/sys/net/ipv6/conf/$f/disable_ipv6
		[ ! -e $f ] || echo 1 >$f
	done'
	ip -n "$prefix.$1" link set lo up
}

# host_add HOST PORT ADDRESS/LEN [GATEWAY]: a host, and its link to the router's device PORT.
host_add() {
	netns_add "$1"
	link_add "$1" eth0 router "$2"
	ip -n "$prefix.$1" address add "$3" dev eth0
	[ -z "${4:-}" ] || ip -n "$prefix.$1" route add default via "$4"
}

# queues_add HOST PORT N ADDRESS GATEWAY: as host_add, by a link of N queues.
queues_add() {
	local queues="numrxqueues $3 numtxqueues $3"
	netns_add "$1"
	# shellcheck disable=SC2086
	ip link add name eth0 netns "$prefix.$1" $queues type veth \
		peer name "$2" netns "$prefix.router" $queues
	ip -n "$prefix.$1" link set eth0 up
	ip -n "$prefix.router" link set "$2" up
	ip -n "$prefix.$1" address add "$4" dev eth0
	ip -n "$prefix.$1" route add default via "$5"
}

# network_lay N [KEYS]: hosts h1 to hN at the router's p1 to pN, hI being 10.0.I.2 and the router
# 10.0.I.1 there; and the configuration that says so, with KEYS added to each interface. A test
# appends what else it wants.
network_lay() {
	local i
	printf 'version: 1\ninterfaces:\n' >"$config"
	for ((i = 1; i <= $1; i++)); do
		host_add "h$i" "p$i" "10.0.$i.2/24" "10.0.$i.1"
		echo "  p$i: {control: own, addresses: [10.0.$i.1/24]${2:+, $2}}" >>"$config"
	done
}

# ipv6_on HOST KEY=VALUE...: the host speaks IPv6 on its link, with these sysctls of it.
ipv6_on() {
	local host=$1
	shift
	need_ipv6
	at "$host" sh -c 'cd /proc/sys/net/ipv6/conf/eth0
		for set; do echo "${set#*=}" >"${set%%=*}" || exit; done
		echo 0 >disable_ipv6' ipv6_on "$@"
}

# host6_add HOST ADDRESS/LEN [GATEWAY]: an IPv6 address for a host that is there, usable at once.
host6_add() {
	ipv6_on "$1" accept_ra=0 accept_dad=0
	ip -n "$prefix.$1" address add "$2" dev eth0 nodad
	[ -z "${3:-}" ] || ip -n "$prefix.$1" route add default via "$3" dev eth0
}

# host6_slaac HOST: the host makes itself an address of what routers say, as hosts do by default.
host6_slaac() { ipv6_on "$1" accept_ra=1 autoconf=1 accept_dad=1; }

# address6 HOST: the global address that the host may use.
address6() {
	at "$1" ip -j -6 address show dev eth0 scope global -tentative |
		python3 -c 'import json, sys
found = [i["local"] for link in json.load(sys.stdin) for i in link.get("addr_info", []) if i]
print(*found[:1], end="")
sys.exit(not found)'
}

# network6_lay N [KEYS]: network_lay with both families: hI has 2001:db8:I::2 too, and the router
# 2001:db8:I::1 there, which it uses at once.
network6_lay() {
	local i
	network_lay "$1" "dad: no${2:+, $2}"
	for ((i = 1; i <= $1; i++)); do
		sed -i "s|\[10\.0\.$i\.1/24|&, \"2001:db8:$i::1/64\"|" "$config"
		host6_add "h$i" "2001:db8:$i::2/64" "2001:db8:$i::1"
	done
}

# link_add HOST DEVICE HOST DEVICE: a veth pair, both ends up.
link_add() {
	ip link add name "$2" netns "$prefix.$1" type veth peer name "$4" netns "$prefix.$3"
	ip -n "$prefix.$1" link set "$2" up
	ip -n "$prefix.$3" link set "$4" up
}

# reaches HOST ADDRESS [PING OPTION...]: five pings are all answered. They go out at once, a second
# being their interval: after the last one ping waits no longer than that, however long -W is, and
# on a busy machine an answer may take a while.
reaches() { says ' 0% packet loss' at "$1" ping -n -c 5 -l 5 -i 1 -W 1 "${@:3}" "$2"; }

# tx_offload HOST on|off: whether the host leaves checksums to its device.
tx_offload() { at "$1" ethtool -K eth0 tx "$2" >/dev/null; }

# stays_background CMD ARG...: a process beside the test, in $background, ended with it.
stays_background() {
	setpriv --pdeathsig KILL -- "$@" &
	background=$!
	on_exit child_end "$background"
}

# at_background HOST CMD ARG...: the same in a host; output goes to $scratch/HOST.log.
at_background() {
	local host=$1
	shift
	stays_background nsenter --net="/run/netns/$prefix.$host" -- "$@" >"$scratch/$host.log" 2>&1
}

# listens HOST tcp|udp PORT: a server there is ready.
listens() { at "$1" ss -Hln"${2:0:1}" "sport = :$3" | grep -q .; }

# --- The router -----------------------------------------------------------------------------------

viaduct() { "$viaduct_program" --run-dir "$run" "$@"; }

# viaductd_at_router ARG...: the daemon as a command, with this test's directories.
viaductd_at_router() {
	at router "$viaductd" --config "$config" --run-dir "$run" --state-dir "$scratch/state" "$@"
}

# router_start: the daemon on $config, back when it is ready. Its pid is in $router_pid.
router_start() {
	local ready_socket=$scratch/notify ready
	rm -f "$ready_socket"
	stays_background "$here/notify.py" "$ready_socket"
	ready=$background
	wait_for 5 test -S "$ready_socket"
	NOTIFY_SOCKET=$ready_socket stays_background \
		nsenter --net="/run/netns/$prefix.router" -- \
		"$viaductd" --config "$config" --run-dir "$run" --state-dir "$scratch/state" \
		>>"$scratch/log" 2>&1
	router_pid=$background
	wait_for 20 router_settled "$ready" && kill -0 "$router_pid" && wait "$ready"
}

router_settled() { ! kill -0 "$1" 2>/dev/null || ! kill -0 "$router_pid" 2>/dev/null; }

# router_stop: by SIGTERM; succeeds when the daemon exits 0.
router_stop() {
	kill -TERM "$router_pid"
	wait "$router_pid"
}

# router_killed: by SIGKILL, and gone.
router_killed() {
	kill -KILL "$router_pid"
	wait "$router_pid" 2>/dev/null || [ $? = 137 ]
}

# has_json FILTER CMD ARG...: the JSON the command prints makes the Python expression true of `rows`.
has_json() {
	local expression=$1
	shift
	"$@" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
print(json.dumps(rows, indent=1))
sys.exit(not eval(sys.argv[1]))' "$expression"
}

balanced() { viaduct -j show counters | "$here/balance.py"; }

# finish: what holds after every test: no frame is lost, no packet uncounted, the daemon stops well.
finish() {
	it "every frame and every packet is accounted for" wait_for 5 balanced
	it "the daemon stops cleanly on SIGTERM" router_stop
	it "no program stays attached" not xdp_attached
	echo "1..$facts"
}

# done_testing: for tests whose daemon is gone already.
done_testing() { echo "1..$facts"; }

xdp_attached() { ip -n "$prefix.router" -details link show | grep -q 'prog/xdp'; }

netns_add router
