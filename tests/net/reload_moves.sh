#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 10.0.1.2/24 ---- p1 10.0.1.1 [router] p2 10.0.2.1 ---- h2 10.0.2.2/24
#                                     [      ] p3 10.0.3.1 ---- h3 10.0.3.2/24
#
# A reload may hand addresses from one port to another, in either direction: their routes go with
# them, and none is lost on the way.
. "$(dirname "$0")/lib.sh"

network_lay 3
cp "$config" "$scratch/first"
# ports ADDRESSES1 ADDRESSES2 ADDRESSES3: the configuration with these.
ports() {
	printf 'version: 1\ninterfaces:\n' >"$config"
	local i=0 addresses
	for addresses; do
		i=$((i + 1))
		echo "  p$i: {control: own, addresses: [$addresses]}" >>"$config"
	done
}
# net_at NET ROUTER PORT: the connected route leaves by the port, and the router has its address.
net_at() {
	has_json "[r['dev'] for r in rows if r['dst'] == '$1' and r['protocol'] == 'connected'] == ['$3'] and \
any(r['dst'] == '$2/32' and r['type'] == 'local' for r in rows)" viaduct -j show routes
}

it "the daemon starts" router_start
it "h1 reaches the router's far address" reaches h1 10.0.3.1

ports 10.0.1.1/24 '10.0.2.1/24, 10.0.3.1/24' ''
it "p3's address is handed to p2" viaduct reload
it "its routes with it" net_at 10.0.3.0/24 10.0.3.1 p2
it "h1 still reaches it" reaches h1 10.0.3.1
it "and p2's own" net_at 10.0.2.0/24 10.0.2.1 p2

ports 10.0.1.1/24 10.0.3.1/24 10.0.2.1/24
it "p2 and p3 swap" viaduct reload
it "p2 has the one" net_at 10.0.3.0/24 10.0.3.1 p2
it "p3 the other" net_at 10.0.2.0/24 10.0.2.1 p3
it "h1 reaches the one" reaches h1 10.0.3.1
it "and the other" reaches h1 10.0.2.1

cp "$scratch/first" "$config"
it "they swap back" viaduct reload
it "p2 has its own" net_at 10.0.2.0/24 10.0.2.1 p2
it "p3 too" net_at 10.0.3.0/24 10.0.3.1 p3
it "h1 reaches h2" reaches h1 10.0.2.2
it "and h3" reaches h1 10.0.3.2
finish
