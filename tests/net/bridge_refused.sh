#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.1 ---- p1 +---------------------+ p3, with p3.30
#                         | br0, VLAN 10:       |
#     h2 10.0.1.2 ---- p2 | 10.0.1.254 and IPv6 | p4 10.0.4.1 ---- h4 10.0.4.2
#                         +---------------------+
#
# A reload that fails late, with much of bridges changed in the same file, leaves them as they were:
# VLANs, stations, states of ports, addresses of the router, which are looked at for duplicates (RFC
# 4862 5.4) only once; however often it is tried.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"

for i in 1 2; do
	bridge_host h$i p$i 10.0.1.$i/24
	ip -n "$prefix.h$i" route add default via 10.0.1.254
done
bridge_host h3 p3 10.0.3.3/24
host_add h4 p4 10.0.4.2/24 10.0.4.1
ip -n "$prefix.router" link set p3 address 02:00:00:00:00:03 # the bridge's, were it a port

fourth='  p4: {control: own, addresses: [10.0.4.1/24]}'
old() {
	cat >"$config" <<-C
		version: 1
		interfaces:
		$fourth
		  p3: {control: own}
		  p3.30: {addresses: [10.0.30.1/24]}
		bridges:
		  br0:
		    vlan-aware: yes
		    mac-limit: 1000
		    ports: {p1: {access: 10}, p2: {trunk: [20], native: 10}}
		    stations: [{lladdr: "02:00:00:00:00:99", port: p2, vlan: 10}]
		    vlans:
		      10: {addresses: [10.0.1.254/24, "2001:db8:1::fe/64"]}
		      20: {addresses: [10.0.20.1/24]}
	C
}
# new PORTS [KEYS [VLANS]]: p3 is a bridge's port, br0 another, and a second one comes.
new() {
	local vlans='vlans: {20: {addresses: [10.0.1.254/24, "2001:db8:1::fe/64"]}, 30: {}}'
	printf '%s\n' 'version: 1' 'interfaces:' "$fourth" 'bridges:' \
		'  br1: {ports: {}, addresses: [10.0.9.1/24]}' '  br0:' "    ports: {$1}" \
		"    ${2:-vlan-aware: yes}" "    mac-limit: 100000" \
		"    ${3:-$vlans}" >"$config"
}
# many: routes that need more room beyond /24 than there is.
many() {
	python3 -c '
print("routes:")
for i in range(40000):
	print(f"  - {{to: 100.{i >> 8}.{i & 255}.0/25, type: unreachable}}")' >>"$config"
}
kept() {
	viaduct -j show interfaces | python3 -c '
import json, sys
for r in json.load(sys.stdin):
	print({k: r.get(k) for k in ("ifname", "operstate", "mode", "master", "link", "bridge", "vlan",
		"mtu", "address", "addresses", "tentative", "duplicate")})'
	viaduct -j show bridge-ports
	viaduct -j show routes
	viaduct -j show bridge | python3 -c '
import json, sys
for r in sorted(json.load(sys.stdin), key=lambda r: (r["mac"], r["vlan"])):
	print({k: r[k] for k in r if k != "age"})'
}
as_before() { kept | diff "$scratch/before" -; }
decided() { has_json 'not any("tentative" in r for r in rows)' viaduct -j show interfaces; }
refused() { # refused TIMES PATTERN
	local i
	for ((i = 0; i < $1; i++)); do
		says "$2" exits 1 viaduct reload || return 1
	done
}
open_files() { find "/proc/$router_pid/fd" -type l | wc -l; }

old
it "the daemon starts" router_start
it "hosts reach each other" reaches h1 10.0.1.2
it "and what is behind the router" reaches h2 10.0.4.2
it "its addresses are nobody else's" wait_for 5 decided
it "a port's state is what was said" viaduct bridge br0 port p1 state forwarding
kept >"$scratch/before"
open=$(open_files)

ports='p1: {access: 20}, p3: {trunk: [10, 20]}, p2: {access: 20, state: blocking, mac-limit: 4}'
new "$ports"
many
it "a file with too many routes is refused" refused 1 'routes: 100\..*no room'
it "and nothing has changed" as_before
it "hosts reach each other" reaches h1 10.0.1.2
it "and what is behind the router" reaches h1 10.0.4.2
new "p1: {}, p3: {}" 'vlan-aware: no' 'addresses: [10.0.1.254/24, "2001:db8:1::fe/64"]'
many
it "so is one that looks at no VLANs" refused 1 'routes: 100\..*no room'
it "and nothing has changed" as_before
new "$ports, zz: {access: 10}"
it "a device is missing, fifty times" refused 50 'interfaces.zz: there is no such'
it "and nothing has changed" as_before
it "no file stayed open" test "$(open_files)" = "$open"
it "hosts reach each other" reaches h1 10.0.1.2
it "and what is behind the router" reaches h1 10.0.4.2
it "an aware bridge is no interface: which are is said" says \
	'interfaces.br0: .* there is br0.10, br0.20$' viaduct show interfaces br0
new "$ports"
it "without what was wrong it is in force" viaduct reload
finish
