# SPDX-License-Identifier: BSD-2-Clause
"""Rows that take as long as the timers of the RFCs: each is a test of its own, beside the others."""
import struct

from hosts import expect, host, host6, router, router6, router_local
from packets import MF, echo, fragments, ip4, pattern, udp
from packets6 import ALL_NODES, NS, RA, fragments6, piece6
from wire import Rows, network

config = network()
config["interfaces"]["p1"]["router-advertisement"] = {"prefixes": ["2001:db8:1::/64"], "interval": "4s"}
rows = Rows(config, families=(4, 6))


@rows("RFC 1122 3.3.2: of a packet to the router of which only the first fragment came, 11/1 tells")
def frag4_timeout(lab):
    first = fragments(echo(host(1), router(1), pattern(900), id=5), (400,))[0]
    rest = fragments(echo(host(1), router(1), pattern(900), id=6), (400,))[1]
    lab.ip(1, first)
    lab.ip(1, rest)
    lab.ip(1, ip4(host(1), router(1), pattern(80), frag=MF | 8, id=7))
    lab.nothing()
    start = lab.now()
    lab.error(1, 11, 1, first, seconds=120)
    took = lab.now() - start
    expect(took >= 14.5, f"after {took:.1f} s")
    lab.until(lambda: lab.came, 2)  # and of what lacks its first fragment nothing is said
    lab.nothing()


@rows("RFC 1122 2.3.2.1: a host that moves silently to another MAC is found again in minutes")
def X_arp_timeout(lab):
    new = lab.fresh(2)
    lab.say_arp(2, 1, new, router(2))
    lab.settle_agent(2)
    lab.passes(0, udp(host(0), new), 2, to=new)
    lab.moved[new] = "02:00:00:00:77:77"
    start = lab.now()

    def arrives():
        lab.clear()
        lab.ip(0, udp(host(0), new))
        lab.until(lambda: False, 0.5)
        return any(c.ip and c.ip.dst == new and c.to == lab.moved[new] for c in lab.came)

    expect(lab.until(arrives, 180), "traffic still goes to the old MAC")
    expect(lab.now() - start < 120, f"after {lab.now() - start:.0f} s")
    lab.settle()
    lab.clear()


@rows("RFC 8200 4.5: a minute after the first piece of a packet to the router it is given up, told by 3/1")
def X_frag6_timeout(lab):
    request = echo(host6(1), router6(1), pattern(900))
    first = fragments6(request, (400,), 5)[0]
    lab.ip(1, first)
    lab.ip(1, fragments6(request, (400,), 6)[1])
    lab.ip(1, piece6(request, 8, pattern(80), 1, 7))
    lab.nothing()
    start = lab.now()
    lab.error(1, 3, 1, first, seconds=120)
    took = lab.now() - start
    expect(58 <= took <= 75, f"after {took:.1f} s")
    lab.until(lambda: lab.came, 2)  # and of what lacks its first fragment nothing is said
    lab.nothing()


@rows("RFC 4861 7.3.3: who was only heard of is sent to, and 5 s later asked, three times, by unicast")
def X_nud_stale(lab):
    new = lab.fresh6(2)
    lab.say_ns(2, new, router6(2))
    lab.settle_agent(2)
    lab.silent.add(new)
    lab.nds.clear()
    start = lab.now()  # before the packet: what is sent 5 s behind it is not sent sooner
    lab.passes(0, udp(host6(0), new), 2, to=new)
    asked = lambda: [c for c in lab.nds if c.nd.kind == NS and c.nd.target == new]
    # RFC 7048: all others are asked then, which tells that no more comes to it alone
    lab.until(lambda: any(c.ip.dst.startswith("ff") for c in asked()), 20)
    unicast = [c for c in asked() if not c.ip.dst.startswith("ff")]
    when = [c.when - start for c in unicast]
    expect(len(when) == 3, f"asked after {when} s")
    expect(4.9 <= when[0] <= 12, f"asked first after {when[0]:.1f} s")
    # They are seen when this process runs, which is late at times.
    expect(all(b - a > 0.5 for a, b in zip(when, when[1:])), f"asked after {when} s")
    expect(all((c.ip.dst, c.to) == (new, lab.mac_of(new)) for c in unicast), "not to its MAC")
    lab.nds.clear()
    lab.silent.discard(new)
    packet = udp(host6(0), new)
    lab.ip(0, packet)
    lab.until(lambda: lab.came, 20)
    lab.forwarded(packet, 2, to=new)
    expect([c for c in asked() if c.ip.dst.startswith("ff")], "still believed to be there")


@rows("RFC 4861 6.2.4: advertisements that nobody asked for come between the least and the most interval")
def X_ra_interval(lab):
    lab.nds.clear()
    came = lambda: [c for c in lab.nds if c.port == 1 and c.nd.kind == RA]
    expect(lab.until(lambda: len(came()) == 4, 20), f"{len(came())} advertisements in 20 s")
    between = [b.when - a.when for a, b in zip(came(), came()[1:])]
    expect(all(2.9 <= s <= 4.5 for s in between), f"{between} s between them")  # RFC 4861 6.2.1
    expect(len({round(s, 2) for s in between}) > 1, f"always {between[0]} s between them")
    for c in came():
        expect((c.ip.src, c.ip.dst) == (router_local(1), ALL_NODES), f"{c}")
        expect(struct.unpack("!H", c.nd.m[6:8])[0] >= 4, "shorter lived than its interval")
