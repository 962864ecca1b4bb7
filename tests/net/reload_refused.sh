#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#                                     [      ] p3 10.0.3.1 ---- h3 10.0.3.2/24
#
# A good file that cannot be put in force changes nothing, however late that turns out: here after a
# port was taken, another bound anew and thousands of routes changed.
. "$(dirname "$0")/lib.sh"

network_lay 3
third=$(tail -n 1 "$config")
two_ports=$(sed '$d' "$config")
write_config() { printf '%s\n' "$@" >"$config"; }
routes_kept() {
	has_json 'sorted((r["dst"], r.get("gateway"), r["type"]) for r in rows
		if r["protocol"] == "static") == [("100.0.0.0/25", None, "blackhole"),
		("192.0.2.0/24", "10.0.2.2", "unicast"), ("8.0.0.0/8", "10.0.1.2", "unicast")]' \
		viaduct -j show routes
}
neighbours_kept() {
	has_json '[(n["dst"], n["lladdr"]) for n in rows if n["state"] == "static"] == [
		("10.0.2.9", "02:00:00:00:00:09")]' viaduct -j show neighbours
}
p3_is_kernels() { ip -n "$prefix.router" address show p3 | grep -q 'inet 10.9.9.9/24'; }
# many: routes that need more room beyond /24 than there is.
many() { python3 -c '
for i in range(40000):
	print(f"  - {{to: 100.{i >> 8}.{i & 255}.0/25, type: unreachable}}")'; }
# neighbours N: that many static ones.
neighbours() { python3 -c '
import sys
for i in range(int(sys.argv[1])):
	print(f"  - {{address: 10.{60 + (i >> 16)}.{i >> 8 & 255}.{i & 255}, interface: p1, "
		f"lladdr: \"02:00:00:00:00:01\"}}")' "$1"; }
old() {
	write_config "$two_ports" 'routes:' '  - {to: 8.0.0.0/8, via: 10.0.1.2}' \
		'  - {to: 192.0.2.0/24, via: 10.0.2.2}' \
		'  - {to: 100.0.0.0/25, type: blackhole}' \
		'neighbours:' '  - {address: 10.0.2.9, lladdr: "02:00:00:00:00:09"}'
}

ip -n "$prefix.router" address add 10.9.9.9/24 dev p3
old
it "the daemon starts" router_start
it "traffic passes" reaches h1 10.0.2.2

write_config "${two_ports/10.0.2.1\/24]/10.0.2.1\/24], mtu: 1400}" "$third" 'routes:' \
	'  - {to: 8.0.0.0/8, via: 10.0.3.2}' "$(many)"
sed -i 's/mtu: 1400}}/mtu: 1400}/' "$config"
it "a file with too many routes is good" viaductd_at_router --check
it "but is refused with status 1" exits 1 viaduct reload
it "and says which route had no room" says 'routes: 100\..*no room' viaduct reload
it "the routes are the old ones, by their old gateways" routes_kept
it "so are the neighbours" neighbours_kept
it "the ports too" has_json '[(r["ifname"], r["mtu"]) for r in rows] == [("p1", 1500), ("p2", 1500)]' \
	viaduct -j show interfaces
it "the new one's device is the kernel's again, as it was" p3_is_kernels
it "traffic passes as before" wait_for 5 reaches h1 10.0.2.2
it "no route was lost" has_json 'all(r["value"] == 0 for r in rows)' \
	viaduct -j show counters routes.lost
it "each refusal was counted" has_json '[r["value"] for r in rows] == [2]' \
	viaduct -j show counters fib4.refused

write_config "$two_ports" '  c0: {control: own, pcap: {out: /dev/null}}'
it "a capture file beside devices is refused" exits 1 viaduct reload
it "with the reason" says 'capture files' viaduct reload
it "and nothing changed" routes_kept

write_config "$two_ports" 'neighbours:' "$(neighbours 70000)"
it "more neighbours than there is room for are refused" exits 4 viaduct reload
it "with the reason" says 'neighbours.*more than 65536' viaduct reload
it "and nothing changed" neighbours_kept

old
it "the old file is good as ever" viaduct reload
it "and traffic passes" reaches h1 10.0.2.2
finish
