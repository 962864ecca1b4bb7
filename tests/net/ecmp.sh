#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24, 10.9.0.1
#                                     [      ] p3 10.0.3.1 ---- h3 10.0.3.2/24, 10.9.0.1
#
# Two gateways share the load: h2 and h3 both are 10.9.0.1, and count what reaches them there. When
# one falls silent, or its link goes down, its flows go on by the other, whose own do not move; when
# it is back, just those return. And with uRPF nobody sends by the wrong door.
. "$(dirname "$0")/lib.sh"

network_lay 3
printf '%s\n' 'routes:' '  - {to: 10.9.0.0/24, via: [10.0.2.2, 10.0.3.2]}' >>"$config"
for host in h2 h3; do
	ip -n "$prefix.$host" address add 10.9.0.1/32 dev lo
	at_background "$host" "$here/paths.py" serve 10.9.0.1 5000
done

# flows FILE: 200 flows are sent and answered by h2 or h3; who answered each goes to FILE.
flows() { at h1 "$here/paths.py" ask 10.9.0.1 5000 200 >"$scratch/$1"; }
answered() { flows "$1" && cat "$scratch/$1" && [ "$(wc -l <"$scratch/$1")" = 200 ]; }
# share FILE MAC LEAST MOST: so many of the flows were answered by the host.
share() {
	local n
	n=$(grep -c " $2\$" "$scratch/$1") || :
	echo "$2 has $n"
	[ "$n" -ge "$3" ] && [ "$n" -le "$4" ]
}
same() { cmp "$scratch/$1" "$scratch/$2"; }
gateway() {
	has_json "[h['flags'] for r in rows if r['dst'] == '10.9.0.0/24' for h in r['nexthops'] \
		if h['gateway'] == '$1'] == [$2]" viaduct -j show routes
}
all_by() { answered now && share now "$1" 200 200; }

it "the daemon starts" router_start
it "both gateways are listed" gateway 10.0.2.2 '[]'
it "with their devices in the table" says '10.0.2.2 p2, 10.0.3.2 p3' viaduct show routes
it "the servers are ready" wait_for 10 answered first
it "flows are all answered" answered before
it "by one gateway" share before h2 60 140
it "and by the other" share before h3 60 140
it "each flow by the same again" answered again
it "always" same before again

ip -n "$prefix.h2" link set eth0 down
it "a link that goes down is found out" wait_for 5 gateway 10.0.2.2 '["dead"]'
it "its flows go on" answered down
it "by the other gateway" share down h3 200 200
ip -n "$prefix.h2" link set eth0 up
ip -n "$prefix.h2" route replace default via 10.0.2.1
it "when it is back it is used" wait_for 10 gateway 10.0.2.2 '[]'
it "by flows that are answered" answered up
it "and are the same as before" same before up

# Silent: it forwards and answers as before, but not to ARP.
at h3 ip link set eth0 arp off
it "a silent gateway is found out" wait_for 20 gateway 10.0.3.2 '["dead"]'
at h3 ip link set eth0 arp on
it "and found again" wait_for 20 gateway 10.0.3.2 '[]'
it "with all its flows" answered heard
it "as before" same before heard

sed -i 's/^  p1: {control: own/&, urpf: strict/' "$config"
sed -i 's/, 10.0.3.2\]/]/' "$config"
it "a reload takes a gateway out" viaduct reload
it "all flows go by what is left" all_by h2
sed -i 's/via: \[10.0.2.2\]/via: [10.0.2.2, 10.0.3.2]/' "$config"
it "a reload puts it back in" viaduct reload
it "both are used" answered both
it "as before" share both h3 60 140

ip -n "$prefix.h1" address add 172.16.0.1/32 dev lo
it "a source that is routed elsewhere is not taken" \
	not at h1 "$here/paths.py" ask 10.9.0.1 5000 5 172.16.0.1
it "it ends as urpf" has_json 'any(r["reason"] == "urpf" and r["ifname"] == "p1" for r in rows)' \
	viaduct -j show drops
sed -i 's/, urpf: strict//' "$config"
printf '%s\n' '  - {to: 172.16.0.1/32, via: 10.0.1.2}' >>"$config"
it "a reload switches the check off" viaduct reload
it "and the source is taken" at h1 "$here/paths.py" ask 10.9.0.1 5000 5 172.16.0.1
finish
