# SPDX-License-Identifier: BSD-2-Clause
"""ICMPv6: what the router answers, what it says of packets it cannot forward, and when it is silent.

The link of p3 carries 1400 bytes.
"""
from hosts import PORTS, behind6, expect, host6, host_mac, router6, router_local
from packets import ACK, ICMP6, RST, SYN, TCP, addr, echo, icmp6, ip6, pattern, tcp, udp
from packets6 import (ALL_NODES, ALL_ROUTERS, DESTINATION, HOP_BY_HOP, REDIRECT, REDIRECTED, TARGET,
                      Discovery, extended, fragment, fragments6, group_mac, link_local, options)
from wire import Rows, WINDOW, is_quote, network

UNROUTED = "2400:cb00:2048:1::5"
rows = Rows(network(mtu=(1500, 1500, 1500, 1400), routes=[
    {"to": "2001:db8:a000::/48", "type": "unreachable"},
    {"to": "2001:db8:a001::/48", "type": "prohibit"},
    {"to": "2001:db8:a002::/48", "via": host6(0, 9)},
]), families=(6,))


def answered(lab, port, request, source=None, **field):
    lab.ip(port, request, **field)
    return lab.reply(port, request, source)


# --- Echo ---------------------------------------------------------------------------------------

@rows("RFC 4443 4.2: echo to each port's own address comes back, all of it")
def icmp6_echo(lab):
    for port in PORTS:
        answered(lab, port, echo(host6(port), router6(port), pattern(56), ident=port + 1, seq=65535))


@rows("RFC 4443 4.2: 0 to 1452 bytes of data come back")
def icmp6_echo_sizes(lab):
    requests = [echo(host6(0), router6(0), pattern(n), seq=n)
                for n in (*range(130), *range(500, 520), *range(1420, 1453))]
    for i in range(0, len(requests), WINDOW):
        for request in requests[i:i + WINDOW]:
            lab.ip(0, request)
        for request in requests[i:i + WINDOW]:
            lab.reply(0, request)


@rows("RFC 4443 4.2: any address of the router is answered on any port")
def icmp6_echo_other_port(lab):
    for port in PORTS:
        for other in PORTS:
            answered(lab, port, echo(host6(port), router6(other)))


@rows("RFC 4443 4.2: a reply goes by the routing table")
def icmp6_echo_offlink(lab):
    answered(lab, 0, echo(behind6(0), router6(0)))
    request = echo(behind6(2), router6(0))
    lab.ip(0, request)
    lab.reply(2, request)


@rows("RFC 8200 3: the hop limit of what is for the router is not looked at")
def icmp6_echo_hlim1(lab):
    for ttl in (1, 0):
        answered(lab, 0, echo(host6(0), router6(0), ttl=ttl))
        answered(lab, 0, echo(host6(0), router6(1), ttl=ttl))


@rows("RFC 4291 2.8: echo to a port's link-local address, its EUI-64, is answered from it")
def icmp6_echo_link_local(lab):
    for port in PORTS:
        for source in (host6(port), link_local(host_mac(port, 2))):
            lab.ip(port, echo(source, router_local(port), pattern(20)))
            lab.until(lambda: lab.came, 5)  # the host may have to be asked for first
            lab.reply(port, echo(source, router_local(port), pattern(20)))


@rows("RFC 4007 9: a link-local address is one of its own link only")
def icmp6_echo_link_local_foreign(lab):
    lab.ignored.append(lambda c: c.port == 0 and c.ip.proto == ICMP6 and c.ip.payload[0] == 1)
    lab.refused(0, echo(host6(0), router_local(1)))


@rows("RFC 4443 4.2: echo to all routers, or all nodes, is answered from a unicast address of the port")
def icmp6_echo_all_routers(lab):
    for port in PORTS:
        for group in (ALL_ROUTERS, ALL_NODES):
            answered(lab, port, echo(host6(port), group), router6(port), to=group_mac(group))
    source = link_local(host_mac(0, 2))
    lab.ip(0, echo(source, ALL_ROUTERS), to=group_mac(ALL_ROUTERS))
    lab.until(lambda: lab.came, 5)
    lab.reply(0, echo(source, ALL_ROUTERS), router_local(0))


@rows("RFC 4291 2.8: echo to a group the router is not in is not answered")
def icmp6_echo_other_group(lab):
    for group in ("ff02::9", "ff02::1:ff12:3456", "ff01::2", "ff0e::2"):
        lab.refused(0, echo(host6(0), group), to=group_mac(group))


@rows("RFC 4443 2.3: echo with a wrong checksum is not answered")
def icmp6_echo_bad_cksum(lab):
    for wrong in (0x0000, 0x1234, 0xFFFF):
        for size in (8, 9):
            lab.refused(0, echo(host6(0), router6(0), pattern(size), icmp_check=wrong))


@rows("RFC 4443 2.4(b): unknown informational messages, and answers to nothing, are ignored")
def icmp6_unknown_info(lab):
    for kind in (200, 254, 255, 129, 139, 140, 150):
        lab.refused(0, icmp6(host6(0), router6(0), kind, 0, bytes(20)))


@rows("RFC 4443 2.4(a): errors to the router, unknown ones too, are not answered")
def icmp6_errors_in(lab):
    for kind in (1, 2, 3, 4, 100, 127):
        lab.refused(0, icmp6(host6(0), router6(0), kind, 0, bytes(4) + udp(router6(0), host6(0))))


@rows("RFC 4443 2.1: messages of 0 to 7 bytes are ignored")
def icmp6_short(lab):
    whole = echo(host6(0), router6(0), b"")[40:]
    for n in range(8):
        lab.refused(0, ip6(host6(0), router6(0), whole[:n], ICMP6))
    for n in range(4):  # and with a checksum that is right
        lab.refused(0, icmp6(host6(0), router6(0), 128, 0, bytes(n)))


# --- Time exceeded ------------------------------------------------------------------------------

@rows("RFC 4443 3.3: hop limit 1 is answered by 3/0 from the ingress port, with the whole packet")
def icmp6_hlim(lab):
    for port in PORTS:
        packet = udp(host6(port), host6((port + 1) % 4), ttl=1)
        lab.ip(port, packet)
        expect(lab.error(port, 3, 0, packet).total == 48 + len(packet), "not the whole packet")
    far = udp(behind6(2), host6(1), ttl=1)
    lab.ip(2, far)
    lab.error(2, 3, 0, far)
    for packet in (echo(host6(0), host6(1), ttl=1), tcp(host6(0), host6(1), ttl=1),
                   extended(udp(host6(0), host6(1), ttl=1), options(DESTINATION), fragment())):
        lab.ip(0, packet)
        lab.error(0, 3, 0, packet)


@rows("RFC 4443 3.3: hop limit 0 is answered by 3/0, or dropped")
def icmp6_hlim_0(lab):
    packet = udp(host6(0), host6(1), ttl=0)
    lab.ip(0, packet)
    lab.settle()
    if lab.came:
        lab.error(0, 3, 0, packet)


@rows("RFC 4443 2.4(c): an error quotes as much as fits 1280 bytes, and no more")
def icmp6_hlim_long(lab):
    for size in (1500, 1281, 1233, 1232, 1231):
        packet = udp(host6(0), host6(1), size - 48, ttl=1)
        lab.ip(0, packet)
        came = lab.error(0, 3, 0, packet)
        expect(came.total == min(1280, 48 + size), f"{came.total} bytes about {size}")


@rows("RFC 2464: an error does not quote what is behind the packet in its frame")
def icmp6_quote_trailer(lab):
    for size in (0, 26, 500):
        packet = udp(host6(0), host6(1), size, ttl=1)
        lab.ip(0, packet + b"\xaa" * 60)
        lab.error(0, 3, 0, packet)


# --- Unreachable --------------------------------------------------------------------------------

def unreachable(lab, packet, codes, **more):
    lab.ip(0, packet)
    lab.error(0, 1, codes, packet, **more)


rows.add("icmp6_no_route", "RFC 4443 3.1: no route is answered by 1/0", unreachable,
         udp(host6(0), UNROUTED), 0)
rows.add("icmp6_unreachable_route", "RFC 4443 3.1: an unreachable route is answered by 1/0, or 1/3",
         unreachable, udp(host6(0), "2001:db8:a000::5"), (0, 3))
rows.add("icmp6_prohibit_route", "RFC 4443 3.1: a prohibit route is answered by 1/1", unreachable,
         udp(host6(0), "2001:db8:a001::5"), 1)


@rows("RFC 4007 9: from a link-local source to another link is not forwarded, but answered by 1/2")
def icmp6_scope(lab):
    source = link_local(host_mac(0, 2))
    lab.say_ns(0, source, router_local(0))
    for packet in (udp(source, host6(1)), echo(source, host6(2))):
        lab.ip(0, packet)
        lab.settle()
        lab.until(lambda: lab.came, 5)
        lab.error(0, 1, 2, packet, source=(router6(0), router_local(0)))


@rows("RFC 4443 3.1: a host that never answers is told of by 1/3, in at most 5 s")
def icmp6_addr_unreach(lab):
    new = lab.fresh6(2)
    lab.silent.add(new)
    unreachable(lab, udp(host6(0), new), 3, seconds=5)


@rows("RFC 4443 3.1: UDP to a closed port is answered by 1/4 from the address asked")
def icmp6_port_unreach(lab):
    for port in PORTS:
        for size in (0, 26, 1300):
            unreachable(lab, udp(host6(0), router6(port), size, dport=33434), 4, source=router6(port))


@rows("RFC 8200 8.1: UDP with a wrong checksum, or none, is not answered")
def icmp6_udp_bad_cksum(lab):
    lab.refused(0, udp(host6(0), router6(0), udp_check=0x1234))
    lab.refused(0, udp(host6(0), router6(0), udp_check=0))


@rows("RFC 9293 3.10.7.1: a SYN to a closed port is answered by a reset, as are others")
def icmp6_tcp_rst(lab):
    def reset(packet, port=0):
        lab.ip(0, packet)
        came = lab.find("reset", lambda c: c.port == 0 and c.ip and c.ip.proto == TCP).ip
        expect((came.src, came.dst) == (router6(port), host6(0)), f"from {came.src} to {came.dst}")
        expect(came.payload[:4] == b"\0\x50\4\0", f"ports {came.payload[:4].hex()}")
        numbers = [int.from_bytes(came.payload[i:i + 4], "big") for i in (4, 8)]
        return came.payload[13] & 0x3F, *numbers

    expect(reset(tcp(host6(0), router6(0), SYN, seq=7000)) == (RST | ACK, 0, 7001), "to a SYN")
    expect(reset(tcp(host6(0), router6(1), SYN, seq=0xFFFFFFFF), 1) == (RST | ACK, 0, 0), "to another")
    flags, seq, _ = reset(tcp(host6(0), router6(0), ACK, seq=5, ack=4242, data=b"hello"))
    expect((flags & RST, seq) == (RST, 4242), "to an ACK")
    expect(reset(extended(tcp(host6(0), router6(0), SYN, seq=1), options(DESTINATION), fragment()))
           == (RST | ACK, 0, 2), "to a SYN behind extension headers")
    lab.refused(0, tcp(host6(0), router6(0), RST))
    lab.refused(0, tcp(host6(0), router6(0), SYN, tcp_check=0x1234))


# --- Too big ------------------------------------------------------------------------------------

def too_big(lab, packet, mtu=1400):
    """It is not forwarded, but answered by 2/0 with the MTU."""
    lab.ip(0, packet)
    came = lab.error(0, 2, 0, packet)
    expect(came.payload[4:8] == mtu.to_bytes(4, "big"), f"MTU {came.payload[4:8].hex()}")
    lab.nothing()


@rows("RFC 4443 3.2: 1500 bytes for a link of 1400 are answered by 2/0 with the MTU, not cut")
def icmp6_too_big(lab):
    too_big(lab, udp(host6(0), host6(3), 1452))
    too_big(lab, udp(host6(0), behind6(3), 1452))
    too_big(lab, extended(udp(host6(0), host6(3), 1400), fragment()))


@rows("RFC 4443 3.2: 1400 bytes go on whole, 1401 are answered by 2/0")
def icmp6_too_big_edge(lab):
    lab.passes(0, udp(host6(0), host6(3), 1352), 3)
    too_big(lab, udp(host6(0), host6(3), 1353))


@rows("RFC 4443 3.3: a packet that is too big, too, and whose hop limit ends, is answered once")
def icmp6_too_big_hlim(lab):
    packet = udp(host6(0), host6(3), 1452, ttl=1)
    lab.ip(0, packet)
    lab.error(0, 3, 0, packet)
    lab.nothing()


# --- Redirects ----------------------------------------------------------------------------------

def redirected(lab, packet, target, destination):
    is_redirect = lambda c: c.port == 0 and c.ip and c.ip.proto == ICMP6 and c.ip.payload[0] == REDIRECT
    for _ in range(2):  # one that has to wait for its neighbour may go without
        lab.passes(0, packet, 0, to=target)
        if any(map(is_redirect, lab.came)):
            break
    came = lab.find("redirect", is_redirect)
    d = Discovery(came.ip)  # which looks at the hop limit and the options
    expect((came.ip.src, came.ip.dst) == (router_local(0), host6(0)), f"{came}")
    expect((d.target, d.m[24:40]) == (target, addr(destination)), f"to {d.target}")
    expect(d.options.get(TARGET, b"").hex(":") in ("", lab.mac_of(target)), "another MAC")
    quote = d.options.get(REDIRECTED, b"")[6:]
    expect(is_quote(quote[:len(packet)], packet) and quote, "does not quote the packet")
    expect(came.ip.total <= 1280, f"{came.ip.total} bytes")


@rows("RFC 4861 8.2: a host is told by a redirect that another one is on its own link")
def icmp6_redirect(lab):
    redirected(lab, udp(host6(0), host6(0, 3)), host6(0, 3), host6(0, 3))
    redirected(lab, udp(host6(0), host6(0, 9), 1300), host6(0, 9), host6(0, 9))


@rows("RFC 4861 8.2: a host that is not on the link is not redirected")
def icmp6_no_redirect_offlink(lab):
    lab.passes(0, udp(behind6(0), host6(0, 3)), 0, to=host6(0, 3))
    lab.passes(0, udp(behind6(0), "2001:db8:a002::4"), 0, to=host6(0, 9))
    lab.nothing()


# --- No error about -----------------------------------------------------------------------------

def ttl1_error(kind, *headers):
    body = bytes(4) + udp(host6(1), host6(0))
    return extended(icmp6(host6(0), host6(1), kind, 0, body, ttl=1), *headers)


def silent(lab, *packets):
    for packet in packets:
        lab.refused(0, packet)


NO_ERROR = "RFC 4443 2.4(e): no error about "
rows.add("icmp6_no_error_icmp_error", NO_ERROR + "an ICMPv6 error", silent, ttl1_error(1), ttl1_error(2),
         ttl1_error(4), icmp6(host6(0), UNROUTED, 1, 0, bytes(4) + udp(UNROUTED, host6(0))))
rows.add("icmp6_no_error_time_exceeded", NO_ERROR + "a time exceeded", silent, ttl1_error(3))
rows.add("icmp6_no_error_unknown_error", NO_ERROR + "an error of a type nobody knows", silent,
         ttl1_error(100), ttl1_error(127), ttl1_error(0))
rows.add("icmp6_no_error_error_after_ext", NO_ERROR + "an error behind extension headers", silent,
         ttl1_error(1, fragment()), ttl1_error(1, options(DESTINATION)),
         ttl1_error(3, options(HOP_BY_HOP), options(DESTINATION), fragment(), options(DESTINATION)))
rows.add("icmp6_no_error_redirect", NO_ERROR + "a redirect", silent,
         icmp6(host6(0), host6(1), REDIRECT, 0, bytes(36), ttl=1))
for name, source in (("unspecified", "::"), ("multicast", "ff02::5"), ("multicast_global", "ff0e::5"),
                     ("loopback", "::1")):
    rows.add(f"icmp6_no_error_src_{name}", NO_ERROR + f"a packet from {source}", silent,
             udp(source, host6(1), ttl=1), udp(source, router6(0)), udp(source, UNROUTED),
             echo(source, router6(0)), extended(echo(source, router6(0)), options(DESTINATION, b"\x9e\0")))


@rows(NO_ERROR + "a packet to a multicast group")
def icmp6_no_error_dst_multicast(lab):
    for group in ("ff0e::99", "ff05::2", "ff02::99", ALL_NODES):
        packet = udp(host6(0), group, ttl=1)
        lab.refused(0, packet, to=group_mac(group))
        lab.refused(0, packet)
        lab.refused(0, udp(host6(0), group), to=group_mac(group))


@rows(NO_ERROR + "a packet in a link multicast or broadcast")
def icmp6_no_error_l2_multicast(lab):
    for packet in (udp(host6(0), host6(1), ttl=1), udp(host6(0), UNROUTED), udp(host6(0), router6(0)),
                   tcp(host6(0), router6(0)), udp(host6(0), host6(3), 1452)):
        lab.refused(0, packet, to="33:33:00:00:00:01")
        lab.refused(0, packet, to="ff:ff:ff:ff:ff:ff")


@rows(NO_ERROR + "UDP to a closed port at a group, nor a reset")
def icmp6_no_error_mcast_port(lab):
    for group in (ALL_NODES, ALL_ROUTERS):
        lab.refused(0, udp(host6(0), group, dport=33434), to=group_mac(group))
        lab.refused(0, tcp(host6(0), group), to=group_mac(group))
        lab.refused(0, ip6(host6(0), group, pattern(20), 253), to=group_mac(group))


@rows("RFC 4443 2.4(e.3): but an unknown option in a packet to a group is reported if it says always")
def icmp6_error_mcast_option(lab):
    # 10: always, 11: not to a group
    packet = extended(echo(host6(0), ALL_NODES), options(DESTINATION, b"\x9e\2\1\2"))
    lab.ip(0, packet, to=group_mac(ALL_NODES))
    lab.error(0, 4, 2, packet)
    lab.refused(0, extended(echo(host6(0), ALL_NODES), options(DESTINATION, b"\xde\2\1\2")),
                to=group_mac(ALL_NODES))


rows.add("icmp6_no_error_later_fragment", "RFC 4443 2.4(e), 3.1: nothing is said of a port in a piece", silent,
         *fragments6(udp(host6(0), router6(0), 900), (400,))[1:])


# --- The limit ----------------------------------------------------------------------------------

def flood(lab, also=()):
    """600 packets with hop limit 1 and the others between them. Return: how many errors came."""
    also = list(also)
    for i in range(600):
        lab.ip(0, udp(host6(0), host6(1), ttl=1, flow=i))
        if i % 10 == 0 and also:
            lab.ip(0, also.pop())
        if i % 32 == 31:
            lab.fence(0)
    lab.settle()
    errors = [c for c in lab.came
              if c.port == 0 and c.ip.proto == ICMP6 and c.ip.payload[:2] == b"\3\0"]
    lab.came = [c for c in lab.came if c not in errors]
    return len(errors)


def limited(config):
    config["system"]["icmp-errors"] = "10/s"


@rows("RFC 4443 2.4(f): of 600 packets with hop limit 1 some are answered, but not all; others pass")
def icmp6_rate_limit(lab):
    expect(flood(lab) == 600, "with `none` there is a limit")
    packets = [udp(host6(0), host6(1), flow=1000 + i) for i in range(60)]
    with lab.configured(limited):
        n = flood(lab, packets)
        for packet in packets:
            lab.forwarded(packet, 1)
    expect(1 <= n < 300, f"{n} errors")
