#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of fuzz_parse4, fuzz_parse6, fuzz_nd and fuzz_pipeline below tests/fuzz/corpus.

What the fuzzers found lies beside them, as found-NAME; this script leaves that alone.
"""
import ipaddress
import pathlib
import struct

HERE = pathlib.Path(__file__).parent / "corpus"
MAC = bytes([2, 0, 0, 0, 1, 2])


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[: len(data) // 2 * 2]))
    if len(data) % 2:
        total += data[-1] << 8
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(dst, payload=b"", *, src="10.0.0.2", proto=17, ttl=64, frag=0, options=b""):
    first = 0x45 + len(options) // 4
    head = struct.pack(
        ">BBHHHBBH4s4s", first, 0, 20 + len(options) + len(payload), 7, frag, ttl, proto, 0,
        ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def icmp(kind, size=32):
    body = struct.pack(">BBHHH", kind, 0, 0, 1, 1) + bytes(range(size))
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def arp(op, sender, target, mac=MAC):
    return struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, mac,
                       ipaddress.ip_address(sender).packed, bytes(6),
                       ipaddress.ip_address(target).packed) + bytes(18)


def record(port, data, *, more=False, pieces=None, is_arp=False, ip6=False):
    how = port | 4 | (0 if is_arp else 8) | (32 if more else 0) | (64 if is_arp else 0)
    if ip6:
        how |= 128 | (64 if data[24:25] == b"\xff" else 0)
    out = bytes([how | (16 if pieces is not None else 0)])
    if pieces is not None:
        out += bytes([pieces])
    return out + struct.pack("<H", len(data)) + data


def wait(tenths):
    return bytes([3, tenths])


BRIDGE, STATION, ALL_MACS, PORT = 0, 1, 2, 3


def bridged(port, data, *, to=BRIDGE, station=0, source=None, tags=(), more=False, pieces=None, kind=None):
    """A frame to any port; see fuzz_pipeline.c. A tag: VID, or VID and what is before it (8: an S-tag)."""
    kind = ("ip6" if data and data[0] >> 4 == 6 else "ip4") if kind is None else kind
    how = 7 | {"ip4": 8, "arp": 64, "ip6": 136}[kind] | (32 if more else 0) | (16 if pieces is not None else 0)
    what = port | len(tags) << 3 | to << 5 | (128 if source is None else 0)
    out = bytes([how]) + (bytes([pieces]) if pieces is not None else b"") + bytes([what, station])
    if source is not None:
        out += bytes([source])
    pairs = [tag if isinstance(tag, tuple) else (tag, 0) for tag in tags]
    return out + struct.pack("<H", len(data)) + data + b"".join(bytes(pair) for pair in pairs)


def tcp(src, dst, flags, data=b"", *, words=5):
    body = struct.pack(">HHIIBBHHH", 1024, 80, 7, 9, words << 4, flags, 8192, 0, 0)
    body += bytes(4 * (words - 5)) + data
    pseudo = (ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
              + struct.pack(">HH", 6, len(body)))
    return body[:16] + struct.pack(">H", checksum(pseudo + body)) + body[18:]


def tcp_to_router(flags, data=b"", **more):
    return ip4("10.0.0.1", tcp("10.0.0.2", "10.0.0.1", flags, data, **more), proto=6)


UDP = struct.pack(">HHHH", 1024, 9, 20, 0) + bytes(12)
PACKETS = {
    "forward": ip4("10.0.1.2", UDP),
    "ttl": ip4("10.0.1.2", UDP, ttl=1),
    "no-route": ip4("9.9.9.9", UDP),
    "echo": ip4("10.0.0.1", icmp(8), proto=1),
    "echo-options": ip4("10.0.1.1", icmp(8), proto=1, options=bytes([1] * 40)),
    "error": ip4("9.9.9.9", icmp(3), proto=1),
    "closed": ip4("10.0.0.1", UDP),
    "source-route": ip4("10.0.0.1", UDP, options=bytes([131, 7, 4, 10, 0, 1, 2, 0])),
    "fragment": ip4("10.0.0.1", UDP, frag=0x2000),
    "too-big": ip4("10.0.2.2", bytes(1600), frag=0x4000),
    "martian": ip4("10.0.1.2", UDP, src="127.0.0.1"),
    "land": ip4("10.0.0.1", UDP, src="10.0.0.1"),
    "multicast": ip4("224.0.0.5", UDP),
    "blackhole": ip4("198.21.0.1", UDP),
    "unreachable": ip4("198.22.0.1", UDP),
    "hairpin": ip4("198.20.0.1", UDP),
    "record-route": ip4("10.0.1.2", UDP, options=bytes([1, 7, 15, 4] + [0] * 12)),
    "record-route-full": ip4("10.0.1.2", UDP, options=bytes([7, 7, 8, 1, 2, 3, 4, 0])),
    "record-route-bad": ip4("10.0.1.2", UDP, options=bytes([7, 7, 5, 0, 0, 0, 0, 0])),
    "timestamp": ip4("10.0.1.2", UDP, options=bytes([68, 12, 5, 0] + [0] * 8)),
    "timestamp-address": ip4("10.0.1.2", UDP, options=bytes([68, 20, 5, 1] + [0] * 16)),
    "timestamp-named": ip4("10.0.1.2", UDP, options=bytes([68, 12, 5, 3, 10, 0, 2, 1] + [0] * 4)),
    "timestamp-overflows": ip4("10.0.1.2", UDP, options=bytes([68, 4, 5, 0xF0])),
    "echo-recorded": ip4("10.0.1.1", icmp(8), proto=1,
                         options=bytes([7, 11, 4] + [0] * 8 + [1, 68, 12, 5, 1] + [0] * 8)),
    "option-bad": ip4("10.0.0.1", UDP, options=bytes([94, 0, 0, 0])),
    "router-alert": ip4("10.0.1.2", UDP, options=bytes([148, 4, 0, 0])),
    "tcp-syn": tcp_to_router(2),
    "tcp-ack": tcp_to_router(0x18, b"data"),
    "tcp-options": tcp_to_router(3, b"x", words=10),
    "tcp-reset": tcp_to_router(4),
    "on-link": ip4("10.0.0.9", UDP),
    "half-made": ip4("10.0.1.2", struct.pack(">HHHH", 1, 2, 20, 0x1418) + bytes(12),
                     src="10.0.2.2"),
}
RUNS = {
    "resolve": record(0, ip4("198.18.0.1", UDP))
    + record(1, arp(2, "10.0.1.9", "10.0.1.1"), is_arp=True) + record(0, ip4("198.19.0.1", UDP)),
    "silent": record(0, ip4("10.0.1.77", UDP)) * 5 + wait(40) + record(0, ip4("10.0.1.77", UDP)),
    "ask": record(0, arp(1, "10.0.0.7", "10.0.0.1"), is_arp=True)
    + record(1, ip4("10.0.0.7", UDP, src="10.0.1.2")),
    "batch": b"".join(record(0, p, more=True) for p in PACKETS.values()) + wait(1),
    "jumbo": record(0, ip4("10.0.1.2", bytes(8000)), pieces=20),
    "jumbo-echo": record(0, ip4("10.0.0.1", icmp(8, 64) + bytes(6000), proto=1,
                                options=bytes([1] * 8)), pieces=20),
    "jumbo-tcp": record(0, tcp_to_router(2, bytes(4001)), pieces=20),
    "jumbo-recorded": record(0, ip4("10.0.1.2", bytes(5000), options=bytes([7, 7, 4] + [0] * 5)), pieces=21),
    "jumbo-redirect": record(0, ip4("198.20.0.1", bytes(5000), src="10.0.0.7"), pieces=21),
    "redirects": b"".join(record(0, ip4("198.20.0.1", UDP, src=f"10.0.0.{i}"), more=True) for i in range(20, 60))
    + wait(1),
    "jumbo-held": record(1, ip4("10.0.0.99", bytes(4000), src="10.0.1.2"), pieces=24) + wait(50),
    "jumbo-short-head": record(2, ip4("10.0.1.2", UDP + bytes(100), src="10.0.2.2"), pieces=0),
}


def fragments(dst, body, cuts, *, proto=1, src="10.0.0.2", port=0, **how):
    """@body in pieces [start, end) as @cuts says, in that order."""
    return b"".join(
        record(port, ip4(dst, body[a:b], proto=proto, src=src,
                         frag=(0x2000 if b < len(body) else 0) | a // 8), **how)
        for a, b in cuts)


ECHO = icmp(8, 248)
LONG = icmp(8, 64) + bytes(4000)
RUNS |= {
    "cut": record(0, ip4("10.0.2.2", bytes(1600))),
    "cut-options": record(0, ip4("10.0.2.2", bytes(1500), options=bytes(
        [0x88, 4, 1, 2, 7, 7, 4, 0, 0, 0, 0, 130, 11] + [3] * 9 + [0, 0]))),
    "cut-jumbo": record(0, ip4("10.0.2.2", bytes(8900)), pieces=21) * 2,
    "cut-again": record(0, ip4("10.0.2.2", bytes(3000), frag=0x2000 | 100)),
    "cut-too-far": record(0, ip4("10.0.2.2", bytes(3000), frag=8100)),
    "cut-batch": b"".join(record(0, ip4("10.0.2.2", bytes(n)), more=True)
                          for n in (40, 1481, 8000, 20, 5000, 1400)) + wait(1),
    "cut-held": record(0, ip4("10.0.2.77", bytes(4000)))
    + record(2, arp(2, "10.0.2.77", "10.0.2.1"), is_arp=True),
    "whole": fragments("10.0.0.1", ECHO, [(0, 128), (128, 256)]),
    "whole-reverse": fragments("10.0.0.1", ECHO, [(192, 256), (64, 192), (0, 64)]),
    "whole-twice": fragments("10.0.0.1", ECHO, [(0, 128), (0, 128), (128, 256)]),
    "whole-batch": fragments("10.0.0.1", ECHO, [(0, 64), (64, 128), (128, 256)], more=True),
    "whole-long": fragments("10.0.2.1", LONG, [(0, 1480), (2960, 4072), (1480, 2960)], port=2,
                            src="10.0.2.2"),
    "whole-jumbo": fragments("10.0.0.1", LONG * 3, [(8000, 12216), (0, 8000)], pieces=20),
    "whole-udp": fragments("10.0.0.1", UDP + bytes(100), [(0, 64), (64, 120)], proto=17),
    "overlap": fragments("10.0.0.1", ECHO, [(0, 128), (64, 256), (128, 256)]),
    "two-ends": fragments("10.0.0.1", ECHO, [(128, 256)])
    + fragments("10.0.0.1", ECHO[:200], [(128, 200)]),
    "odd": fragments("10.0.0.1", ECHO, [(0, 127), (128, 256)]),
    "death": record(0, ip4("10.0.0.1", bytes(1480), proto=1, frag=8189)),
    "late": fragments("10.0.0.1", ECHO, [(0, 128)]) + wait(255) + wait(100),
    "later-alone": fragments("10.0.0.1", ECHO, [(128, 256)]) + wait(255) + wait(100),
}


def addr6(text):
    return ipaddress.IPv6Address(text).packed


def ip6(dst, payload=b"", *, src="2001:db8::2", following=17, limit=64, flow=0):
    return struct.pack(">IHBB", 6 << 28 | flow, len(payload), following, limit) + addr6(src) + addr6(dst) + payload


def ext(following, body=bytes([1, 4, 0, 0, 0, 0])):
    """An options or routing header before what has the number following."""
    return bytes([following, (len(body) + 2) // 8 - 1]) + body


def frag6(following, offset, more, ident=7):
    return struct.pack(">BBHI", following, 0, offset | more, ident)


def icmp6(kind, body=bytes(36), code=0):
    """The checksum is made right by the record."""
    return struct.pack(">BBH", kind, code, 0) + body


LINK = "fe80::202:ff:fe00:102"  # of the host of port 0
OPTION = bytes([1, 1]) + MAC
NS = bytes(4) + addr6("2001:db8::1")
NA = bytes([0xE0, 0, 0, 0]) + addr6("2001:db8::9") + bytes([2, 1]) + MAC
ECHO6 = struct.pack(">HH", 1, 1) + bytes(range(200))
HALF6 = ~checksum(addr6("2001:db8:2::2") + addr6("2001:db8:1::2") + struct.pack(">II", 20, 17)) & 0xFFFF
PACKETS6 = {
    "forward": ip6("2001:db8:1::2", UDP, flow=0xbb12345),
    "hop-limit": ip6("2001:db8:1::2", UDP, limit=1),
    "no-route": ip6("2a00::1", UDP),
    "echo": ip6("2001:db8::1", icmp6(128), following=58),
    "echo-link": ip6("fe80::200:ff:fe00:1", icmp6(128), src=LINK, following=58),
    "echo-group": ip6("ff02::2", icmp6(128), following=58),
    "anycast": ip6("2001:db8::", icmp6(128), following=58),
    "error": ip6("2a00::1", icmp6(1), following=58),
    "closed": ip6("2001:db8::1", UDP),
    "too-big": ip6("2001:db8:2::2", bytes(1600)),
    "martian": ip6("2001:db8:1::2", UDP, src="::1"),
    "mapped": ip6("::ffff:10.0.1.2", UDP),
    "land": ip6("2001:db8::1", UDP, src="2001:db8::1"),
    "multicast": ip6("ff0e::99", UDP),
    "blackhole": ip6("2001:67c:3::1", UDP),
    "unreachable": ip6("2001:67c:4::1", UDP),
    "hairpin": ip6("2001:67c:2::1", UDP),
    "scope": ip6("2001:db8:1::2", UDP, src=LINK),
    "on-link": ip6("2001:db8::9", UDP),
    "hop-by-hop": ip6("2001:db8:1::2", ext(17) + UDP, following=0),
    "hop-by-hop-long": ip6("2001:db8:1::2", ext(17, bytes([1, 252] + [0] * 252)) + UDP, following=0),
    "hop-by-hop-mine": ip6("2001:db8::1", ext(17, bytes([0x9E, 4, 0, 0, 0, 0])) + UDP, following=0),
    "options-mine": ip6("2001:db8::1", ext(58, bytes([0xDE, 4, 0, 0, 0, 0])) + icmp6(128), following=60),
    "options-skipped": ip6("2001:db8::1", ext(58, bytes([0x1E, 4, 0, 0, 0, 0])) + icmp6(128), following=60),
    "options-discard": ip6("2001:db8::1", ext(58, bytes([0x5E, 4, 0, 0, 0, 0])) + icmp6(128), following=60),
    "options-group": ip6("ff02::1", ext(58, bytes([0, 0, 0xDE, 2, 0, 0])) + icmp6(128), following=60),
    "options-bad": ip6("2001:db8::1", ext(58, bytes([1, 5, 0, 0, 0, 0])) + icmp6(128), following=60),
    "options-cut": ip6("2001:db8::1", ext(58)[:1], following=60),
    "hop-by-hop-later": ip6("2001:db8::1", ext(0) + ext(58) + icmp6(128), following=60),
    "routing-over": ip6("2001:db8::1", ext(59, bytes([4, 0, 0, 0, 0, 0])), following=43),
    "authentic-error": ip6("2001:67c:ffff::1", bytes([58, 1]) + bytes(10) + icmp6(1, bytes(48)), following=51),
    "chain": ip6("2001:db8::1", ext(60) * 20 + ext(58) + icmp6(128), following=60),
    "routing": ip6("2001:db8::1", ext(17, bytes([0, 1, 0, 0, 0, 0]) + addr6("2001:db8:1::2")) + UDP, following=43),
    "unknown-header": ip6("2001:db8::1", UDP, following=253),
    "jumbogram": ip6("2001:db8:1::2", b"", following=0),
    "tcp": ip6("2001:db8::1", tcp("10.0.0.2", "10.0.0.1", 2), following=6),
    "atomic": ip6("2001:db8::1", frag6(58, 0, 0) + icmp6(128), following=44),
    "fragment": ip6("2001:db8::1", frag6(17, 0, 1) + UDP, following=44),
    "fragment-odd": ip6("2001:db8::1", frag6(17, 0, 1) + UDP + b"x", following=44),
    "fragment-far": ip6("2001:db8::1", frag6(17, 0xFFF8, 0) + UDP, following=44),
    "fragment-cut": ip6("2001:db8::1", frag6(60, 0, 1) + ext(17)[:4] + bytes(4), following=44),
    "fragment-nested": ip6("2001:db8::1", frag6(44, 0, 0) + frag6(17, 0, 0) + UDP, following=44),
    "half-made": ip6("2001:db8:1::2", struct.pack(">HHHH", 1, 2, 20, HALF6) + bytes(12), src="2001:db8:2::2"),
    "ns": ip6("ff02::1:ff00:1", icmp6(135, NS + OPTION), following=58, limit=255),
    "ns-unicast": ip6("2001:db8::1", icmp6(135, NS), following=58, limit=255),
    "ns-dad": ip6("ff02::1:ff00:1", icmp6(135, NS), src="::", following=58, limit=255),
    "ns-zero-option": ip6("ff02::1:ff00:1", icmp6(135, NS + bytes(8)), following=58, limit=255),
    "ns-fragment": ip6("ff02::1:ff00:1", frag6(58, 0, 0) + icmp6(135, NS), following=44, limit=255),
    "na": ip6("2001:db8::1", icmp6(136, NA), src="2001:db8::9", following=58, limit=255),
    "na-all": ip6("ff02::1", icmp6(136, NA), src="2001:db8::9", following=58, limit=255),
    "na-ours": ip6("ff02::1", icmp6(136, NS), src="2001:db8::1", following=58, limit=255),
    "rs": ip6("ff02::2", icmp6(133, bytes(4) + OPTION), src=LINK, following=58, limit=255),
    "rs-nobody": ip6("ff02::2", icmp6(133, bytes(4)), src="::", following=58, limit=255),
    "ra": ip6("ff02::1", icmp6(134, bytes(12) + OPTION), src=LINK, following=58, limit=255),
    "redirect": ip6("2001:db8::1", icmp6(137, bytes(4) + addr6("fe80::9") * 2), src=LINK, following=58, limit=255),
    "mld-query": ip6("ff02::1", ext(58, bytes([5, 2, 0, 0, 1, 0])) + icmp6(130, bytes(24)), src=LINK, following=0,
                     limit=1),
}


def fragments6(dst, body, cuts, *, following=58, port=0, **how):
    return b"".join(
        record(port, ip6(dst, frag6(following, a, int(b < len(body))) + body[a:b], following=44), ip6=True, **how)
        for a, b in cuts)


def sum6(dst, body, src="2001:db8::2"):
    """The checksum of ICMPv6 that comes in fragments."""
    pseudo = addr6(src) + addr6(dst) + struct.pack(">II", len(body), 58)
    return body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]


WHOLE6 = sum6("2001:db8::1", icmp6(128, ECHO6 + bytes(56)))
LONG6 = sum6("2001:db8::1", icmp6(128, ECHO6 + bytes(4000)))
RUNS6 = {
    "resolve": record(0, ip6("2001:67c:1::1", UDP), ip6=True)
    + record(1, ip6("2001:db8:1::1", icmp6(136, bytes([0xE0, 0, 0, 0]) + addr6("2001:db8:1::9") + bytes([2, 1]) + MAC),
                    src="2001:db8:1::9", following=58, limit=255), ip6=True),
    "silent": record(0, ip6("2001:db8:1::77", UDP), ip6=True) * 5 + wait(40),
    "batch": b"".join(record(0, p, more=True, ip6=True) for p in PACKETS6.values()) + wait(1),
    "families": b"".join(record(0, p, more=True, ip6=p[0] >> 4 == 6)
                         for pair in zip(PACKETS.values(), PACKETS6.values()) for p in pair) + wait(1),
    "jumbo": record(0, ip6("2001:db8:1::2", bytes(8000)), pieces=20, ip6=True),
    "jumbo-echo": record(0, ip6("2001:db8::1", icmp6(128, bytes(6000)), following=58), pieces=20, ip6=True),
    # Its answer goes by port 2, in fragments; and the same when that has to wait.
    "jumbo-echo-cut": record(0, ip6("2001:db8::1", icmp6(128, bytes(6000)), src="2001:db8:2::2", following=58),
                             pieces=20, ip6=True),
    "jumbo-echo-held": record(0, ip6("2001:db8::1", icmp6(128, bytes(6000)), src="2001:db8:2::9", following=58),
                              pieces=20, ip6=True)
    + record(2, ip6("2001:db8:2::1", icmp6(136, bytes([0xE0, 0, 0, 0]) + addr6("2001:db8:2::9") + bytes([2, 1]) + MAC),
                    src="2001:db8:2::9", following=58, limit=255), ip6=True) + wait(40),
    # Extension headers as far as the first frame surely reaches, and further.
    "jumbo-options": record(0, ip6("2001:db8::1", ext(58, bytes(1190)) + icmp6(128, bytes(3000)), following=60),
                            pieces=20, ip6=True),
    "jumbo-options-long": record(0, ip6("2001:db8::1", ext(60, bytes(1182)) + ext(58, bytes(62)) + bytes(3000),
                                        following=60), pieces=20, ip6=True),
    "jumbo-group": record(0, ip6("ff02::1", bytes(5000)), pieces=20, ip6=True),
    "jumbo-redirect": record(0, ip6("2001:67c:2::1", bytes(5000), src="2001:db8::7"), pieces=21, ip6=True),
    "jumbo-too-big": record(0, ip6("2001:db8:2::2", bytes(5000)), pieces=21, ip6=True),
    "redirects": b"".join(record(0, ip6("2001:67c:2::1", UDP, src=f"2001:db8::{i}"), more=True, ip6=True)
                          for i in range(20, 60)) + wait(1),
    "whole": fragments6("2001:db8::1", WHOLE6, [(0, 128), (128, len(WHOLE6))]),
    "whole-reverse": fragments6("2001:db8::1", WHOLE6, [(128, len(WHOLE6)), (0, 128)]),
    "whole-long": fragments6("2001:db8::1", LONG6, [(0, 1400), (2800, len(LONG6)), (1400, 2800)]),
    "whole-jumbo": fragments6("2001:db8::1", LONG6 * 2, [(4000, 2 * len(LONG6)), (0, 4000)], pieces=20),
    "overlap": fragments6("2001:db8::1", WHOLE6, [(0, 128), (64, len(WHOLE6)), (128, len(WHOLE6))]),
    "late": fragments6("2001:db8::1", WHOLE6, [(0, 128)]) + wait(255) + wait(255) + wait(200),
}


# What fuzz_nd takes: its first byte, then an IPv6 packet.
OURS, OUR_LINK, HOST, ALL = "2001:db8::1", "fe80::ff:fe00:102", "2001:db8::7", "ff02::1"
SOLICITED = "ff02::1:ff00:1"
SOURCE, TARGET = bytes([1, 1]) + MAC, bytes([2, 1]) + MAC
NONCE = bytes([14, 1, 1, 2, 3, 4, 5, 6])


def nd(kind, src, dst, target=None, *, flags=0, options=b"", hops=255, code=0, how=0, more=b""):
    """A message; fuzz_nd puts types, lengths and, but with @how 1, the checksum right."""
    # fuzz_nd makes a type of ND of any: 133 and the remainder modulo 5.
    head = bytes([kind - 133, code, 0, 0, flags, 0, 0, 0])
    body = head + (ipaddress.ip_address(target).packed if target else b"") + more + options
    return bytes([how]) + struct.pack(">IHBB", 6 << 28, len(body), 58, hops) + \
        ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed + body


ND = {
    "ns": nd(135, HOST, SOLICITED, OURS, options=SOURCE),
    "ns-link": nd(135, "fe80::7", "ff02::1:ff00:102", OUR_LINK, options=SOURCE),
    "ns-bare": nd(135, HOST, OURS, OURS),
    "ns-dad": nd(135, "::", SOLICITED, OURS),
    "ns-dad-option": nd(135, "::", SOLICITED, OURS, options=SOURCE),
    "ns-dad-unicast": nd(135, "::", OURS, OURS),
    "ns-tentative": nd(135, "::", "ff02::1:ff00:2", "2001:db8::2", options=NONCE),
    "ns-own-nonce": nd(135, "::", "ff02::1:ff00:2", "2001:db8::2", options=NONCE, how=2),
    "ns-duplicate": nd(135, HOST, "ff02::1:ff00:3", "2001:db8::3", options=SOURCE),
    "ns-anycast": nd(135, HOST, "ff02::1:ff00:0", "2001:db8::", options=SOURCE),
    "ns-other": nd(135, HOST, "ff02::1:ff00:9", "2001:db8::9", options=SOURCE),
    "ns-off-link": nd(135, "2001:db8:1::7", OURS, OURS, options=SOURCE),
    "ns-from-us": nd(135, OURS, SOLICITED, OURS, options=SOURCE),
    "ns-group-mac": nd(135, HOST, OURS, OURS, options=bytes([1, 1, 0x33, 0x33, 0, 0, 0, 1])),
    "ns-group-target": nd(135, HOST, OURS, ALL, options=SOURCE),
    "ns-zero-option": nd(135, HOST, OURS, OURS, options=bytes([1, 0]) + MAC),
    "ns-long-option": nd(135, HOST, OURS, OURS, options=bytes([200, 9]) + MAC),
    "ns-options": nd(135, HOST, OURS, OURS, options=bytes([200, 2]) + bytes(14) + NONCE + SOURCE),
    "ns-short-option": nd(135, HOST, OURS, OURS, options=bytes([1, 1, 2])),
    "ns-sum": nd(135, HOST, OURS, OURS, options=SOURCE, how=1),
    "ns-hops": nd(135, HOST, OURS, OURS, options=SOURCE, hops=254),
    "ns-code": nd(135, HOST, OURS, OURS, options=SOURCE, code=1),
    "ns-short": nd(135, HOST, OURS, "2001:db8::1")[:-8],
    "na": nd(136, HOST, OURS, HOST, flags=0x60, options=TARGET),
    "na-router": nd(136, "fe80::7", ALL, "fe80::7", flags=0xa0, options=TARGET),
    "na-bare": nd(136, HOST, OURS, HOST, flags=0x40),
    "na-group": nd(136, HOST, ALL, HOST, flags=0x60, options=TARGET),
    "na-conflict": nd(136, OURS, ALL, OURS, flags=0x20),
    "na-off-link": nd(136, "2001:db8:1::7", OURS, "2001:db8:1::7", flags=0x60, options=TARGET),
    "rs": nd(133, "fe80::7", "ff02::2", options=SOURCE),
    "rs-none": nd(133, "::", "ff02::2"),
    "ra": nd(134, "fe80::7", ALL, more=bytes(8), options=SOURCE + bytes([3, 4]) + bytes(30)),
    "ra-global": nd(134, HOST, ALL, more=bytes(8)),
    "redirect": nd(137, "fe80::7", OURS, "fe80::9", options=TARGET,
                   more=ipaddress.ip_address("2001:db8:5::1").packed),
}


# What a configuration may say of bridges and VLANs, small enough to be put together anew.
CONFIGS = {
    "bridge": "bridges: {b: {ports: {p: {}, q: {isolated: yes, state: learning, storm: 5/s, mac-limit: 2}}, "
              "addresses: [192.0.2.1/24], mtu: 1400, ageing: never, storm: none, "
              "stations: [{lladdr: 02:00:00:00:00:01, port: p}]}}",
    "bridge-aware": "bridges: {b: {vlan-aware: yes, mac: 02:00:00:00:00:07, ports: {p: {access: 1}, "
                    "q: {trunk: [1, 3-5], native: 1}, r: {trunk: all}}, vlans: {1: {addresses: "
                    "['2001:db8::1/64'], router-advertisement: {}}, 5: }, "
                    "stations: [{lladdr: 02:00:00:00:00:01, port: q, vlan: 4}]}}",
    "bridge-listed": "interfaces: {p: {control: own, mtu: 1500}}\nbridges: {b: {ports: {p: }}, c: {ports: {q: {}}}}\n"
                     "routes: [{to: default, interface: b}]",
    "bridge-wrong": "interfaces: {b: {control: own}, b.1: {}}\nbridges: {b: {vlan-aware: yes, ports: {b: {}, b.1: "
                    "{}}, vlans: {1: {}, 0: }, addresses: [10.0.0.1/8]}, c: {vlans: {1: }, ports: {b: , p: {access: "
                    "1}}}}",
    "vlan": "interfaces: {p: {control: own}, p.1: {protocol: 802.1ad, addresses: [192.0.2.1/24]}, p.1.2: {mtu: 1400}, "
            "g: {parent: p, vlan: 3}}\nneighbours: [{address: 192.0.2.2, lladdr: 02:00:00:00:00:01, interface: g}]",
    "vlan-wrong": "interfaces: {a: {parent: b, vlan: 1}, b: {parent: a, vlan: 1}, c: {parent: c, vlan: 1}, "
                  "d.1: {}, e: {vlan: 2}, f: {parent: a}, g: {control: own}, g.1: {}, g.1.1: {}, g.1.1.1: {}, "
                  "h: {parent: g, vlan: 1}}",
}


# Frames to bridges and VLANs, as fuzz_pipeline draws them. A link's subnets go by its interface's id.
TO_20 = ip4("10.0.65.2", UDP, src="10.0.64.2")
L2 = {
    "station": bridged(3, TO_20, to=STATION, station=4),
    "station-tagged": bridged(4, TO_20, to=STATION, station=3, tags=[(10, 0xA0)]),
    "unknown": bridged(4, TO_20, to=STATION, station=7, tags=[20]),
    "learn": bridged(3, TO_20, to=STATION, station=7, source=9) + bridged(4, TO_20, to=STATION, station=1, tags=[10]),
    "move": bridged(4, TO_20, to=STATION, station=3, source=7, tags=[10]) + bridged(5, TO_20, to=STATION, station=7),
    "broadcast": bridged(3, TO_20, to=ALL_MACS),
    "jumbo-broadcast": bridged(6, ip4("10.0.66.9", bytes(6000)), to=ALL_MACS, pieces=20),
    "jumbo-tagged": bridged(4, ip4("10.0.66.9", bytes(6000)), to=ALL_MACS, pieces=20, tags=[10]),
    "priority": bridged(3, TO_20, to=STATION, station=4, tags=[(0, 0xE0)]),
    "hop": bridged(3, TO_20, to=STATION, station=4, tags=[0, 20]),
    "s-tag": bridged(4, TO_20, to=ALL_MACS, tags=[(10, 8)]),
    "foreign": bridged(3, TO_20, to=ALL_MACS, tags=[20]),
    "three": bridged(4, TO_20, to=ALL_MACS, tags=[10, 20, (100, 8)]),
    "runt": bridged(4, b"", to=ALL_MACS, tags=[10], kind="arp") + bridged(3, b"", to=ALL_MACS, kind="arp"),
    "arp": bridged(3, arp(1, "10.0.64.9", "10.0.64.1"), to=ALL_MACS, kind="arp"),
    "arp-tagged": bridged(4, arp(1, "10.0.65.9", "10.0.65.1"), to=ALL_MACS, tags=[20], kind="arp"),
    "arp-plain": bridged(6, arp(1, "10.0.66.9", "10.0.66.1"), to=ALL_MACS, kind="arp"),
    "route": bridged(3, TO_20),
    "route-out": bridged(3, ip4("10.0.1.2", UDP, src="10.0.64.2")),
    "route-cut": bridged(0, ip4("10.0.64.2", bytes(4000)), to=PORT, pieces=20),
    "route-unknown": record(0, ip4("10.0.64.77", UDP)) + record(0, ip4("10.0.69.77", UDP)) + wait(40),
    "route6": bridged(3, ip6("2001:db8:41::2", UDP, src="2001:db8:40::2")),
    "echo6": bridged(6, ip6("2001:db8:42::1", icmp6(128), src="2001:db8:42::9", following=58)),
    "ns6": bridged(3, ip6("ff02::1:ff00:1", icmp6(135, bytes(4) + addr6("2001:db8:40::1") + OPTION),
                          src="2001:db8:40::9", following=58, limit=255), to=ALL_MACS),
    "group6": bridged(5, ip6("ff02::1", icmp6(128), src="fe80::9", following=58), to=ALL_MACS),
    "vlan": bridged(0, ip4("10.0.1.2", UDP, src="10.0.67.2"), to=PORT, tags=[5]),
    "vlan-priority": bridged(0, ip4("10.0.1.2", UDP), to=PORT, tags=[(0, 0xE0)]),
    "vlan-foreign": bridged(0, ip4("10.0.1.2", UDP), to=PORT, tags=[6]),
    "vlan-arp": bridged(0, arp(1, "10.0.67.9", "10.0.67.1"), to=ALL_MACS, tags=[5], kind="arp"),
    "vlan-jumbo": bridged(0, ip4("10.0.68.2", bytes(8000), src="10.0.67.2"), to=PORT, tags=[5], pieces=20),
    "qinq": bridged(1, ip4("10.0.0.2", UDP, src="10.0.69.2"), to=PORT, tags=[(100, 8), 10]),
    "qinq-outer": bridged(1, ip4("10.0.0.2", UDP, src="10.0.68.2"), to=PORT, tags=[(100, 8)]),
    "qinq-swapped": bridged(1, ip4("10.0.0.2", UDP, src="10.0.69.2"), to=PORT, tags=[100, (10, 8)]),
    "qinq-echo6": bridged(1, ip6("2001:db8:45::1", icmp6(128), src="2001:db8:45::9", following=58), to=PORT,
                          tags=[(100, 8), 10]),
    "batch": b"".join(bridged(4, TO_20, to=i % 3, station=i % 8, source=i * 5 % 256, tags=[10, 20][i % 2:i % 2 + 1],
                              more=True) for i in range(60)) + wait(1),
    "flood": b"".join(bridged(6, TO_20, to=STATION, station=i % 8, source=i, more=True) for i in range(60)) * 3
    + wait(1),
    "batch-arp": b"".join(bridged(3, arp(1, f"10.0.64.{i + 9}", "10.0.64.1"), to=ALL_MACS, source=i, kind="arp",
                                  more=True) for i in range(60)) + wait(1),
}


def write(folder, name, data):
    path = HERE / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_bytes(data)


def main():
    for name, packet in PACKETS.items():
        write("parse4", name, packet[:120])
        write("pipeline", name, record(2 if name == "half-made" else 0, packet))
    for name, run in RUNS.items():
        write("pipeline", name, run)
    for name, packet in PACKETS6.items():
        write("parse6", name, packet[:120])
        write("pipeline", f"ip6-{name}", record(2 if name == "half-made" else 0, packet, ip6=True))
    for name, run in RUNS6.items():
        write("pipeline", f"ip6-{name}", run)
    for name, run in L2.items():
        write("pipeline", f"l2-{name}", run)
    for name, message in ND.items():
        write("nd", name, message)
    for name, text in CONFIGS.items():
        write("config", name, text.encode())


if __name__ == "__main__":
    main()
