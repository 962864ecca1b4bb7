# SPDX-License-Identifier: BSD-2-Clause
"""What only IPv6 has, as bytes: extension headers, fragments, neighbour and listener discovery."""
import struct

from packets import addr, icmp6, mac, text6

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION, NONE = 0, 43, 44, 60, 59
MLD_QUERY, MLD1_REPORT, RS, RA, NS, NA, REDIRECT, MLD2_REPORT = 130, 131, 133, 134, 135, 136, 137, 143
ROUTER, SOLICITED, OVERRIDE = 0x80, 0x40, 0x20
SOURCE, TARGET, PREFIX, REDIRECTED, MTU = 1, 2, 3, 4, 5
ALL_NODES, ALL_ROUTERS, ANY = "ff02::1", "ff02::2", "::"


def canonical(text):
    return text6(addr(text))


def link_local(mac_address):
    """RFC 4291 2.5.6 and appendix A: of the EUI-64."""
    m = mac(mac_address)
    return text6(b"\xfe\x80" + bytes(6) + bytes([m[0] ^ 2]) + m[1:3] + b"\xff\xfe" + m[3:])


def solicited(address):
    """RFC 4291 2.7.1: the solicited-node group."""
    return text6(addr("ff02::1:ff00:0")[:13] + addr(address)[13:])


def group_mac(group):
    """RFC 2464 7"""
    return (b"\x33\x33" + addr(group)[12:]).hex(":")


# --- Extension headers --------------------------------------------------------------------------

def extended(packet, *headers):
    """The packet with extension headers, each (number, bytes), before what it carries."""
    proto, body = packet[6], packet[40:]
    for number, header in reversed(headers):
        proto, body = number, bytes([proto]) + header[1:] + body
    return packet[:4] + struct.pack("!HB", len(body), proto) + packet[7:40] + body


def option(kind, data=b""):
    return bytes([kind, len(data)]) + data


def options(number, *each, size=None):
    """A header of options, padded (RFC 8200 4.2). size, if wrong: its length in 8 bytes."""
    body = b"".join(each)
    pad = -(2 + len(body)) % 8
    if pad:
        body += b"\0" if pad == 1 else option(1, bytes(pad - 2))
    return number, bytes([0, len(body) // 8 if size is None else size]) + body


def routing(kind, left, *addresses):
    """RFC 8200 4.4"""
    return ROUTING, bytes([0, len(addresses) * 2, kind, left]) + bytes(4) + b"".join(map(addr, addresses))


def fragment(at=0, more=0, ident=1, reserved=0):
    return FRAGMENT, struct.pack("!BBHI", 0, 0, at | reserved | more, ident)


def piece6(packet, at, data, more, ident):
    """The packet's header and a fragment of what it carries: data at the offset, a multiple of 8."""
    return extended(packet[:40] + data, fragment(at, more, ident))


def fragments6(packet, sizes, ident=1):
    """The packet cut into pieces of so many bytes, and what is left."""
    body, at, out = packet[40:], 0, []
    for size in [*sizes, len(body)]:
        data = body[at:at + size]
        if data:
            out.append(piece6(packet, at, data, int(at + len(data) < len(body)), ident))
        at += len(data)
    return out


# --- Neighbour and listener discovery -----------------------------------------------------------

def lladdr(kind, mac_address):
    return bytes([kind, 1]) + mac(mac_address)


def ns(src, target, *opts, dst=None, **field):
    """To the solicited-node group if nothing else is said. field: as icmp6, also code."""
    return nd(src, dst or solicited(target), NS, bytes(4) + addr(target) + b"".join(opts), **field)


def na(src, dst, target, *opts, flags=SOLICITED | OVERRIDE, **field):
    return nd(src, dst, NA, bytes([flags, 0, 0, 0]) + addr(target) + b"".join(opts), **field)


def nd(src, dst, kind, body, **field):
    return icmp6(src, dst, kind, field.pop("code", 0), body, **{"ttl": 255, **field})


def rs(src, *opts, dst=ALL_ROUTERS, **field):
    return nd(src, dst, RS, bytes(4) + b"".join(opts), **field)


def ra(src, *opts, dst=ALL_NODES, lifetime=1800, **field):
    return nd(src, dst, RA, struct.pack("!BBHII", 64, 0, lifetime, 0, 0) + b"".join(opts), **field)


def prefix(text, length=64, flags=0xC0, valid=86400, preferred=14400):
    return struct.pack("!BBBBIII16s", PREFIX, 4, length, flags, valid, preferred, 0, addr(text))


def redirect(src, dst, target, destination, *opts, **field):
    return nd(src, dst, REDIRECT, bytes(4) + addr(target) + addr(destination) + b"".join(opts), **field)


class Discovery:
    """A message of neighbour or listener discovery that a router sent, taken apart.

    ValueError if it is not as RFC 4861 4 and 7.1 and RFC 3810 5 ask. It has kind, target, flags,
    options {type: bytes behind type and length} and groups, as far as its kind does.
    """
    TARGET_AT = {NS: 8, NA: 8, REDIRECT: 8}
    OPTIONS_AT = {RS: 8, RA: 16, NS: 24, NA: 24, REDIRECT: 40}

    def __init__(self, ip):
        _, self.m = ip.upper()
        self.kind = self.m[0]
        self.flags, self.target, self.options, self.groups = 0, None, {}, []
        ip.check_payload()
        if self.kind in self.OPTIONS_AT:
            self.take_nd(ip)
        else:
            self.take_mld(ip)

    def take_nd(self, ip):
        at = self.OPTIONS_AT[self.kind]
        if ip.ttl != 255 or self.m[1] != 0 or len(self.m) < at:
            raise ValueError(f"hop limit {ip.ttl}, code {self.m[1]}, {len(self.m)} bytes")
        self.flags = self.m[5] if self.kind == RA else self.m[4]
        if self.kind in self.TARGET_AT:
            self.target = text6(self.m[8:24])
        while at < len(self.m):
            kind, size = self.m[at], self.m[at + 1] * 8
            if not 8 <= size <= len(self.m) - at:
                raise ValueError(f"option {kind} of {size} bytes at {at}")
            self.options.setdefault(kind, self.m[at + 2:at + size])
            at += size

    def take_mld(self, ip):
        alert = ip.proto == HOP_BY_HOP and b"\x05\x02\0\0" in ip.payload[2:8]
        if ip.ttl != 1 or not alert:  # RFC 3810 5
            raise ValueError(f"MLD with hop limit {ip.ttl}, router alert {alert}")
        if not ip.src.startswith("fe80:") and ip.src != ANY:
            raise ValueError(f"MLD from {ip.src}")
        if self.kind != MLD2_REPORT:
            self.groups = [text6(self.m[8:24])]
            return
        at = 8
        for _ in range(struct.unpack("!H", self.m[6:8])[0]):
            aux, sources = struct.unpack("!xBH", self.m[at:at + 4])
            self.groups.append(text6(self.m[at + 4:at + 20]))
            at += 20 + sources * 16 + aux * 4
        if at != len(self.m):
            raise ValueError(f"records end at {at} of {len(self.m)}")
