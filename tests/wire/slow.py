# SPDX-License-Identifier: BSD-2-Clause
"""Rows that take as long as the timers of the RFCs: each is a test of its own, beside the others."""
from packets import MF, echo, fragments, ip4, pattern, udp
from wire import Rows, expect, host, network, router

rows = Rows(network())


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
