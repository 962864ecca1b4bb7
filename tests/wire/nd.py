# SPDX-License-Identifier: BSD-2-Clause
"""Neighbour discovery: what the router says, whom it asks, what it believes, and how it starts."""
import contextlib
import copy
import struct

from hosts import PORTS, expect, host, host6, host_mac, router6, router_local, router_mac
from packets import ICMP6, IP6, addr, echo, ether, icmp6, text6, udp
from packets6 import (ALL_NODES, ANY, HOP_BY_HOP, MLD1_REPORT, MLD2_REPORT, MLD_QUERY, NA, NS, OVERRIDE,
                      PREFIX, RA, ROUTER, SOLICITED, SOURCE, TARGET, canonical, extended, fragment,
                      group_mac, link_local, lladdr, na, ns, option, options, prefix, ra, redirect, rs,
                      solicited)
from wire import Rows, network

STATIC, FORGED = host6(2, 0x50), "02:00:00:00:66:66"
UNROUTED = "2400:cb00:2048:1::5"
BEYOND = "2001:db8:c000::5"  # routed by host 2 of p1
config = network(routes=[{"to": "2001:db8:c000::/48", "via": host6(1)}],
                 neighbours=[{"address": STATIC, "lladdr": host_mac(2, 0x50)}])
config["interfaces"]["p0"]["router-advertisement"] = {"prefixes": ["2001:db8::/64"]}
rows = Rows(config, families=(6,))


def said(lab, port, kind, target=None):
    return [c for c in lab.nds
            if c.port == port and c.nd.kind == kind and target in (None, c.nd.target)]


def answered(lab, port, packet, asker, target=None):
    """The router advertises what the solicitation asks for, with all flags, to who asked."""
    target = target or text6(packet[48:64])
    mine = lambda: [c for c in said(lab, port, NA, target) if c.ip.dst == asker]
    lab.nds.clear()
    lab.say(port, lab.mac_of(asker), packet)
    expect(lab.until(mine, 5), f"{target}: no answer at e{port}")
    c, lladdr_said = mine()[0], [router_mac(port)]
    if not packet[24] == 0xFF:  # RFC 4861 7.2.4: to a group it must be said; and if it is, override
        lladdr_said.append("")
    option = c.nd.options.get(TARGET, b"").hex(":")
    expect(option in lladdr_said, f"options {c.nd.options}")
    expect(c.nd.flags == ROUTER | SOLICITED | (OVERRIDE if option else 0), f"flags {c.nd.flags:#x}")
    expect(c.to == lab.mac_of(asker), f"to {c.to}")
    expect(c.ip.src in (target, router_local(port)), f"from {c.ip.src}")
    lab.settle_agent(port)
    expect(len(mine()) == 1, "more than one answer")


def silence(lab, port, *asked):
    """None of the packets is answered, nor has any other effect."""
    lab.nds.clear()
    for packet in asked:
        lab.say(port, host_mac(port, 2), packet)
    lab.fence(port)
    known = lab.fresh_n + 1  # who settle_agent() asks as
    lab.settle_agent(port)
    told = [c for c in said(lab, port, NA) if c.ip.dst != host6(port, known)]
    expect(not told, f"answered: {told[:1] and told[0].ip}")
    expect(not lab.came, f"came: {lab.came[:1] and lab.came[0]}")


def asks(target=None, *opts, **field):
    """Host 2 of p0 asks for the router."""
    opts = opts or (lladdr(SOURCE, host_mac(0, 2)),)
    return ns(host6(0), target or router6(0), *opts, **field)


def solicitations(lab, target, many=True):
    """Those for the target, to its group, or all."""
    return [c for c in lab.nds if c.nd.kind == NS and c.nd.target == target
            and (not many or c.ip.dst.startswith("ff"))]


def reached(lab, address, at, out=2):
    """Traffic from p0 to the host goes to that MAC."""
    packet = udp(host6(0), address)
    lab.ip(0, packet)
    lab.settle()
    lab.until(lambda: any(c.ip and c.ip.dst == address for c in lab.came), 5)
    came = lab.find(f"packet to {address}", lambda c: c.ip and c.ip.dst == address)
    expect((came.port, came.to) == (out, at), f"goes to {came.to} at e{came.port}, wanted {at}")


# --- What it says -------------------------------------------------------------------------------

@rows("RFC 4861 7.2.4: a solicitation for its address is answered on every port, all fields right")
def nd_ns(lab):
    for port in PORTS:
        opt = lladdr(SOURCE, host_mac(port, 2))
        answered(lab, port, ns(host6(port), router6(port), opt), host6(port))


@rows("RFC 4861 7.2.4: a unicast solicitation is answered")
def nd_ns_unicast(lab):
    for port in PORTS:
        opt = lladdr(SOURCE, host_mac(port, 2))
        answered(lab, port, ns(host6(port), router6(port), opt, dst=router6(port)), host6(port))


@rows("RFC 4861 7.2.4: one for its link-local address is answered, and one from such an address")
def nd_ns_link_local(lab):
    for port in PORTS:
        opt = lladdr(SOURCE, host_mac(port, 2))
        for asker in (host6(port), link_local(host_mac(port, 2))):
            for target in (router_local(port), router6(port)):
                answered(lab, port, ns(asker, target, opt), asker)


@rows("RFC 4861 7.2.4: one without its sender's MAC is answered, if need be after asking for that")
def nd_ns_no_option(lab):
    for asker in (host6(0), lab.fresh6(0)):
        answered(lab, 0, icmp6(asker, router6(0), NS, 0, bytes(4) + addr(router6(0)), ttl=255), asker)


@rows("RFC 4862 5.4.3: who probes for its address is told at once, and all others: it is taken")
def nd_dad_defend(lab):
    for port in PORTS:
        for target in (router6(port), router_local(port)):
            lab.nds.clear()
            lab.say(port, host_mac(port, 2), ns(ANY, target))
            expect(lab.until(lambda t=target, p=port: said(lab, p, NA, t), 5), f"{target}: not defended")
            c = said(lab, port, NA, target)[0]
            expect((c.ip.dst, c.to) == (ALL_NODES, group_mac(ALL_NODES)), f"to {c.ip.dst}, {c.to}")
            expect(c.nd.flags == ROUTER | OVERRIDE, f"flags {c.nd.flags:#x}")
            expect(c.nd.options.get(TARGET, b"").hex(":") == router_mac(port), f"{c.nd.options}")


@rows("RFC 4861 7.2.7: for the subnet-router anycast address it answers without override")
def nd_ns_anycast(lab):
    lab.say(0, host_mac(0, 2), asks(host6(0, 0)))
    expect(lab.until(lambda: said(lab, 0, NA, host6(0, 0)), 5), "no answer")
    flags = said(lab, 0, NA, host6(0, 0))[0].nd.flags
    expect(flags & ~ROUTER == SOLICITED, f"flags {flags:#x}")


@rows("RFC 4861 7.2.8: no proxy for hosts of other links, or of this one")
def nd_no_proxy(lab):
    silence(lab, 0, *(asks(target) for target in (
        host6(1), host6(2), router6(1), router_local(1), host6(0, 77), BEYOND, ANY)))


def with_option(option):
    return asks(None, option), asks(None, lladdr(SOURCE, host_mac(0, 2)), option)


UNSAFE = "RFC 4861 7.1.1: not answered: "
for name, what, packets in (
        ("cksum", "a wrong checksum", [asks(icmp_check=0x1234), asks(icmp_check=0)]),
        ("code", "another code than 0", [asks(code=1), asks(code=255)]),
        ("hlim", "another hop limit than 255", [asks(ttl=ttl) for ttl in (254, 64, 1, 0)]),
        ("short", "less than 24 bytes", [icmp6(host6(0), solicited(router6(0)), NS, 0, (
            bytes(4) + addr(router6(0)))[:n], ttl=255) for n in range(4, 20)]),
        ("opt_zero", "an option of length 0", [p for kind in (SOURCE, 200)
                                              for p in with_option(bytes([kind, 0]) + bytes(6))]),
        ("opt_beyond", "an option beyond the end", [p for option in (b"\1\2" + bytes(6), b"\xc8\xff" + bytes(6),
                                                                   b"\1", b"\1\1\2") for p in with_option(option)]),
        ("dad_option", "a probe with a source option", [ns(ANY, router6(0), lladdr(SOURCE, host_mac(0, 2)))]),
        ("dad_unicast", "a probe to another address than the group", [
            ns(ANY, router6(0), dst=router6(0)), ns(ANY, router6(0), dst=ALL_NODES)]),
        ("tgt_multicast", "a group as the target", [
            asks(target, dst=dst) for target in (ALL_NODES, solicited(router6(0)))
            for dst in (router6(0), ALL_NODES)])):
    rows.add(f"nd_{name}", UNSAFE + what, lambda lab, packets: silence(lab, 0, *packets), packets)

rows.add("nd_fragmented", "RFC 6980 5: a solicitation behind a fragment header is ignored",
         lambda lab: silence(lab, 0, extended(asks(), fragment()), extended(asks(), fragment(0, 1)),
                             extended(asks(), options(HOP_BY_HOP), fragment())))


@rows("RFC 4861 4.6: unknown options are skipped")
def nd_opt_unknown(lab):
    answered(lab, 0, asks(None, b"\xc8\1" + bytes(6), b"\xc9\2" + bytes(14),
                          lladdr(SOURCE, host_mac(0, 2))), host6(0))


@rows("RFC 4861 7.1.1: a solicitation behind hop-by-hop options is answered, or ignored")
def nd_hbh(lab):
    lab.nds.clear()
    lab.say(0, host_mac(0, 2), extended(asks(), options(HOP_BY_HOP)))
    lab.settle_agent(0)
    if said(lab, 0, NA, router6(0)):
        answered(lab, 0, extended(asks(), options(HOP_BY_HOP)), host6(0), router6(0))


# --- Whom it asks -------------------------------------------------------------------------------

@rows("RFC 4861 7.2.2: a solicitation to the group with all fields right; the packet follows the answer")
def nd_resolve(lab):
    new = lab.fresh6(2)
    packet = udp(host6(0), new)
    lab.ip(0, packet)
    expect(lab.until(lambda: solicitations(lab, new), 5), "not asked for")
    c = solicitations(lab, new)[0]
    expect((c.port, c.ip.dst, c.to) == (2, solicited(new), group_mac(solicited(new))),
           f"at e{c.port} to {c.ip.dst}, {c.to}")
    expect(c.ip.src in (router6(2), router_local(2)), f"from {c.ip.src}")
    expect(c.nd.options.get(SOURCE, b"").hex(":") == router_mac(2), f"options {c.nd.options}")
    lab.until(lambda: lab.came, 5)
    lab.forwarded(packet, 2, to=new)


@rows("RFC 4861 7.2.2: packets that wait for an answer go on, the latest at least, in order")
def nd_resolve_queue(lab):
    new = lab.fresh6(2)
    packets = [udp(host6(0), new, flow=i) for i in range(3)]
    lab.silent.add(new)
    for packet in packets:
        lab.ip(0, packet)
    expect(lab.until(lambda: solicitations(lab, new), 5), "not asked for")
    lab.nothing()
    lab.say_na(2, new, solicitations(lab, new)[0].ip.src)
    latest = lambda: [c.ip.flow for c in lab.came if c.ip.dst == new]
    expect(lab.until(lambda: 2 in latest(), 5), f"came: {latest()}")
    expect(latest() == [0, 1, 2][-len(latest()):], f"came: {latest()}")
    for packet in packets[-len(latest()):]:
        lab.forwarded(packet, 2, to=new)


@rows("RFC 4861 7.2.2: a host that never answers is asked for once a second, whatever is sent to it")
def nd_rate(lab):
    new = lab.fresh6(2)
    lab.silent.add(new)
    unreachable = lambda c: c.ip and c.ip.proto == ICMP6 and c.ip.payload[:2] == b"\1\3"
    told = []
    lab.ignored.append(lambda c: unreachable(c) and (told.append(c) or True))
    for i in range(100):
        lab.ip(0, udp(host6(0), new, flow=i))
        lab.until(lambda: False, 0.005)
    expect(lab.until(lambda: told, 5), "nobody is told that it does not answer")
    when = [c.when for c in solicitations(lab, new)]
    expect(len(when) >= 3, f"asked {len(when)} times")
    between = [b - a for a, b in zip(when, when[1:])]
    expect(all(s > 0.9 for s in between), f"asked more than once a second: {between}")
    lab.settle()


# --- What it believes ---------------------------------------------------------------------------

@rows("RFC 4861 7.2.3: who asks the router need not be asked")
def nd_learn_ns(lab):
    for to in (None, router6(2)):
        new = lab.fresh6(2)
        lab.say_ns(2, new, router6(2), dst=to)
        lab.settle_agent(2)
        lab.passes(0, udp(host6(0), new), 2, to=new)
        expect(not solicitations(lab, new), "asked all the same")


@rows("RFC 4861 7.2.5: an advertisement by a host that nobody asked for makes no entry")
def nd_na_unsolicited(lab):
    new = lab.fresh6(2)
    lab.silent.add(new)
    for flags in (OVERRIDE, OVERRIDE | SOLICITED):
        lab.say_na(2, new, router6(2), flags=flags)
    lab.say_na(2, new, ALL_NODES, flags=OVERRIDE)
    lab.settle_agent(2)
    expect(not lab.device.knows(new), "believed")
    packet = udp(host6(0), new)
    lab.ip(0, packet)
    expect(lab.until(lambda: solicitations(lab, new), 5), "not asked for")
    lab.nothing()
    lab.say_na(2, new, solicitations(lab, new)[0].ip.src)
    lab.until(lambda: lab.came, 5)
    lab.forwarded(packet, 2, to=new)


@rows("RFC 4861 7.2.5: a known host that announces a new MAC with override is followed there")
def nd_na_override(lab):
    new = lab.fresh6(2)
    reached(lab, new, lab.mac_of(new))
    for last, dst in (("02", ALL_NODES), ("03", router6(2))):
        lab.moved[new] = "02:00:00:00:77:" + last
        lab.say_na(2, new, dst, flags=OVERRIDE)
        lab.settle_agent(2)
        reached(lab, new, lab.moved[new])


def stays(lab, address, *forgeries):
    """After each (dst, field) advertisement with another MAC, traffic goes where it went."""
    at = lab.mac_of(address)
    reached(lab, address, at)
    for dst, field in forgeries:
        lab.say_na(2, address, dst, claim=FORGED, **field)
    lab.settle_agent(2)
    reached(lab, address, at)


@rows("RFC 4861 7.2.5: without override the MAC of a known host stays")
def nd_na_no_override(lab):
    stays(lab, lab.fresh6(2), (router6(2), {"flags": 0}), (ALL_NODES, {"flags": 0}),
          (router6(2), {"flags": SOLICITED}))


@rows("RFC 4861 7.1.2: advertisements that are not valid change nothing")
def nd_na_bad(lab):
    good = {"flags": OVERRIDE}
    stays(lab, lab.fresh6(2), *((router6(2), {**good, **bad}) for bad in (
        {"ttl": 64}, {"ttl": 254}, {"code": 1}, {"icmp_check": 0x1234})),
        (ALL_NODES, {"flags": OVERRIDE | SOLICITED}))
    new = lab.fresh6(2)
    reached(lab, new, lab.mac_of(new))
    bad = lladdr(TARGET, FORGED)
    for packet in (na(new, router6(2), new, bad, b"\xc8\0" + bytes(6), flags=OVERRIDE),
                   na(new, router6(2), new, bad, b"\xc8\2" + bytes(6), flags=OVERRIDE),
                   extended(na(new, router6(2), new, bad, flags=OVERRIDE), fragment()),
                   icmp6(new, router6(2), NA, 0, bytes([OVERRIDE]) + bytes(3) + addr(new)[:15], ttl=255)):
        lab.say(2, lab.mac_of(new), packet)
    lab.settle_agent(2)
    reached(lab, new, lab.mac_of(new))


@rows("RFC 4861 7.1.1: solicitations that are not valid teach nothing")
def nd_ns_bad(lab):
    new = lab.fresh6(2)
    mine = lladdr(SOURCE, lab.mac_of(new))
    for packet in (*(ns(new, router6(2), mine, **bad) for bad in (
                       {"ttl": 64}, {"code": 1}, {"icmp_check": 0x1234})),
                   extended(ns(new, router6(2), mine), fragment()),
                   ns(new, router6(2), mine, b"\xc8\0" + bytes(6)), ns(new, ALL_NODES, mine)):
        lab.say(2, lab.mac_of(new), packet)
    lab.settle_agent(2)
    expect(not lab.device.knows(new), "believed")


@rows("forged advertisements and solicitations do not move a static neighbour")
def nd_static_wins(lab):
    reached(lab, STATIC, host_mac(2, 0x50))
    for dst in (router6(2), ALL_NODES):
        lab.say_na(2, STATIC, dst, flags=OVERRIDE, claim=FORGED)
    lab.say_na(2, STATIC, router6(2), claim=FORGED)
    lab.say_ns(2, STATIC, router6(2), claim=FORGED)
    lab.settle_agent(2)
    reached(lab, STATIC, host_mac(2, 0x50))


@rows("RFC 4862 5.4.4: another's claim to its address does not take it away")
def nd_own_address(lab):
    for dst in (ALL_NODES, router6(0)):
        lab.say_na(0, router6(0), dst, flags=OVERRIDE, claim=FORGED, sender=host6(0))
        lab.say_na(0, router_local(0), dst, flags=OVERRIDE, claim=FORGED, sender=host6(0))
    lab.settle_agent(0)
    answered(lab, 0, asks(), host6(0))
    lab.passes(0, udp(host6(0), host6(1)), 1)
    lab.passes(1, udp(host6(1), host6(0)), 0)


@rows("RFC 1812 3.3.2: an advertisement that gives a group MAC is not believed")
def nd_group_mac(lab):
    groups = ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01", "00:00:00:00:00:00")
    new = {lab.fresh6(2): group for group in groups}
    lab.silent.update(new)
    packets = [udp(host6(0), address) for address in new]
    for packet in packets:
        lab.ip(0, packet)
    expect(lab.until(lambda: all(solicitations(lab, a) for a in new), 5), "not asked for")
    for address, group in new.items():
        lab.say_na(2, address, solicitations(lab, address)[0].ip.src, claim=group)
        lab.say_ns(2, address, router6(2), claim=group)
    lab.settle_agent(2)
    lab.nothing()
    lab.silent.difference_update(new)  # asked again after a second, they give their own MACs
    expect(lab.until(lambda: len(lab.came) == len(new), 5), "not asked again")
    for address, packet in zip(new, packets):
        lab.forwarded(packet, 2, to=address)


@rows("RFC 4861 8.1: a router does not follow redirects")
def nd_redirect_in(lab):
    lab.passes(0, udp(host6(0), BEYOND), 1, to=host6(1))
    better = link_local(host_mac(1, 3))
    for source in (link_local(host_mac(1, 2)), host6(1)):
        for dst in (router6(1), router_local(1), host6(0)):
            lab.say(1, host_mac(1, 2), redirect(source, dst, better, BEYOND, lladdr(TARGET, host_mac(1, 3))),
                    to=router_mac(1))
    lab.settle_agent(1)
    lab.settle()
    lab.clear()  # the one to a host was not the router's
    lab.passes(0, udp(host6(0), BEYOND), 1, to=host6(1))


@rows("RFC 4861 6.2.7: a router takes no default route and no address from another's advertisement")
def nd_ra_in(lab):
    other = link_local(host_mac(0, 9))
    lab.say(0, host_mac(0, 9), ra(other, prefix("2001:db8:77::"), lladdr(SOURCE, host_mac(0, 9))))
    lab.settle_agent(0)
    own = canonical("2001:db8:77::ff:fe00:aa00")
    for packet in (udp(host6(0), UNROUTED), udp(host6(0), "2001:db8:77::9"), echo(host6(0), own)):
        lab.ip(0, packet)
        lab.error(0, 1, 0, packet)
    silence(lab, 0, asks(own))


# --- How it starts ------------------------------------------------------------------------------

def usable(lab, port, address):
    """Whether the address is: echo is answered from it in the end."""
    source = link_local(host_mac(port, 2)) if address.startswith("fe80") else host6(port)
    replied = []
    lab.ignored.insert(0, lambda c: c.ip and c.ip.src == address and c.ip.proto == ICMP6
                       and c.ip.payload[0] == 129 and (replied.append(c) or True))

    def asked():
        lab.frame(port, ether(router_mac(port), host_mac(port, 2), echo(source, address), IP6))
        return lab.until(lambda: replied, 0.1)
    return lab.until(asked, 5)


@contextlib.contextmanager
def started(lab, port):
    """The port is taken out of service, and put into it with duplicate address detection."""
    old = lab.device.config
    gone, new = copy.deepcopy(old), copy.deepcopy(old)
    del gone["interfaces"][f"p{port}"]
    gone["routes"] = [r for r in gone["routes"] if r.get("via") not in (host6(port), host(port))]
    new["interfaces"][f"p{port}"]["dad"] = "yes"
    try:
        lab.device.configure(gone)
        lab.nds.clear()
        lab.device.configure(new)
        yield
    finally:
        lab.device.configure(old)
        expect(usable(lab, port, router6(port)), "does not start")
        lab.meet(port)


@rows("RFC 4862 5.4: when a port starts it probes for each of its addresses, and then has them")
def nd_dad(lab):
    with started(lab, 3):
        for target in (router6(3), router_local(3)):
            expect(lab.until(lambda t=target: solicitations(lab, t), 5), f"{target}: no probe")
            c = solicitations(lab, target)[0]
            expect((c.port, c.ip.src, c.ip.dst) == (3, ANY, solicited(target)), f"{c}")
            expect(c.to == group_mac(solicited(target)), f"to {c.to}")
            expect(SOURCE not in c.nd.options, f"options {c.nd.options}")
            expect(usable(lab, 3, target), f"{target} is not taken into use")


@rows("RFC 4862 5.4.5: an address that is found to be another's is not taken into use")
def nd_dad_taken(lab):
    with started(lab, 3):
        expect(lab.until(lambda: solicitations(lab, router6(3)), 5), "no probe")
        lab.say_na(3, router6(3), ALL_NODES, flags=OVERRIDE)
        expect(usable(lab, 3, router_local(3)), "its other address is not taken into use")
        lab.nds.clear()
        lab.say(3, host_mac(3, 2), ns(host6(3), router6(3), lladdr(SOURCE, host_mac(3, 2))))
        lab.say_ns(3, link_local(host_mac(3, 2)), router_local(3))
        expect(lab.until(lambda: said(lab, 3, NA, router_local(3)), 5), "no answer")
        expect(not said(lab, 3, NA, router6(3)), "another's address is used")


@rows("RFC 3810 6: when a port starts it reports its solicited-node groups")
def nd_mld(lab):
    wanted = {solicited(router6(3)), solicited(router_local(3))}

    def missing():
        return wanted - {g for kind in (MLD1_REPORT, MLD2_REPORT)
                         for c in said(lab, 3, kind) for g in c.nd.groups}

    with started(lab, 3):
        lab.until(lambda: not missing(), 5)
        expect(not missing(), f"not reported: {missing()}")


@rows("RFC 3810 6.2: a query for all groups is answered by a report of them")
def X_mld_query(lab):
    lab.nds.clear()
    body = struct.pack("!HH16sBBH", 500, 0, addr(ANY), 2, 125, 0)  # answers within half a second
    query = icmp6(link_local(host_mac(1, 2)), ALL_NODES, MLD_QUERY, 0, body, ttl=1)
    lab.say(1, host_mac(1, 2), extended(query, options(HOP_BY_HOP, option(5, b"\0\0"))))
    wanted = {solicited(router6(1)), solicited(router_local(1))}
    reported = lambda: {g for c in said(lab, 1, MLD2_REPORT) for g in c.nd.groups}
    lab.until(lambda: wanted <= reported(), 3)
    expect(wanted <= reported(), f"not reported: {wanted - reported()}")


@rows("RFC 3810 6.2: queries that are not valid are not answered")
def nd_mld_bad_query(lab):
    lab.nds.clear()
    body = struct.pack("!HH16sBBH", 1, 0, addr(ANY), 2, 125, 0)
    good = lambda source, **field: extended(icmp6(source, ALL_NODES, MLD_QUERY, 0, body, **field),
                                            options(HOP_BY_HOP, option(5, b"\0\0")))
    source = link_local(host_mac(2, 2))
    for query in (good(host6(2), ttl=1), good(source, ttl=64), good(source, ttl=1, icmp_check=0x1234),
                  icmp6(source, ALL_NODES, MLD_QUERY, 0, body, ttl=1)):
        lab.say(2, host_mac(2, 2), query)
    lab.settle_agent(2)
    lab.until(lambda: said(lab, 2, MLD2_REPORT), 0.3)
    expect(not said(lab, 2, MLD2_REPORT), "answered")


@rows("RFC 4861 6.2.5: when a port ceases to advertise, its last advertisement says so")
def X_ra_final(lab):
    lab.nds.clear()
    with lab.configured(lambda c: c["interfaces"]["p0"].pop("router-advertisement")):
        last = lambda: [c for c in said(lab, 0, RA) if c.nd.m[6:8] == b"\0\0"]
        expect(lab.until(last, 5), "not said")


@rows("RFC 4861 6.2.6: a router solicitation is answered by an advertisement with the port's prefix")
def nd_rs(lab):
    source = link_local(host_mac(0, 2))
    for _ in range(2):  # one that nobody asked for may come, but not twice so soon
        lab.nds.clear()
        lab.say(0, host_mac(0, 2), rs(source, lladdr(SOURCE, host_mac(0, 2))))
        expect(lab.until(lambda: said(lab, 0, RA), 4), "no advertisement")
        c = said(lab, 0, RA)[0]
        expect(c.ip.src == router_local(0), f"from {c.ip.src}")
        expect((c.ip.dst, c.to) in ((ALL_NODES, group_mac(ALL_NODES)), (source, host_mac(0, 2))), f"{c}")
        expect(struct.unpack("!H", c.nd.m[6:8])[0] > 0, "not a default router")
        o = c.nd.options.get(PREFIX, bytes(30))
        size, flags, valid, preferred = struct.unpack("!BBII", o[:10])
        expect((size, flags & 0xC0, text6(o[14:30])) == (64, 0xC0, "2001:db8::"), f"prefix {o.hex()}")
        expect(valid >= preferred > 0, f"lifetimes {valid}, {preferred}")
        expect(c.nd.options.get(SOURCE, b"").hex(":") == router_mac(0), "not its MAC")
