# SPDX-License-Identifier: BSD-2-Clause
"""The far ends of the router's links: all hosts there, which answer ARP and neighbour solicitations."""
import ctypes
import errno
import select
import socket
import struct
import time

from packets import ARP, BROADCAST, ICMP6, IP4, IP6, Ip4, Ip6, addr, arp, ether, is6, mac, text6
from packets6 import (ANY, NS, OVERRIDE, REDIRECT, SOLICITED, SOURCE, TARGET, Discovery,
                      canonical, group_mac, link_local, lladdr, na, ns, solicited)

PORTS = range(4)
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 3, 263, 8, 23
CLONE_NEWNET = 0x40000000
TP_STATUS_VLAN_VALID = 1 << 4
PATIENCE = 20  # seconds; only a test that fails waits so long


def router_mac(port):
    return f"02:00:00:00:aa:{port:02x}"


def host_mac(port, n):
    return f"02:00:00:00:{port:02x}:{n:02x}"


def host(port, n=2):
    return f"10.0.{port}.{n}"


def router(port):
    return f"10.0.{port}.1"


def host6(port, n=2):
    return canonical(f"2001:db8:{port}::{n:x}")


def router6(port):
    return host6(port, 1)


def router_local(port):
    return link_local(router_mac(port))


def behind(port, n=7):
    """A host that is not on the link, but reached by the port."""
    return f"192.0.2.{64 * port + n}"


def behind6(port, n=7):
    return f"2001:db8:b00{port}::{n:x}"


def mtu_of(config, port):
    """A bridge's port need not be among the interfaces."""
    return config["interfaces"].get(f"p{port}", {}).get("mtu", 1500)


def addresses_of(config):
    """Those of the router's own."""
    bridges = config.get("bridges", {}).values()
    feet = [v for b in bridges for v in b.get("vlans", {}).values()]
    each = [*config["interfaces"].values(), *bridges, *feet]
    return {a.split("/")[0] for i in each for a in i.get("addresses", [])}


class Failure(Exception):
    """The router did not do what the row asks."""


def expect(holds, what):
    if not holds:
        raise Failure(what)


class Came:
    """A frame that the router sent."""

    def __init__(self, port, frame):
        self.port, self.frame, self.when = port, frame, time.monotonic()
        self.to, self.kind = frame[:6].hex(":"), struct.unpack("!H", frame[12:14])[0]
        self.ip = {IP4: Ip4, IP6: Ip6}.get(self.kind, lambda _: None)(frame[14:])

    def __str__(self):
        return f"e{self.port} to {self.to}: {self.ip or self.frame[12:60].hex()}"


class Wire:
    """The far ends of the router's links: sockets, and hosts that answer ARP."""

    def __init__(self, netns, config):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(netns, "rb") as f:
            if libc.setns(f.fileno(), CLONE_NEWNET) < 0:
                raise OSError(ctypes.get_errno(), "setns")
        self.mtu = [mtu_of(config, p) for p in PORTS]
        self.own = addresses_of(config) | {router_local(p) for p in PORTS}
        self.ignored = []
        self.came, self.arps, self.nds, self.awaited = [], [], [], {}
        self.moved, self.silent = {}, set()  # who has another MAC; who does not answer
        self.poll = select.poll()
        self.sock = [self.open(p) for p in PORTS]

    def open(self, port):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        s.bind((f"e{port}", ETH_P_ALL))
        s.setblocking(False)
        self.poll.register(s, select.POLLIN)
        return s

    def mac_of(self, address):
        """A host's MAC. Those beyond 10.0.p.255 have one of their own too."""
        if address in self.moved:
            return self.moved[address]
        a = addr(address)
        if is6(address):
            return self.mac_of6(a)
        return host_mac(a[2], a[3]) if a[:2] == b"\x0a\x00" else "02:00:" + a.hex(":")

    @staticmethod
    def mac_of6(a):
        """2001:db8:P::N is host N of the port; a link-local address says its MAC itself."""
        if a[:8] == b"\xfe\x80" + bytes(6):
            return bytes([a[8] ^ 2, a[9], a[10], a[13], a[14], a[15]]).hex(":")
        near = a[:4] == addr("2001:db8::")[:4] and a[4:15] == bytes([0, a[5]]) + bytes(9)
        return host_mac(a[5], a[15]) if near else "02:06:" + a[12:].hex(":")

    def frame(self, port, frame):
        """Frames as they are."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.sock[port].send(frame)
                return
            except (BlockingIOError, OSError) as e:
                # The device's queue is full: the router's end is being bound anew, or is behind.
                # Or the link was down meanwhile, which a socket tells once.
                if e.errno not in (errno.EAGAIN, errno.ENOBUFS, errno.ENETDOWN) \
                        or time.monotonic() > end:
                    raise
                self.pump(0.001)

    def pump(self, seconds):
        """Take what comes within the time, at least what is there."""
        for fd, _ in self.poll.poll(max(0, seconds) * 1000):
            port = next(p for p in PORTS if self.sock[p].fileno() == fd)
            try:
                while True:
                    self.take(port, *self.sock[port].recvmsg(65536, 64)[:2])
            except OSError as e:
                if e.errno not in (errno.EAGAIN, errno.ENETDOWN):  # a test took the link down
                    raise

    def take(self, port, frame, extra):
        aux = next((d for level, kind, d in extra if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)),
                   bytes(20))
        if struct.unpack("=I", aux[:4])[0] & TP_STATUS_VLAN_VALID:
            raise Failure(f"e{port}: tagged frame {frame[:40].hex()}")
        try:
            came = Came(port, frame)
            if came.kind == ARP:
                self.take_arp(came)
            elif self.is_discovery(came):
                self.take_nd(came)
            elif not self.is_awaited(came):
                self.check(came)
                if not any(ignores(came) for ignores in self.ignored):
                    self.came.append(came)
        except (ValueError, struct.error) as e:
            raise Failure(f"e{port}: malformed ({e}): {frame[:80].hex()}") from e

    def is_awaited(self, came):
        return came.ip and self.awaited.pop((came.port, came.ip.payload[8:]), False)

    def check(self, came):
        """What every frame of the router must be."""
        expect(came.frame[6:12] == mac(router_mac(came.port)), f"not from the port's MAC: {came}")
        if came.ip:
            expect(not any(came.ip.trailer), f"padding is not zero: {came} {came.ip.trailer.hex()}")
            expect(came.ip.total <= self.mtu[came.port], f"longer than the MTU: {came}")
            if came.ip.src in self.own or came.ip.src.startswith("fe80:"):
                came.ip.check_payload()

    def take_arp(self, came):
        came.op, came.sender_mac, came.sender, came.target_mac, came.target = arp_fields(came.frame)
        self.arps.append(came)
        target = self.mac_of(came.target)
        announced = came.sender == came.target
        if came.op == 1 and not announced and came.target not in self.silent | self.own:
            if came.to in (BROADCAST, target):
                self.say_arp(came.port, 2, came.target, came.sender, to=came.sender_mac)

    def is_discovery(self, came):
        """Of the router's own. A redirect is not among it: nobody asked for that."""
        if came.kind != IP6 or not (came.ip.src in self.own or came.ip.src == ANY):
            return False
        proto, m = came.ip.upper()
        return proto == ICMP6 and m[:1] and 130 <= m[0] <= 143 and m[0] != REDIRECT

    def take_nd(self, came):
        self.check(came)
        came.nd = Discovery(came.ip)
        self.nds.append(came)
        target = came.nd.target
        if came.nd.kind != NS or came.ip.src == ANY or target in self.silent | self.own:
            return
        if came.to in (group_mac(solicited(target)), self.mac_of(target)):
            self.say_na(came.port, target, came.ip.src)

    def say_ns(self, port, sender, target, *opts, to=None, **field):
        """A solicitation by the host `sender`, from its MAC; claims the MAC `claim` if said."""
        source = self.mac_of(sender) if sender != ANY else host_mac(port, 2)
        opts = opts or (lladdr(SOURCE, field.pop("claim", source)),)
        self.say(port, source, ns(sender, target, *opts, **field), to)

    def say_na(self, port, target, dst, flags=SOLICITED | OVERRIDE, to=None, **field):
        """An advertisement of the host `target`; claims the MAC `claim` if that is said."""
        source = self.mac_of(target)
        sender = field.pop("sender", target)
        opt = lladdr(TARGET, field.pop("claim", source))
        self.say(port, source, na(sender, dst, target, opt, flags=flags, **field), to)

    def say(self, port, source, packet, to=None):
        """An IPv6 packet: to the group's MAC, or the router's."""
        dst = text6(packet[24:40])
        to = to or (group_mac(dst) if dst.startswith("ff") else router_mac(port))
        self.frame(port, ether(to, source, packet, IP6))

    def say_arp(self, port, op, sender, target, to=BROADCAST, **field):
        """An ARP packet of the host `sender`; claims the MAC `claim` if that is said."""
        source = self.mac_of(sender) if sender != "0.0.0.0" else host_mac(port, 2)
        claim = field.pop("claim", source)
        cut = field.pop("cut", None)
        target_mac = to if op == 2 else "00:00:00:00:00:00"
        body = arp(op, claim, sender, target, target_mac, **field)
        self.frame(port, ether(to, source, body, ARP)[:cut])


def arp_fields(frame):
    op, smac, sender, tmac, target = struct.unpack("!H6s4s6s4s", frame[20:42])
    return op, smac.hex(":"), socket.inet_ntoa(sender), tmac.hex(":"), socket.inet_ntoa(target)
