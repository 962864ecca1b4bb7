#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 2001:db8:1::2 ---- p1 2001:db8:1::1 [router] p2 2001:db8:2::1 ---- h2 2001:db8:2::2
#                                            [      ] p3 2001:db8:3::1 ---- h3 2001:db8:3::2
#
# Reloads change addresses of both families under traffic that does not concern those: no packet is
# lost. An address moves from port to port with its routes; a new MAC makes a new link-local address.
. "$(dirname "$0")/lib.sh"

network6_lay 3
sed -i 's/, dad: no//' "$config" # as by default
cp "$config" "$scratch/first"
# with SED...: the first configuration, changed so.
with() { sed "$@" "$scratch/first" >"$config"; }

all_answered() {
	kill -INT "$flood"
	wait "$flood" || : # 1 when the last one was on its way
	tail -n 4 "$scratch/h1.log"
	sed -n 's/.*icmp_seq=\([0-9]*\) ttl.*/\1/p' "$scratch/h1.log" | sort -n |
		awk '$1 != NR { print "answer " NR " is to packet " $1; bad = 1 } END { exit bad || NR < 100 }'
}
answers() { [ "$(grep -c ' ttl=' "$scratch/h1.log")" -ge "$1" ]; }
# addresses PORT PYTHON: what is true of its list of addresses.
addresses() { has_json "any((lambda a: $2)(r['addresses']) for r in rows)" viaduct -j show interfaces "$1"; }
settled() { has_json 'not any("tentative" in r or "duplicate" in r for r in rows)' viaduct -j show interfaces; }
routed() { # routed NET PORT: the connected route leaves by the port, alone
	has_json "[r['dev'] for r in rows if r['dst'] == '$1' and r['protocol'] == 'connected'] == ['$2']" \
		viaduct -j show routes
}

it "the daemon starts" router_start
it "its addresses are in use when it is ready" settled
it "h1 reaches h2" reaches h1 2001:db8:2::2
at_background h1 ping -n -i 0.01 2001:db8:2::2
flood=$background
for round in 1 2 3; do
	with '/p[12]:/s|"2001:db8:\([12]\)::1/64"|"2001:db8:10\1::'$round'/64", &, "2001:db8:\1:'$round'::1/64"|'
	it "addresses come beside those that there are ($round)" viaduct reload
	it "before and behind them ($round)" addresses p1 \
		"'2001:db8:101::$round/64' in a and '2001:db8:1:$round::1/64' in a"
	with '/p3:/s|::1/64|::7/64|'
	it "and go ($round)" viaduct reload
	it "as that of another port does ($round)" addresses p3 \
		"'2001:db8:3::7/64' in a and '2001:db8:3::1/64' not in a"
done
with '/p3:/d; /p2:/s|"2001:db8:2::1/64"|&, "2001:db8:3::1/64"|'
it "an address moves to another port" viaduct reload
it "with its subnet" routed 2001:db8:3::/64 p2
it "and is in use there" wait_for 5 settled
it "h1 reaches it" reaches h1 2001:db8:3::1
with '' # back
it "and back" viaduct reload
it "with its subnet" routed 2001:db8:3::/64 p3
it "and is in use there" wait_for 5 settled
it "h1 reaches h3" reaches h1 2001:db8:3::2
with '/p3:/s/}$/, mac: "02:00:00:00:00:33"}/'
it "a port gets another MAC" viaduct reload
it "and the link-local address of that" addresses p3 "a[1] == 'fe80::ff:fe00:33/64'"
it "which is in use after a while" wait_for 8 settled
it "as are all" wait_for 5 reaches h1 2001:db8:3::2
with '/p3:/s/, "2001[^]]*\]/]/; /p3:/s/}$/, mtu: 1279}/'
it "a port gets an MTU that IPv6 cannot live with" viaduct reload
it "and has no IPv6" addresses p3 "len(a) == 1"
it "nor routes of it" has_json 'not any(r["dst"].startswith("2001:db8:3:") for r in rows)' \
	viaduct -j show routes
it "which the log tells" grep -q 'p3: no IPv6: its MTU, 1279' "$scratch/log"
it "IPv4 works on" wait_for 5 reaches h1 10.0.3.2
with ''
it "and one that it can" viaduct reload
it "brings it back" wait_for 8 settled
it "with all that there was" wait_for 8 reaches h1 2001:db8:3::2
wait_for 10 answers 100
it "what none of this concerned lost not one packet" all_answered
echo 'routes: [{to: default, via: 10.0.2.2}, {to: default, via: "2001:db8:2::2"}]' >>"$config"
it "default routes of both families come" viaduct reload
it "and are told apart" has_json "[r['dst'] for r in rows] == ['default', '::/0']" \
	viaduct -j show routes default
for family in 0.0.0.0/0=10.0.2.2 0::0/0=2001:db8:2::2; do
	it "${family%=*} finds its own" has_json "[r['gateway'] for r in rows] == ['${family#*=}']" \
		viaduct -j show routes "${family%=*}"
done
finish
