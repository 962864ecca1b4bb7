# SPDX-License-Identifier: BSD-2-Clause
"""VLANs of a bridge, by 802.1Q: who is in them at which port, with a tag or without, and the
router in two of them.

    p0 access 10          [        br0, VLAN-aware        ]    p2 trunk 10 and 20
    p1 access 20          [ 10: 10.0.10.1, 20: 10.0.20.1  ]    p3 trunk 10, 20 and 30, native 10
"""
import functools
import struct

from bridge import operstate
from device import run
from hosts import expect
from packets import ARP, BROADCAST, QINQ, VLAN, arp, echo, pattern, udp
from packets6 import NS, RA, SOURCE, lladdr, rs
from switch import NOBODY, Net, Station, Switch, retag
from wire import Rows

BRIDGE = "02:00:00:00:bb:00"
TEN, TWENTY = Net(10, BRIDGE), Net(20, BRIDGE)
NETS = {10: TEN, 20: TWENTY}
MEMBERS = {10: {0: None, 2: 10, 3: None}, 20: {1: None, 2: 20, 3: 20}}  # by port: the tag there


def tags_at(vid, port, priority=0):
    tag = MEMBERS[vid][port]
    return [] if tag is None else [(VLAN, priority << 13 | tag)]


def station(vid, port, n=2):
    return Station(NETS[vid], port, n, tags_at(vid, port))


POINT = {(vid, port): station(vid, port) for vid in MEMBERS for port in MEMBERS[vid]}
config = {
    "version": 1,
    "system": {"icmp-errors": "none"},
    "interfaces": {f"p{p}": {"control": "own", "mtu": 1500} for p in range(4)},
    "bridges": {"br0": {
        "vlan-aware": "yes", "mac": BRIDGE,
        "ports": {"p0": {"access": 10}, "p1": {"access": 20}, "p2": {"trunk": [10, 20]},
                  "p3": {"trunk": [10, 20, 30], "native": 10}},
        "vlans": {str(vid): {"addresses": net.addresses, "dad": "no"} for vid, net in NETS.items()}}},
    "routes": [],
    "neighbours": [],
}
rows = Rows(config, families=(4, 6), lab=functools.partial(Switch, points=list(POINT.values())))


def in_vlan(vid, frame, *but, priority=0):
    """The frame as it leaves by each port of the VLAN, but those."""
    return {p: retag(frame, *tags_at(vid, p, priority)) for p in MEMBERS[vid] if p not in but}


def spreads(lab, port, frame, vid, priority=0):
    """It floods that VLAN."""
    lab.floods(port, frame, in_vlan(vid, frame, port, priority=priority))


def goes(lab, s, to, vid):
    """A frame between two stations of a VLAN that the bridge knows."""
    frame = s.frame(to.mac)
    lab.floods(s.port, frame, {to.port: retag(frame, *tags_at(vid, to.port))})


# --- Which VLAN a frame is in -------------------------------------------------------------------

@rows("802.1Q 6.9.1: a broadcast into access port p0 is of VLAN 10: tagged on p2, native on p3")
def vlan_access_in(lab):
    frame = POINT[10, 0].frame(BROADCAST)
    lab.floods(0, frame, {2: retag(frame, (VLAN, 10)), 3: frame})


@rows("802.1Q 6.9.1: a broadcast into access port p1 is of VLAN 20: tagged on both trunks")
def vlan_access_in_20(lab):
    frame = POINT[20, 1].frame(BROADCAST)
    lab.floods(1, frame, {2: retag(frame, (VLAN, 20)), 3: retag(frame, (VLAN, 20))})


@rows("802.1Q 8.8.2: a broadcast tagged 10 into p2 leaves p0 and p3 without its tag")
def vlan_trunk_in_10(lab):
    frame = POINT[10, 2].frame(BROADCAST)
    lab.floods(2, frame, {0: retag(frame), 3: retag(frame)})


@rows("802.1Q 8.8.2: a broadcast tagged 20 into p2 leaves p1 without its tag, p3 with it")
def vlan_trunk_in_20(lab):
    frame = POINT[20, 2].frame(BROADCAST)
    lab.floods(2, frame, {1: retag(frame), 3: frame})


@rows("802.1Q 6.9.1: an untagged broadcast into p3 is of its native VLAN 10")
def vlan_native_in(lab):
    frame = POINT[10, 3].frame(BROADCAST)
    lab.floods(3, frame, {0: frame, 2: retag(frame, (VLAN, 10))})
    frame = retag(frame, (VLAN, 10))  # and so is one that says it
    lab.floods(3, frame, {0: retag(frame), 2: frame})


@rows("802.1Q 6.9: a trunk without a native VLAN takes no untagged frames, nor priority tags")
def X_vlan_no_native(lab):
    frame = POINT[10, 2].frame(BROADCAST)
    for to in (BROADCAST, NOBODY, BRIDGE, POINT[10, 0].mac):
        frame = POINT[10, 2].frame(to)
        lab.refused(2, retag(frame), retag(frame, (VLAN, 5 << 13)), retag(frame, (QINQ, 10)))


@rows("802.1Q 8.8.9: VIDs of no other port, and VIDs that a port is not in, come out nowhere")
def vlan_trunk_egress(lab):
    for to in (BROADCAST, NOBODY, BRIDGE, POINT[10, 0].mac):
        lab.refused(3, retag(POINT[10, 3].frame(to), (VLAN, 30)))
        for port in (2, 3):
            for vid in (1, 11, 40, 4094):
                lab.refused(port, retag(POINT[10, port].frame(to), (VLAN, vid)))
        lab.refused(2, retag(POINT[10, 2].frame(to), (VLAN, 30)))


@rows("802.1Q 8.6.2: a frame tagged 20 into p0, access 10, does not reach VLAN 20, nor one tagged 10")
def vlan_access_foreign(lab):
    for to in (BROADCAST, NOBODY, BRIDGE, POINT[20, 1].mac, POINT[10, 3].mac):
        frame = POINT[10, 0].frame(to)
        lab.refused(0, retag(frame, (VLAN, 20)), retag(frame, (VLAN, 30)))
        lab.refused(1, retag(frame, (VLAN, 10)))


@rows("a tag that an access port would have chosen itself is refused as any other: untagged frames only")
def X_vlan_access_tagged(lab):
    lab.refused(0, retag(POINT[10, 0].frame(BROADCAST), (VLAN, 10)))
    lab.refused(1, retag(POINT[20, 1].frame(BROADCAST), (VLAN, 20)))


# --- Stacks of tags -----------------------------------------------------------------------------

@rows("VLAN hopping: a frame with tags 10 and 20 into p0 and p3 is never delivered in VLAN 20")
def vlan_double_tag(lab):
    for to in (BROADCAST, NOBODY, POINT[20, 1].mac, BRIDGE):
        lab.refused(0, retag(POINT[10, 0].frame(to), (VLAN, 10), (VLAN, 20)))
        # Out of p0 or p3 the inner tag would be the outer one: only trunk p2 has it, as it was.
        for port, outer in ((3, 10), (3, 0), (0, 0)):
            frame = retag(POINT[10, port].frame(to), (VLAN, outer), (VLAN, 20))
            lab.floods(port, frame, {2: retag(frame, (VLAN, 10), (VLAN, 20))} if to != BRIDGE else {})


@rows("VLAN hopping: the same from trunk to trunk, and by a native VLAN out: not without the outer tag")
def X_vlan_double_tag_native(lab):
    for to in (BROADCAST, NOBODY):
        frame = retag(POINT[10, 2].frame(to), (VLAN, 10), (VLAN, 20))
        lab.refused(2, frame)  # p0 and p3 are both without a tag
        frame = retag(POINT[20, 2].frame(to), (VLAN, 20), (VLAN, 10))
        lab.floods(2, frame, {3: frame})  # whoever put it there knows it; p1 must not have it
    packet = POINT[10, 2].packet(udp(POINT[10, 2].ip, POINT[20, 1].ip))
    lab.refused(2, retag(packet, (VLAN, 10), (VLAN, 20)), retag(packet, (VLAN, 10), (QINQ, 20)),
                retag(packet, (VLAN, 10), (VLAN, 10)))


@rows("802.1Q 6.9.3: PCP and DEI are kept from trunk to trunk")
def vlan_pcp(lab):
    for priority in (5, 7, 1):
        for dei in (0, 1):
            bits = priority << 13 | dei << 12
            frame = retag(POINT[20, 2].frame(BROADCAST), (VLAN, bits | 20))
            lab.floods(2, frame, {1: retag(frame), 3: frame})
            frame = retag(POINT[20, 2].frame(POINT[20, 3].mac), (VLAN, bits | 20))
            lab.floods(2, frame, {3: frame})


@rows("802.1Q 6.9: a priority tag is not a VLAN: the frame is of the port's, and keeps the priority")
def X_vlan_priority_tag(lab):
    for tci in (5 << 13, 0, 7 << 13 | 1 << 12):
        frame = retag(POINT[10, 0].frame(BROADCAST), (VLAN, tci))
        lab.floods(0, frame, {2: retag(frame, (VLAN, tci | 10)), 3: retag(frame)})
        frame = retag(POINT[10, 3].frame(POINT[10, 2].mac), (VLAN, tci))
        lab.floods(3, frame, {2: retag(frame, (VLAN, tci | 10))})
        frame = retag(POINT[10, 3].frame(POINT[10, 0].mac), (VLAN, tci | 10))
        lab.floods(3, frame, {0: retag(frame)})


@rows("802.1Q 9.6: VID 4095 is dropped, from every port")
def vlan_vid_4095(lab):
    for port in range(4):
        s = next(s for (_, p), s in POINT.items() if p == port)
        for to in (BROADCAST, NOBODY, BRIDGE, POINT[10, 0].mac, POINT[20, 1].mac):
            lab.refused(port, retag(s.frame(to), (VLAN, 0xFFF)), retag(s.frame(to), (VLAN, 0xFFFF)))


@rows("802.1ad: a tag of 0x88a8 is not one of 802.1Q: the frame is as if untagged, never of VLAN 20")
def vlan_stag(lab):
    for tci in (20, 10, 0, 4095):
        for to in (BROADCAST, NOBODY):
            frame = retag(POINT[10, 0].frame(to), (QINQ, tci))
            lab.floods(0, frame, {2: with_tag(frame, 10), 3: frame})
            frame = retag(POINT[10, 3].frame(to), (QINQ, tci))
            lab.floods(3, frame, {0: frame, 2: with_tag(frame, 10)})
        lab.refused(2, retag(POINT[10, 2].frame(BROADCAST), (QINQ, tci)))
        frame = retag(POINT[20, 2].frame(BROADCAST), (VLAN, 20), (QINQ, tci))
        lab.floods(2, frame, {1: retag(frame, (QINQ, tci)), 3: frame})
        packet = POINT[10, 0].packet(udp(POINT[10, 0].ip, POINT[20, 1].ip))
        lab.refused(0, retag(packet, (QINQ, tci or 1)))


def with_tag(frame, vid):
    """The frame with another tag in front of those that it has."""
    return frame[:12] + struct.pack("!HH", VLAN, vid) + frame[12:]


# --- What it learns -----------------------------------------------------------------------------

@rows("802.1Q 8.7: a station heard with tag 10 on p2 is sent to there, with tag 10")
def vlan_learn(lab):
    s = lab.learned(station(10, 2, 10), 10)
    for port in (0, 3):
        goes(lab, POINT[10, port], s, 10)
        goes(lab, s, POINT[10, port], 10)
    s = lab.learned(station(20, 1, 10), 20)
    for port in (2, 3):
        goes(lab, POINT[20, port], s, 20)
        goes(lab, s, POINT[20, port], 20)


@rows("802.1Q 8.8: a frame to an unknown station floods its own VLAN")
def vlan_unknown_unicast(lab):
    for (vid, port), s in POINT.items():
        spreads(lab, port, s.frame(NOBODY), vid)


@rows("802.1Q 8.7: a station known in VLAN 10 is unknown in VLAN 20")
def vlan_no_leak_learn(lab):
    s = lab.learned(station(10, 0, 11), 10)
    for port in MEMBERS[20]:
        spreads(lab, port, POINT[20, port].frame(s.mac), 20)


@rows("802.1Q 8.7: one station in two VLANs, at two ports, is two: independent learning")
def X_vlan_same_station(lab):
    ten, twenty = station(10, 0, 12), station(20, 1, 12)
    twenty.mac = ten.mac
    lab.learned(ten, 10)
    lab.learned(twenty, 20)
    for _ in range(2):
        goes(lab, POINT[10, 2], ten, 10)
        goes(lab, POINT[20, 2], twenty, 20)
        goes(lab, twenty, POINT[20, 3], 20)
        goes(lab, ten, POINT[10, 3], 10)


@rows("802.1D 7.8: a station that moves from an access port to a trunk is followed, with its tag")
def X_vlan_move(lab):
    lab.learned(station(20, 1, 13), 20)
    for at in (2, 3, 1):
        moved = station(20, 1, 13)
        moved.port, moved.tags = at, tuple(tags_at(20, at))
        frame = moved.frame(BROADCAST)
        spreads(lab, at, frame, 20)
        for port in MEMBERS[20]:
            if port != at:
                goes(lab, POINT[20, port], moved, 20)


@rows("802.1Q 8.6.1: a frame to a station of the port it comes from is not sent back")
def vlan_same_port(lab):
    a, b = lab.learned(station(10, 2, 14), 10), lab.learned(station(10, 2, 15), 10)
    lab.refused(2, a.frame(b.mac), b.frame(a.mac))


@rows("802.3: 1514 bytes into p0 leave p2 as 1518, whole, and the other way round")
def vlan_full_size(lab):
    for to in (BROADCAST, POINT[10, 2].mac):
        frame = POINT[10, 0].frame(to, pattern(1500))
        expect(len(frame) == 1514, f"{len(frame)} bytes")
        lab.floods(0, frame, {p: f for p, f in in_vlan(10, frame, 0).items()
                              if to == BROADCAST or p == 2})
    for to in (BROADCAST, POINT[10, 0].mac):
        frame = POINT[10, 2].frame(to, pattern(1500))
        expect(len(frame) == 1518, f"{len(frame)} bytes")
        lab.floods(2, frame, {p: f for p, f in in_vlan(10, frame, 2).items()
                              if to == BROADCAST or p == 0})


# --- The router in VLANs ------------------------------------------------------------------------

@rows("RFC 826: who asks for a VLAN's address, tagged, on the trunk, is told by a tagged reply there")
def vlan_svi_arp(lab):
    for (vid, port), s in POINT.items():
        replies = lab.asked(s)
        expect(len(replies) == 1, f"{len(replies)} replies in VLAN {vid} at e{port}")
        c = replies[0]
        expect((c.to, c.source, c.sender_mac) == (s.mac, BRIDGE, BRIDGE), f"wrong reply: {c}")
        expect(s.has(c), f"another port, or tag: {c}")
        asked = s.frame(BROADCAST, arp(1, s.mac, s.ip, s.net.ip), ARP)
        lab.only(in_vlan(vid, asked, port))


@rows("RFC 4861 7.2.4: the same by neighbour discovery")
def X_vlan_svi_ns(lab):
    for (vid, port), s in POINT.items():
        for target in (s.net.ip6, s.net.local):
            answers = lab.solicited(s, target)
            expect(lab.until(answers, 5), f"{target}: no answer")
            c = answers()[0]
            expect(s.has(c) and (c.to, c.source) == (s.mac, BRIDGE), f"wrong answer: {c}")
            lab.settle()
            expect({c.port for c in lab.came} == set(MEMBERS[vid]) - {port}, "not flooded, or to others")
            lab.clear()


@rows("RFC 1812: a VLAN's addresses answer pings, with the tag of the port, or without")
def vlan_svi_echo(lab):
    for s in POINT.values():
        for request in (echo(s.ip, s.net.ip), echo(s.ip6, s.net.ip6), echo(s.local, s.net.local)):
            lab.pings(s, request)
        lab.only({})


@rows("RFC 1812 5.2: between VLANs packets are routed: other tag, TTL - 1, from any port to any")
def vlan_svi_route(lab):
    for (vid, port), s in POINT.items():
        for to in (to for (other, _), to in POINT.items() if other != vid):
            lab.routes(s, udp(s.ip, to.ip), to)
            lab.routes(s, udp(s.ip6, to.ip6), to)
            lab.routes(s, udp(s.ip, to.ip, 1472), to)
            lab.routes(s, udp(s.ip6, to.ip6, 1452), to)
        lab.only({})


@rows("a router's own tags have priority 0: what came with another one is routed without it")
def X_vlan_svi_priority(lab):
    s, to = POINT[10, 2], POINT[20, 3]
    packet = udp(s.ip, to.ip)
    lab.raw(2, retag(s.packet(packet), (VLAN, 5 << 13 | 10)))
    expect(lab.came_to(to, packet).tags == [(VLAN, 20)], "another tag")
    lab.raw(0, retag(POINT[10, 0].packet(udp(POINT[10, 0].ip, to.ip)), (VLAN, 5 << 13)))
    expect(lab.came_to(to, udp(POINT[10, 0].ip, to.ip)).tags == [(VLAN, 20)], "another tag")


@rows("addresses belong to their own VLAN: a host in VLAN 20 that asks for VLAN 10's is not answered")
def vlan_svi_isolation(lab):
    for (vid, port), s in POINT.items():
        other = TEN if vid == 20 else TWENTY
        expect(not lab.asked(s, other.ip), f"answered in VLAN {vid}")
        lab.clear()
        lab.solicited(s, other.ip6)
        lab.settle_agent(port)
        expect(not [c for c in lab.nds if (c.nd.target, c.ip.dst) == (other.ip6, s.ip6)],
               f"answered in VLAN {vid}")
        lab.clear()


@rows("a host in VLAN 20 does reach VLAN 10's address, by its own gateway")
def X_vlan_svi_other(lab):
    for s in (POINT[20, 1], POINT[20, 2]):
        lab.pings(s, echo(s.ip, TEN.ip))
        lab.pings(s, echo(s.ip6, TEN.ip6))


@rows("RFC 826, RFC 4861: who is sent to for the first time is asked for in its VLAN, with its tags")
def X_vlan_svi_resolve(lab):
    for vid, port in POINT:
        s = lab.join(station(vid, port, 30))
        source = POINT[30 - vid, next(iter(MEMBERS[30 - vid]))]
        for address in (s.ip, s.ip6):
            lab.clear()
            packet = udp(source.like(address), address)
            lab.raw(source.port, source.packet(packet))
            lab.until(lambda: lab.came, 5)
            lab.came_to(s, packet)
            asked = [c for c in lab.arps if c.op == 1 and c.target == address and c.to == BROADCAST] \
                + [c for c in lab.nds if c.nd.kind == NS and c.nd.target == address
                   and c.to.startswith("33:33")]
            at = sorted((c.port, tuple(c.tags)) for c in asked)
            expect(at == sorted((p, tuple(tags_at(vid, p))) for p in MEMBERS[vid]), f"asked at {at}")
        lab.only({})


@rows("errors come back tagged, from the VLAN's address")
def X_vlan_svi_error(lab):
    for s in POINT.values():
        for packet, v6, kind, code in ((udp(s.ip, "10.0.20.9" if s.net is TEN else "10.0.10.9", ttl=1),
                                        False, 11, 0),
                                       (udp(s.ip6, POINT[10, 0].ip6, ttl=1), True, 3, 0),
                                       (udp(s.ip, "198.18.0.1"), False, 3, (0, 1)),
                                       (udp(s.ip6, "2400:cb00::1"), True, 1, 0)):
            lab.raw(s.port, s.packet(packet))
            lab.settle()
            c = next((c for c in lab.came if c.ip), None)
            expect(c and s.has(c), f"not there, or another tag: {c}")
            lab.error(s.port, kind, code, packet, source=s.net.ip6 if v6 else s.net.ip)
        lab.only({})


@rows("RFC 1191, RFC 8201: the MTU of a VLAN's foot is told; fragments are tagged")
def X_vlan_svi_pmtu(lab):
    def change(c):
        c["bridges"]["br0"]["vlans"]["20"]["mtu"] = 1300
    with lab.configured(change):
        s, to = POINT[10, 0], POINT[20, 2]
        packet = udp(s.ip, to.ip, 1400, frag=0x4000)
        lab.raw(0, s.packet(packet))
        told = lab.error(0, 3, 4, packet, source=TEN.ip)
        expect(struct.unpack("!H", told.payload[6:8])[0] == 1300, "another MTU")
        packet = udp(s.ip6, to.ip6, 1400)
        lab.raw(0, s.packet(packet))
        told = lab.error(0, 2, 0, packet, source=TEN.ip6)
        expect(struct.unpack("!I", told.payload[4:8])[0] == 1300, "another MTU")
        packet = udp(s.ip, to.ip, 1400)
        lab.raw(0, s.packet(packet))
        lab.settle()
        expect(all(to.has(c) for c in lab.came), "a fragment without the tag")
        _, data = lab.reassembled(2, packet, to.ip)
        expect(data == packet[20:], "other data")


@rows("a VLAN without the router in it is bridged, and no more: its frames to the router's MAC flood")
def X_vlan_no_svi(lab):
    def change(c):
        c["bridges"]["br0"]["ports"]["p2"]["trunk"].append(30)
    with lab.configured(change):
        s = POINT[10, 3]
        for to in (BROADCAST, NOBODY, BRIDGE):
            frame = retag(s.frame(to), (VLAN, 30))
            lab.floods(3, frame, {2: frame})


@rows("a foot is down while no port of its VLAN has a carrier: who routes to it is told")
def X_vlan_svi_down(lab):
    ways = [(p, q) for p in range(4) for q in range(4) if 1 in (p, q) or 2 in (p, q)]
    def change(c):  # VLAN 20 is of p1 and p2 only
        c["bridges"]["br0"]["ports"]["p3"]["trunk"] = [10, 30]
    with lab.shut(*ways, *[(p, p) for p in range(4)], (0, 3), (3, 0)), lab.configured(change):
        run("ip", "link", "set", "e1", "down")
        run("ip", "link", "set", "e2", "down")
        try:
            expect(lab.until(lambda: operstate(lab, "br0.20") == "down", 10), "br0.20 is up")
            expect(operstate(lab, "br0.10") == "up", "br0.10 is not")
        finally:
            run("ip", "link", "set", "e1", "up")
            run("ip", "link", "set", "e2", "up")
        expect(lab.until(lambda: operstate(lab, "br0.20") == "up", 10), "br0.20 is down")
    for (vid, _), s in POINT.items():
        lab.learned(s, vid)
        lab.ask(s)
    for s in POINT.values():
        expect(lab.until(lambda s=s: lab.device.knows(s.ip) and lab.device.knows(s.ip6)), "not learned")
    lab.settle()
    lab.clear()


@rows("a reload that moves a port to another VLAN: its stations are not found in the old one")
def X_vlan_reload(lab):
    def change(c):
        c["bridges"]["br0"]["ports"]["p1"] = {"access": 10}
    with lab.shut(*[(1, p) for p in range(4)], *[(p, 1) for p in range(4)]), lab.configured(change):
        frame = POINT[10, 0].frame(BROADCAST)
        lab.floods(0, frame, {1: frame, **in_vlan(10, frame, 0)})
        frame = POINT[20, 2].frame(POINT[20, 1].mac)
        lab.floods(2, frame, {3: frame})
    lab.learned(POINT[20, 1], 20)
    vlan_access_in(lab)
    lab.ask(POINT[20, 1])
    lab.settle()
    lab.clear()


@rows("RFC 4861 6.2.6: a router solicitation in a VLAN is answered with that VLAN's prefix, and its tag")
def X_vlan_svi_ra(lab):
    def change(c):
        c["bridges"]["br0"]["vlans"]["20"]["router-advertisement"] = {}
    with lab.configured(change):
        s = POINT[20, 2]
        lab.nds.clear()
        lab.raw(2, s.packet(rs(s.local, lladdr(SOURCE, s.mac)), "33:33:00:00:00:02"))
        mine = lambda: [c for c in lab.nds if c.nd.kind == RA and c.port == 2]
        expect(lab.until(mine, 10), "no advertisement")
        expect(all(c.tags == [(VLAN, 20)] and c.source == BRIDGE for c in mine()), "with another tag")
        expect(not [c for c in lab.nds if c.nd.kind == RA and c.port == 0], "in VLAN 10, too")
    lab.settle()
    lab.clear()
