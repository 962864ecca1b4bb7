# SPDX-License-Identifier: BSD-2-Clause
"""The wire on all sides of a router: stimuli sent and answers taken frame by frame.

    lan: e0 ---- p0 10.0.0.1/24 [router] p1 10.0.1.1/24 ---- e1 :lan
         e2 ---- p2 10.0.2.1/24 [      ] p3 10.0.3.1/24 ---- e3 :lan

All hosts are played here: host n of port p is 10.0.p.n, its MAC 02:00:00:00:0p:nn, and it answers
ARP; the router knows hosts 2, 3 and 9 from the start. The router's MAC at port p is
02:00:00:00:aa:0p. By hand, as root:

    tests/wire/run ip4                     a group: each row of it, then the daemon's accounts
    tests/wire/run ip4_ttl_1 icmp4_ttl     rows of one group
    tests/wire/run --kernel ip4            Linux in the place of the daemon

Nothing is waited for by the clock where it can be waited for on the wire. Lab.settle() sends good
packets behind the stimuli, by the same port, out of every port, and waits for them: what the router
does with a packet it has then done. So each test, of malformed packets too, also shows that the
next good one is forwarded; and a frame that a test does not account for fails it.
"""
import contextlib
import copy
import ctypes
import json
import select
import socket
import struct
import time

from packets import ARP, BROADCAST, ICMP, IP4, Ip4, addr, arp, ether, hop, mac, udp

PORTS = range(4)
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 3, 263, 8, 23
CLONE_NEWNET = 0x40000000
TP_STATUS_VLAN_VALID = 1 << 4
PATIENCE = 20  # seconds; only a test that fails waits so long
WINDOW = 64  # frames sent before some are awaited: no ring of a veth is that short


def router_mac(port):
    return f"02:00:00:00:aa:{port:02x}"


def host_mac(port, n):
    return f"02:00:00:00:{port:02x}:{n:02x}"


def host(port, n=2):
    return f"10.0.{port}.{n}"


def router(port):
    return f"10.0.{port}.1"


def network(mtu=(1500, 1500, 1500, 1500), **more):
    """The configuration all tests start from. Behind host 2 of port p is 192.0.2.(64 p)/26."""
    config = {
        "version": 1,
        "system": {"icmp-errors": "none"},
        "interfaces": {f"p{p}": {"control": "own", "addresses": [f"{router(p)}/24"], "mtu": mtu[p]}
                       for p in PORTS},
        "routes": [{"to": f"192.0.2.{64 * p}/26", "via": host(p)} for p in PORTS],
        "neighbours": [],
    }
    config["routes"] += more.get("routes", [])
    config["neighbours"] += more.get("neighbours", [])
    config["system"].update(more.get("system", {}))
    return config


def behind(port, n=7):
    """A host that is not on the link, but reached by the port."""
    return f"192.0.2.{64 * port + n}"


class Rows:
    """The tests of a file in their order, by the row's id with _ for -. Frames for which ignored()
    holds are no matter of theirs."""

    def __init__(self, config, ignored=lambda came: False):
        self.config, self.ignored = config, ignored
        self.test = {}

    def add(self, name, sentence, function, *args):
        assert name not in self.test, name
        self.test[name] = (sentence, lambda lab: function(lab, *args))

    def __call__(self, sentence):
        def register(function):
            self.add(function.__name__, sentence, function)
            return function
        return register


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
        self.ip = Ip4(frame[14:]) if self.kind == IP4 else None

    def __str__(self):
        return f"e{self.port} to {self.to}: {self.ip or self.frame[12:60].hex()}"


class Wire:
    """The far ends of the router's links: sockets, and hosts that answer ARP."""

    def __init__(self, netns, config):
        libc = ctypes.CDLL(None, use_errno=True)
        with open(netns, "rb") as f:
            if libc.setns(f.fileno(), CLONE_NEWNET) < 0:
                raise OSError(ctypes.get_errno(), "setns")
        ifaces = config["interfaces"].values()
        self.mtu = [i["mtu"] for i in ifaces]
        self.own = {a.split("/")[0] for i in ifaces for a in i["addresses"]}
        self.ignored = []
        self.came, self.arps, self.awaited = [], [], {}
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
        return host_mac(a[2], a[3]) if a[:2] == b"\x0a\x00" else "02:00:" + a.hex(":")

    def frame(self, port, frame):
        """Frames as they are."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.sock[port].send(frame)
                return
            except (BlockingIOError, OSError) as e:
                # The device's queue is full: the router's end is being bound anew, or is behind.
                if e.errno not in (11, 105) or time.monotonic() > end:
                    raise
                self.pump(0.001)

    def pump(self, seconds):
        """Take what comes within the time, at least what is there."""
        for fd, _ in self.poll.poll(max(0, seconds) * 1000):
            port = next(p for p in PORTS if self.sock[p].fileno() == fd)
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.take(port, *self.sock[port].recvmsg(65536, 64)[:2])

    def take(self, port, frame, extra):
        aux = next((d for level, kind, d in extra if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)),
                   bytes(20))
        if struct.unpack("=I", aux[:4])[0] & TP_STATUS_VLAN_VALID:
            raise Failure(f"e{port}: tagged frame {frame[:40].hex()}")
        try:
            came = Came(port, frame)
            if came.kind == ARP:
                self.take_arp(came)
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
            if came.ip.src in self.own:
                came.ip.check_payload()

    def take_arp(self, came):
        came.op, came.sender_mac, came.sender, came.target_mac, came.target = arp_fields(came.frame)
        self.arps.append(came)
        target = self.mac_of(came.target)
        announced = came.sender == came.target
        if came.op == 1 and not announced and came.target not in self.silent | self.own:
            if came.to in (BROADCAST, target):
                self.say_arp(came.port, 2, came.target, came.sender, to=came.sender_mac)

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


def is_quote(quote, packet):
    """As it came; or as it was to go on, RFC 1812 4.3.2.3 does not ask to undo that."""
    return packet.startswith(quote) or (packet[8] > 0 and hop(packet).startswith(quote))


class Lab(Wire):
    """What tests are written with."""

    now = staticmethod(time.monotonic)

    def __init__(self, netns, rows, device):
        super().__init__(netns, rows.config)
        self.rows, self.device = rows, device
        self.fences = 0
        self.fresh_n = 100
        self.used = set()
        for p in PORTS:
            self.meet(p)

    def meet(self, port):
        """The router knows hosts 2, 3 and 9 of the port, so that nothing to them has to wait."""
        for n in (2, 3, 9):
            self.say_arp(port, 1, host(port, n), router(port))
        self.settle_agent(port)

    def begin(self):
        """Before a test: hosts as they are by default, nothing under way."""
        self.moved, self.silent, self.ignored = {}, set(), [self.rows.ignored]
        self.used = set()
        self.fence(0)
        self.clear()

    def end(self):
        """After it: the router has handled everything, and sent nothing unasked."""
        for p in PORTS:
            self.fence(p)
        expect(not self.came, "unexpected: " + "; ".join(map(str, self.came[:8])))

    def clear(self):
        self.came, self.arps = [], []

    # --- Waiting --------------------------------------------------------------------------------

    def until(self, holds, seconds=PATIENCE):
        """Until holds() is true; returns that, or the last answer when time is up."""
        end = time.monotonic() + seconds
        while not (got := holds()) and (left := end - time.monotonic()) > 0:
            self.pump(min(left, 0.1))
        return got

    def fence(self, port):
        """Until all is done that the router does with what came by the port before.

        Twice, for an answer of the router's own is made behind the first ones.
        """
        for _ in range(2):
            for out in PORTS:
                self.fences += 1
                data = b"fence" + struct.pack("!Q", self.fences)
                self.awaited[out, data] = True
                self.ip(port, udp(behind(port), host(out), data=data), mark=False)
            expect(self.until(lambda: not self.awaited),
                   f"good packets by p{port} are not forwarded: to e"
                   + ", e".join(str(p) for p, _ in self.awaited))

    def settle(self):
        for port in sorted(self.used):
            self.fence(port)
        self.used = set()

    def settle_agent(self, port):
        """Until the router's slow half, too, has heard what was said by ARP on the port before."""
        new = self.fresh(port)
        self.say_arp(port, 1, new, router(port))
        self.fence(port)
        expect(self.until(lambda: self.device.knows(new)), f"{new} asked, and is not learned")

    def fresh(self, port):
        """A host the router never heard of."""
        self.fresh_n += 1
        return host(port, self.fresh_n)

    # --- Stimuli --------------------------------------------------------------------------------

    def ip(self, port, packet, to=None, n=2, mark=True, **field):
        """A packet from host n of the port, to the router's MAC if no other is said."""
        self.frame(port, ether(to or router_mac(port), host_mac(port, n), packet, **field))
        if mark:
            self.used.add(port)

    def raw(self, port, frame):
        self.frame(port, frame)
        self.used.add(port)

    def ips(self, port, packets, **field):
        """Many of them, no faster than the router takes them."""
        for i, packet in enumerate(packets):
            self.ip(port, packet, **field)
            if i % WINDOW == WINDOW - 1:
                self.fence(port)

    # --- Answers --------------------------------------------------------------------------------

    def nothing(self):
        """Nothing comes out."""
        self.settle()
        expect(not self.came, "came out: " + "; ".join(map(str, self.came[:8])))

    def find(self, what, holds):
        """Take the first frame for which it holds; the router is done with all stimuli."""
        self.settle()
        for i, came in enumerate(self.came):
            if holds(came):
                return self.came.pop(i)
        others = "; ".join(map(str, self.came[:8])) or "nothing"
        raise Failure(f"{what} did not come; but: {others}")

    def wait_for(self, what, holds, seconds):
        """The same for what takes time."""
        self.settle()
        self.until(lambda: any(map(holds, self.came)), seconds)
        return self.find(what, holds)

    def forwarded(self, packet, out, to=None, ttl=1):
        """It came out of the port, changed as it should be and not otherwise, to that host."""
        wanted = hop(packet, ttl)
        came = self.find(f"{Ip4(wanted)} at e{out}",
                         lambda c: c.port == out and c.ip and c.ip.packet == wanted)
        expect(came.to == self.mac_of(to or host(out)), f"sent to the wrong station: {came}")
        return came

    def passes(self, port, packet, out, to=None):
        self.ip(port, packet)
        return self.forwarded(packet, out, to)

    def refused(self, port, packet, **field):
        """It has no effect at all."""
        self.ip(port, packet, **field)
        self.nothing()

    def is_error(self, kind, codes, about):
        def holds(c):
            return c.ip and c.ip.proto == ICMP and c.ip.payload[0] == kind \
                and c.ip.payload[1] in codes and c.ip.src in self.own \
                and is_quote(c.ip.payload[8:36], about)
        return holds

    def error(self, port, kind, code, about, **more):
        """An ICMP error about the packet came out of the port. more: source, seconds."""
        codes = code if isinstance(code, tuple) else (code,)
        holds = self.is_error(kind, codes, about)
        what = f"ICMP {kind}/{code} at e{port}"
        came = self.wait_for(what, holds, more["seconds"]) if "seconds" in more \
            else self.find(what, holds)
        quote, ihl = came.ip.payload[8:], (about[0] & 15) * 4
        expect(came.port == port, f"wrong way: {came}")
        expect(came.ip.dst == Ip4(about).src, f"not to the sender: {came}")
        expect(came.ip.src == more.get("source", router(port)), f"wrong source: {came}")
        expect(is_quote(quote, about), "does not quote the packet")
        expect(len(quote) >= min(len(about), ihl + 8), f"quotes {len(quote)} bytes")  # RFC 792
        expect(came.ip.total <= 576, f"longer than 576 bytes: {came}")  # RFC 1812 4.3.2.3
        return came.ip

    def reply(self, port, request):
        """The answer to an echo request came: all of its data, from the address asked."""
        asked = Ip4(request)
        came = self.find(f"echo reply from {asked.dst} at e{port}",
                         lambda c: c.port == port and c.ip and c.ip.proto == ICMP
                         and c.ip.payload[:2] == b"\0\0" and c.ip.src == asked.dst)
        expect(came.ip.dst == asked.src, f"not to who asked: {came}")
        same = came.ip.payload[4:] == asked.payload[4:]
        expect(same, f"other identifier, number or data: {came}")
        expect(64 <= came.ip.ttl, f"TTL: {came}")
        return came.ip

    def reassembled(self, port, like, to=None):
        """The fragments of `like` that came out of the port: its header, and the data put together.

        They must be what RFC 791 3.2 asks: no gap, no overlap, multiples of 8, one last one.
        """
        self.settle()
        w = Ip4(like)
        mine = [c for c in self.came if c.port == port and c.ip and
                (c.ip.src, c.ip.dst, c.ip.proto) == (w.src, w.dst, w.proto)
                and (c.ip.mf or c.ip.offset)]
        expect(mine, f"no fragments of {w}")
        self.came = [c for c in self.came if c not in mine]
        data = b""
        for c in sorted(mine, key=lambda c: c.ip.offset):
            expect(c.ip.id == mine[0].ip.id, f"two identifications: {c}")
            expect(c.ip.offset == len(data), f"at {len(data)} comes {c}")
            expect(not c.ip.mf or len(c.ip.payload) % 8 == 0, f"not a multiple of 8: {c}")
            expect(not c.ip.df and c.ip.tos == w.tos, f"DF or TOS: {c}")
            expect(c.to == self.mac_of(to or host(port)), f"sent to the wrong station: {c}")
            data += c.ip.payload
            last = c
        expect(not last.ip.mf, "the last fragment is missing")
        return min(mine, key=lambda c: c.ip.offset).ip, data

    # --- The configuration ----------------------------------------------------------------------

    @contextlib.contextmanager
    def configured(self, change):
        """With the configuration that change() makes of the present one."""
        old = self.device.config
        new = copy.deepcopy(old)
        change(new)
        self.device.configure(new)
        try:
            self.fence(0)
            yield
            self.settle()
        finally:
            self.device.configure(old)


def to_json(config):
    """A configuration as text: JSON is YAML."""
    return json.dumps(config, indent=1)
