# SPDX-License-Identifier: BSD-2-Clause
"""Rows that stand alone: /31, /32 and /127 addresses, and equal-cost routes."""
import collections

from hosts import expect, host, host6, router_mac
from packets import echo, fragments, ip6, is6, pattern, tcp, udp
from packets6 import canonical, fragments6
from wire import Rows, network

OURS, PEERS = ("10.9.0.0", "10.9.0.3"), ("10.9.0.1", "10.9.0.2")  # of two /31 links
ALONE = "10.9.0.9"  # a /32
OUR127, PEER127 = ("2001:db8:127::", "2001:db8:127::3"), ("2001:db8:127::1", "2001:db8:127::2")
BEYOND, BEYOND6 = {"to": "198.18.0.0/16", "via": [host(1)]}, {"to": "2001:db8:f000::/36", "via": [host6(1)]}

config = network(routes=[BEYOND, BEYOND6, {"to": "198.19.0.0/16", "via": PEERS[0]}])
config["interfaces"]["p3"]["addresses"] += [f"{a}/31" for a in OURS] + [f"{ALONE}/32"] \
    + [f"{a}/127" for a in OUR127]
rows = Rows(config, families=(4, 6))


@rows("RFC 3021: both addresses of a /31 are hosts: they ask, answer, and are forwarded to and from")
def X_31(lab):
    for ours, peer in zip(OURS, PEERS):
        lab.arps.clear()
        lab.say_arp(3, 1, peer, ours)
        said = lab.until(lambda ours=ours: [a for a in lab.arps
                                     if a.op == 2 and a.sender == ours])
        expect(said, f"no ARP reply from {ours}")
        expect((said[0].sender_mac, said[0].target) == (router_mac(3), peer), "wrong ARP reply")
        lab.settle_agent(3)
        request = echo(peer, ours)
        lab.ip(3, request)
        expect(lab.reply(3, request).src == ours, "another source")
        lab.passes(0, udp(host(0), peer), 3, to=peer)
        lab.passes(3, udp(peer, host(0)), 0)
        packet = udp(peer, host(0), ttl=1)
        lab.ip(3, packet)
        lab.error(3, 11, 0, packet, source=ours)
    lab.passes(0, udp(host(0), "198.19.3.4"), 3, to=PEERS[0])


@rows("RFC 3021: a peer of a /31 is found by ARP, by broadcast from the right address")
def X_31_resolve(lab):
    with lab.configured(lambda c: c["interfaces"]["p3"]["addresses"].append("10.9.1.1/31")):
        packet = udp(host(0), "10.9.1.0")
        lab.ip(0, packet)
        lab.until(lambda: lab.came, 5)
        lab.forwarded(packet, 3, to="10.9.1.0")
        asked = [a for a in lab.arps if a.op == 1 and a.target == "10.9.1.0"]
        expect(asked and asked[0].sender == "10.9.1.1", "asked from another address")


@rows("a /32 is an address of the router, and no link")
def X_32(lab):
    for source in (host(0), host(3)):
        port = int(source.split(".")[2])
        request = echo(source, ALONE)
        lab.ip(port, request)
        lab.reply(port, request)
    packet = udp(host(0), "10.9.0.10")
    lab.ip(0, packet)
    lab.error(0, 3, (0, 1), packet)


@rows("RFC 6164: both addresses of a /127 are hosts, and neither is the subnet-router anycast address")
def X_127(lab):
    for ours, peer in zip(OUR127, PEER127):
        lab.say_ns(3, peer, ours)
        lab.settle_agent(3)
        request = echo(peer, ours)
        lab.ip(3, request)
        lab.reply(3, request)
        lab.passes(0, udp(host6(0), peer), 3, to=peer)
        lab.passes(0, echo(host6(0), peer), 3, to=peer)
        lab.passes(3, udp(peer, host6(0)), 0)
        packet = udp(peer, host6(0), ttl=1)
        lab.ip(3, packet)
        lab.error(3, 3, 0, packet, source=ours)


# --- Equal cost ---------------------------------------------------------------------------------

FLOWS6 = [(canonical(f"2001:db8:f{i % 16:03x}::{i:x}"), 3000 + i) for i in range(256)]
FLOWS = [(f"198.18.{i % 16}.{i}", 3000 + i) for i in range(256)]


def via(*gateways):
    to = (BEYOND6 if is6(gateways[0]) else BEYOND)["to"]

    def change(c):
        c["routes"] = [r for r in c["routes"] if r["to"] != to]
        c["routes"].append({"to": to, "via": list(gateways)})
    return change


def paths(lab, make=lambda to, sport: udp(host(0), to, sport=sport), flows=FLOWS):
    """By which port each flow leaves; a flow has one of them, and each packet leaves once."""
    packets = [make(to, sport) for to, sport in flows]
    lab.ips(0, packets * 2)
    lab.settle()
    taken = collections.defaultdict(list)
    for c in lab.came:
        expect(c.to == lab.mac_of((host6 if is6(c.ip.dst) else host)(c.port)),
               f"sent to the wrong station: {c}")
        taken[c.ip.dst, c.ip.payload[:2]].append(c.port)
    lab.clear()
    out = []
    for to, sport in flows:
        ports = taken[to, sport.to_bytes(2, "big")]
        expect(len(ports) == 2, f"{to}: {len(ports)} of 2 packets came")
        expect(ports[0] == ports[1], f"{to}: one flow by two paths")
        out.append(ports[0])
    return out


@rows("RFC 2992: of two next hops both are used, and a flow has one")
def X_ecmp(lab):
    with lab.configured(via(host(1), host(2))):
        for make in (lambda to, sport: udp(host(0), to, sport=sport),
                     lambda to, sport: tcp(host(0), to, sport=sport)):
            used = collections.Counter(paths(lab, make))
            expect(set(used) == {1, 2} and min(used.values()) > 64, f"flows by port: {dict(used)}")
    with lab.configured(via(host6(1), host6(2))):
        for make in (udp, tcp):
            used = collections.Counter(paths(
                lab, lambda to, sport, make=make: make(host6(0), to, sport=sport), FLOWS6))
            expect(set(used) == {1, 2} and min(used.values()) > 64, f"flows by port: {dict(used)}")


@rows("RFC 6438: flow labels of one pair of hosts are spread, what has one label and its pieces is not")
def X_ecmp_label(lab):
    with lab.configured(via(host6(1), host6(2))):
        to = FLOWS6[0][0]
        for proto in (50, 253):
            lab.ips(0, [ip6(host6(0), to, pattern(40), proto, flow=0x10000 + 77 * i) for i in range(128)])
            lab.settle()
            used = collections.Counter(c.port for c in lab.came)
            lab.clear()
            expect(set(used) == {1, 2} and min(used.values()) > 32, f"labels by port: {dict(used)}")
        for i in range(16):
            for part in fragments6(udp(host6(0), to, 2000, flow=0x20000 + 77 * i), (800, 800), i):
                lab.ip(0, part)
            lab.settle()
            expect(len(lab.came) == 3 and len({c.port for c in lab.came}) == 1,
                   "fragments of one packet by two paths")
            lab.clear()


@rows("RFC 2992: flows of one pair of hosts are spread too, fragments of a packet are not")
def X_ecmp_ports(lab):
    with lab.configured(via(host(1), host(2))):
        packets = [udp(host(0), "198.18.1.1", sport=4000 + i) for i in range(128)]
        lab.ips(0, packets)
        lab.settle()
        used = collections.Counter(c.port for c in lab.came)
        lab.clear()
        expect(set(used) == {1, 2} and min(used.values()) > 32, f"flows by port: {dict(used)}")
        for i in range(16):
            for part in fragments(udp(host(0), "198.18.1.1", 2000, sport=5000 + i, id=i), (800, 800)):
                lab.ip(0, part)
            lab.settle()
            expect(len(lab.came) == 3 and len({c.port for c in lab.came}) == 1,
                   "fragments of one packet by two paths")
            lab.clear()


@rows("RFC 2992: when a next hop goes, most flows of the others stay where they are")
def X_ecmp_member_goes(lab):
    with lab.configured(via(host(1), host(2), host(3))):
        before = paths(lab)
    expect(set(before) == {1, 2, 3}, f"used: {set(before)}")
    for gone in (1, 2, 3):
        left = [host(p) for p in (1, 2, 3) if p != gone]
        with lab.configured(via(host(1), host(2), host(3))):
            expect(paths(lab) == before, "the same group, and another choice")
            with lab.configured(via(*left)):
                after = paths(lab)
        stay = [b == a for b, a in zip(before, after) if b != gone]
        expect(gone not in after, "the gateway that is gone is used")
        expect(sum(stay) > 0.6 * len(stay), f"without p{gone}: {sum(stay)} of {len(stay)} stay")
