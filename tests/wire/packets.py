# SPDX-License-Identifier: BSD-2-Clause
"""Packets as bytes: made, also wrongly where a test wants that, and taken apart."""
import socket
import struct

IP4, ARP, IP6, VLAN, QINQ = 0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8
BROADCAST = "ff:ff:ff:ff:ff:ff"
ICMP, TCP, UDP = 1, 6, 17
DF, MF, RESERVED = 0x4000, 0x2000, 0x8000
SYN, RST, ACK = 0x02, 0x04, 0x10


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def addr(text):
    return socket.inet_aton(text)


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


def hop(packet, ttl=1):
    """What a router has to make of a packet it forwards (RFC 1812 5.3.1)."""
    n = (packet[0] & 15) * 4
    return with_check(packet[:8] + bytes([packet[8] - ttl]) + packet[9:n]) + packet[n:]


def pseudo(src, dst, proto, size):
    return struct.pack("!4s4sBBH", addr(src), addr(dst), 0, proto, size)


def udp(src, dst, size=26, sport=1024, dport=9, **field):
    """An IPv4 packet of 28 + size bytes; field: as ip4, also data, and udp_check if wrong."""
    data = field.pop("data", pattern(size))
    h = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    check = checksum(pseudo(src, dst, UDP, 8 + len(data)) + h + data) or 0xFFFF
    h = h[:6] + struct.pack("!H", field.pop("udp_check", check))
    return ip4(src, dst, h + data, UDP, **field)


def tcp(src, dst, flags=SYN, seq=1000, ack=0, **field):
    """An IPv4 packet with a TCP segment; field: as ip4, also sport, dport, data, tcp_check."""
    data = field.pop("data", b"")
    h = struct.pack("!HHIIBBHHH", field.pop("sport", 1024), field.pop("dport", 80), seq, ack, 0x50,
                    flags, 8192, 0, 0)
    check = checksum(pseudo(src, dst, TCP, 20 + len(data)) + h + data)
    h = h[:16] + struct.pack("!H", field.pop("tcp_check", check)) + h[18:]
    return ip4(src, dst, h + data, TCP, **field)


def icmp(kind, code=0, rest=b"\0\0\0\0", data=b"", check=None):
    m = struct.pack("!BBH", kind, code, 0) + rest + data
    return m[:2] + struct.pack("!H", checksum(m) if check is None else check) + m[4:]


def echo(src, dst, data=b"viaduct!", ident=99, seq=1, **field):
    """field: as ip4, also icmp_check if wrong."""
    rest = struct.pack("!HH", ident, seq)
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
