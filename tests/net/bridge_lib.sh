# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
# What tests of bridges have in common.

# bridge_host HOST PORT ADDRESS/LEN...: a host on a bridge's port.
bridge_host() {
	netns_add "$1"
	link_add "$1" eth0 router "$2"
	local address
	for address in "${@:3}"; do
		ip -n "$prefix.$1" address add "$address" dev eth0
	done
}

mac() { ip -n "$prefix.$1" -br link show dev eth0 | awk '{ print $3 }'; }

# stations EXPRESSION [ARG...]: of show bridge, a set {(mac, port, state)} called `all`, and `rows`.
stations() {
	local expression=$1
	shift
	has_json "(lambda all: $expression)({(r['mac'], r['ifname'], r['state']) for r in rows})" \
		viaduct -j show bridge "$@"
}

# learned MAC PORT, unknown MAC: so it is known, or not at all.
learned() { stations "('$1', '$2', 'learned') in all"; }
unknown() { stations "'$1' not in {a[0] for a in all}"; }

# bridge_port PORT EXPRESSION: what show bridge-ports has of it.
bridge_port() {
	has_json "any(r['ifname'] == '$1' and ($2) for r in rows)" viaduct -j show bridge-ports
}

# hears HOST DEVICE TYPE SECONDS ENOUGH CMD ARG...: how many frames of the type come while the command
# runs, until ENOUGH did, is printed.
hears() {
	local host=$1 listener
	at_background "$host" "$here/frame.py" hear "$4" "$2" "$3" "$5"
	listener=$background
	wait_for 10 grep -q ready "$scratch/$host.log"
	"${@:6}"
	wait "$listener"
	tail -n 1 "$scratch/$host.log"
}
