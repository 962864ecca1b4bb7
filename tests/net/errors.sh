#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router]
#
# What goes wrong is told in one plain line, with the exit status that INTERFACE names.
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24 10.0.1.1
good='version: 1
interfaces:
  p1: {control: own, addresses: [10.0.1.1/24]}'
daemon() { timeout 20 nsenter --net="/run/netns/$prefix.router" -- "$viaductd" --config "$config" \
	--run-dir "$run" --state-dir "$scratch/state" "$@"; }
as_nobody() {
	# A copy, for the build may lie where nobody may look.
	install -m 755 "$viaductd" "$scratch/viaductd"
	chmod 755 "$scratch"
	chmod 644 "$config"
	timeout 20 nsenter --net="/run/netns/$prefix.router" -- \
		setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		"$scratch/viaductd" --config "$config" --run-dir "$scratch/nobody" --state-dir "$scratch/nobody"
}

echo "$good" >"$config"
it "a file is checked without being used" exits 0 daemon --check
it "no daemon runs: status 3" exits 3 viaduct show interfaces
it "and one plain line" says '^viaduct: .*(no daemon|not running)' viaduct show interfaces
it "an unknown command: status 2" exits 2 viaduct frobnicate
it "a file that is not there is named" says "$config.absent: .*No such file" \
	daemon --config "$config.absent"

mkdir -m 777 "$scratch/nobody"
it "without root it fails" exits 1 as_nobody
it "and says what it lacks" says 'root|CAP_|privilege|permitted' as_nobody

echo "${good/p1:/absent0:}" >"$config"
it "an unknown device fails" exits 1 daemon
it "and is named" says 'absent0.*(no such|not exist|unknown)' daemon

echo "$good
system: {cpus: 1023}" >"$config"
it "a CPU that is not there fails" exits 1 daemon
it "and is named, with the key" says 'system.cpus: .*CPU 1023' daemon

printf '%s\n' "$good" '  p2: {addressez: [10.0.2.1/24]}' 'routes:' \
	'  - {to: 10.9.0.0/16, via: 10.0.1.300}' >"$config"
it "a wrong file: status 4" exits 4 daemon --check
it "an error has line and column, and a suggestion" \
	says 'viaduct.yaml:4:[0-9]+: interfaces.p2.*addressez.*did you mean .addresses' daemon --check
it "all errors are told at once" says 'viaduct.yaml:6:[0-9]+: routes.*10.0.1.300' daemon --check

cpu=$(python3 -c 'import os; print(min(os.sched_getaffinity(0)))')
printf '%s\n' "$good" "system: {workers: 2, cpus: '$cpu,1023'}" >"$config"
it "with a CPU that there is none of the daemon does not start" exits 1 daemon
it "and says which" says '^viaductd: .*system.cpus: .*CPU 1023' daemon
it "and leaves the device as it was" \
	not says 'xdp' ip -n "$prefix.router" link show p1

{
	printf '%s\n' "$good" 'routes:'
	python3 -c 'for i in range(40000): print(f"  - {{to: 100.{i >> 8}.{i & 255}.1/32, via: 10.0.1.2}}")'
} >"$config"
it "a file with more host routes than there is room for is a good one" exits 0 daemon --check
it "but the daemon does not start with it" exits 1 daemon
it "and says what is too much" says '^viaductd: .*routes: .*beyond /24.*more than 32768' daemon

printf 'version: 1\ninterfaces: {p1: [\n' >"$config"
it "broken YAML: status 4" exits 4 daemon --check
it "with its place" says 'viaduct.yaml:[0-9]+:[0-9]+: ' daemon --check

echo "$good" >"$config"
it "the daemon starts" router_start
it "a second one on the same directory fails" exits 1 daemon
it "and says that one is running" says 'already runs|already running|is running' daemon
it "the first goes on" reaches h1 10.0.1.1
finish
