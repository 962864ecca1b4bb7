#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#     h1 (SLAAC) ---- p1 10.0.1.1, 2001:db8:1::1/64, 2001:db8:2::1/64 [router]
#             h2 ---- p2 10.0.2.1, 2001:db8:3::1/64                   [      ]
#
# A kernel's host configures itself by router advertisements (RFC 4861 6.2, RFC 8106): address,
# default route, MTU, hop limit. What is advertised follows the configuration, and ends with it.
. "$(dirname "$0")/lib.sh"

host_add h1 p1 10.0.1.2/24
host_add h2 p2 10.0.2.2/24
at h1 sh -c 'cd /proc/sys/net/ipv6/conf/eth0 && echo 1 >accept_ra && echo 0 >disable_ipv6'

# configure ADVERTISEMENT [ADDRESS]: on p1, with ADDRESS besides 2001:db8:1::1/64.
configure() {
	cat >"$config" <<-END
		version: 1
		interfaces:
		  p1:
		    control: own
		    addresses: [10.0.1.1/24, 2001:db8:1::1/64${2:+, $2}]
	END
	[ -z "$1" ] || echo "    router-advertisement: {$1}" >>"$config"
}
# configure_p2 KEY...: p2 besides, with KEYs.
configure_p2() {
	cat >>"$config" <<-END
		  p2:
		    control: own
		    addresses: [10.0.2.1/24, 2001:db8:3::1/64]
		    router-advertisement: {interval: 4s}
	END
	printf '    %s\n' "$@" >>"$config"
}
reload() { viaduct reload; }
advertised='interval: 4s, lifetime: 1800s, hop-limit: 77, mtu: 1400, preference: high, other: yes'
advertised+=', valid-lifetime: 2h, preferred-lifetime: 1h, dns-lifetime: 10m'
advertised+=', dns-servers: ["2001:db8:1::53", "2001:db8:1::54"], dns-search: [example.org, example]'

setting() { [ "$(at h1 cat "/proc/sys/net/ipv6/conf/eth0/$1")" = "$2" ]; }
default_route() { says '^default via fe80::' ip -6 -n "$prefix.h1" route show default; }
address_of() { says "inet6 $1" ip -6 -n "$prefix.h1" address show dev eth0 scope global; }

heard() { grep -Eq -- "$1" "$scratch/h1.log"; }
heard_times() { [ "$(grep -Ec -- "$1" "$scratch/h1.log")" -ge "$2" ]; }
hear() {
	at_background h1 "$here/ra.py" hear eth0 60
	hears=$background
	wait_for 5 heard listening
}

configure "$advertised" 2001:db8:2::1/64
hear
it "the daemon starts" router_start
it "a host makes an address of the one prefix" wait_for 10 address_of 2001:db8:1:0:
it "and of the other" wait_for 10 address_of 2001:db8:2:0:
it "it has a default route" default_route
it "of the preference said" says 'pref high' ip -6 -n "$prefix.h1" route show default
it "the MTU said" setting mtu 1400
it "the hop limit said" setting hop_limit 77
it "the other flag is set, and not the managed one" heard ' flags=O hops=77 '
it "lifetimes are those said" heard ' prefix=2001:db8:1::/64:LA:7200:3600 '
it "name servers are advertised" heard ' dns=600:2001:db8:1::53,2001:db8:1::54 '
it "and domains" heard ' search=600:example.org,example '
it "they come again without being asked for" wait_for 10 heard_times lifetime=1800 3
it "the host reaches the router by IPv6" reaches h1 2001:db8:1::1

configure "${advertised/4s/1800s}"
sent=$(grep -c lifetime= "$scratch/h1.log")
it "an address and its prefix are removed" reload
it "the prefix is ended" wait_for 10 heard ' prefix=2001:db8:2::/64:LA:0:0 '
it "the other is not" not heard ' prefix=2001:db8:1::/64:LA:0:0'
it "the change is told within the time of the rate limit" \
	wait_for 5 heard_times lifetime=1800 $((sent + 1))
sent=$(grep -c lifetime= "$scratch/h1.log")
at h1 "$here/ra.py" solicit eth0
it "a solicitation is answered" wait_for 5 heard_times lifetime=1800 $((sent + 1))

configure ''
it "advertisements are turned off" reload
it "the host hears so" wait_for 5 heard ' final=yes .* preference=medium '
it "and has no default route any more" wait_for 5 not default_route
configure "${advertised/mtu: 1400/mtu: 9000}"
it "advertisements are turned on" reload
it "the host has its default route again" wait_for 10 default_route
it "the MTU is no larger than the link's" wait_for 5 setting mtu 1500

# What goes by a reload: an interface's MAC, and with it its link-local address; the interface.
heard2() { grep -Eq -- "$1" "$scratch/h2.log"; }
at_background h2 "$here/ra.py" hear eth0 60
wait_for 5 heard2 listening
configure_p2 'mac: "02:00:00:00:00:21"'
it "another interface comes" reload
it "and advertises" wait_for 10 heard2 'final=no .*mac=02:00:00:00:00:21'
configure "$advertised"
configure_p2 'mac: "02:00:00:00:00:22"'
it "its MAC changes" reload
it "who it was is no router any more" wait_for 10 heard2 'final=yes .*mac=02:00:00:00:00:21'
it "who it is now is one" wait_for 10 heard2 'final=no .*mac=02:00:00:00:00:22'
# A reload that is refused when the MAC has been changed: it is changed back, and so advertised.
configure "$advertised"
configure_p2 'mac: "02:00:00:00:00:23"'
echo '  p3: {control: own, addresses: ["2001:db8:4::1/64"]}' >>"$config"
sent=$(grep -c 'final=no .*mac=02:00:00:00:00:22' "$scratch/h2.log")
it "a reload is refused, for want of a device" not reload
heard2_times() { [ "$(grep -Ec -- "$1" "$scratch/h2.log")" -ge "$2" ]; }
it "who it is is one still" wait_for 15 heard2_times 'final=no .*mac=02:00:00:00:00:22' $((sent + 1))
configure "$advertised"
it "the interface goes" reload
it "its last word is that it is no router" wait_for 5 heard2 'final=yes .*mac=02:00:00:00:00:22'

kill "$hears"
hear
it "every frame and every packet is accounted for" wait_for 5 balanced
it "the daemon stops cleanly" router_stop
it "its last word is that it is no router" wait_for 5 heard 'final=yes'
it "the host has no default route any more" wait_for 5 not default_route
it "but keeps its address" address_of 2001:db8:1:0:
done_testing
