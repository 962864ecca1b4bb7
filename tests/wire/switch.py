# SPDX-License-Identifier: BSD-2-Clause
"""The wire around bridges and VLANs: stations that may be tagged, and frames compared as a whole.

The links are those of wire.py. A subnet is a Net, where the router is host 1; who lives in it is a
Station, at a port, with the tags that its frames have there. Stations given as points prove that
the router has done its work (Switch.fence): frames from point to point, within a subnet and
between subnets, follow the stimuli.

A kernel takes the outermost tag out of a frame before a packet socket sees it, and tells it
beside: here frames have it again.
"""
import contextlib
import itertools
import struct

from hosts import PACKET_AUXDATA, SOL_PACKET, TP_STATUS_VLAN_VALID, Failure, arp_fields, expect
from packets import (ARP, BROADCAST, IP4, IP6, QINQ, VLAN, Ip4, Ip6, arp, ether, hop, is6, parse,
                     pattern, udp)
from packets6 import (ANY, NA, NS, OVERRIDE, SOLICITED, SOURCE, TARGET, canonical, Discovery, group_mac,
                      link_local, lladdr, na, ns, solicited)
from wire import Lab, WINDOW

TEST, FENCE = 0x88B5, 0x88B6  # EtherTypes for experiments
NOBODY = "02:00:00:00:99:99"  # a station that never spoke
serial = itertools.count()


class Net:
    """A subnet; the router is host 1 of it, with that MAC."""

    def __init__(self, number, router):
        self.number, self.mac = number, router
        self.ip, self.ip6 = f"10.0.{number}.1", canonical(f"2001:db8:{number}::1")
        self.local = link_local(router)
        self.addresses = [f"{self.ip}/24", f"{self.ip6}/64"]


class Station:
    """Who lives at the port, in the subnet; its frames have these tags there."""

    def __init__(self, net, port, n=2, tags=()):
        self.net, self.port, self.tags = net, port, tuple(tags)
        self.mac = f"02:00:00:{net.number:02x}:{port:02x}:{n:02x}"
        self.ip = f"10.0.{net.number}.{60 * port + n}"
        self.ip6 = canonical(f"2001:db8:{net.number}::{60 * port + n:x}")
        self.local = link_local(self.mac)

    def frame(self, to=None, body=None, kind=TEST):
        """A frame of its; to the router if nobody else is said, with a body like no other's."""
        if body is None:
            body = struct.pack("!I", next(serial)) + pattern(60)
        return ether(to or self.net.mac, self.mac, body, kind, self.tags)

    def packet(self, packet, to=None):
        return self.frame(to, packet, IP6 if packet[0] >> 4 == 6 else IP4)

    def like(self, address):
        """Its address of the same family as that one."""
        return self.ip6 if is6(address) else self.ip

    def has(self, came):
        """Did the frame come to where it is?"""
        vids = lambda tags: [(kind, tci & 0xFFF) for kind, tci in tags]
        return came.port == self.port and vids(came.tags) == vids(self.tags)


def retag(frame, *tags):
    """The frame with these tags for those that it has."""
    at = 12
    while struct.unpack("!H", frame[at:at + 2])[0] in (VLAN, QINQ):
        at += 4
    return frame[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + frame[at:]


class Arrived:
    """A frame that came out: whole, and as frame without its tags. ip if it is the router's own."""

    def __init__(self, port, whole, when):
        self.port, self.whole, self.when, self.tags = port, whole, when, []
        at = 12
        while len(whole) >= at + 6 and struct.unpack("!H", whole[at:at + 2])[0] in (VLAN, QINQ):
            self.tags.append(struct.unpack("!HH", whole[at:at + 4]))
            at += 4
        self.frame = whole[:12] + whole[at:]
        self.to, self.source = whole[:6].hex(":"), whole[6:12].hex(":")
        self.kind, self.ip = struct.unpack("!H", self.frame[12:14])[0], None

    def is_frame(self, frame):
        """The whole of it; what is shorter than the shortest frame may be padded with zeros, before
        tags are added (802.3 3.2.8, 802.1Q G.2.3)."""
        pad = self.whole[len(frame):]
        least = 60 + 4 * len(self.tags) if pad else len(frame)
        return self.whole.startswith(frame) and not any(pad) and len(self.whole) <= least

    def __str__(self):
        tags = "".join(f" {kind:04x}/{tci & 0xfff}" for kind, tci in self.tags)
        return f"e{self.port} {self.source} to {self.to}{tags}: {self.ip or self.frame[12:40].hex()}"


class Switch(Lab):
    """What tests of bridges and VLANs are written with."""

    def __init__(self, netns, rows, device, points):
        self.points = points
        self.stations = {}  # by address: they answer ARP and neighbour solicitations
        self.closed = set()  # (in, out): ways between ports that are shut
        for s in points:
            self.join(s)
        super().__init__(netns, rows, device)
        self.own |= {s.net.local for s in points}

    def join(self, s):
        self.stations.update({s.ip: s, s.ip6: s, s.local: s})
        return s

    def meet(self, port):
        """The router knows the points, and so do the bridges."""
        mine = [s for s in self.points if s.port == port]
        for s in mine:
            self.ask(s)
        for s in mine:
            for address in (s.ip, s.ip6):
                expect(self.until(lambda a=address: self.device.knows(a)),
                       f"{address} asked, and is not learned")

    def begin(self):
        self.closed = set()
        super().begin()

    def ask(self, s):
        """The station asks for the router, by ARP and by a solicitation."""
        self.raw(s.port, s.frame(BROADCAST, arp(1, s.mac, s.ip, s.net.ip), ARP))
        packet = ns(s.ip6, s.net.ip6, lladdr(SOURCE, s.mac))
        self.raw(s.port, s.frame(group_mac(solicited(s.net.ip6)), packet, IP6))

    # --- Waiting --------------------------------------------------------------------------------

    def fence(self, port):
        """Until all is done that the router does with what came by the port before."""
        mine = [s for s in self.points if s.port == port]
        for _ in range(2):
            for s, to in itertools.product(mine, self.points):
                if (port, to.port) in self.closed:
                    continue
                if s.net is to.net and to.port != port:
                    self.fence_bridged(s, to)
                elif s.net is not to.net and s is mine[0]:
                    self.fence_routed(s, to)
            if not self.until(lambda: not self.awaited):
                drops = [f"{r['ifname']} {r['reason']} {r['packets']}" for r in self.device.show("drops")]
                raise Failure(f"good frames by p{port} do not come to "
                              + ", ".join(f"e{p} {vids}" for p, vids, _ in self.awaited)
                              + f"; all drops: {', '.join(drops)}")

    def fence_mark(self, to):
        self.fences += 1
        data = b"fence" + struct.pack("!Q", self.fences)
        self.awaited[to.port, tuple(tci & 0xFFF for _, tci in to.tags), data] = True
        return data

    def fence_bridged(self, s, to):
        self.frame(s.port, s.frame(to.mac, self.fence_mark(to) + bytes(50), FENCE))

    def fence_routed(self, s, to):
        for address in (to.ip, to.ip6):
            packet = udp(s.like(address), address, data=self.fence_mark(to))
            self.frame(s.port, s.packet(packet))

    def settle_agent(self, port):
        """Until the router's slow half, too, has heard what was said on the port before."""
        first = next(s for s in self.points if s.port == port)
        self.fresh_n += 1
        new = canonical(f"2001:db8:{first.net.number}::f:{self.fresh_n:x}")
        self.frame(port, first.packet(ns(new, first.net.ip6, lladdr(SOURCE, first.mac),
                                         dst=first.net.ip6)))
        self.fence(port)
        expect(self.until(lambda: self.device.knows(new)), f"{new} asked, and is not learned")

    def learned(self, s, vid=0):
        """The bridge knows the station."""
        to = next(t for t in self.points if t.net is s.net and t.port != s.port)

        def known():
            if not (at := self.device.station(s.mac, vid)):
                self.frame(s.port, s.frame(to.mac, b"fence" + bytes(60), FENCE))
            return at
        at = self.until(known)
        expect(at == f"p{s.port}", f"{s.mac} of p{s.port} is at {at}")
        return s

    # --- What comes -----------------------------------------------------------------------------

    @staticmethod
    def whole(frame, extra):
        """The frame with the tag that the kernel took out."""
        aux = next((d for level, kind, d in extra if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)),
                   bytes(20))
        if not struct.unpack("=I", aux[:4])[0] & TP_STATUS_VLAN_VALID:
            return frame
        tci, kind = struct.unpack("=HH", aux[16:20])
        return frame[:12] + struct.pack("!HH", kind, tci) + frame[12:]

    def take(self, port, frame, extra):
        came = Arrived(port, self.whole(frame, extra), self.now())
        try:
            if came.source in self.routers():
                self.check(came)
            if came.source in self.routers() and came.kind == ARP:
                self.take_arp(came)
            elif came.ip and self.is_discovery(came):
                self.take_nd(came)
            elif not self.is_awaited(came) and not any(holds(came) for holds in self.ignored):
                self.came.append(came)
        except (ValueError, struct.error) as e:
            raise Failure(f"e{port}: malformed ({e}): {frame[:80].hex()}") from e

    def mac_of(self, address):
        return self.stations[address].mac

    def routers(self):
        return {s.net.mac for s in self.points}

    def is_awaited(self, came):
        """Is it a fence's? One that is flooded comes to other ports, too."""
        data = came.ip.payload[8:] if came.ip else came.frame[14:27] if came.kind == FENCE else b""
        if not data.startswith(b"fence"):
            return False
        self.awaited.pop((came.port, tuple(tci & 0xFFF for _, tci in came.tags), data), None)
        return True

    def check(self, came):
        """What every frame of the router's own must be."""
        if came.kind not in (IP4, IP6):
            return
        came.ip = (Ip4 if came.kind == IP4 else Ip6)(came.frame[14:])
        expect(not any(came.ip.trailer), f"padding is not zero: {came} {came.ip.trailer.hex()}")
        expect(came.ip.total <= self.mtu[came.port], f"longer than the MTU: {came}")
        if came.ip.src in self.own or came.ip.src.startswith("fe80:"):
            came.ip.check_payload()

    def take_arp(self, came):
        came.op, came.sender_mac, came.sender, came.target_mac, came.target = arp_fields(came.frame)
        self.arps.append(came)
        s = self.stations.get(came.target)
        if s and came.op == 1 and came.sender != came.target and s.has(came) \
                and came.to in (BROADCAST, s.mac) and s.ip not in self.silent:
            body = arp(2, s.mac, s.ip, came.sender, came.sender_mac)
            self.frame(s.port, s.frame(came.sender_mac, body, ARP))

    def take_nd(self, came):
        came.nd = Discovery(came.ip)
        self.nds.append(came)
        s = self.stations.get(came.nd.target)
        if s and came.nd.kind == NS and came.ip.src != ANY and s.has(came) \
                and came.to in (group_mac(solicited(came.nd.target)), s.mac) \
                and came.nd.target not in self.silent:
            packet = na(came.nd.target, came.ip.src, came.nd.target, lladdr(TARGET, s.mac),
                        flags=SOLICITED | OVERRIDE)
            self.frame(s.port, s.frame(came.source, packet, IP6))

    # --- Stimuli and answers --------------------------------------------------------------------

    def many(self, port, frames):
        """Many of them, no faster than the router takes them."""
        for i, frame in enumerate(frames):
            self.raw(port, frame)
            if i % WINDOW == WINDOW - 1:
                self.fence(port)

    def only(self, wanted):
        """What came out is this, {port: frame or frames}, and nothing else."""
        self.settle()
        left = {p: [f] if isinstance(f, bytes) else list(f) for p, f in wanted.items()}
        strange = []
        for c in self.came:
            same = next((f for f in left.get(c.port, []) if c.is_frame(f)), None)
            if same is None:
                strange.append(c)
            else:
                left[c.port].remove(same)
        self.came = []
        missing = ", ".join(f"{len(f)} at e{p}" for p, f in left.items() if f)
        expect(not missing and not strange, f"missing: {missing or 'none'}; "
               f"unexpected: {'; '.join(map(str, strange[:6])) or 'none'}")

    def floods(self, port, frame, wanted):
        self.raw(port, frame)
        self.only(wanted)

    def refused(self, port, *frames):
        """None of the frames has any effect."""
        for frame in frames:
            self.raw(port, frame)
        self.nothing()

    def routes(self, s, packet, to, ttl=1):
        """The station's packet, sent to the router, comes to the other one."""
        self.raw(s.port, s.packet(packet))
        return self.came_to(to, packet, ttl)

    def came_to(self, to, packet, ttl=1):
        """It came to the station and nobody else, changed as a router has to and not otherwise."""
        wanted = hop(packet, ttl)
        came = self.find(f"{parse(wanted)} at e{to.port}",
                         lambda c: c.ip and c.ip.packet == wanted and c.port == to.port)
        expect((came.to, came.source) == (to.mac, to.net.mac), f"sent to the wrong station: {came}")
        expect(to.has(came), f"tags: {came}")
        return came

    def pings(self, s, packet, source=None):
        """The router answers the station's echo request, where it is; it may have to ask for that
        first."""
        self.raw(s.port, s.packet(packet))
        self.settle()
        self.until(lambda: any(c.ip and c.ip.dst == parse(packet).src for c in self.came), 5)
        came = next((c for c in self.came if c.ip), None)
        expect(came and s.has(came) and (came.to, came.source) == (s.mac, s.net.mac),
               f"wrong reply: {came}")
        return self.reply(s.port, packet, source)

    def asked(self, s, target=None):
        """The station asks by ARP for the router, or another; what was answered, if anything."""
        self.arps.clear()
        target = target or s.net.ip
        self.raw(s.port, s.frame(BROADCAST, arp(1, s.mac, s.ip, target), ARP))
        self.settle()
        return [c for c in self.arps if c.op == 2 and c.sender == target]

    def solicited(self, s, target=None):
        """The same by neighbour discovery."""
        self.nds.clear()
        target = target or s.net.ip6
        packet = ns(s.ip6, target, lladdr(SOURCE, s.mac))
        self.raw(s.port, s.frame(group_mac(solicited(target)), packet, IP6))
        # What the router announces to all by itself is no answer.
        return lambda: [c for c in self.nds
                        if (c.nd.kind, c.nd.target, c.ip.dst) == (NA, target, s.ip6)]

    @contextlib.contextmanager
    def shut(self, *ways):
        """While these ways between ports, (in, out), are shut."""
        self.closed |= set(ways)
        try:
            yield
        finally:
            self.closed -= set(ways)

    def drops(self, port, reason):
        return self.device.drops(f"p{port}", reason)
