# SPDX-License-Identifier: BSD-2-Clause
"""Ethernet: which frames carry a packet for the router, and what it may put on the wire."""
from hosts import expect, host, host6, host_mac, router, router6, router_mac
from packets import ARP, BROADCAST, IP4, IP6, QINQ, VLAN, arp, echo, ether, udp
from wire import Rows, WINDOW, network

rows = Rows(network(), families=(4, 6))
PLAIN, PLAIN6 = udp(host(0), host(1)), udp(host6(0), host6(1))
WHO_HAS = arp(1, host_mac(0, 2), host(0), router(0))


def ours(body, kind=IP4, tags=()):
    return ether(router_mac(0), host_mac(0, 2), body, kind, tags)


@rows("RFC 1812 5.2.1: a packet to another station's MAC is not forwarded")
def eth_other_mac(lab):
    for to in ("02:00:00:00:99:99", host_mac(1, 2), router_mac(1)):
        lab.refused(0, PLAIN, to=to)
        lab.refused(0, PLAIN6, to=to)


@rows("RFC 1812 5.3.4: a unicast packet in a link broadcast is not forwarded, nor answered")
def eth_bcast_mac(lab):
    lab.refused(0, PLAIN, to=BROADCAST)
    lab.refused(0, udp(host(0), host(1), ttl=1), to=BROADCAST)
    lab.refused(0, PLAIN6, to=BROADCAST)
    lab.refused(0, udp(host6(0), host6(1), ttl=1), to=BROADCAST)


@rows("RFC 1812 5.3.4: a unicast packet in a link multicast is not forwarded")
def eth_mcast_mac(lab):
    for to in ("01:00:5e:00:00:05", "33:33:00:00:00:01", "03:00:00:00:00:00"):
        lab.refused(0, PLAIN, to=to)
        lab.refused(0, PLAIN6, to=to)


@rows("RFC 894: padding of a short packet is not copied out, its length is kept")
def eth_pad_in(lab):
    for size in (0, 1, 8, 17):
        short = udp(host(0), host(1), size)
        lab.raw(0, ours(short).ljust(60, b"\xaa"))
        lab.forwarded(short, 1)
        short = udp(host6(0), host6(1), size)
        lab.raw(0, ours(short, IP6).ljust(80, b"\xaa"))
        lab.forwarded(short, 1)
    ping, ping6 = echo(host(0), router(0), b"ab"), echo(host6(0), router6(0), b"ab")
    lab.raw(0, ours(ping).ljust(60, b"\xaa"))
    lab.reply(0, ping)
    lab.raw(0, ours(ping6, IP6).ljust(80, b"\xaa"))
    lab.reply(0, ping6)


@rows("CVE-2003-0001: what follows a minimal packet are zeros, not an earlier packet")
def eth_pad_leak(lab):
    long = udp(host(0), host(1), 1400)
    lab.ips(0, [long] * 200)
    for _ in range(200):
        lab.forwarded(long, 1)
    lab.passes(0, udp(host(0), host(1), 0), 1)  # that any padding is zero is looked at always
    ping = echo(host(0), router(0), b"")
    lab.ip(0, ping)
    lab.reply(0, ping)
    lab.say_arp(0, 1, host(0), router(0))
    expect(lab.until(lambda: [a for a in lab.arps if a.op == 2]), "no ARP reply")
    expect(not any(lab.arps[-1].frame[42:]), "the padding of an ARP reply is not zero")


@rows("RFC 1812 3.3: an unknown EtherType is not forwarded")
def eth_unknown_type(lab):
    for kind in (0x88B5, 0x9000, 0x0801, 0xFFFF):
        lab.raw(0, ours(PLAIN, kind))
        lab.raw(0, ours(PLAIN6, kind))
    lab.nothing()


@rows("RFC 1042: IPv4 in an 802.3 length frame without SNAP is not forwarded")
def eth_length_frame(lab):
    lab.raw(0, ours(PLAIN, len(PLAIN)))
    lab.raw(0, ours(b"\x06\x06\x03" + PLAIN, 3 + len(PLAIN)))
    lab.nothing()


@rows("RFC 791 3.1: IPv6 as EtherType IPv4 is not forwarded, nor the other way round")
def eth_mismatched_type(lab):
    for six in (PLAIN6, udp(host6(0), host6(1), 200), udp(host6(0), host6(1), ttl=1)):
        lab.raw(0, ours(six))
    for four in (PLAIN, udp(host(0), host(1), 200), udp(host(0), host(1), ttl=1)):
        lab.raw(0, ours(four, IP6))
    lab.nothing()


@rows("802.1Q 6.9: a tagged packet is not forwarded on a port without VLANs")
def eth_tagged(lab):
    for vid in (1, 5, 4094, 4095):
        lab.raw(0, ours(PLAIN, tags=[(VLAN, vid)]))
        lab.raw(0, ours(PLAIN6, IP6, tags=[(VLAN, vid)]))
        lab.raw(0, ether(BROADCAST, host_mac(0, 2), WHO_HAS, ARP, [(VLAN, vid)]))
    lab.nothing()
    expect(not [a for a in lab.arps if a.op == 2], "a tagged ARP request is answered")


@rows("802.1Q 6.9: a packet that is only priority tagged is forwarded, without a tag")
def eth_priority_tag(lab):
    lab.raw(0, ours(PLAIN, tags=[(VLAN, 5 << 13)]))
    lab.forwarded(PLAIN, 1)
    lab.raw(0, ours(PLAIN, tags=[(VLAN, 0)]))
    lab.forwarded(PLAIN, 1)
    lab.raw(0, ours(PLAIN6, IP6, tags=[(VLAN, 5 << 13)]))
    lab.forwarded(PLAIN6, 1)


@rows("802.1Q 6.9: an ARP request that is only priority tagged is answered, without a tag")
def eth_priority_tag_arp(lab):
    lab.raw(0, ether(BROADCAST, host_mac(0, 2), WHO_HAS, ARP, [(VLAN, 5 << 13)]))
    lab.settle()
    expect([a for a in lab.arps if a.op == 2 and a.sender == router(0)], "no reply")


@rows("802.1ad: a double tagged packet is not forwarded")
def eth_qinq(lab):
    lab.raw(0, ours(PLAIN, tags=[(QINQ, 5), (VLAN, 6)]))
    lab.raw(0, ours(PLAIN, tags=[(QINQ, 5)]))
    lab.nothing()


@rows("802.1Q: a priority tag does not hide a second tag")
def eth_double_prio(lab):
    lab.raw(0, ours(PLAIN, tags=[(VLAN, 0), (VLAN, 5)]))
    lab.raw(0, ours(PLAIN, tags=[(VLAN, 0), (QINQ, 5)]))
    lab.nothing()


@rows("802.3: frames of 14 to 60 bytes of every type do no harm")
def eth_runts(lab):
    frames = {
        IP4: udp(host(0), host(1), 100),
        ARP: WHO_HAS[:27],
        IP6: udp(host6(0), host6(1), 100),
        VLAN: b"\0\5\x08\0" + udp(host(0), host(1), 100),
    }
    for kind, body in frames.items():
        for size in range(14, 61):
            lab.raw(0, ours(body, kind)[:size])
            lab.raw(0, ours(bytes(60), kind)[:size])
        lab.nothing()
    expect(not [a for a in lab.arps if a.op == 2], "a truncated ARP request is answered")


@rows("RFC 894: a packet of 1500 bytes is forwarded whole")
def eth_full_mtu(lab):
    lab.passes(0, udp(host(0), host(1), 1472), 1)
    lab.passes(0, udp(host(0), host(1), 1472, frag=0x4000), 1)
    lab.passes(0, udp(host6(0), host6(1), 1452), 1)


@rows("RFC 1812 5.3.8: each packet of many flows leaves once, by the right port")
def eth_flows(lab):
    sent = []
    for i in range(500):
        flow = i % 250
        port, out = ((0, 1), (1, 2), (2, 0))[flow % 3]
        if flow % 2:
            packet = udp(host(port), host(out), sport=2000 + flow, id=i)
        else:
            packet = udp(host6(port), host6(out), sport=2000 + flow, flow=i)
        lab.ip(port, packet)
        sent.append((packet, out))
        if i % WINDOW == WINDOW - 1:
            lab.settle()
    for packet, out in sent:
        lab.forwarded(packet, out)
