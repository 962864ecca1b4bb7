#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.1 ---- p1 +------------------+
#     h2 10.0.1.2 ---- p2 | br0 10.0.1.254   |
#     h3 10.0.1.3 ---- p3 +------------------+
#
# Stations of a bridge: how they are learned, shown, cleared, moved, aged and lost with their port;
# static ones, and as many as a port may have. What a reload, or the command line, does to ports.
. "$(dirname "$0")/lib.sh"
. "$here/bridge_lib.sh"

for i in 1 2 3; do
	bridge_host h$i p$i 10.0.1.$i/24
done
written() { # written PORTS [KEYS]: with these ports, and keys of the bridge
	printf '%s\n' 'version: 1' 'bridges:' '  br0:' '    addresses: [10.0.1.254/24]' \
		"    ports: {$1}" "${@:2}" >"$config"
}
in_force() { written "$@" && viaduct reload; }
sent() { at "$1" "$here/frame.py" send eth0 "$2" "$3" 88b5 "${4:-1}"; } # sent HOST TO FROM [COUNT]
reaches_not() { ! at "$1" ping -n -c 3 -i 0.2 -W 1 "$2"; }
logged() { [ "$(grep -c -- "$1" "$scratch/log")" = "$2" ]; }
h1=$(mac h1) h2=$(mac h2) h3=$(mac h3)
guest=02:00:00:00:77:01

written 'p1: {}, p2: {}, p3: {}'
it "the daemon starts" router_start
it "h1 reaches h2" reaches h1 10.0.1.2
it "and the router" reaches h1 10.0.1.254
it "h3 reaches h1" reaches h3 10.0.1.1
it "all are stations at their ports" stations \
	"{('$h1', 'p1', 'learned'), ('$h2', 'p2', 'learned'), ('$h3', 'p3', 'learned')} <= all"
it "and the router is one of its own" stations "[a[1] for a in all if a[2] == 'router'] == ['br0']"
it "of each it is known when it was heard last" has_json \
	"all((0 <= r['age'] < 60) if r['state'] == 'learned' else 'age' not in r for r in rows)" \
	viaduct -j show bridge br0
it "one can be asked for" stations "all == {('$h2', 'p2', 'learned')}" br0 mac "$h2"
it "a table has them" says "^br0 +$h3 +p3 +[0-9.]+s +learned" viaduct show bridge
it "a bridge that is not there is told by those that are" \
	says '^viaduct: bridges.br9: no such bridge: there is br0$' viaduct show bridge br9
it "which fails" exits 1 viaduct show bridge-ports br9
it "as does what is no MAC" exits 2 viaduct show bridge mac 1.2.3.4
it "and what is no VLAN" exits 2 viaduct show bridge br0 vlan 4095
it "a filter that lacks its value is told how it is said" \
	says '^viaduct: show bridge: say .show bridge \[BRIDGE\]' viaduct show bridge br0 vlan

sent h2 "$h1" $guest
it "a station speaks up" wait_for 5 learned $guest p2
it "the bridge is cleared" says '^[0-9]+ stations forgotten$' viaduct clear bridge br0
it "of all that was learned" unknown $guest
it "and goes on" reaches h1 10.0.1.2

sent h2 "$h1" $guest
it "the station is learned again" wait_for 5 learned $guest p2
sent h3 "$h1" $guest
it "and is followed where it moves" wait_for 5 learned $guest p3
it "which is counted" has_json "any(r['name'] == 'bridge.moved' and r['value'] > 0 for r in rows)" \
	viaduct -j show counters bridge.moved
ip -n "$prefix.h3" link set eth0 down
it "a port whose link is lost loses its stations" wait_for 5 unknown $guest
it "and is shown so" bridge_port p3 "r['state'] == 'down' and r['stations'] == 0"
it "stations of others stay" learned "$h1" p1
ip -n "$prefix.h3" link set eth0 up
it "it comes back" wait_for 5 bridge_port p3 "r['state'] == 'forwarding'"
it "and has its station again" wait_for 10 reaches h3 10.0.1.1

ports='p1: {}, p2: {}, p3: {mac-limit: 3}'
it "two seconds of silence are enough now, and three stations for p3" in_force "$ports" \
	'    ageing: 2s' "    stations: [{lladdr: '$guest', port: p2}]"
it "a static one is shown as that" stations "('$guest', 'p2', 'static') in all"
for i in 1 2 3; do
	at h$i ip link set eth0 arp off # silence
done
it "the others go when they are silent" wait_for 10 stations \
	"not any(a[2] == 'learned' for a in all)"
it "it does not" stations "('$guest', 'p2', 'static') in all"
viaduct clear bridge >"$scratch/out"
it "even if all is cleared" stations "('$guest', 'p2', 'static') in all"
it "what is for it goes to its port" test "$(hears h2 eth0 88b5 10 1 sent h1 $guest "$h1")" = 1
it "and to no other" test "$(hears h3 eth0 88b5 1 1 sent h1 $guest "$h1")" = 0
for i in 1 2 3; do
	at h$i ip link set eth0 arp on
done
it "ageing is long again" in_force "$ports"
sent h3 ff:ff:ff:ff:ff:ff 02:00:00:00:88:00 20
it "of twenty stations p3 gets as many as it may have" \
	wait_for 5 bridge_port p3 "r['stations'] == 3 and r['mac_limit'] == 3"
it "which is logged" wait_for 5 logged 'bridges.br0.ports.p3: 3 stations' 1
sent h3 ff:ff:ff:ff:ff:ff 02:00:00:00:99:00 20
it "but it speaks to all" reaches h3 10.0.1.2
it "and the log is not filled" logged 'bridges.br0.ports.p3: 3 stations' 1

it "a port is blocked by the command line" viaduct bridge br0 port p2 state blocking
it "which is shown" bridge_port p2 "(r['state'], r['state_by']) == ('blocking', 'command')"
it "nothing passes it" reaches_not h1 10.0.1.2
it "and nothing is learned there" unknown "$h2"
it "it learns" viaduct bridge br0 port p2 state learning
sent h2 "$h1" "$h2"
it "who is there" wait_for 5 learned "$h2" p2
it "and lets nothing pass" reaches_not h1 10.0.1.2
it "a reload that does not speak of it leaves it so" in_force "$ports" '    mac-limit: 1000'
it "as is shown" bridge_port p2 "r['state'] == 'learning'"
it "one that does changes it" in_force 'p1: {}, p2: {state: blocking}'
it "to what it says" bridge_port p2 "(r['state'], r['state_by']) == ('blocking', 'configuration')"
it "it forwards again" viaduct bridge br0 port p2 state forwarding
it "and all is as before" wait_for 5 reaches h1 10.0.1.2
it "a port that is not there is told by those that are" \
	says 'bridges.br0.ports.p3: no such port: there is p1, p2$' \
	viaduct bridge br0 port p3 state blocking
it "so is a state" says 'forwarding, learning or blocking' viaduct bridge br0 port p1 state listening
it "p3 is none, and has no stations" stations "not any(a[1] == 'p3' for a in all)"

answers() { [ "$(grep -c ' ttl=' "$scratch/h1.log")" -ge "$1" ]; }
no_gap() { # the answers are numbered 1, 2, 3, ...
	wait_for 10 answers 100
	kill -INT "$flood"
	wait "$flood" || : # 1 when the last one was on its way
	sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' "$scratch/h1.log" |
		awk '$1 != NR { print "answer " NR " is to packet " $1; bad = 1 } END { exit bad || NR < 100 }'
}
at_background h1 ping -n -i 0.01 10.0.1.2
flood=$background
it "a port comes while others speak" in_force 'p1: {}, p2: {}, p3: {storm: 100/s}' '    storm: 10/s'
it "and takes part" wait_for 5 reaches h3 10.0.1.1
it "a table for more stations takes its place" in_force 'p1: {}, p2: {}' '    mac-limit: 100000'
it "with all that were known" learned "$h2" p2
it "a port that is not there is refused" exits 1 in_force 'p1: {state: blocking}, p2: {}, p9: {}' \
	'    mac-limit: 200000'
it "which changes nothing" learned "$h2" p2
it "the others have not lost a packet" no_gap
finish
