# SPDX-License-Identifier: BSD-2-Clause
"""IPv4 forwarding: what is forwarded where, how it is changed, and what is thrown away."""
import struct

from packets import DF, Ip4, RESERVED, addr, checksum, hop, ip4, pattern, tcp, udp
from wire import Rows, behind, expect, host, network, router

DEFAULT = {"to": "default", "via": host(3, 3)}
rows = Rows(network(routes=[
    {"to": "198.18.0.0/15", "via": host(1)},
    {"to": "198.18.1.0/24", "via": host(2)},
    {"to": "198.18.1.128/25", "via": host(3)},
    {"to": "198.18.1.200/32", "via": host(1, 3)},
    {"to": "198.19.1.0/24", "type": "blackhole"},
    DEFAULT,
]))


def to_p1(**field):
    return udp(host(0), host(1), **field)


def passes(lab, *packets):
    for packet in packets:
        lab.passes(0, packet, 1)


def refused(lab, *packets):
    for packet in packets:
        lab.refused(0, packet)


# --- TTL and checksum ---------------------------------------------------------------------------

rows.add("ip4_ttl_64", "RFC 1812 5.3.1: TTL 64 leaves as 63", passes, to_p1(ttl=64))
rows.add("ip4_ttl_255", "RFC 1812 5.3.1: TTL 255 leaves as 254", passes, to_p1(ttl=255))


def not_forwarded(lab, ttl):
    """That it is answered is a matter of icmp4.py."""
    lab.ignored.append(lambda c: c.ip and c.ip.src == router(0))
    lab.ip(0, to_p1(ttl=ttl))
    lab.settle()
    expect(not [c for c in lab.came if c.port != 0], "forwarded")


rows.add("ip4_ttl_0", "RFC 1812 5.3.1: TTL 0 is not forwarded", not_forwarded, 0)
rows.add("ip4_ttl_1", "RFC 1812 5.3.1: TTL 1 is not forwarded", not_forwarded, 1)


def with_sum(wanted, ttl=64, after=False):
    """A packet whose header checksum is `wanted` as it comes, or as it leaves; None: there is none."""
    rest = ~checksum(udp(host(0), host(1), id=0, ttl=ttl - after, check=0)[:20]) & 0xFFFF
    packet = udp(host(0), host(1), id=(0xFFFF - wanted - rest) % 0xFFFF, ttl=ttl)
    shown = hop(packet) if after else packet
    return packet if shown[10:12] == struct.pack("!H", wanted) else None


@rows("RFC 1624 3: the checksum is right where it is or becomes 0x0000, 0xffff, 0x0100 ...")
def ip4_cksum_edges(lab):
    tried = 0
    for wanted in (0x0000, 0xFFFF, 0x0100, 0x00FF, 0xFEFF, 0xFF00, 0x0001, 0xFFFE, 0x8000):
        for packet in (with_sum(wanted), with_sum(wanted, after=True), with_sum(wanted, ttl=255)):
            if packet is not None:
                passes(lab, packet)
                tried += 1
    expect(tried >= 24, f"only {tried} packets")  # a right sum of 0xffff cannot be


@rows("RFC 1812 5.2.2: a checksum written as 0xffff in place of 0 is another way to say zero")
def ip4_cksum_minus_zero(lab):
    zero = with_sum(0)
    lab.ip(0, zero[:10] + b"\xff\xff" + zero[12:])
    lab.settle()
    if lab.came:  # forwarded or not, but well
        lab.forwarded(zero, 1)


# --- Routes -------------------------------------------------------------------------------------

def goes(lab, to, out, n):
    lab.passes(0, udp(host(0), to), out, to=host(out, n))


for name, to, out, n in (
        ("24", "198.18.1.9", 2, 2),
        ("24_edge", "198.18.1.127", 2, 2),
        ("25", "198.18.1.128", 3, 2),
        ("25_end", "198.18.1.255", 3, 2),
        ("32", "198.18.1.200", 1, 3),
        ("32_neighbour", "198.18.1.199", 3, 2),
        ("after_24", "198.18.2.0", 1, 2),
        ("default", "203.0.113.77", 3, 3)):
    rows.add(f"ip4_lpm_{name}", f"RFC 1812 5.2.4.3: {to} goes to host {n} of p{out}", goes, to, out, n)


@rows("RFC 4632 5.1: into a discard route is dropped, with no ICMP")
def ip4_blackhole(lab):
    with lab.configured(lambda c: c["routes"].remove(DEFAULT)):
        lab.refused(0, udp(host(0), "198.19.1.5"))


@rows("RFC 4632 5.1 rule 2: a discard route does not fall to a shorter one")
def ip4_blackhole_default(lab):
    lab.refused(0, udp(host(0), "198.19.1.5"))
    goes(lab, "198.19.2.5", 1, 2)


@rows("RFC 1812 5.2.7.2: a packet may leave by the port it came by")
def ip4_hairpin(lab):
    lab.passes(1, udp(behind(1), "198.18.7.7"), 1)
    lab.passes(0, udp(behind(0), host(0, 3)), 0, to=host(0, 3))


# --- Bad headers --------------------------------------------------------------------------------

@rows("RFC 1812 5.2.2: a wrong header checksum is dropped in silence")
def ip4_bad_cksum(lab):
    good = to_p1()
    right = struct.unpack("!H", good[10:12])[0]
    for bit in range(16):
        refused(lab, to_p1(check=right ^ 1 << bit))
    refused(lab, to_p1(check=~right & 0xFFFF), to_p1(ttl=1, check=1))


rows.add("ip4_zero_cksum", "RFC 1812 5.2.2: no checksum is a wrong one", refused, to_p1(check=0))
for version in (0, 3, 5):
    rows.add(f"ip4_version_{version}", f"RFC 1812 5.2.2: version {version} is dropped in silence",
             refused, to_p1(version=version))


def with_ihl(ihl, size=26):
    """The checksum is right over as many words as the header says, where it says enough."""
    p = bytearray(to_p1(ihl=ihl, size=size))
    n = max(ihl * 4, 20)
    p[10:12] = b"\0\0"
    p[10:12] = struct.pack("!H", checksum(p[:n]))
    return bytes(p)


@rows("RFC 1812 5.2.2: a header of less than 5 words is dropped in silence")
def ip4_ihl_short(lab):
    for ihl in range(5):
        refused(lab, with_ihl(ihl))


@rows("RFC 1812 5.2.2: a header longer than the packet is dropped in silence")
def ip4_ihl_long(lab):
    for ihl, size in ((15, 0), (15, 31), (8, 3), (6, 0)):
        bad = with_ihl(ihl, size)
        short = bytearray(bad.ljust(60, b"\0"))  # and the frame holds the header, if not the packet
        short[2:4] = struct.pack("!H", min(len(bad), ihl * 4 - 1))
        short[10:12] = b"\0\0"
        short[10:12] = struct.pack("!H", checksum(short[:ihl * 4]))
        refused(lab, bytes(short))


@rows("RFC 1812 5.2.2: a total length below the header's, or beyond the frame, is dropped")
def ip4_len_short(lab):
    refused(lab, *(to_p1(total=n) for n in (0, 8, 19, 55, 1500, 65535)))


@rows("RFC 894: bytes behind the packet are taken off")
def ip4_trailer(lab):
    for trailer in (b"\xaa", b"\xbb" * 7, b"\xcc" * 900):
        for size in (0, 26, 400):
            packet = to_p1(size=size)
            lab.ip(0, packet + trailer)
            came = lab.forwarded(packet, 1)
            expect(len(came.frame) == max(60, 14 + len(packet)) or len(came.frame) == 14 + len(packet),
                   f"frame of {len(came.frame)} bytes")


# --- What stays as it is ------------------------------------------------------------------------

rows.add("ip4_tos_ef", "RFC 2474: TOS 0xb8 is unchanged", passes, to_p1(tos=0xB8))
rows.add("ip4_tos_ce", "RFC 3168 5: TOS 0x03 is unchanged", passes, to_p1(tos=0x03))
rows.add("ip4_tos_all", "RFC 1812 5.3.2: no TOS is changed", passes,
         *(to_p1(tos=tos) for tos in (0xFF, 0x00, 0x01, 0x02, 0xE0, 0x1C)))
rows.add("ip4_df_id", "RFC 6864: identification and flags are unchanged", passes,
         to_p1(frag=DF, id=0), to_p1(id=0xFFFF), to_p1(frag=RESERVED), to_p1(frag=RESERVED | DF, id=0))
rows.add("ip4_l4_untouched", "RFC 1812 5.1: checksums of others are not looked at", passes,
         to_p1(udp_check=0), to_p1(udp_check=0x1234), to_p1(udp_check=0xFFFF),
         tcp(host(0), host(1), tcp_check=0x1234), tcp(host(0), host(1)))
for proto in (0, 2, 4, 6, 47, 50, 51, 89, 132, 253, 255):
    rows.add(f"ip4_proto_{proto}", f"RFC 1812 5.1: protocol {proto} is forwarded unchanged", passes,
             ip4(host(0), host(1), pattern(40), proto), ip4(host(0), host(1), b"", proto),
             ip4(host(0), host(1), pattern(3), proto))


# --- Options ------------------------------------------------------------------------------------

def option(kind, *data):
    return bytes([kind, 2 + len(data), *data])


def optioned(options):
    return to_p1(options=options)


rows.add("ip4_opt_nop", "RFC 1812 5.3.13: 40 bytes of no operation pass", passes, optioned(b"\1" * 40))
rows.add("ip4_opt_unknown", "RFC 1812 5.3.13.1: unknown options pass unchanged", passes,
         optioned(option(0x5E, 1, 2)), optioned(option(0xDE, 1, 2)),
         optioned(b"\1\1" + option(0x5E, *range(36))))
rows.add("ip4_opt_ra", "RFC 2113: router alert to others passes unchanged", passes,
         optioned(option(0x94, 0, 0)))


def changed_options(lab, packet):
    """What came out for a packet whose options may be changed: all else is as it should be."""
    lab.ip(0, packet)
    came = lab.find("the packet", lambda c: c.port == 1 and c.ip and c.ip.payload == Ip4(packet).payload)
    wanted = hop(packet)
    n = (packet[0] & 15) * 4
    expect(came.ip.packet[:10] + came.ip.packet[12:20] == wanted[:10] + wanted[12:20],
           f"header changed otherwise: {came}")
    expect(len(came.ip.options) == n - 20, f"{len(came.ip.options)} bytes of options")
    expect(came.to == lab.mac_of(host(1)), f"sent to the wrong station: {came}")
    return came.ip.options


@rows("RFC 791 3.1: what follows the end of the list is not looked at; it passes, or is zeroed")
def ip4_opt_eol(lab):
    for before, after in ((b"\0", b"\x83\x00\xff"), (b"\1\0", b"\x07\x00" + b"\xff" * 8)):
        came = changed_options(lab, optioned(before + after))
        expect(came in (before + after, before + bytes(len(after))), f"options {came.hex()}")


@rows("RFC 1812 5.3.13.3: record route passes, and may get the address it leaves by")
def ip4_opt_rr(lab):
    asked = option(7, 4, *bytes(12)) + b"\0"
    first = changed_options(lab, optioned(asked))
    filled = option(7, 8, *addr(router(1)), *bytes(8)) + b"\0"
    expect(first in (asked + bytes(-len(asked) % 4), filled + bytes(-len(filled) % 4)),
           f"options {first.hex()}")
    behind_nop = changed_options(lab, optioned(b"\1" + option(7, 8, *addr(host(0)), *bytes(4))))
    expect(behind_nop in (b"\1" + option(7, 8, *addr(host(0)), *bytes(4)),
                          b"\1" + option(7, 12, *addr(host(0)), *addr(router(1)))),
           f"options {behind_nop.hex()}")


rows.add("ip4_opt_rr_full", "RFC 791 3.1: a full record route passes unchanged", passes,
         optioned(option(7, 12, *addr(host(0)), *addr(host(0, 3))) + b"\0"),
         optioned(option(7, 4) + b"\0"))


@rows("RFC 1812 5.3.13.5: timestamps pass; what is filled in is what the option says")
def ip4_opt_ts(lab):
    only = changed_options(lab, optioned(option(0x44, 5, 0, *bytes(8))))
    expect(only[0] == 0x44 and only[1] == 12 and only[2] in (5, 9), f"options {only.hex()}")
    expect(only[3] == 0 and only[8:] == bytes(4), f"options {only.hex()}")
    expect((only[2] == 9) == (only[4:8] != bytes(4)), f"options {only.hex()}")
    pair = changed_options(lab, optioned(option(0x44, 5, 1, *bytes(16))))
    expect(pair[2] in (5, 13) and pair[12:] == bytes(8), f"options {pair.hex()}")
    own = (addr(router(0)), addr(router(1))) if pair[2] == 13 else (bytes(4),)
    expect(pair[4:8] in own, f"options {pair.hex()}")
    full = changed_options(lab, optioned(option(0x44, 9, 0, 0, 0, 0, 1)))
    expect(full[:3] == b"\x44\x08\x09" and full[3] in (0x00, 0x10) and full[4:] == b"\0\0\0\1",
           f"full: options {full.hex()}")


@rows("RFC 7126 4.3, 4.4: source routes through the router are dropped")
def ip4_opt_ssrr(lab):
    lab.ignored.append(lambda c: c.port == 0 and c.ip and c.ip.src == router(0))  # 3/5 may be said
    for kind in (0x89, 0x83):
        for to in (router(0), router(1), host(1)):
            packet = udp(host(0), to, options=option(kind, 4, *addr(host(1)), *addr(host(2))))
            lab.ip(0, packet)
    lab.settle()
    expect(not [c for c in lab.came if c.port != 0], "forwarded")


MALFORMED = (
    b"\x07\x00\x04\x00", b"\x07\x01\x04\x00", b"\x5e\x00\x00\x00", b"\x5e\x01\x00\x00",  # length 0, 1
    b"\x07\x0b\x04\x00", b"\x44\xff\x05\x00", b"\x5e\x05\x00\x00", b"\x01\x01\x01\x07",  # beyond the end
    b"\x07\x07\x00\x00\x00\x00\x00\x00", b"\x07\x07\x03\x00\x00\x00\x00\x00",  # pointer below 4
    b"\x07\x07\x05\x00\x00\x00\x00\x00", b"\x07\x03\x04\x00", b"\x07\x06\x04\x00\x00\x00\x00\x00",
    b"\x44\x08\x00\x00\x00\x00\x00\x00", b"\x44\x08\x04\x00\x00\x00\x00\x00",
    b"\x44\x08\x05\x0f\x00\x00\x00\x00", b"\x44\x04\x05\xf0", b"\x44\x06\x05\x00\x00\x00\x00\x00",
    b"\x83\x02\x00\x00", b"\x89\x03\x00\x00", b"\x83\x07\x04\x00", b"\x94\x00\x00\x00",
)


@rows("RFC 1812 5.3.13.1: malformed options pass unchanged, or are dropped and answered by 12/0")
def ip4_opt_malformed(lab):
    for i, options in enumerate(MALFORMED):
        packet = to_p1(options=options, id=i)
        lab.ip(0, packet)
        lab.settle()
        expect(len(lab.came) <= 1, f"options {options.hex()}: {len(lab.came)} packets")
        if lab.came and lab.came[0].port == 1:
            lab.forwarded(packet, 1)
        elif lab.came:
            at = lab.error(0, 12, 0, packet).payload[4]
            expect(20 <= at < 20 + len(options), f"options {options.hex()}: pointer {at}")


# --- Broadcast and multicast --------------------------------------------------------------------

@rows("RFC 2644: directed broadcasts are not forwarded")
def ip4_directed_bcast(lab):
    refused(lab, *(udp(host(0), to) for to in ("10.0.1.255", "10.0.1.0", "10.0.0.255", "10.0.0.0")))


rows.add("ip4_limited_bcast", "RFC 1812 5.3.5.1: 255.255.255.255 is not forwarded", refused,
         udp(host(0), "255.255.255.255"))
rows.add("ip4_mcast_local", "RFC 5771: link-local multicast is not forwarded", refused,
         udp(host(0), "224.0.0.5"), udp(host(0), "224.0.0.255"))


@rows("RFC 1812 5.3.5.1: broadcasts and multicasts in frames of their own are not forwarded")
def ip4_group_frames(lab):
    lab.refused(0, udp(host(0), "255.255.255.255"), to="ff:ff:ff:ff:ff:ff")
    lab.refused(0, udp(host(0), "10.0.0.255"), to="ff:ff:ff:ff:ff:ff")
    lab.refused(0, udp(host(0), "224.0.0.5"), to="01:00:5e:00:00:05")
    lab.refused(0, udp(host(0), "239.1.2.3"), to="01:00:5e:01:02:03")


@rows("RFC 791 3.2: every size passes, payload intact")
def ip4_sizes(lab):
    packets = [to_p1(size=n - 28) for n in (*range(46, 701), *range(1400, 1501))]
    lab.ips(0, packets)
    for packet in packets:
        lab.forwarded(packet, 1)
