# SPDX-License-Identifier: BSD-2-Clause
"""IPv6 forwarding: what is forwarded where, extension headers and all, and what is thrown away."""
from hosts import PORTS, behind6, expect, host6, host_mac, router6, router_mac
from packets import ICMP6, IP6, UDP, echo, ether, ip6, pattern, tcp, udp
from packets6 import (DESTINATION, HOP_BY_HOP, NONE, extended, fragment, option, options, routing)
from wire import Rows, network

DEFAULT = {"to": "::/0", "via": host6(3, 3)}
rows = Rows(network(routes=[
    {"to": "2001:db8:f000::/36", "via": host6(1)},
    {"to": "2001:db8:f100::/40", "via": host6(2)},
    {"to": "2001:db8:f180::/41", "via": host6(3)},
    {"to": "2001:db8:f180:0:8000::/65", "via": host6(1)},
    {"to": "2001:db8:dead::/48", "type": "blackhole"},
    DEFAULT,
]), families=(6,))


def to_p1(**field):
    return udp(host6(0), host6(1), **field)


def passes(lab, *packets):
    for packet in packets:
        lab.passes(0, packet, 1)


def refused(lab, *packets):
    for packet in packets:
        lab.refused(0, packet, kind=IP6)


# --- The header ---------------------------------------------------------------------------------

@rows("RFC 8200 3: from each port to each other one, the hop limit one less, the rest unchanged")
def ip6_forward(lab):
    for port in PORTS:
        for out in PORTS:
            if port != out:
                lab.passes(port, udp(host6(port), host6(out)), out)
                lab.passes(port, tcp(host6(port), behind6(out)), out)


rows.add("ip6_hlim_2", "RFC 8200 3: hop limit 2 leaves as 1", passes, to_p1(ttl=2))
rows.add("ip6_hlim_255", "RFC 8200 3: hop limit 255 leaves as 254", passes, to_p1(ttl=255))


def not_forwarded(lab, *packets):
    """That it is answered is a matter of icmp6.py."""
    lab.ignored.append(lambda c: c.port == 0 and c.ip and c.ip.src == router6(0))
    for packet in packets:
        lab.refused(0, packet)


for ttl in (0, 1):
    rows.add(f"ip6_hlim_{ttl}", f"RFC 8200 3: hop limit {ttl} is not forwarded", not_forwarded,
             to_p1(ttl=ttl), udp(host6(0), behind6(2), ttl=ttl))

rows.add("ip6_tc_flow", "RFC 6437 3: traffic class and flow label are unchanged", passes,
         *(to_p1(tos=tos, flow=flow) for tos, flow in (
             (0xBB, 0xABCDE), (0x00, 0xFFFFF), (0xFF, 0x00000), (0x03, 0x00001), (0x01, 0x80000))))

for version in (0, 4, 5, 7, 15):
    rows.add(f"ip6_version_{version}", f"RFC 8200 3: version {version} is dropped in silence", refused,
             to_p1(version=version), to_p1(version=version, ttl=1))


@rows("RFC 8200 3: a payload length beyond the frame is dropped in silence")
def ip6_len_beyond(lab):
    refused(lab, *(to_p1(length=n) for n in (35, 36, 200, 1460, 65535)),
            to_p1(length=35, ttl=1), echo(host6(0), router6(0), length=17))


@rows("RFC 2464: bytes behind the packet are taken off")
def ip6_trailer(lab):
    for trailer in (b"\xaa", b"\xbb" * 7, b"\xcc" * 900):
        for size in (0, 26, 400):
            packet = to_p1(size=size)
            lab.ip(0, packet + trailer)
            came = lab.forwarded(packet, 1)
            expect(len(came.frame) in (14 + len(packet), 60), f"frame of {len(came.frame)} bytes")


@rows("RFC 8200 3: 1 to 39 bytes of header are dropped in silence")
def ip6_truncated_header(lab):
    for size in range(1, 40):
        lab.raw(0, ether(router_mac(0), host_mac(0, 2), to_p1()[:size], IP6))
        lab.raw(0, ether(router_mac(0), host_mac(0, 2), echo(host6(0), router6(0))[:size], IP6))
    lab.nothing()


@rows("RFC 8200 4.7: nothing is made of what stands behind next header 59")
def ip6_no_next_header(lab):
    passes(lab, ip6(host6(0), host6(1), pattern(100), NONE), ip6(host6(0), host6(1), pattern(3), NONE))


rows.add("ip6_empty", "RFC 8200 3: a packet that is a header alone is forwarded", passes,
         ip6(host6(0), host6(1), b"", NONE))
rows.add("ip6_full_mtu", "RFC 8200 5: a packet of 1500 bytes is forwarded whole", passes,
         to_p1(size=1452), to_p1(size=1451))


@rows("RFC 8200 3: every size passes, payload intact")
def ip6_sizes(lab):
    packets = [to_p1(size=n - 48) for n in (*range(48, 701), *range(1400, 1501))]
    lab.ips(0, packets)
    for packet in packets:
        lab.forwarded(packet, 1)


# --- Routes -------------------------------------------------------------------------------------

def goes(lab, to, out, n):
    lab.passes(0, udp(host6(0), to), out, to=host6(out, n))


for name, to, out, n in (
        ("36", "2001:db8:f000::1", 1, 2),
        ("40_end", "2001:db8:f17f:ffff::1", 2, 2),
        ("41", "2001:db8:f180::1", 3, 2),
        ("65", "2001:db8:f180:0:8000::", 1, 2),
        ("65_before", "2001:db8:f180:0:7fff:ffff:ffff:ffff", 3, 2),
        ("65_after", "2001:db8:f180:1::", 3, 2),
        ("36_end", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1, 2),
        ("36_before", "2001:db8:efff:ffff:ffff:ffff:ffff:ffff", 3, 3),
        ("default", "2400:cb00:2048:1::1", 3, 3)):
    rows.add(f"ip6_lpm_{name}", f"RFC 7608: {to} goes to host {n} of p{out}", goes, to, out, n)


@rows("RFC 6666: into a discard route is dropped in silence, and does not fall to a shorter one")
def ip6_blackhole(lab):
    lab.refused(0, udp(host6(0), "2001:db8:dead::5"))
    goes(lab, "2001:db8:deac::5", 3, 3)
    with lab.configured(lambda c: c["routes"].remove(DEFAULT)):
        lab.refused(0, udp(host6(0), "2001:db8:dead::5"))


@rows("RFC 4861 8.2: a packet may leave by the port it came by")
def ip6_hairpin(lab):
    lab.passes(1, udp(behind6(1), "2001:db8:f000::7"), 1)
    lab.passes(0, udp(behind6(0), host6(0, 3)), 0, to=host6(0, 3))


# --- What it carries ----------------------------------------------------------------------------

for proto in (4, 6, 41, 47, 50, 58, 89, 132, 135, 139, 140, 143, 253, 254):
    rows.add(f"ip6_nh_{proto}", f"RFC 7045 2.1: next header {proto} is forwarded unchanged", passes,
             ip6(host6(0), host6(1), pattern(64), proto), ip6(host6(0), host6(1), b"", proto),
             ip6(host6(0), host6(1), pattern(3), proto))
rows.add("ip6_l4_untouched", "RFC 8200 3: checksums of others are not looked at", passes,
         to_p1(udp_check=0), to_p1(udp_check=0x1234), echo(host6(0), host6(1), icmp_check=0x1234),
         tcp(host6(0), host6(1), tcp_check=0x1234))
rows.add("ip6_hbh_unknown_skip", "RFC 8200 4.2: a hop-by-hop option to be skipped is forwarded", passes,
         extended(to_p1(), options(HOP_BY_HOP, option(0x1E, b"\1\2"))),
         extended(to_p1(), options(HOP_BY_HOP, option(0x3E, b"\1\2"))),
         extended(to_p1(), options(HOP_BY_HOP, b"\0\0\0\0\0\0")),
         extended(to_p1(), options(HOP_BY_HOP, *[option(0x1E, b"")] * 100)))
rows.add("ip6_hbh_router_alert", "RFC 2711: router alert to others passes unchanged", passes,
         *(extended(to_p1(), options(HOP_BY_HOP, option(5, value)))
           for value in (b"\0\0", b"\0\1", b"\0\2", b"\xff\xff")))


def may_be_told(lab, packet, *told, silence=True):
    """It goes on unchanged; or its sender is told one of (code, pointer) by a parameter problem; or
    it is dropped in silence, where that will do."""
    lab.ip(0, packet)
    lab.settle()
    expect(len(lab.came) <= 1, f"{len(lab.came)} packets")
    if lab.came and lab.came[0].port == 1:
        lab.forwarded(packet, 1)
    elif lab.came:
        e = lab.error(0, 4, tuple({code for code, _ in told}), packet).payload
        expect((e[1], int.from_bytes(e[4:8], "big")) in told, f"4/{e[1]}, pointer {e[4:8].hex()}")
    else:
        expect(silence, "neither forwarded nor told")


@rows("RFC 8200 4.2: a hop-by-hop option to be reported is, by 4/2; or it is not looked at")
def ip6_hbh_unknown_report(lab):
    for kind in (0x9E, 0xDE):
        packet = extended(to_p1(), options(HOP_BY_HOP, option(kind, b"\1\2")))
        may_be_told(lab, packet, (2, 42), silence=False)


@rows("RFC 8200 4.3: nothing behind the end of a packet is taken for its hop-by-hop header")
def ip6_hbh_truncated(lab):
    in_header = [(0, at) for at in range(4, 48)]
    for size in (1, 5, 200, 255):
        packet = extended(to_p1(size=0), options(HOP_BY_HOP, option(0x1E, b"\1\2"), size=size))
        may_be_told(lab, packet, *in_header)
        lab.ip(0, packet + b"\xaa" * 600)  # as much as it asks for, but not of the packet
        lab.settle()
        lab.clear()
    for n in range(8):
        may_be_told(lab, ip6(host6(0), host6(1), bytes([UDP, 0, 1, 4, 0, 0, 0, 0])[:n], HOP_BY_HOP),
                    *in_header)
    for bad in (b"\x1e\x05\0\0\0\0", b"\1\xff\0\0\0\0", b"\0\0\0\0\0\x1e"):
        may_be_told(lab, extended(to_p1(), options(HOP_BY_HOP, bad)), *in_header)


@rows("RFC 2675: a jumbogram is not forwarded")
def ip6_hbh_jumbo(lab):
    lab.ignored.append(lambda c: c.port == 0 and c.ip.proto == ICMP6 and c.ip.payload[0] == 4)
    for size in (100, 65536, 0xFFFFFFFF):
        packet = extended(to_p1(size=100), options(HOP_BY_HOP, option(0xC2, size.to_bytes(4, "big"))))
        lab.refused(0, packet[:4] + b"\0\0" + packet[6:])


rows.add("ip6_dstopt", "RFC 8200 4.6: destination options of others are not looked at", passes,
         *(extended(to_p1(), options(DESTINATION, option(kind, b"\1\2"))) for kind in (0xDE, 0x9E, 0x5E)),
         extended(to_p1(), options(DESTINATION, b"\x5e\xff\0\0\0\0")))
rows.add("ip6_hbh_second", "RFC 8200 4.1: a hop-by-hop header that is not the first is forwarded", passes,
         extended(to_p1(), options(DESTINATION), options(HOP_BY_HOP, option(0x1E, b"\1\2"))),
         extended(to_p1(), options(HOP_BY_HOP), options(HOP_BY_HOP)))
rows.add("ip6_ext_chain", "RFC 7045: a chain of 20 headers is forwarded unchanged", passes,
         extended(to_p1(), *[options(DESTINATION, option(0x1E, b"\1\2"))] * 20),
         extended(to_p1(), *[options(DESTINATION, bytes([1, 0]) * 300)] * 2),
         extended(to_p1(), options(HOP_BY_HOP), options(DESTINATION), routing(2, 1, host6(2)),
                  fragment(), options(DESTINATION)),
         extended(to_p1(), *[options(DESTINATION)] * 150))


@rows("RFC 5095: a source route that is not for the router is forwarded, or dropped by policy")
def ip6_rh0_transit(lab):
    for left in (0, 1):
        packet = extended(to_p1(), routing(0, left, host6(2)))
        lab.ip(0, packet)
        lab.settle()
        if lab.came:
            lab.forwarded(packet, 1)


# --- For the router -----------------------------------------------------------------------------

@rows("RFC 8200 4.2: an option for the router that it does not know is reported if it says so")
def ip6_dstopt_mine(lab):
    for kind, before in ((0x9E, b""), (0xDE, b""), (0x9E, b"\1\0"), (0xBF, b"\0" * 5)):
        request = extended(echo(host6(0), router6(0)), options(DESTINATION, before, option(kind, b"\1\2")))
        lab.ip(0, request)
        at = int.from_bytes(lab.error(0, 4, 2, request).payload[4:8], "big")
        expect(at == 42 + len(before), f"pointer {at}")
    lab.refused(0, extended(echo(host6(0), router6(0)), options(DESTINATION, option(0x5E, b"\1"))))


@rows("RFC 8200 4.2: an option for the router to be skipped is")
def ip6_dstopt_mine_skip(lab):
    for headers in ([options(DESTINATION, option(0x1E, b"\1\2"))], [options(DESTINATION)] * 3,
                    [options(HOP_BY_HOP, option(0x1E, b"\1")), options(DESTINATION, option(0x3E))]):
        request = extended(echo(host6(0), router6(0)), *headers)
        lab.ip(0, request)
        lab.reply(0, request)


@rows("RFC 5095: a source route for the router to follow is refused by 4/0; a finished one is not one")
def ip6_rh0_mine(lab):
    for to in (host6(1), router6(1)):
        request = extended(echo(host6(0), router6(0)), routing(0, 1, to))
        lab.ip(0, request)
        at = int.from_bytes(lab.error(0, 4, 0, request).payload[4:8], "big")
        expect(at == 42, f"pointer {at}")  # RFC 8200 4.4: to the routing type
    request = extended(echo(host6(0), router6(0)), routing(0, 0, host6(0)))
    lab.ip(0, request)
    lab.reply(0, request)


@rows("RFC 8200 4: a next header that nobody knows is answered by 4/1")
def ip6_nh_mine(lab):
    for proto in (253, 47, 143):
        packet = ip6(host6(0), router6(0), pattern(20), proto)
        lab.ip(0, packet)
        at = int.from_bytes(lab.error(0, 4, 1, packet).payload[4:8], "big")
        expect(at == 6, f"pointer {at}")
    lab.refused(0, ip6(host6(0), router6(0), pattern(20), NONE))


@rows("RFC 4291 2.6.1: the subnet-router anycast address is answered from a unicast address")
def ip6_anycast(lab):
    for port in PORTS:
        request = echo(host6(port), host6(port, 0))
        lab.ip(port, request)
        lab.reply(port, request, source=router6(port))
