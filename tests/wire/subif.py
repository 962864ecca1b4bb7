# SPDX-License-Identifier: BSD-2-Clause
"""VLAN interfaces on routed ports: frames of one tag or two are the router's, with addresses of
their own.

    p0 10.0.0.1  p0.10 10.0.10.1  p0.20 10.0.20.1  p0.100 802.1ad 10.0.100.1  p0.100.10 10.0.110.1
    p1 10.0.1.1  guest: VLAN 30 of p1 10.0.30.1    p1.200 no address          p1.200.7 10.0.207.1
    p2 10.0.2.1  p3 10.0.3.1: no VLANs
"""
import functools
import struct

from bridge import operstate
from device import run
from hosts import expect, router_mac
from packets import ARP, BROADCAST, IP4, IP6, QINQ, VLAN, arp, echo, ether, fragments, pattern, udp
from packets6 import ANY, NS, RA, SOURCE, lladdr, rs
from switch import NOBODY, Net, Station, Switch, retag
from wire import Rows

LAID = {  # by interface: number of the net, port, tags
    "p0": (0, 0, []),
    "p0.10": (10, 0, [(VLAN, 10)]),
    "p0.20": (20, 0, [(VLAN, 20)]),
    "p0.100": (100, 0, [(QINQ, 100)]),
    "p0.100.10": (110, 0, [(QINQ, 100), (VLAN, 10)]),
    "p1": (1, 1, []),
    "guest": (30, 1, [(VLAN, 30)]),
    "p1.200.7": (207, 1, [(VLAN, 200), (VLAN, 7)]),
    "p2": (2, 2, []),
    "p3": (3, 3, []),
}
NETS = {name: Net(number, router_mac(port)) for name, (number, port, _) in LAID.items()}
POINT = {name: Station(NETS[name], port, 2, tags) for name, (_, port, tags) in LAID.items()}
TAGGED = [s for s in POINT.values() if s.tags]
A, B, FAR = POINT["p0.10"], POINT["p0.20"], POINT["p3"]


def interface(name):
    i = {"addresses": NETS[name].addresses, "dad": "no"}
    if name in ("p0", "p1", "p2", "p3"):
        i.update({"control": "own", "mtu": 1508 if name in ("p0", "p1") else 1500})
    else:
        i["mtu"] = 1500
    return i


config = {
    "version": 1,
    "system": {"icmp-errors": "none"},
    "interfaces": {name: interface(name) for name in LAID},
    "routes": [],
    "neighbours": [],
}
config["interfaces"]["p0.100"]["protocol"] = "802.1ad"
config["interfaces"]["guest"].update({"parent": "p1", "vlan": 30})
config["interfaces"]["p1.200"] = {}
rows = Rows(config, families=(4, 6), lab=functools.partial(Switch, points=list(POINT.values())))


def of(**keys):
    """For lab.configured(): with these keys of p0.20."""
    return lambda c: c["interfaces"]["p0.20"].update(keys)


# --- In and out ---------------------------------------------------------------------------------

@rows("RFC 826: who asks with a VLAN's tags is answered with the same, once, with the port's MAC")
def subif_arp(lab):
    for s in POINT.values():
        replies = lab.asked(s)
        expect(len(replies) == 1, f"{len(replies)} replies for {s.net.ip}")
        c = replies[0]
        expect(s.has(c) and c.tags == list(s.tags), f"another tag: {c}")
        expect((c.to, c.source, c.sender_mac) == (s.mac, s.net.mac, s.net.mac), f"wrong reply: {c}")
        for to in (to for to in POINT.values() if to is not s):
            expect(not lab.asked(s, to.net.ip), f"{to.net.ip} is told in the net of {s.net.ip}")
    lab.only({})


@rows("RFC 4861 7.2.4: the same by neighbour discovery, for both addresses")
def subif_ns(lab):
    for s in POINT.values():
        for target in (s.net.ip6, s.net.local):
            answers = lab.solicited(s, target)
            expect(lab.until(answers, 5), f"{target}: no answer")
            c = answers()[0]
            expect(s.has(c) and (c.to, c.source) == (s.mac, s.net.mac), f"wrong answer: {c}")
        other = next(to for to in POINT.values() if to is not s)
        lab.solicited(s, other.net.ip6)
        lab.settle_agent(s.port)
        expect(not [c for c in lab.nds if (c.nd.target, c.ip.dst) == (other.net.ip6, s.ip6)],
               f"{other.net.ip6} is told")
    lab.only({})


@rows("RFC 1812: all addresses answer pings, with the tags of who asked")
def subif_echo(lab):
    for s in POINT.values():
        other = next(to for to in POINT.values() if to.port != s.port)
        for request in (echo(s.ip, s.net.ip), echo(s.ip6, s.net.ip6), echo(s.local, s.net.local),
                        echo(s.ip, other.net.ip), echo(s.ip6, other.net.ip6),
                        echo(s.ip, s.net.ip, pattern(1472)), echo(s.ip6, s.net.ip6, pattern(1452))):
            lab.pings(s, request)
    lab.only({})


@rows("RFC 1812 5.2: packets are routed from each to each: its tags, TTL - 1, nothing else")
def subif_route(lab):
    for s in POINT.values():
        for to in (to for to in POINT.values() if to is not s):
            lab.routes(s, udp(s.ip, to.ip), to)
            lab.routes(s, udp(s.ip6, to.ip6), to)
            lab.routes(s, udp(s.ip, to.ip, 0), to)
    lab.only({})


@rows("packets of 1500 bytes are routed whole, behind one tag and behind two")
def subif_full_size(lab):
    for s in POINT.values():
        for to in (to for to in POINT.values() if to is not s):
            lab.routes(s, udp(s.ip, to.ip, 1472, frag=0x4000), to)
            lab.routes(s, udp(s.ip6, to.ip6, 1452), to)
    lab.only({})


@rows("400 packets among all of them in turns: each comes once, in order in its flow, with its tags")
def subif_flows(lab):
    pairs = [(s, to) for s in POINT.values() for to in POINT.values() if s is not to]
    sent = {}
    for i in range(400):
        s, to = pairs[i * 7 % len(pairs)]
        v6 = i // 2 % 2
        packet = udp(s.ip6, to.ip6, flow=i) if v6 else udp(s.ip, to.ip, id=i)
        sent.setdefault((s, to, v6), []).append(packet)
        lab.raw(s.port, s.packet(packet))
        if i % 64 == 63:
            lab.settle()
    lab.settle()
    for (s, to, v6), packets in sent.items():
        src = s.ip6 if v6 else s.ip
        came = [c for c in lab.came if c.ip and c.ip.src == src and c.ip.dst == (to.ip6 if v6 else to.ip)]
        number = [c.ip.flow if v6 else c.ip.id for c in came]
        wanted = [struct.unpack("!I", p[:4])[0] & 0xFFFFF if v6 else struct.unpack("!H", p[4:6])[0]
                  for p in packets]
        expect(number == wanted, f"{src} to {to.ip}: {number}, wanted {wanted}")
        expect(all(to.has(c) and c.to == to.mac for c in came), "wrong tags, or another station")
        lab.came = [c for c in lab.came if c not in came]
    lab.only({})


@rows("RFC 826, RFC 4861: who is sent to for the first time is asked for with the VLAN's tags, only")
def subif_resolve(lab):
    for name, like in POINT.items():
        s = lab.join(Station(NETS[name], like.port, 30, like.tags))
        source = POINT["p2"] if like.port != 2 else POINT["p0"]
        for address in (s.ip, s.ip6):
            lab.clear()
            packet = udp(source.like(address), address)
            lab.raw(source.port, source.packet(packet))
            lab.until(lambda: lab.came, 5)
            lab.came_to(s, packet)
            asked = [c for c in lab.arps if c.op == 1 and c.target == address] \
                + [c for c in lab.nds if c.nd.kind == NS and c.nd.target == address]
            at = [(c.port, tuple(c.tags)) for c in asked]
            expect(at == [(s.port, s.tags)], f"asked at {at}")
    lab.only({})


# --- Which frames are of which VLAN -------------------------------------------------------------

@rows("802.1Q 6.9: VIDs that a port has no interface for are dropped, 4095 is one of them")
def subif_unknown_vid(lab):
    for s, packet in ((s, p) for s in (POINT["p0"], POINT["p2"], A) for p in (
            udp(s.ip, FAR.ip), udp(s.ip6, FAR.ip6))):
        frame = s.packet(packet)
        for vid in (1, 11, 30, 100, 200, 4094, 4095, 0xFFFF):
            lab.refused(s.port, retag(frame, (VLAN, vid)), retag(frame, (QINQ, vid if vid != 100 else 7)))
    request = POINT["p0"].frame(BROADCAST, arp(1, A.mac, A.ip, A.net.ip), ARP)
    lab.refused(0, retag(request, (VLAN, 11)), retag(request, (QINQ, 10)))
    expect(not [a for a in lab.arps if a.op == 2], "answered")


@rows("802.1ad: an S-tag is not a C-tag: neither stands for the other, at either place")
def subif_stag(lab):
    q = POINT["p0.100.10"]
    for s, stacks in ((A, ([(QINQ, 10)], [(VLAN, 10), (QINQ, 10)], [(QINQ, 10), (VLAN, 10)])),
                      (POINT["p0.100"], ([(VLAN, 100)], [(QINQ, 100), (QINQ, 100)])),
                      (q, ([(VLAN, 100), (VLAN, 10)], [(QINQ, 100), (QINQ, 10)], [(VLAN, 10), (QINQ, 100)],
                           [(QINQ, 100), (VLAN, 11)])),
                      (POINT["p1.200.7"], ([(VLAN, 7)], [(VLAN, 7), (VLAN, 200)],
                                           [(QINQ, 200), (VLAN, 7)], [(VLAN, 200), (VLAN, 8)]))):
        for stack in stacks:
            for packet in (udp(s.ip, FAR.ip), udp(s.ip6, FAR.ip6)):
                lab.refused(s.port, retag(s.packet(packet), *stack))


@rows("more tags than a VLAN has are not its frames: they are dropped")
def subif_more_tags(lab):
    for s in TAGGED:
        frame = s.packet(udp(s.ip, FAR.ip))
        for extra in ((VLAN, 5), (QINQ, 5), (VLAN, 4095)):
            lab.refused(s.port, retag(frame, *s.tags, extra), retag(frame, *s.tags, extra, extra))
    frame = A.packet(udp(A.ip, FAR.ip))
    lab.refused(0, retag(frame, *[(VLAN, 10)] * 8), retag(frame, *[(VLAN, 10)] * 200))


@rows("802.1Q 6.9: a priority tag alone is as none; PCP and DEI beside a VID say nothing of the VLAN")
def subif_priority(lab):
    s = POINT["p0"]
    for tci in (5 << 13, 0, 1 << 12):
        packet = udp(s.ip, FAR.ip)
        lab.raw(0, retag(s.packet(packet), (VLAN, tci)))
        lab.came_to(FAR, packet)
    for s in TAGGED:
        frame = s.packet(udp(s.ip, FAR.ip))
        lab.raw(s.port, retag(frame, *[(kind, tci | 0xB000) for kind, tci in s.tags]))
        lab.came_to(FAR, udp(s.ip, FAR.ip))
    packet = udp(FAR.ip, A.ip, tos=0xB8)
    expect(lab.routes(FAR, packet, A).tags == [(VLAN, 10)], "a priority of its own")


@rows("RFC 1812 5.2.1: in a VLAN, too, packets to other stations, and in link broadcasts, are not forwarded")
def subif_other_mac(lab):
    for s in TAGGED:
        for to in (NOBODY, BROADCAST, "01:00:5e:00:00:05", "33:33:00:00:00:01", router_mac(2)):
            lab.refused(s.port, s.packet(udp(s.ip, FAR.ip), to), s.packet(udp(s.ip6, FAR.ip6), to))


@rows("frames that are cut off at every length behind their tags do no harm")
def subif_runts(lab):
    for s in (A, POINT["p0.100.10"], POINT["p1.200.7"]):
        for body, kind in ((udp(s.ip, FAR.ip, 40), IP4), (udp(s.ip6, FAR.ip6, 40), IP6),
                           (arp(1, s.mac, s.ip, s.net.ip), ARP)):
            whole = s.frame(None, body, kind)
            tags = len(s.tags) * 4
            least = {IP4: 68, IP6: 88, ARP: 28}[kind]
            for size in range(14, 14 + tags + least):
                lab.frame(s.port, whole[:size])
            lab.raw(s.port, whole[:14])
            lab.nothing()
    expect(not [a for a in lab.arps if a.op == 2], "a cut request is answered")


@rows("frames of a VLAN that is padded: the padding is not copied out")
def subif_pad(lab):
    for s in TAGGED:
        packet = udp(s.ip, FAR.ip, 1)
        lab.raw(s.port, s.packet(packet).ljust(68, b"\xaa"))
        lab.came_to(FAR, packet)
        packet = udp(FAR.ip, s.ip, 1)
        lab.raw(3, FAR.packet(packet).ljust(60, b"\xaa"))
        lab.came_to(s, packet)


# --- Errors -------------------------------------------------------------------------------------

@rows("RFC 1812 4.3.3, RFC 4443: errors come back with the tags, from the VLAN's own address")
def subif_error(lab):
    for s in POINT.values():
        for packet, kind, code, source in (
                (udp(s.ip, FAR.ip if s is not FAR else A.ip, ttl=1), 11, 0, s.net.ip),
                (udp(s.ip6, FAR.ip6 if s is not FAR else A.ip6, ttl=1), 3, 0, s.net.ip6),
                (udp(s.ip, "198.18.0.1"), 3, (0, 1), s.net.ip),
                (udp(s.ip6, "2400:cb00::1"), 1, 0, s.net.ip6),
                (udp(s.ip, s.net.ip, dport=99), 3, 3, s.net.ip),
                (udp(s.ip6, s.net.ip6, dport=99), 1, 4, s.net.ip6)):
            lab.raw(s.port, s.packet(packet))
            lab.settle()
            c = next((c for c in lab.came if c.ip), None)
            expect(c and s.has(c) and c.to == s.mac, f"not there, or another tag: {c}")
            lab.error(s.port, kind, code, packet, source=source)
    lab.only({})


@rows("RFC 1812 5.2.7.2: between two VLANs of a port there is no redirect, within one there is")
def subif_redirect(lab):
    lab.routes(A, udp(A.ip, B.ip), B)
    lab.routes(A, udp(A.ip6, B.ip6), B)
    lab.only({})
    s = lab.join(Station(A.net, 0, 31, A.tags))
    lab.ask(s)
    expect(lab.until(lambda: lab.device.knows(s.ip) and lab.device.knows(s.ip6), 5), "not learned")
    packet = udp(A.ip, s.ip)
    lab.raw(0, A.packet(packet))
    lab.came_to(s, packet)
    lab.settle()
    expect(all(A.has(c) for c in lab.came), "a redirect without the tag")
    lab.error(0, 5, 1, packet, source=A.net.ip)


@rows("RFC 1191, RFC 8201: the MTU of a VLAN is told, and fragments are tagged")
def subif_pmtu(lab):
    with lab.configured(of(mtu=1300)):
        for s in (FAR, A, POINT["p0.100.10"]):
            packet = udp(s.ip, B.ip, 1400, frag=0x4000)
            lab.raw(s.port, s.packet(packet))
            told = lab.error(s.port, 3, 4, packet, source=s.net.ip)
            expect(struct.unpack("!H", told.payload[6:8])[0] == 1300, "another MTU")
            packet = udp(s.ip6, B.ip6, 1400)
            lab.raw(s.port, s.packet(packet))
            told = lab.error(s.port, 2, 0, packet, source=s.net.ip6)
            expect(struct.unpack("!I", told.payload[4:8])[0] == 1300, "another MTU")
            packet = udp(s.ip, B.ip, 1400)
            lab.raw(s.port, s.packet(packet))
            lab.settle()
            expect(all(B.has(c) for c in lab.came), "a fragment without the tag")
            _, data = lab.reassembled(0, packet, B.ip)
            expect(data == packet[20:], "other data")
    lab.only({})


@rows("RFC 1812 4.2.2.7: an echo request in pieces, behind tags, is answered")
def subif_fragments(lab):
    for s in TAGGED:
        request = echo(s.ip, s.net.ip, pattern(900), id=5)
        for part in fragments(request, (400,)):
            lab.raw(s.port, s.packet(part))
        lab.settle()
        expect(all(s.has(c) for c in lab.came), "other tags")
        lab.reply(s.port, request)
    lab.only({})


# --- What a VLAN interface has of its own -------------------------------------------------------

@rows("RFC 3704: with strict checks in a VLAN, sources of another one of the same port are dropped")
def subif_urpf(lab):
    with lab.configured(of(urpf="strict")):
        lab.refused(0, B.packet(udp(A.ip, FAR.ip)), B.packet(udp(A.ip6, FAR.ip6)))
        lab.routes(B, udp(B.ip, FAR.ip), FAR)
        lab.routes(B, udp(B.ip6, FAR.ip6), FAR)
        lab.raw(0, A.packet(udp(B.ip, FAR.ip)))  # the other one does not check
        lab.came_to(FAR, udp(B.ip, FAR.ip))


@rows("RFC 4862 5.4: probes for a VLAN's new address have its tags; then it is used")
def subif_dad(lab):
    new = "2001:db8:20::aaaa"

    def change(c):
        c["interfaces"]["p0.20"]["addresses"] = B.net.addresses + [f"{new}/64"]
        c["interfaces"]["p0.20"]["dad"] = "yes"
    lab.own.add(new)
    lab.nds.clear()
    with lab.shut(*[(p, q) for p in range(4) for q in range(4)]), lab.configured(change):
        probes = lambda: [c for c in lab.nds if c.nd.kind == NS and c.ip.src == ANY and c.nd.target == new]
        expect(lab.until(probes, 10), "no probe")
        expect(all(B.has(c) for c in probes()), f"without its tags: {probes()[0]}")
        expect(lab.until(lambda: lab.until(lab.solicited(B, new), 0.5), 10), "it is not used")
    lab.own.discard(new)
    lab.ask(B)
    lab.settle()
    lab.clear()


@rows("RFC 4861 6.2.6: router advertisements of a VLAN have its tags, and are heard in no other one")
def subif_ra(lab):
    with lab.configured(of(**{"router-advertisement": {}})):
        lab.nds.clear()
        lab.raw(0, B.packet(rs(B.local, lladdr(SOURCE, B.mac)), "33:33:00:00:00:02"))
        mine = lambda: [c for c in lab.nds if c.nd.kind == RA]
        expect(lab.until(mine, 10), "no advertisement")
        expect(all(B.has(c) and c.source == B.net.mac for c in mine()), "with other tags")
        expect(all(c.ip.src == B.net.local for c in mine()), "from another address")
    lab.settle()


@rows("a reload that takes a VLAN away: its frames are dropped, those of others are routed on")
def subif_reload(lab):
    def change(c):
        del c["interfaces"]["guest"]
    s, points = POINT["guest"], lab.points
    lab.points = [p for p in points if p is not s]
    with lab.configured(change):
        lab.refused(1, s.packet(udp(s.ip, FAR.ip)), s.packet(udp(s.ip6, FAR.ip6)))
        expect(not lab.asked(s), "answered")
        lab.routes(POINT["p1"], udp(POINT["p1"].ip, A.ip), A)
        lab.routes(FAR, udp(FAR.ip, POINT["p1.200.7"].ip), POINT["p1.200.7"])
    lab.points = points
    lab.ask(s)
    expect(lab.until(lambda: lab.device.knows(s.ip) and lab.device.knows(s.ip6)), "not learned again")
    lab.routes(s, udp(s.ip, FAR.ip), FAR)


@rows("a VLAN is down with its port, and up again with it")
def subif_down(lab):
    names = ("p1", "guest", "p1.200", "p1.200.7")
    expect(all(operstate(lab, name) == "up" for name in names), "not up")
    with lab.shut(*[(p, q) for p in range(4) for q in range(4) if 1 in (p, q)]):
        run("ip", "link", "set", "e1", "down")
        try:
            for name in names:
                expect(lab.until(lambda name=name: operstate(lab, name) == "down", 10), f"{name} is up")
            expect(operstate(lab, "p0.10") == "up", "p0.10 is down")
        finally:
            run("ip", "link", "set", "e1", "up")
        for name in names:
            expect(lab.until(lambda name=name: operstate(lab, name) == "up", 10), f"{name} is down")
        lab.meet(1)
        lab.settle()
        lab.clear()
    lab.routes(POINT["guest"], udp(POINT["guest"].ip, FAR.ip), FAR)


@rows("what came in by a VLAN and was dropped is counted there")
def subif_counts(lab):
    for name in ("p0.10", "p0.100.10"):
        s = POINT[name]
        before = lab.device.drops(name, "ttl-expired")
        packet = udp(s.ip, FAR.ip, ttl=1)
        lab.raw(0, s.packet(packet))
        lab.error(0, 11, 0, packet, source=s.net.ip)
        expect(lab.until(lambda n=name, b=before: lab.device.drops(n, "ttl-expired") == b + 1, 5),
               f"not counted at {name}")
    before = lab.device.drops("p0", "vlan")
    lab.refused(0, retag(ether(A.net.mac, A.mac, udp(A.ip, FAR.ip)), (VLAN, 77)))
    expect(lab.until(lambda: lab.device.drops("p0", "vlan") == before + 1, 5), "not counted at p0")
