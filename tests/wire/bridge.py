# SPDX-License-Identifier: BSD-2-Clause
"""Bridging: ports p0, p1 and p2 are one segment, in which the router has addresses; p3 is routed.

    p0 p1 p2 [br0 10.0.0.1, 2001:db8:0::1, with p0's MAC] [router] p3 10.0.3.1, 2001:db8:3::1
"""
import contextlib
import copy
import ctypes
import functools
import socket
import struct

from device import run
from hosts import CLONE_NEWNET, ETH_P_ALL, expect, router_mac
from packets import ARP, BROADCAST, IP4, IP6, QINQ, VLAN, arp, echo, ether, pattern, udp
from packets6 import NS, group_mac, solicited
from switch import NOBODY, TEST, Net, Station, Switch, retag
from wire import Rows, WINDOW

NET, ROUTED = Net(0, router_mac(0)), Net(3, router_mac(3))
BRIDGED = range(3)
POINT = [Station(NET, p) for p in BRIDGED]
FAR = Station(ROUTED, 3)
config = {
    "version": 1,
    "system": {"icmp-errors": "none"},
    "interfaces": {"p3": {"control": "own", "addresses": ROUTED.addresses, "mtu": 1500, "dad": "no"}},
    "bridges": {"br0": {"ports": {f"p{p}": {} for p in BRIDGED}, "addresses": NET.addresses,
                        "dad": "no"}},
    "routes": [],
    "neighbours": [],
}
rows = Rows(config, families=(4, 6), lab=functools.partial(Switch, points=[*POINT, FAR]))
GROUPS = "01:00:5e:7f:01:01", "33:33:00:01:00:03"


def others(frame, *but):
    """The frame, at each port of the bridge but those."""
    return {p: frame for p in BRIDGED if p not in but}


def bridge(**keys):
    """For lab.configured(): with these keys of the bridge."""
    return lambda c: c["bridges"]["br0"].update(copy.deepcopy(keys))


def ports(**keys):
    """The same with keys of its ports: p1={...}."""
    return bridge(ports={f"p{p}": keys.get(f"p{p}", {}) for p in BRIDGED})


# --- Forwarding and flooding --------------------------------------------------------------------

@rows("802.1D 7.7.2: a frame to an unknown station leaves by every other port, unchanged, once")
def bridge_flood_unknown(lab):
    for s in POINT:
        frame = s.frame(NOBODY)
        lab.floods(s.port, frame, others(frame, s.port))


@rows("802.1D 7.7: a broadcast, and a frame to a group, leaves by every other port")
def bridge_flood_multicast(lab):
    for s in POINT:
        for to in (*GROUPS, BROADCAST):
            frame = s.frame(to)
            lab.floods(s.port, frame, others(frame, s.port))
    packet = POINT[0].frame(GROUPS[0], udp(POINT[0].ip, "239.255.1.1"), IP4)
    lab.floods(0, packet, others(packet, 0))
    packet = POINT[0].frame(GROUPS[1], udp(POINT[0].ip6, "ff05::1:3"), IP6)
    lab.floods(0, packet, others(packet, 0))


@rows("802.1D 7.8: a frame to a station that was heard leaves by its port alone")
def bridge_learn(lab):
    s = lab.learned(Station(NET, 1, 10))
    for port in (0, 2):
        frame = POINT[port].frame(s.mac)
        lab.floods(port, frame, {1: frame})
        back = s.frame(POINT[port].mac)
        lab.floods(1, back, {port: back})


@rows("802.1D 7.7.2: a frame to a station of the port it comes from is not forwarded")
def bridge_filter_same_port(lab):
    a, b = lab.learned(Station(NET, 1, 11)), lab.learned(Station(NET, 1, 12))
    lab.refused(1, a.frame(b.mac), b.frame(a.mac), a.frame(a.mac))


@rows("802.1D 7.8: of a station that sends from another port, frames to it follow at once")
def bridge_move(lab):
    lab.learned(Station(NET, 1, 13))
    for at in (2, 0, 1, 2):
        moved = Station(NET, 1, 13)
        moved.port = at
        frame = moved.frame(POINT[(at + 1) % 3].mac)
        lab.floods(at, frame, {(at + 1) % 3: frame})
        for s in POINT:
            frame = s.frame(moved.mac)
            lab.floods(s.port, frame, {at: frame} if s.port != at else {})


@rows("802.1D 7.8: a group as a source is not learned: frames to it still flood")
def bridge_no_group_learn(lab):
    for source in ("03:00:00:00:00:05", BROADCAST, *GROUPS, "00:00:00:00:00:00"):
        lab.refused(1, ether(POINT[0].mac, source, pattern(60), TEST),
                    ether(BROADCAST, source, pattern(60), TEST))
        frame = POINT[0].frame(source)
        lab.floods(0, frame, others(frame, 0))
        expect(lab.device.station(source) is None, f"{source} is a station")


@rows("802.1D 7.9.2: with an ageing time of 2 s, frames to a station that is silent for 5 s flood again")
def bridge_ageing(lab):
    with lab.configured(bridge(ageing="2s")):
        s = lab.learned(Station(NET, 1, 14))
        start = lab.now()
        expect(lab.until(lambda: lab.device.station(s.mac) is None, 10), "it is not forgotten")
        took = lab.now() - start
        expect(1 <= took <= 5, f"forgotten after {took:.1f} s")
        frame = POINT[0].frame(s.mac)
        lab.floods(0, frame, others(frame, 0))


@rows("802.1D 7.9.2: with an ageing time of 2 s, a station that sends each second stays known")
def bridge_ageing_refresh(lab):
    with lab.configured(bridge(ageing="2s")):
        s = lab.learned(Station(NET, 1, 15))
        start = lab.now()
        while lab.now() - start < 6:
            frame = s.frame(POINT[0].mac)
            lab.raw(1, frame)
            lab.settle()
            lab.clear()
            again = lab.now() + 0.8
            lab.until(lambda again=again: lab.now() > again, 2)
            frame = POINT[0].frame(s.mac)
            lab.floods(0, frame, {1: frame})


def reserved(lab, last):
    for s in POINT:
        for kind in (TEST, 0x8809, 0x88CC, 0x888E, 38):
            lab.refused(s.port, s.frame(f"01:80:c2:00:00:{last:02x}", kind=kind))
        tagged = retag(s.frame(f"01:80:c2:00:00:{last:02x}"), (VLAN, 10))
        lab.refused(s.port, tagged)
    lab.refused(3, FAR.frame(f"01:80:c2:00:00:{last:02x}"))


for n, text in enumerate(("00", "01", "02", *[f"{i:02x}" for i in range(3, 16)])):
    rows.add(f"{'' if n < 3 else 'X_'}bridge_reserved_{text}",
             f"802.1Q table 8-1: a frame to 01:80:c2:00:00:{text} is not forwarded", reserved, n)


@rows("802.1Q table 8-1: a frame to 01:80:c2:00:00:10, or 20, is like one to any other group")
def X_bridge_not_reserved(lab):
    for to in ("01:80:c2:00:00:10", "01:80:c2:00:00:20", "01:80:c2:00:01:00"):
        frame = POINT[1].frame(to)
        lab.floods(1, frame, others(frame, 1))


@contextlib.contextmanager
def at_router(lab, port):
    """A packet socket in the router's own kernel, on the port."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as here, open(lab.device.netns, "rb") as there:
        libc.setns(there.fileno(), CLONE_NEWNET)
        try:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.bind((f"p{port}", ETH_P_ALL))
        finally:
            libc.setns(here.fileno(), CLONE_NEWNET)
    s.settimeout(5)
    with s:
        yield s


@rows("daemons for LLDP, LACP, spanning tree work on a port: the kernel gets their frames, and sends")
def X_bridge_link_protocols(lab):
    for last, kind in ((0, 38), (2, 0x8809), (3, 0x888E), (14, 0x88CC)):
        frame = POINT[1].frame(f"01:80:c2:00:00:{last:02x}", kind=kind)
        with at_router(lab, 1) as s:
            lab.refused(1, frame)
            while s.recv(2048) != frame:
                pass
            frame = ether(f"01:80:c2:00:00:{last:02x}", router_mac(1), pattern(60), kind)
            s.send(frame)
            lab.until(lambda: lab.came, 5)
            lab.only({1: frame})


@rows("802.1D 6.3: what no router would forward is bridged, unchanged")
def bridge_transparent(lab):
    s, to = POINT[0], lab.learned(Station(NET, 1, 16))
    packets = [udp(s.ip, to.ip, ttl=1), udp(s.ip, to.ip, ttl=0), udp(s.ip, to.ip, check=0x1234),
               udp(s.ip, to.ip, version=5), udp(s.ip, to.ip, total=2000), udp(s.ip, to.ip, ihl=3),
               udp("127.0.0.1", "255.255.255.255"), udp(s.ip, to.ip)[:11]]
    packets6 = [udp(s.ip6, to.ip6, ttl=0), udp(s.ip6, to.ip6, version=4), udp("::", "::1"),
                udp(s.ip6, to.ip6, length=4000), udp(s.ip6, to.ip6)[:20]]
    bodies = [(p, IP4) for p in packets] + [(p, IP6) for p in packets6]
    bodies += [(arp(1, s.mac, s.ip, to.ip, hlen=9), ARP), (b"", ARP), (pattern(50), 0x0600),
               (pattern(50), 50), (pattern(46), 0)]
    for body, kind in bodies:
        frame = s.frame(to.mac, body, kind).ljust(60, b"\xaa")
        lab.floods(0, frame, {1: frame})
        frame = s.frame(BROADCAST, body, kind).ljust(60, b"\xaa")
        lab.floods(0, frame, others(frame, 0))


@rows("802.3: a frame of 1514 bytes is bridged whole")
def bridge_max_frame(lab):
    to = lab.learned(Station(NET, 1, 17))
    frame = POINT[0].frame(to.mac, pattern(1500))
    lab.floods(0, frame, {1: frame})
    frame = POINT[0].frame(BROADCAST, pattern(1500))
    lab.floods(0, frame, others(frame, 0))


@rows("802.3: frames of 14 to 60 bytes do no harm, those of 60 are bridged")
def bridge_minimal(lab):
    to = lab.learned(Station(NET, 1, 18))
    for kind in (TEST, IP4, ARP, IP6, VLAN, QINQ, 0):
        for size in (14, 15, 16, 17, 18, 22, 34, 42, 59):
            lab.raw(0, POINT[0].frame(to.mac, bytes(46), kind)[:size])
            lab.raw(0, POINT[0].frame(BROADCAST, bytes(46), kind)[:size])
            lab.raw(0, POINT[0].frame(None, bytes(46), kind)[:size])
        lab.settle()
        lab.clear()
        frame = POINT[0].frame(to.mac, bytes(46), kind)
        lab.floods(0, frame, {1: frame})


@rows("nothing of a bridge's segment comes out of a routed port")
def bridge_not_to_routed(lab):
    for s in POINT:
        for to in (BROADCAST, NOBODY, FAR.mac, ROUTED.mac, *GROUPS):
            frame = s.frame(to)
            lab.floods(s.port, frame, others(frame, s.port))


@rows("nothing of a routed port's segment comes out of a bridge's ports")
def bridge_not_from_routed(lab):
    lab.refused(3, *(FAR.frame(to) for to in (BROADCAST, NOBODY, POINT[0].mac, NET.mac, *GROUPS)))
    known = lab.learned(Station(NET, 1, 19))
    fake = Station(ROUTED, 3, 7)
    fake.mac = known.mac
    lab.refused(3, fake.frame(BROADCAST))
    frame = POINT[0].frame(known.mac)  # nor is anything learned there
    lab.floods(0, frame, {1: frame})


@rows("802.1D 6.3.3: 300 frames of one pair of stations come each once, in order")
def bridge_order(lab):
    to = lab.learned(Station(NET, 1, 20))
    for target, ways in ((to.mac, (1,)), (BROADCAST, (1, 2))):
        frames = [POINT[0].frame(target) for _ in range(300)]
        lab.many(0, frames)
        lab.settle()
        for port in ways:
            came = [c.whole for c in lab.came if c.port == port]
            expect(len(came) == 300, f"{len(came)} came at e{port}")
            expect(came == frames, f"in another order at e{port}")
        expect(len(lab.came) == 300 * len(ways), "more than that")
        lab.clear()


@rows("802.1D 6.3.3: frames to one station and to all, in turns, stay in order")
def X_bridge_order_mixed(lab):
    to = lab.learned(Station(NET, 1, 20))
    frames = [POINT[0].frame((to.mac, BROADCAST, to.mac, NOBODY)[i % 4]) for i in range(300)]
    lab.many(0, frames)
    lab.settle()
    at = lambda port: [c.whole for c in lab.came if c.port == port]
    expect(at(1) == frames, "not so at e1")
    expect(at(2) == frames[1::2], "not so at e2")
    lab.clear()


def flood_of(n, first=0):
    """So many stations that nobody heard of before, each with a frame to host 2 of p2."""
    body = pattern(60)
    return [ether(POINT[2].mac, "06:00:" + i.to_bytes(4, "big").hex(":"), body, TEST)
            for i in range(first, first + n)]


@rows("20000 stations are heard of, then a known pair: bridging and routing go on")
def bridge_mac_flood(lab):
    a, b = lab.learned(Station(NET, 0, 21)), lab.learned(Station(NET, 1, 21))
    lab.ignored.append(lambda c: c.source.startswith("06:"))
    lab.many(0, flood_of(20000))
    lab.settle()
    for s, to in ((a, b), (b, a)):
        frame = s.frame(to.mac)
        lab.floods(s.port, frame, {to.port: frame})
    new = lab.learned(Station(NET, 1, 22))
    frame = a.frame(new.mac)
    lab.floods(0, frame, {1: frame})
    lab.routes(a, udp(a.ip, FAR.ip), FAR)
    lab.device.command("clear", "bridge")
    relearn(lab)


def relearn(lab):
    """The stations that all tests count on are known again."""
    for s in POINT:
        lab.learned(s)


@rows("802.1D 7.9: a frame from the bridge's own MAC is not learned: hosts still reach the router")
def bridge_own_mac_spoof(lab):
    fake = Station(NET, 1, 23)
    fake.mac = NET.mac
    lab.ignored.append(lambda c: c.source == NET.mac and c.kind == TEST)  # it may be flooded
    for to in (BROADCAST, POINT[0].mac, NOBODY, NET.mac):
        lab.raw(1, fake.frame(to))
        lab.settle()
    for s in POINT:
        lab.pings(s, echo(s.ip, NET.ip))
        lab.routes(s, udp(s.ip, FAR.ip), FAR)
    expect(lab.device.station(NET.mac) != "p1", "it was learned")


# --- The router's foot --------------------------------------------------------------------------

@rows("RFC 826: who asks for the bridge's address is told its MAC, at the right port")
def bridge_l3_arp(lab):
    for s in POINT:
        replies = lab.asked(s)
        expect(len(replies) == 1, f"{len(replies)} replies")
        c = replies[0]
        expect((c.port, c.to, c.source, c.sender_mac) == (s.port, s.mac, NET.mac, NET.mac),
               f"wrong reply: {c}")
        asked = s.frame(BROADCAST, arp(1, s.mac, s.ip, NET.ip), ARP)
        lab.only(others(asked, s.port))  # all others hear the question, too
        expect(not lab.asked(s, "10.0.0.200"), "answered for another")
        lab.clear()


@rows("RFC 4861 7.2.4: who solicits the bridge's address is told its MAC, at the right port")
def X_bridge_l3_ns(lab):
    for s in POINT:
        for target in (NET.ip6, NET.local):
            answers = lab.solicited(s, target)
            expect(lab.until(answers, 5), f"{target}: no answer")
            c = answers()[0]
            expect((c.port, c.to, c.source) == (s.port, s.mac, NET.mac), f"wrong answer: {c}")
            lab.settle()
            expect(len(lab.came) == 2, "the solicitation is not flooded, or more than that")
            lab.clear()


@rows("RFC 1812: the bridge's addresses answer pings from every port, there")
def bridge_l3_echo(lab):
    for s in POINT:
        lab.pings(s, echo(s.ip, NET.ip))
        lab.pings(s, echo(s.ip6, NET.ip6))
        lab.pings(s, echo(s.local, NET.local))
        lab.pings(s, echo(s.ip, ROUTED.ip))
        lab.pings(s, echo(s.ip, NET.ip, pattern(1472)))
        lab.only({})


@rows("RFC 1812 5.2: a bridged host's packet is routed: TTL - 1, once")
def bridge_l3_in(lab):
    for s in POINT:
        lab.routes(s, udp(s.ip, FAR.ip), FAR)
        lab.routes(s, udp(s.ip6, FAR.ip6), FAR)
        lab.routes(s, udp(s.ip, FAR.ip, 1472), FAR)
        lab.only({})


def asked_for(lab, s):
    """The ports where a new station behind the bridge was asked for, by either protocol."""
    return sorted(c.port for c in lab.arps if c.op == 1 and c.target == s.ip and c.to == BROADCAST), \
        sorted(c.port for c in lab.nds if c.nd.kind == NS and c.nd.target == s.ip6
               and c.to == group_mac(solicited(s.ip6)))


@rows("RFC 1812 5.2: a packet to a host behind the bridge: ARP by all ports, the packet by its own")
def bridge_l3_out(lab):
    for p in BRIDGED:
        s = lab.join(Station(NET, p, 30))
        packet = udp(FAR.ip, s.ip)
        lab.raw(3, FAR.packet(packet))
        lab.until(lambda: lab.came, 5)
        lab.came_to(s, packet)
        expect(asked_for(lab, s)[0] == [0, 1, 2], f"asked at {asked_for(lab, s)[0]}")
        c = next(c for c in lab.arps if c.target == s.ip)
        expect((c.sender, c.sender_mac, c.source) == (NET.ip, NET.mac, NET.mac), f"wrong request: {c}")
        lab.routes(FAR, udp(FAR.ip, s.ip), s)
        lab.only({})


@rows("RFC 8200: an IPv6 packet to a host behind the bridge: ND by all ports, the packet by its own")
def bridge_l3_out6(lab):
    for p in BRIDGED:
        s = lab.join(Station(NET, p, 31))
        packet = udp(FAR.ip6, s.ip6)
        lab.raw(3, FAR.packet(packet))
        lab.until(lambda: lab.came, 5)
        lab.came_to(s, packet)
        expect(asked_for(lab, s)[1] == [0, 1, 2], f"asked at {asked_for(lab, s)[1]}")
        lab.routes(FAR, udp(FAR.ip6, s.ip6), s)
        lab.only({})


@rows("a packet to a neighbour whose station the bridge forgot is flooded")
def X_bridge_l3_out_unknown(lab):
    s = lab.join(Station(NET, 1, 32))
    lab.ask(s)
    expect(lab.until(lambda: lab.device.knows(s.ip), 5), "not learned")
    lab.device.command("clear", "bridge")
    lab.settle()
    lab.clear()
    packet = udp(FAR.ip, s.ip)
    lab.raw(3, FAR.packet(packet))
    lab.settle()
    at = sorted(c.port for c in lab.came if c.ip and c.ip.dst == s.ip and c.to == s.mac)
    expect(at == [0, 1, 2], f"came at {at}")
    lab.clear()
    relearn(lab)


@rows("a packet routed by the bridge's MAC is not bridged as well")
def bridge_l3_not_bridged(lab):
    for s in POINT:
        lab.routes(s, udp(s.ip, FAR.ip), FAR)
        lab.refused(s.port, s.packet(udp(s.ip, "127.0.0.1")), s.frame(NET.mac),
                    s.frame(NET.mac, b"", IP4))
    lab.only({})


@rows("RFC 1812 4.3.3.4, RFC 4443 3.3: errors come back to a bridged host, at its port")
def X_bridge_l3_error(lab):
    for s in POINT:
        for packet, kind, code, source in ((udp(s.ip, FAR.ip, ttl=1), 11, 0, NET.ip),
                                           (udp(s.ip6, FAR.ip6, ttl=1), 3, 0, NET.ip6),
                                           (udp(s.ip, "198.18.0.1"), 3, (0, 1), NET.ip),
                                           (udp(s.ip6, "2400:cb00::1"), 1, 0, NET.ip6)):
            lab.raw(s.port, s.packet(packet))
            lab.error(s.port, kind, code, packet, source=source)
        lab.only({})


@rows("RFC 1812 5.2.7.2: a packet between hosts of the bridge, sent to the router: redirected")
def X_bridge_l3_redirect(lab):
    a, b = POINT[0], POINT[1]
    packet = udp(a.ip, b.ip)
    lab.raw(0, a.packet(packet))
    lab.came_to(b, packet)
    lab.error(0, 5, 1, packet, source=NET.ip)
    same = lab.join(Station(NET, 0, 33))
    lab.ask(same)
    expect(lab.until(lambda: lab.device.knows(same.ip), 5), "not learned")
    lab.settle()
    lab.clear()
    packet = udp(a.ip, same.ip)  # and back out of the port it came in by: the router sent it
    lab.raw(0, a.packet(packet))
    lab.came_to(same, packet)
    lab.error(0, 5, 1, packet, source=NET.ip)


@rows("a tagged frame is nothing to the router in a bridge that is not VLAN-aware, a priority tag is")
def X_bridge_l3_tagged(lab):
    s = POINT[0]
    request = s.frame(None, arp(1, s.mac, s.ip, NET.ip), ARP)
    packet = udp(s.ip, FAR.ip)
    lab.refused(0, retag(s.packet(packet), (VLAN, 5)), retag(s.packet(packet), (QINQ, 5)),
                retag(request, (VLAN, 5)), retag(s.packet(packet), (VLAN, 0), (VLAN, 5)))
    expect(not [a for a in lab.arps if a.op == 2], "answered")
    lab.raw(0, retag(s.packet(packet), (VLAN, 5 << 13)))
    lab.came_to(FAR, packet)


@rows("RFC 8201, RFC 1191: a foot's MTU is told to who sends longer packets")
def X_bridge_l3_pmtu(lab):
    with lab.configured(bridge(mtu=1400)):
        s = POINT[1]
        packet = udp(FAR.ip, s.ip, 1400, frag=0x4000)
        lab.raw(3, FAR.packet(packet))
        told = lab.error(3, 3, 4, packet, source=ROUTED.ip)
        expect(struct.unpack("!H", told.payload[6:8])[0] == 1400, "another MTU")
        packet = udp(FAR.ip6, s.ip6, 1400)
        lab.raw(3, FAR.packet(packet))
        told = lab.error(3, 2, 0, packet, source=ROUTED.ip6)
        expect(struct.unpack("!I", told.payload[4:8])[0] == 1400, "another MTU")
        frame = POINT[0].frame(s.mac, pattern(1500))  # bridged frames do not mind it
        lab.floods(0, frame, {1: frame})


# --- Tags ---------------------------------------------------------------------------------------

@rows("a bridge that is not VLAN-aware passes tagged frames as they are")
def X_bridge_tagged(lab):
    to = lab.learned(Station(NET, 1, 24))
    for tags in ([(VLAN, 10)], [(VLAN, 5 << 13)], [(VLAN, 0xFFFF)], [(QINQ, 20)], [(VLAN, 0xB00A)],
                 [(QINQ, 20), (VLAN, 10)], [(VLAN, 10), (VLAN, 20)], [(VLAN, 0), (VLAN, 20)]):
        frame = retag(POINT[0].frame(to.mac), *tags)
        lab.floods(0, frame, {1: frame})
        frame = retag(POINT[0].frame(BROADCAST), *tags)
        lab.floods(0, frame, others(frame, 0))
    frame = retag(POINT[0].frame(BROADCAST, pattern(1500)), (VLAN, 10))
    lab.floods(0, frame, others(frame, 0))


# --- Ports --------------------------------------------------------------------------------------

def silent_now(lab, port, frame, reason):
    """The port's frame has no effect, as the router itself says."""
    before = lab.drops(port, reason)
    lab.frame(port, frame)
    expect(lab.until(lambda: lab.drops(port, reason) > before, 5), f"p{port}: not dropped as {reason}")


def ways(port):
    """All from a port, and all to it."""
    return [(port, p) for p in range(4)] + [(p, port) for p in range(4)]


def at_rest(lab, port, state):
    """What a port does that does not forward."""
    new, s = Station(NET, port, 25), POINT[port]
    rest = [p for p in BRIDGED if p != port]
    with lab.shut(*ways(port)):
        for frame in (new.frame(BROADCAST), new.frame(POINT[rest[0]].mac), new.frame(),
                      new.packet(udp(s.ip, FAR.ip)), new.frame(NOBODY)):
            silent_now(lab, port, frame, "port-state")
        lab.settle()
        lab.only({})
        for to in (BROADCAST, NOBODY):
            frame = POINT[rest[0]].frame(to)
            lab.floods(rest[0], frame, {rest[1]: frame})
        if state == "learning":
            expect(lab.until(lambda: lab.device.station(new.mac)) == f"p{port}", "not learned")
            lab.refused(rest[0], POINT[rest[0]].frame(new.mac))
        else:
            expect(lab.device.station(new.mac) is None, "learned")
            frame = POINT[rest[0]].frame(new.mac)
            lab.floods(rest[0], frame, {rest[1]: frame})
        lab.routes(POINT[rest[1]], udp(POINT[rest[1]].ip, FAR.ip), FAR)


def state_configured(lab, state):
    with lab.shut(*ways(1)), lab.configured(ports(p1={"state": state})):
        at_rest(lab, 1, state)
    lab.device.command("clear", "bridge")
    relearn(lab)


def state_commanded(lab, state):
    lab.device.command("bridge", "br0", "port", "p1", "state", state)
    at_rest(lab, 1, state)
    lab.device.command("bridge", "br0", "port", "p1", "state", "forwarding")
    lab.device.command("clear", "bridge")
    relearn(lab)
    frame = POINT[0].frame(BROADCAST)
    lab.floods(0, frame, others(frame, 0))


for state in ("blocking", "learning"):
    what = {"blocking": "takes and sends nothing", "learning": "learns, and forwards nothing"}[state]
    rows.add(f"X_bridge_{state}", f"802.1Q 8.4: a port that is {state} {what}", state_configured, state)
    rows.add(f"X_bridge_{state}_now", f"802.1Q 8.4: the same of one that a command made {state}",
             state_commanded, state)


@rows("isolated ports do not forward to each other; they do to other ports, and to the router")
def X_bridge_isolated(lab):
    with lab.shut((0, 1), (1, 0)), \
            lab.configured(ports(p0={"isolated": "yes"}, p1={"isolated": "yes"})):
        a, b, c = POINT
        lab.refused(0, a.frame(b.mac))
        lab.refused(1, b.frame(a.mac))
        for to in (BROADCAST, NOBODY):
            frame = a.frame(to)
            lab.floods(0, frame, {2: frame})
            frame = c.frame(to)
            lab.floods(2, frame, {0: frame, 1: frame})
        for s in (a, b):
            frame = s.frame(c.mac)
            lab.floods(s.port, frame, {2: frame})
            frame = c.frame(s.mac)
            lab.floods(2, frame, {s.port: frame})
            lab.pings(s, echo(s.ip, NET.ip))
            lab.routes(FAR, udp(FAR.ip6, s.ip6), s)


@rows("storm control: of broadcasts, groups, unknown stations a port floods so many a second; no others")
def X_bridge_storm(lab):
    with lab.configured(ports(p0={"storm": "20/s"})):
        for to in (BROADCAST, NOBODY, GROUPS[0]):
            before = lab.drops(0, "storm")
            start = lab.now()
            frames = [POINT[0].frame(to) for _ in range(WINDOW)]
            for frame in frames:
                lab.raw(0, frame)
            lab.settle()
            took = lab.now() - start
            lost = lab.drops(0, "storm") - before
            came = [c for c in lab.came if c.port == 1]
            expect(len(came) + lost == WINDOW, f"{len(came)} came, {lost} dropped")
            expect(len(came) <= 4 + 20 * took, f"{len(came)} in {took:.2f} s")
            expect(len([c for c in lab.came if c.port == 2]) == len(came), "another number at e2")
            lab.clear()
        known = [POINT[0].frame(POINT[1].mac) for _ in range(WINDOW)]
        lab.many(0, known)
        lab.only({1: known})
        others_too = [POINT[2].frame(BROADCAST) for _ in range(WINDOW)]
        lab.many(2, others_too)
        lab.only({0: others_too, 1: others_too})


@rows("a port's limit of stations: it learns no more, others do, and what it knows it keeps")
def X_bridge_limit(lab):
    lab.device.command("clear", "bridge")
    relearn(lab)
    with lab.configured(ports(p1={"mac-limit": 4})):
        first = [lab.learned(Station(NET, 1, n)) for n in (40, 41, 42)]
        for n in range(43, 53):
            lab.raw(1, Station(NET, 1, n).frame(POINT[0].mac))
        lab.settle()
        lab.clear()
        late = lab.learned(Station(NET, 2, 40))  # who spoke before it has been heard of, too
        for n in range(43, 53):
            expect(lab.device.station(Station(NET, 1, n).mac) is None, f"station {n} is known")
            frame = POINT[0].frame(Station(NET, 1, n).mac)
            lab.floods(0, frame, others(frame, 0))
        for s in (*first, POINT[1], late):
            frame = POINT[0].frame(s.mac)
            lab.floods(0, frame, {s.port: frame})
    lab.device.command("clear", "bridge")
    relearn(lab)


@rows("a bridge's limit of stations: no more are learned, those it knows it keeps")
def X_bridge_limit_all(lab):
    with lab.configured(bridge(**{"mac-limit": 64})):
        lab.device.command("clear", "bridge")
        relearn(lab)
        lab.ignored.append(lambda c: c.source.startswith("06:"))
        lab.many(0, flood_of(2000, 1 << 24))
        lab.settle()
        stations = lambda: len([r for r in lab.device.show("bridge") if r["mac"] != NET.mac])
        expect(lab.until(lambda: stations() >= 60, 5), "hardly any is learned")
        expect(stations() <= 64, f"{stations()} stations")
        for s in POINT[1:]:
            frame = POINT[0].frame(s.mac)
            lab.floods(0, frame, {s.port: frame})
    lab.device.command("clear", "bridge")
    relearn(lab)


@rows("a static station stays at its port, whoever speaks in its name")
def X_bridge_static(lab):
    s = Station(NET, 1, 26)
    with lab.configured(bridge(stations=[{"lladdr": s.mac, "port": "p1"}])):
        frame = POINT[0].frame(s.mac)
        lab.floods(0, frame, {1: frame})
        fake = Station(NET, 1, 26)
        fake.port = 2
        lab.raw(2, fake.frame(POINT[0].mac))
        lab.settle()
        lab.clear()
        frame = POINT[0].frame(s.mac)
        lab.floods(0, frame, {1: frame})
        lab.device.command("clear", "bridge")
        frame = POINT[0].frame(s.mac)
        lab.floods(0, frame, {1: frame})
        relearn(lab)
    frame = POINT[0].frame(s.mac)
    lab.floods(0, frame, others(frame, 0))


def operstate(lab, name):
    return next((r["operstate"].lower() for r in lab.device.show("interfaces")
                 if r["ifname"] == name), "none")


@rows("802.1D 17.11: a port that loses its carrier: its stations are forgotten, those of others not")
def X_bridge_flush_on_link(lab):
    gone, stays = lab.learned(Station(NET, 1, 27)), lab.learned(Station(NET, 2, 27))
    run("ip", "link", "set", "e1", "down")
    try:
        expect(lab.until(lambda: lab.device.station(gone.mac) is None, 10), "still known")
        expect(lab.device.station(stays.mac) == "p2", "the other one is not")
        with lab.shut(*ways(1)):
            frame = POINT[0].frame(gone.mac)
            lab.floods(0, frame, {2: frame})
    finally:
        run("ip", "link", "set", "e1", "up")
    expect(lab.until(lambda: operstate(lab, "p1") == "up"), "still down")
    lab.learned(POINT[1])
    frame = POINT[0].frame(gone.mac)
    lab.floods(0, frame, others(frame, 0))


@rows("a port that comes into service says nothing of its own: it has no address, not even fe80::")
def X_bridge_port_quiet(lab):
    run("ip", "link", "set", "e2", "down")
    with lab.shut(*ways(2)):
        expect(lab.until(lambda: operstate(lab, "p2") == "down"), "still up")
        run("ip", "link", "set", "e2", "up")
        expect(lab.until(lambda: operstate(lab, "p2") == "up"), "still down")
        lab.until(lambda: lab.came, 3)
    lab.learned(POINT[2])
    lab.only({})


@rows("show bridge tells port, age and kind of each station; clear bridge forgets those it learned")
def X_bridge_show(lab):
    s = lab.learned(Station(NET, 1, 28))
    shown = [r for r in lab.device.show("bridge", "br0") if r["mac"] == s.mac]
    expect(len(shown) == 1, f"shown {len(shown)} times")
    expect((shown[0]["ifname"], shown[0]["master"]) == ("p1", "br0"), f"{shown}")
    expect(0 <= shown[0]["age"] <= 30, f"{shown}")
    lab.device.command("clear", "bridge")
    expect(lab.device.station(s.mac) is None, "still known")
    frame = POINT[0].frame(s.mac)
    lab.floods(0, frame, others(frame, 0))
    relearn(lab)
