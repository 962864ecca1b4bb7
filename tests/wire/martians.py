# SPDX-License-Identifier: BSD-2-Clause
"""Addresses that must not be seen: martians, sources that came the wrong way, and a loop."""
from hosts import behind, behind6, expect, host, host6, router, router6, router_local
from packets import ICMP, ICMP6, SYN, echo, hop, parse, tcp, udp
from wire import Rows, network

DEFAULT, DEFAULT6 = {"to": "default", "via": host(3, 3)}, {"to": "::/0", "via": host6(3, 3)}
LOOP, LOOP6 = "198.18.5.5", "2001:db8:f000::5"
rows = Rows(network(routes=[{"to": "198.18.0.0/16", "via": host(1)}, DEFAULT,
                            {"to": "2001:db8:f000::/36", "via": host6(1)}, DEFAULT6]), families=(4, 6))


def refused(lab, *packets):
    for packet in packets:
        lab.refused(0, packet)


for name, source, why in (
        ("net0", "0.1.2.3", "RFC 6890"),
        ("unspecified", "0.0.0.0", "RFC 1812 5.3.7"),
        ("loopback", "127.0.0.1", "RFC 1122 3.2.1.3"),
        ("loopback_end", "127.255.255.254", "RFC 1812 5.3.7"),
        ("multicast", "224.0.0.1", "RFC 1122 3.2.1.3"),
        ("multicast_end", "239.255.255.255", "RFC 1812 5.3.7"),
        ("class_e", "240.0.0.1", "RFC 6890"),
        ("broadcast", "255.255.255.255", "RFC 919"),
        ("link_local", "169.254.1.1", "RFC 3927 2.7"),
        ("own", router(0), "RFC 1812 5.3.7"),
        ("own_other_port", router(1), "RFC 1812 5.3.7"),
        ("subnet_bcast", "10.0.0.255", "RFC 1812 5.3.7")):
    rows.add(f"martians_src_{name}", f"{why}: a packet from {source} is not forwarded, nor answered",
             refused, udp(source, host(1)), udp(source, LOOP), udp(source, router(0)),
             echo(source, router(0)), udp(source, host(1), ttl=1))

for name, to, why in (
        ("unspecified", "0.0.0.0", "RFC 1812 5.3.7"),
        ("net0", "0.1.2.3", "RFC 6890"),
        ("loopback", "127.0.0.1", "RFC 1812 5.3.7"),
        ("loopback2", "127.9.9.9", "RFC 1812 5.3.7"),
        ("link_local", "169.254.1.1", "RFC 3927 2.7"),
        ("class_e", "240.0.0.1", "RFC 6890")):
    rows.add(f"martians_dst_{name}", f"{why}: a packet to {to} does not go by the default route",
             refused, udp(host(0), to), echo(host(0), to), udp(host(0), to, ttl=1))


for name, source, why in (
        ("src_own6", router6(0), "RFC 4291"),
        ("src_own6_other_port", router6(1), "RFC 4291"),
        ("src6_own_local", router_local(0), "RFC 4291 2.5.6"),
        ("src6_unspecified", "::", "RFC 4291 2.5.2"),
        ("src6_loopback", "::1", "RFC 4291 2.5.3"),
        ("src6_multicast", "ff02::1", "RFC 4291 2.7"),
        ("src6_multicast_global", "ff0e::1", "RFC 4291 2.7"),
        ("src6_v4_mapped", "::ffff:10.0.0.2", "RFC 4942 2.2")):
    rows.add(f"martians_{name}", f"{why}: a packet from {source} is not forwarded, nor answered",
             refused, udp(source, host6(1)), udp(source, LOOP6), udp(source, router6(0)),
             echo(source, router6(0)), udp(source, host6(1), ttl=1))

for name, to, why in (
        ("unspecified", "::", "RFC 4291 2.5.2"),
        ("loopback", "::1", "RFC 4291 2.5.3"),
        ("link_local", "fe80::99", "RFC 4291 2.5.6"),
        ("if_local_mcast", "ff01::1", "RFC 4291 2.7"),
        ("link_mcast", "ff02::99", "RFC 4291 2.7"),
        ("v4_mapped", "::ffff:10.0.1.2", "RFC 4942 2.2")):
    rows.add(f"martians_dst6_{name}", f"{why}: a packet to {to} does not go by the default route",
             refused, udp(host6(0), to), echo(host6(0), to), udp(host6(0), to, ttl=1))


@rows("RFC 4291 2.5.6: a packet from a link-local address does not leave its link")
def martians_src6_link_local(lab):
    # What is said of it is a matter of icmp6.py.
    lab.ignored.append(lambda c: c.port == 0 and c.ip and c.ip.proto == ICMP6 and c.ip.payload[0] == 1)
    source = "fe80::1234"
    lab.say_ns(0, source, router6(0))
    refused(lab, udp(source, host6(1)), udp(source, LOOP6), udp(source, "2400:cb00::1"))


@rows("CVE-1997-0016: a packet from the router to itself brings forth nothing")
def martians_land(lab):
    for address in (router(0), router(1)):
        refused(lab, tcp(address, address, SYN, sport=80), udp(address, address, sport=7, dport=7),
                echo(address, address), udp(address, router(0)), udp(address, address, ttl=1))
    for address in (router6(0), router6(1), router_local(0)):
        refused(lab, tcp(address, address, SYN, sport=80), udp(address, address, sport=7, dport=7),
                echo(address, address), udp(address, router6(0)), udp(address, address, ttl=1))


# --- uRPF ---------------------------------------------------------------------------------------

def strict(config):
    config["interfaces"]["p0"]["urpf"] = "strict"


def strict_no_default(config):
    strict(config)
    config["routes"].remove(DEFAULT)
    config["routes"].remove(DEFAULT6)


def loose_no_default(config):
    config["interfaces"]["p0"]["urpf"] = "loose"
    config["routes"].remove(DEFAULT)
    config["routes"].remove(DEFAULT6)


@rows("RFC 3704 2.2: strict: a source that is routed to another port is dropped, unanswered")
def martians_urpf_drop(lab):
    with lab.configured(strict):
        for source in (host(1), behind(2), "198.18.1.1", "203.0.113.1"):
            refused(lab, udp(source, host(2)), udp(source, host(2), ttl=1), echo(source, router(0)))
        for source in (host6(1), behind6(2), "2001:db8:f000::1", "2400:cb00::1"):
            refused(lab, udp(source, host6(2)), udp(source, host6(2), ttl=1), echo(source, router6(0)))


@rows("RFC 3704 2.2: strict: a source that is reached by the port passes, as on other ports all do")
def martians_urpf_pass(lab):
    with lab.configured(strict):
        for source in (host(0), host(0, 9), behind(0), behind(0, 60)):
            lab.passes(0, udp(source, host(2)), 2)
        lab.passes(1, udp(host(0), host(2)), 2)
        for source in (host6(0), host6(0, 9), behind6(0), behind6(0, 60)):
            lab.passes(0, udp(source, host6(2)), 2)
        lab.passes(1, udp(host6(0), host6(2)), 2)


@rows("RFC 3704 2.2: strict: a source without a route is dropped")
def martians_urpf_noroute(lab):
    with lab.configured(strict_no_default):
        refused(lab, udp("203.0.113.1", host(2)), udp("203.0.113.1", host(2), ttl=1),
                udp("2400:cb00::1", host6(2)), udp("2400:cb00::1", host6(2), ttl=1))


@rows("RFC 3704 2.4: loose: a source passes if there is a route to it at all")
def martians_urpf_loose(lab):
    with lab.configured(loose_no_default):
        lab.passes(0, udp(host(1), host(2)), 2)
        lab.passes(0, udp(behind(2), host(2)), 2)
        refused(lab, udp("203.0.113.1", host(2)))
        lab.passes(0, udp(host6(1), host6(2)), 2)
        lab.passes(0, udp(behind6(2), host6(2)), 2)
        refused(lab, udp("2400:cb00::1", host6(2)))


# --- A loop -------------------------------------------------------------------------------------

def loop(lab, packet, sender, proto, kind):
    """Sent back by its next hop until its hops are used up."""
    lab.ip(0, packet)
    for ttl in range(11, 0, -1):
        came = lab.forwarded(packet, 1)
        expect(came.ip.ttl == ttl, f"TTL {came.ip.ttl}, wanted {ttl}")
        expect(not lab.came, "more came out than went in")
        packet = hop(packet)
        lab.ip(1, packet)
    lab.settle()
    error = lab.find("time exceeded", lambda c: c.port == 0 and c.ip and c.ip.proto == proto)
    expect(error.ip.payload[:2] == kind and error.ip.dst == sender, f"{error}")
    expect(parse(error.ip.payload[8:]).packet == packet, "quotes another packet")


@rows("RFC 1812 5.3.1: a packet that its next hop sends back dies of its TTL, with one answer")
def martians_loop(lab):
    loop(lab, udp(behind(0), LOOP, ttl=12), behind(0), ICMP, b"\x0b\0")
    loop(lab, udp(behind6(0), LOOP6, ttl=12), behind6(0), ICMP6, b"\3\0")
