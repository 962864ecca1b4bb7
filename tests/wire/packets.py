# SPDX-License-Identifier: BSD-2-Clause
"""Packets as bytes: made, also wrongly where a test wants that, and taken apart."""
import socket
import struct

IP4, ARP, IP6, VLAN, QINQ = 0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8
BROADCAST = "ff:ff:ff:ff:ff:ff"
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
DF, MF, RESERVED = 0x4000, 0x2000, 0x8000
SYN, RST, ACK = 0x02, 0x04, 0x10


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def is6(address):
    return ":" in address


def addr(text):
    """An address of either family, as its bytes."""
    return socket.inet_pton(socket.AF_INET6, text) if is6(text) else socket.inet_aton(text)


def text6(octets):
    """As RFC 5952 writes it."""
    return socket.inet_ntop(socket.AF_INET6, octets)


def checksum(data):
    """RFC 1071; 0 over data that includes a checksum which is right."""
    data = bytes(data)
    s = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def pattern(size, seed=0):
    """Payload of which no part is like another one shifted by less than 251 bytes."""
    return bytes((seed + i * 7) % 251 for i in range(size))


def ether(dst, src, body, kind=IP4, tags=()):
    """tags: (EtherType, TCI) of each VLAN tag, the outermost first."""
    stack = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return mac(dst) + mac(src) + stack + struct.pack("!H", kind) + body


def ip4(src, dst, payload=b"", proto=UDP, **field):
    """field: ttl, tos, id, frag (flags and offset as in the header), options; wrong if given:
    version, ihl, total, check."""
    options = field.get("options", b"")
    options += bytes(-len(options) % 4)
    ihl = field.get("ihl", 5 + len(options) // 4)
    total = field.get("total", 20 + len(options) + len(payload))
    h = struct.pack("!BBHHHBBH4s4s", field.get("version", 4) << 4 | ihl, field.get("tos", 0), total,
                    field.get("id", 7), field.get("frag", 0), field.get("ttl", 64), proto, 0,
                    addr(src), addr(dst)) + options
    return with_check(h, field.get("check")) + payload


def with_check(header, check=None):
    if check is None:
        check = checksum(header[:10] + b"\0\0" + header[12:])
    return header[:10] + struct.pack("!H", check) + header[12:]


def ip6(src, dst, payload=b"", proto=UDP, **field):
    """proto: the next header. field: ttl (the hop limit), tos (the traffic class), flow; wrong if
    given: version, length."""
    first = field.get("version", 6) << 28 | field.get("tos", 0) << 20 | field.get("flow", 0)
    return struct.pack("!IHBB16s16s", first, field.get("length", len(payload)), proto,
                       field.get("ttl", 64), addr(src), addr(dst)) + payload


def ip(src, *args, **field):
    """A packet of the family that its addresses are of."""
    return (ip6 if is6(src) else ip4)(src, *args, **field)


def hop(packet, ttl=1):
    """What a router has to make of a packet it forwards (RFC 1812 5.3.1, RFC 8200 3)."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - ttl]) + packet[8:]
    n = (packet[0] & 15) * 4
    return with_check(packet[:8] + bytes([packet[8] - ttl]) + packet[9:n]) + packet[n:]


def pseudo(src, dst, proto, size):
    return addr(src) + addr(dst) + (struct.pack("!I3xB", size, proto) if is6(src)
                                    else struct.pack("!BBH", 0, proto, size))


def udp(src, dst, size=26, sport=1024, dport=9, **field):
    """A packet of 28 + size bytes, of 48 + size for IPv6; field: as ip, also data, and udp_check if
    wrong."""
    data = field.pop("data", pattern(size))
    h = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    check = checksum(pseudo(src, dst, UDP, 8 + len(data)) + h + data) or 0xFFFF
    h = h[:6] + struct.pack("!H", field.pop("udp_check", check))
    return ip(src, dst, h + data, UDP, **field)


def tcp(src, dst, flags=SYN, seq=1000, ack=0, **field):
    """A packet with a TCP segment; field: as ip, also sport, dport, data, tcp_check."""
    data = field.pop("data", b"")
    h = struct.pack("!HHIIBBHHH", field.pop("sport", 1024), field.pop("dport", 80), seq, ack, 0x50,
                    flags, 8192, 0, 0)
    check = checksum(pseudo(src, dst, TCP, 20 + len(data)) + h + data)
    h = h[:16] + struct.pack("!H", field.pop("tcp_check", check)) + h[18:]
    return ip(src, dst, h + data, TCP, **field)


def icmp(kind, code=0, rest=b"\0\0\0\0", data=b"", check=None):
    m = struct.pack("!BBH", kind, code, 0) + rest + data
    return m[:2] + struct.pack("!H", checksum(m) if check is None else check) + m[4:]


def icmp6(src, dst, kind, code=0, body=b"\0\0\0\0", **field):
    """An IPv6 packet with an ICMPv6 message: what follows its checksum is the body. field: as ip6,
    also icmp_check if wrong."""
    m = struct.pack("!BBH", kind, code, 0) + body
    check = field.pop("icmp_check", None)
    if check is None:
        check = checksum(pseudo(src, dst, ICMP6, len(m)) + m)
    return ip6(src, dst, m[:2] + struct.pack("!H", check) + body, ICMP6, **field)


def echo(src, dst, data=b"viaduct!", ident=99, seq=1, **field):
    """field: as ip, also icmp_check if wrong."""
    rest = struct.pack("!HH", ident, seq)
    if is6(src):
        return icmp6(src, dst, 128, 0, rest + data, **field)
    return ip4(src, dst, icmp(8, 0, rest, data, field.pop("icmp_check", None)), ICMP, **field)


def fragments(packet, sizes, last=True):
    """The packet cut into pieces of so many bytes of data, and what is left."""
    n = (packet[0] & 15) * 4
    frag = struct.unpack("!H", packet[6:8])[0]
    at, out = 0, []
    for size in list(sizes) + [len(packet)]:
        data = packet[n + at:n + at + size]
        if not data:
            break
        more = MF if not last or n + at + len(data) < len(packet) else 0
        out.append(piece(packet, at, data, more | frag & DF))
        at += len(data)
    return out


def piece(packet, at, data, flags=0):
    """A fragment with the packet's header: data at offset `at` (a multiple of 8)."""
    n = (packet[0] & 15) * 4
    h = packet[:2] + struct.pack("!H", n + len(data)) + packet[4:6]
    h += struct.pack("!H", flags | at >> 3) + packet[8:n]
    return with_check(h) + data


def arp(op, sender_mac, sender, target, target_mac="00:00:00:00:00:00", **field):
    """field, if wrong: hardware, protocol, hlen, plen."""
    return struct.pack("!HHBBH", field.get("hardware", 1), field.get("protocol", IP4),
                       field.get("hlen", 6), field.get("plen", 4), op) \
        + mac(sender_mac) + addr(sender) + mac(target_mac) + addr(target)


class Ip4:
    """An IPv4 packet taken apart; raises ValueError if it is malformed."""

    def __init__(self, data):
        if len(data) < 20 or data[0] >> 4 != 4:
            raise ValueError("no IPv4 header")
        self.ihl = (data[0] & 15) * 4
        self.tos, self.total, self.id, frag, self.ttl, self.proto = struct.unpack(
            "!xBHHHBB", data[:10])
        self.df, self.mf, self.offset = frag & DF, frag & MF, (frag & 0x1FFF) * 8
        if not 20 <= self.ihl <= self.total <= len(data):
            raise ValueError(f"lengths: header {self.ihl}, total {self.total}, have {len(data)}")
        if checksum(data[:self.ihl]):
            raise ValueError("wrong header checksum")
        self.src, self.dst = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
        self.packet, self.trailer = data[:self.total], data[self.total:]
        self.options, self.payload = data[20:self.ihl], data[self.ihl:self.total]

    def check_payload(self):
        """The checksum of what a whole packet carries."""
        whole = not self.mf and not self.offset
        if whole and self.proto == ICMP and (len(self.payload) < 8 or checksum(self.payload)):
            raise ValueError("wrong ICMP checksum")
        if whole and self.proto == TCP and checksum(
                pseudo(self.src, self.dst, TCP, len(self.payload)) + self.payload):
            raise ValueError("wrong TCP checksum")

    def __str__(self):
        what = f"{self.src} > {self.dst} proto {self.proto} ttl {self.ttl} length {self.total}"
        if self.proto == ICMP and self.payload and not self.offset:
            what += f" ICMP {self.payload[0]}/{self.payload[1]}"
        if self.mf or self.offset:
            what += f" fragment at {self.offset}{' more' if self.mf else ''}"
        return what


class Ip6:
    """An IPv6 packet taken apart, by the names of Ip4; raises ValueError if it is malformed.

    proto and payload are what follows the header itself; upper what follows extension headers.
    """
    EXTENSIONS = (0, 43, 44, 60)

    def __init__(self, data):
        if len(data) < 40 or data[0] >> 4 != 6:
            raise ValueError("no IPv6 header")
        first, length, self.proto, self.ttl = struct.unpack("!IHBB", data[:8])
        self.tos, self.flow, self.total = first >> 20 & 0xFF, first & 0xFFFFF, 40 + length
        if self.total > len(data):
            raise ValueError(f"payload length {length}, have {len(data) - 40}")
        self.src, self.dst = text6(data[8:24]), text6(data[24:40])
        self.packet, self.trailer = data[:self.total], data[self.total:]
        self.payload = self.packet[40:]
        self.id = self.mf = self.offset = 0

    def upper(self):
        """(protocol, what it carries) behind the extension headers; (44, ...) if that is a piece."""
        proto, at = self.proto, self.payload
        while proto in self.EXTENSIONS:
            if len(at) < 8:
                raise ValueError("extension header cut off")
            if proto == 44:
                frag, self.id = struct.unpack("!HI", at[2:8])
                self.offset, self.mf = frag & 0xFFF8, frag & 1
                if frag & 0xFFF9:
                    return proto, at[8:]
            size = 8 if proto == 44 else 8 + at[1] * 8
            proto, at = at[0], at[size:]
        return proto, at

    def check_payload(self):
        """The checksum of what a whole packet carries."""
        proto, data = self.upper()
        if proto == ICMP6 and len(data) < 8:
            raise ValueError("short ICMPv6")
        if proto in (TCP, ICMP6) and checksum(pseudo(self.src, self.dst, proto, len(data)) + data):
            raise ValueError("wrong checksum")

    def __str__(self):
        what = f"{self.src} > {self.dst} next {self.proto} hop limit {self.ttl} length {self.total}"
        if self.proto == ICMP6 and self.payload:
            what += f" ICMPv6 {self.payload[0]}/{self.payload[1]}"
        return what


def parse(packet):
    return (Ip6 if packet[0] >> 4 == 6 else Ip4)(packet)
