# SPDX-License-Identifier: BSD-2-Clause
"""The wire on all sides of a router: stimuli sent and answers taken frame by frame.

    lan: e0 ---- p0 10.0.0.1/24 [router] p1 10.0.1.1/24 ---- e1 :lan
         e2 ---- p2 10.0.2.1/24 [      ] p3 10.0.3.1/24 ---- e3 :lan

All hosts are played here: host n of port p is 10.0.p.n and 2001:db8:p::n, its MAC 02:00:00:00:0p:nn,
and it answers ARP and neighbour solicitations; the router, which is host 1 everywhere, knows hosts
2, 3 and 9 from the start. Its MAC at port p is 02:00:00:00:aa:0p. By hand, as root:

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
import json
import struct
import time

from hosts import (PATIENCE, PORTS, Failure, Wire, behind, behind6, expect, host, host6, host_mac,
                   router, router6, router_mac)
from packets import ICMP, ICMP6, IP4, IP6, Ip4, ether, hop, parse, udp

WINDOW = 64  # frames sent before some are awaited: no ring of a veth is that short


def network(mtu=(1500, 1500, 1500, 1500), **more):
    """The configuration all tests start from. Behind host 2 of port p are 192.0.2.(64 p)/26 and
    2001:db8:b00p::/48."""
    config = {
        "version": 1,
        "system": {"icmp-errors": "none"},
        "interfaces": {f"p{p}": {"control": "own", "addresses": [f"{router(p)}/24", f"{router6(p)}/64"],
                                 "mtu": mtu[p], "dad": "no"} for p in PORTS},
        "routes": [{"to": f"192.0.2.{64 * p}/26", "via": host(p)} for p in PORTS]
        + [{"to": f"2001:db8:b00{p}::/48", "via": host6(p)} for p in PORTS],
        "neighbours": [],
    }
    config["routes"] += more.get("routes", [])
    config["neighbours"] += more.get("neighbours", [])
    config["system"].update(more.get("system", {}))
    return config


class Rows:
    """The tests of a file in their order, by the row's id with _ for -. Frames for which ignored()
    holds are no matter of theirs. families: of the IP versions that they are about; lab: makes
    what they are written with, if that is not the Lab."""

    def __init__(self, config, ignored=lambda came: False, families=(4,), lab=None):
        self.config, self.ignored, self.families, self.lab = config, ignored, families, lab
        self.test = {}

    def add(self, name, sentence, function, *args):
        assert name not in self.test, name
        self.test[name] = (sentence, lambda lab: function(lab, *args))

    def __call__(self, sentence):
        def register(function):
            self.add(function.__name__, sentence, function)
            return function
        return register


def is_quote(quote, packet):
    """As it came; or as it was to go on, RFC 1812 4.3.2.3 does not ask to undo that."""
    ttl = packet[7 if packet[0] >> 4 == 6 else 8]
    return packet.startswith(quote) or (ttl > 0 and hop(packet).startswith(quote))


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
            self.say_ns(port, host6(port, n), router6(port))
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
        self.came, self.arps, self.nds = [], [], []

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
        hosts = {4: (behind, host), 6: (behind6, host6)}
        for _ in range(2):
            for out in PORTS:
                for source, to in (hosts[family] for family in self.rows.families):
                    self.fences += 1
                    data = b"fence" + struct.pack("!Q", self.fences)
                    self.awaited[out, data] = True
                    self.ip(port, udp(source(port), to(out), data=data), mark=False)
            expect(self.until(lambda: not self.awaited),
                   f"good packets by p{port} are not forwarded: to e"
                   + ", e".join(str(p) for p, _ in self.awaited))

    def settle(self):
        for port in sorted(self.used):
            self.fence(port)
        self.used = set()

    def settle_agent(self, port):
        """Until the router's slow half, too, has heard what was said by ARP, or ND, on the port
        before."""
        for family in self.rows.families:
            new = self.fresh(port) if family == 4 else self.fresh6(port)
            if family == 4:
                self.say_arp(port, 1, new, router(port))
            else:
                self.say_ns(port, new, router6(port))
            self.fence(port)
            expect(self.until(lambda: self.device.knows(new)), f"{new} asked, and is not learned")

    def fresh(self, port):
        """A host the router never heard of."""
        self.fresh_n += 1
        return host(port, self.fresh_n)

    def fresh6(self, port):
        self.fresh_n += 1
        return host6(port, self.fresh_n)

    # --- Stimuli --------------------------------------------------------------------------------

    def ip(self, port, packet, to=None, n=2, mark=True, **field):
        """A packet from host n of the port, to the router's MAC if no other is said."""
        field.setdefault("kind", IP6 if packet[0] >> 4 == 6 else IP4)
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
        came = self.find(f"{parse(wanted)} at e{out}",
                         lambda c: c.port == out and c.ip and c.ip.packet == wanted)
        to = to or (host6(out) if came.kind == IP6 else host(out))
        expect(came.to == self.mac_of(to), f"sent to the wrong station: {came}")
        return came

    def passes(self, port, packet, out, to=None):
        self.ip(port, packet)
        return self.forwarded(packet, out, to)

    def refused(self, port, packet, **field):
        """It has no effect at all."""
        self.ip(port, packet, **field)
        self.nothing()

    def is_error(self, kind, codes, about):
        proto, n = (ICMP6, 48) if about[0] >> 4 == 6 else (ICMP, 28)

        def holds(c):
            return c.ip and c.ip.proto == proto and c.ip.payload[0] == kind \
                and c.ip.payload[1] in codes and c.ip.src in self.own \
                and is_quote(c.ip.payload[8:8 + n], about)
        return holds

    def error(self, port, kind, code, about, **more):
        """An ICMP error about the packet came out of the port. more: source, or several; seconds."""
        codes = code if isinstance(code, tuple) else (code,)
        holds = self.is_error(kind, codes, about)
        what = f"ICMP {kind}/{code} at e{port}"
        came = self.wait_for(what, holds, more["seconds"]) if "seconds" in more \
            else self.find(what, holds)
        quote, v6 = came.ip.payload[8:], came.kind == IP6
        sources = more.get("source", router6(port) if v6 else router(port))
        expect(came.port == port, f"wrong way: {came}")
        expect(came.ip.dst == parse(about).src, f"not to the sender: {came}")
        expect(came.ip.src in ((sources,) if isinstance(sources, str) else sources),
               f"wrong source: {came}")
        expect(is_quote(quote, about), "does not quote the packet")
        # RFC 4443 2.4(c): as much as fits; RFC 792: the header and 8 bytes
        least = 1280 - 48 if v6 else (about[0] & 15) * 4 + 8
        expect(len(quote) >= min(len(about), least), f"quotes {len(quote)} bytes")
        expect(came.ip.total <= (1280 if v6 else 576), f"too long: {came}")  # RFC 1812 4.3.2.3
        return came.ip

    def reply(self, port, request, source=None):
        """The answer to an echo request came: all of its data, from the address asked if no other
        one is said."""
        asked = parse(request)
        proto, kind = (ICMP6, b"\x81\0") if asked.packet[0] >> 4 == 6 else (ICMP, b"\0\0")
        source, data = source or asked.dst, asked.upper()[1] if proto == ICMP6 else asked.payload
        came = self.find(f"echo reply from {source} at e{port}",
                         lambda c: c.port == port and c.ip and c.ip.proto == proto
                         and c.ip.payload[:2] == kind and c.ip.src == source)
        expect(came.ip.dst == asked.src, f"not to who asked: {came}")
        same = came.ip.payload[4:] == data[4:]
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
