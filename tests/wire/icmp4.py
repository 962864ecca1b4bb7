# SPDX-License-Identifier: BSD-2-Clause
"""ICMP: what the router answers, what it says of packets it cannot forward, and when it is silent."""
from packets import ACK, BROADCAST, ICMP, MF, RST, SYN, TCP, Ip4, echo, icmp, ip4, pattern, tcp, udp
from wire import PORTS, Rows, WINDOW, behind, expect, host, network, router

BETTER = host(0, 9)  # a gateway on the link of p0
rows = Rows(network(routes=[
    {"to": "198.18.0.0/16", "via": BETTER},
    {"to": "198.19.0.0/16", "type": "unreachable"},
    {"to": "198.51.100.0/24", "type": "prohibit"},
]))
TTL1 = udp(host(0), host(1), ttl=1)


def answered(lab, port, request):
    lab.ip(port, request)
    return lab.reply(port, request)


# --- Echo ---------------------------------------------------------------------------------------

@rows("RFC 1812 4.3.3.6: echo to each port's own address comes back, all of it")
def icmp4_echo(lab):
    for port in PORTS:
        answered(lab, port, echo(host(port), router(port), pattern(56), ident=port + 1, seq=65535))


@rows("RFC 1812 4.3.2.5: an echo reply has the precedence and TOS of its request")
def icmp4_echo_tos(lab):
    for tos in (0x00, 0xB8, 0xC0, 0xFC):
        expect(answered(lab, 0, echo(host(0), router(0), tos=tos)).tos == tos, f"TOS {tos:#x}")


@rows("RFC 1812 5.2.1: any address of the router is answered on any port")
def icmp4_echo_other_port(lab):
    for port in PORTS:
        for other in PORTS:
            answered(lab, port, echo(host(port), router(other)))


@rows("RFC 1812 4.3.3.6: a reply goes by the routing table")
def icmp4_echo_offlink(lab):
    answered(lab, 0, echo(behind(0), router(0)))
    request = echo(behind(2), router(0))
    lab.ip(0, request)
    lab.reply(2, request)


@rows("RFC 1812 4.3.3.6: 0 to 1472 bytes of data come back")
def icmp4_echo_sizes(lab):
    requests = [echo(host(0), router(0), pattern(n), seq=n)
                for n in (*range(130), *range(500, 520), *range(1440, 1473))]
    for i in range(0, len(requests), WINDOW):
        for request in requests[i:i + WINDOW]:
            lab.ip(0, request)
        for request in requests[i:i + WINDOW]:
            lab.reply(0, request)


@rows("RFC 1812 5.3.1: the TTL of what is for the router is not looked at")
def icmp4_echo_ttl1(lab):
    for ttl in (1, 0):
        answered(lab, 0, echo(host(0), router(0), ttl=ttl))
        answered(lab, 0, echo(host(0), router(1), ttl=ttl))


@rows("RFC 792: echo with a wrong ICMP checksum is not answered")
def icmp4_echo_bad_icmp_cksum(lab):
    for wrong in (0x0000, 0x1234, 0xFFFF):
        for size in (8, 9):
            lab.refused(0, echo(host(0), router(0), pattern(size), icmp_check=wrong))


@rows("RFC 792: ICMP of less than 8 bytes is not answered")
def icmp4_echo_short(lab):
    whole = icmp(8)
    for n in range(8):
        lab.refused(0, ip4(host(0), router(0), whole[:n], ICMP))
    lab.refused(0, ip4(host(0), router(0), b"\x08\x00\xf7\xff", ICMP))  # and the checksum is right


@rows("RFC 1812 4.3.3.6: echo to a broadcast address is not answered")
def icmp4_echo_broadcast(lab):
    for to in ("10.0.0.255", "10.0.0.0", "10.0.1.255", "255.255.255.255", "224.0.0.1", "224.0.0.2"):
        lab.refused(0, echo(host(0), to))
        lab.refused(0, echo(host(0), to), to=BROADCAST)
    lab.refused(0, echo(host(0), router(0)), to=BROADCAST)


@rows("RFC 1122 3.2.2: other types to the router are ignored")
def icmp4_other_types(lab):
    for kind in (1, 2, 7, 4, 15, 17, 30, 37, 41, 255, 0, 9, 10, 13, 16, 18):
        lab.refused(0, ip4(host(0), router(0), icmp(kind, 0, data=bytes(20)), ICMP))
    for kind in (3, 5, 11, 12):
        quote = udp(router(0), host(0))
        lab.refused(0, ip4(host(0), router(0), icmp(kind, 0, data=quote), ICMP))


# --- Time exceeded ------------------------------------------------------------------------------

@rows("RFC 1812 5.3.1: TTL 1 is answered by 11/0 from the ingress port's address")
def icmp4_ttl(lab):
    for port in PORTS:
        packet = udp(host(port), host((port + 1) % 4), ttl=1)
        lab.ip(port, packet)
        lab.error(port, 11, 0, packet)
    far = udp(behind(2), host(1), ttl=1)
    lab.ip(2, far)
    lab.error(2, 11, 0, far)


@rows("RFC 1812 5.3.1: TTL 0 is answered by 11/0 or silence, and not forwarded")
def icmp4_ttl_0(lab):
    packet = udp(host(0), host(1), ttl=0)
    lab.ip(0, packet)
    lab.settle()
    if lab.came:
        lab.error(0, 11, 0, packet)


@rows("RFC 1812 4.3.2.7: an echo request with TTL 1 is answered by 11/0: a query is no error")
def icmp4_ttl_echo(lab):
    for request in (echo(host(0), host(1), ttl=1),
                    ip4(host(0), host(1), icmp(0, 0, data=bytes(8)), ICMP, ttl=1)):
        lab.ip(0, request)
        lab.error(0, 11, 0, request)


@rows("RFC 1812 4.3.3.4: a TCP SYN with TTL 1 is answered by 11/0")
def icmp4_ttl_tcp(lab):
    packet = tcp(host(0), host(1), ttl=1)
    lab.ip(0, packet)
    lab.error(0, 11, 0, packet)


@rows("RFC 1812 4.3.2.3: an error quotes as much as fits 576 bytes")
def icmp4_quote(lab):
    for size in (0, 1, 26, 520, 521, 1000):
        packet = udp(host(0), host(1), size, ttl=1)
        lab.ip(0, packet)
        came = lab.error(0, 11, 0, packet)
        expect(len(came.payload) == 8 + min(len(packet), 548), f"{len(came.payload)} bytes of ICMP")


@rows("RFC 792: an error quotes all of a header with options, and 8 bytes")
def icmp4_quote_options(lab):
    packet = udp(host(0), host(1), ttl=1, options=b"\1" * 40)
    lab.ip(0, packet)
    came = lab.error(0, 11, 0, packet)
    expect(len(came.payload) >= 8 + 60 + 8, f"{len(came.payload)} bytes of ICMP")


@rows("RFC 894: an error does not quote what is behind the packet in its frame")
def icmp4_quote_trailer(lab):
    for size in (0, 26, 500):
        packet = udp(host(0), host(1), size, ttl=1)
        lab.ip(0, packet + b"\xaa" * 60)
        lab.error(0, 11, 0, packet)


@rows("RFC 1812 4.3.2.7: a first fragment with TTL 1 is answered by 11/0")
def icmp4_ttl_first_fragment(lab):
    first = ip4(host(0), host(1), pattern(40), ttl=1, frag=MF)
    lab.ip(0, first)
    lab.error(0, 11, 0, first)


@rows("RFC 1812 4.3.2.5: errors have precedence 6 or 7")
def icmp4_tos(lab):
    for tos in (0, 0xB8, 0xFF):
        packet = udp(host(0), host(1), ttl=1, tos=tos)
        lab.ip(0, packet)
        came = lab.error(0, 11, 0, packet)
        expect(came.tos >> 5 in (6, 7), f"TOS {came.tos:#x}")


# --- Unreachable --------------------------------------------------------------------------------

def unreachable(lab, packet, codes, **more):
    lab.ip(0, packet)
    lab.error(0, 3, codes, packet, **more)


rows.add("icmp4_no_route", "RFC 1812 5.2.7.1: no route is answered by 3/0", unreachable,
         udp(host(0), "203.0.113.5"), (0, 1))
rows.add("icmp4_unreachable_route", "RFC 1812 5.2.7.1: an unreachable route is answered by 3/1",
         unreachable, udp(host(0), "198.19.0.5"), (0, 1))
rows.add("icmp4_prohibit_route", "RFC 1812 5.2.7.1: a prohibit route is answered by 3/13",
         unreachable, udp(host(0), "198.51.100.5"), 13)


@rows("RFC 1122 4.1.3.1: UDP to a closed port is answered by 3/3 from the address asked")
def icmp4_port_unreach(lab):
    for port in PORTS:
        for size in (0, 26, 1000):
            unreachable(lab, udp(host(0), router(port), size, dport=33434), 3, source=router(port))


@rows("RFC 1122 4.1.3.4: UDP with a wrong checksum is not answered, without one it is")
def icmp4_udp_bad_cksum(lab):
    lab.refused(0, udp(host(0), router(0), udp_check=0x1234))
    unreachable(lab, udp(host(0), router(0), udp_check=0), 3, source=router(0))


@rows("RFC 1122 3.2.2.1: an unknown protocol is answered by 3/2")
def icmp4_proto_unreach(lab):
    for proto in (253, 47, 255):
        unreachable(lab, ip4(host(0), router(0), pattern(20), proto), 2)


@rows("RFC 9293 3.10.7.1: a SYN to a closed port is answered by a reset, as are others")
def icmp4_tcp_rst(lab):
    def reset(packet):
        lab.ip(0, packet)
        came = lab.find("reset", lambda c: c.port == 0 and c.ip and c.ip.proto == TCP).ip
        expect((came.src, came.dst) == (Ip4(packet).dst, host(0)), f"from {came.src} to {came.dst}")
        expect(came.payload[:4] == b"\0\x50\4\0", f"ports {came.payload[:4].hex()}")
        numbers = [int.from_bytes(came.payload[i:i + 4], "big") for i in (4, 8)]
        return came.payload[13] & 0x3F, *numbers

    expect(reset(tcp(host(0), router(0), SYN, seq=7000)) == (RST | ACK, 0, 7001), "to a SYN")
    expect(reset(tcp(host(0), router(1), SYN, seq=0xFFFFFFFF)) == (RST | ACK, 0, 0), "to another SYN")
    flags, seq, _ = reset(tcp(host(0), router(0), ACK, seq=5, ack=4242, data=b"hello"))
    expect((flags & RST, seq) == (RST, 4242), "to an ACK")
    expect(reset(tcp(host(0), router(0), 0, seq=100, data=b"hello")) == (RST | ACK, 0, 105), "to data")
    lab.refused(0, tcp(host(0), router(0), RST))
    lab.refused(0, tcp(host(0), router(0), RST | ACK))
    lab.refused(0, tcp(host(0), router(0), SYN, tcp_check=0x1234))


# --- Redirects ----------------------------------------------------------------------------------

@rows("RFC 1812 5.2.7.2: a host on the link of the better gateway is told of it by 5/1")
def icmp4_redirect(lab):
    packet = udp(host(0), "198.18.3.4")
    lab.ip(0, packet)
    lab.forwarded(packet, 0, to=BETTER)
    came = lab.error(0, 5, 1, packet)
    expect(came.payload[4:8] == bytes([10, 0, 0, 9]), f"gateway {came.payload[4:8].hex()}")


@rows("RFC 1812 5.2.7.2: a host that is not on the link is not redirected")
def icmp4_no_redirect_offlink(lab):
    lab.passes(0, udp(behind(0), "198.18.3.4"), 0, to=BETTER)
    lab.passes(0, udp("203.0.113.9", "198.18.3.4"), 0, to=BETTER)
    lab.nothing()


# --- No error about -----------------------------------------------------------------------------

def ttl1_error(kind):
    return ip4(host(0), host(1), icmp(kind, 1, data=udp(host(1), host(0))), ICMP, ttl=1)


def silent(lab, *packets):
    for packet in packets:
        lab.refused(0, packet)


NO_ERROR = "RFC 1812 4.3.2.7: no error about "
rows.add("icmp4_no_error_icmp_error", NO_ERROR + "an ICMP error", silent, ttl1_error(3),
         ttl1_error(4), ttl1_error(5), ttl1_error(12),
         ip4(host(0), "203.0.113.5", icmp(3, 1, data=udp(host(1), host(0))), ICMP))
rows.add("icmp4_no_error_ttl_exceeded", NO_ERROR + "a time exceeded", silent, ttl1_error(11))


@rows(NO_ERROR + "a packet in a link broadcast or multicast")
def icmp4_no_error_l2_broadcast(lab):
    for packet in (TTL1, udp(host(0), "203.0.113.5"), udp(host(0), router(0)), tcp(host(0), router(0))):
        lab.refused(0, packet, to=BROADCAST)
        lab.refused(0, packet, to="01:00:5e:00:00:01")


for name, source in (("zero", "0.0.0.0"), ("loopback", "127.0.0.1"), ("multicast", "224.0.0.9"),
                     ("broadcast", "255.255.255.255"), ("subnet_broadcast", "10.0.0.255"),
                     ("class_e", "240.0.0.1")):
    rows.add(f"icmp4_no_error_src_{name}", NO_ERROR + f"a packet from {source}", silent,
             udp(source, host(1), ttl=1), udp(source, router(0)), echo(source, router(0)),
             udp(source, "203.0.113.5"))

rows.add("icmp4_no_error_dst_multicast", NO_ERROR + "a packet to a multicast group", silent,
         udp(host(0), "239.1.2.3", ttl=1), udp(host(0), "224.0.0.1", ttl=1))
rows.add("icmp4_no_error_later_fragment", NO_ERROR + "a fragment that is not the first", silent,
         ip4(host(0), host(1), pattern(40), ttl=1, frag=5),
         ip4(host(0), "203.0.113.5", pattern(40), frag=5 | 0x2000))


@rows("RFC 1122 3.2.2: UDP to a closed port at a broadcast address is not answered")
def icmp4_no_error_bcast_port(lab):
    for to in ("10.0.0.255", "10.0.0.0", "10.0.1.255", "255.255.255.255"):
        lab.refused(0, udp(host(0), to, dport=33434))
        lab.refused(0, udp(host(0), to, dport=33434), to=BROADCAST)
        lab.refused(0, udp(host(0), to, ttl=1))
        lab.refused(0, tcp(host(0), to))


# --- The limit ----------------------------------------------------------------------------------

def flood(lab, also=()):
    """600 packets with TTL 1 and the others between them. Return: how many errors came."""
    also = list(also)
    for i in range(600):
        lab.ip(0, udp(host(0), host(1), ttl=1, id=i))
        if i % 10 == 0 and also:
            lab.ip(0, also.pop())
        if i % 32 == 31:
            lab.fence(0)
    lab.settle()
    errors = [c for c in lab.came
              if c.port == 0 and c.ip.proto == ICMP and c.ip.payload[:2] == b"\x0b\0"]
    lab.came = [c for c in lab.came if c not in errors]
    return len(errors)


def limited(config):
    config["system"]["icmp-errors"] = "10/s"


@rows("RFC 1812 4.3.2.8: of 600 packets with TTL 1 some are answered, but not all")
def icmp4_rate_limit(lab):
    expect(flood(lab) == 600, "with `none` there is a limit")
    with lab.configured(limited):
        n = flood(lab)
    expect(1 <= n < 300, f"{n} errors")


@rows("RFC 1812 4.3.2.8: forwarding is not affected while errors are limited")
def icmp4_rate_limit_forward(lab):
    packets = [udp(host(0), host(1), id=1000 + i) for i in range(60)]
    with lab.configured(limited):
        flood(lab, packets)
        for packet in packets:
            lab.forwarded(packet, 1)
