#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#                                     [      ] p3 10.0.3.1 ---- h3 10.0.3.2/24
#
# A reload applies the difference: traffic that it does not concern loses nothing, ports that did not
# change stay bound, and a file with errors changes nothing and names them all.
. "$(dirname "$0")/lib.sh"

network_lay 3
third=$(tail -n 1 "$config")
two_ports=$(sed '$d' "$config")
write_config() { printf '%s\n' "$@" >"$config"; }

program_of() { ip -n "$prefix.router" -details link show "$1" | grep -o 'prog/xdp id [0-9]*'; }
same_program() { [ "$(program_of p1) $(program_of p2)" = "$programs" ]; }
# no_gap: the flood's answers are numbered 1, 2, 3, ... (the very last one may still be on its way).
answers() { [ "$(grep -c ' ttl=' "$scratch/h1.log")" -ge "$1" ]; }
no_gap() {
	wait_for 10 answers 100
	kill -INT "$flood"
	wait "$flood" || : # 1 when the last one was on its way
	tail -n 5 "$scratch/h1.log"
	sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' "$scratch/h1.log" |
		awk '$1 != NR { print "answer " NR " is to packet " $1; bad = 1 } END { exit bad || NR < 100 }'
}

write_config "$two_ports"
it "the daemon starts" router_start
it "h1 reaches h2" reaches h1 10.0.2.2
programs="$(program_of p1) $(program_of p2)"
at_background h1 ping -n -i 0.01 10.0.2.2
flood=$background

write_config "$two_ports" "$third"
it "a port is added by reload" viaduct reload
it "and in force on return" reaches h1 10.0.3.2
write_config "${two_ports/10.0.1.1\/24/10.0.1.1\/24, 10.0.3.1\/24}" "${third/10.0.3.1\/24/10.0.4.1\/24}"
it "an address moves to a port before its own" viaduct reload
it "with its routes" has_json '{"10.0.3.0/24", "10.0.3.1/32"} <= {r["dst"] for r in rows}' \
	viaduct -j show routes
write_config "$two_ports" "$third"
it "and back" viaduct reload
it "and is in force there" reaches h1 10.0.3.2
write_config "$two_ports" 'routes:' '  - {to: 192.0.2.0/24, via: 10.0.2.2}'
it "a port is taken away, a route added" viaduct reload
it "the route is there" has_json 'any(r["dst"] == "192.0.2.0/24" for r in rows)' \
	viaduct -j show routes
it "the port is not" \
	has_json '{r["ifname"] for r in rows} == {"p1", "p2"}' viaduct -j show interfaces
it "the kernel has it back" not program_of p3

write_config "$two_ports" 'routes:' '  - {to: 300.0.2.0/24, via: 10.0.2.2}' \
	'  - {to: 192.0.2.0/24, via: 10.0.2.2, flavour: sweet}'
it "a broken file is refused with status 4" exits 4 viaduct reload
it "its first error is told" says 'viaduct.yaml:6:[0-9]+: routes' viaduct reload
it "and its second" says 'viaduct.yaml:7:[0-9]+: routes.*flavour' viaduct reload
it "what was in force still is" has_json 'any(r["dst"] == "192.0.2.0/24" for r in rows)' \
	viaduct -j show routes

rm "$config"
it "a file that is not there is named" says '^viaduct: .*viaduct.yaml: No such file' viaduct reload
write_config "$two_ports"
kill -HUP "$router_pid"
it "SIGHUP reloads as well" wait_for 5 has_json \
	'not any(r["dst"] == "192.0.2.0/24" for r in rows)' viaduct -j show routes
write_config 'nonsense: [' ''
kill -HUP "$router_pid"
it "SIGHUP on a broken file is logged" wait_for 5 grep -q 'viaduct.yaml:[0-9]*:' "$scratch/log"
it "and changes nothing" has_json '{r["ifname"] for r in rows} == {"p1", "p2"}' \
	viaduct -j show interfaces
it "the ports that stayed were not touched" same_program
it "and lost not one packet" no_gap
finish
