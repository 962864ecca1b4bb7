# SPDX-License-Identifier: BSD-2-Clause
"""ARP: what the router says, whom it asks, and what it believes."""
from packets import BROADCAST, ICMP, udp
from wire import PORTS, Rows, expect, host, host_mac, network, router, router_mac

STATIC, FORGED = host(2, 50), "02:00:00:00:66:66"
GONE = [f"10.8.1.{n}" for n in range(1, 251)]
config = network(neighbours=[{"address": STATIC, "lladdr": host_mac(2, 50)}])
config["interfaces"]["p3"]["addresses"].append("10.8.0.1/16")
rows = Rows(config)


def replies(lab, port):
    return [a for a in lab.arps if a.port == port and a.op == 2]


def requests(lab, target):
    return [a for a in lab.arps if a.op == 1 and a.target == target]


def answered(lab, port, sender, to=BROADCAST):
    """The router's answer to who-has its address, which must be right in all fields."""
    lab.arps.clear()
    lab.say_arp(port, 1, sender, router(port), to=to)
    expect(lab.until(lambda: replies(lab, port)), f"no reply at e{port}")
    a, asker = replies(lab, port)[0], host_mac(port, 2)
    expect(a.frame[14:20] == b"\0\1\x08\0\6\4", f"head {a.frame[14:20].hex()}")
    expect(a.to == asker and a.target_mac == asker, f"to {a.to}, target MAC {a.target_mac}")
    expect(a.frame[6:12].hex(":") == a.sender_mac == router_mac(port), f"from {a.sender_mac}")
    expect((a.sender, a.target) == (router(port), sender), f"{a.sender} to {a.target}")
    expect(not any(a.frame[42:]), "padding is not zero")
    lab.fence(port)
    expect(len(replies(lab, port)) == 1, "more than one reply")


def silence(lab, port, *args, **field):
    lab.say_arp(port, 1, *args, **field)
    lab.fence(port)
    expect(not replies(lab, port), f"answered: {args} {field}")


def reached(lab, address, at, out=2):
    """Traffic from p0 to the host goes to that MAC."""
    packet = udp(host(0), address)
    lab.ip(0, packet)
    lab.until(lambda: any(c.ip and c.ip.dst == address for c in lab.came), 5)
    came = lab.find(f"packet to {address}", lambda c: c.ip and c.ip.dst == address)
    expect((came.port, came.to) == (out, at), f"goes to {came.to} at e{came.port}, wanted {at}")


@rows("RFC 826: who-has for its address is answered on every port, all fields right")
def arp_reply(lab):
    for port in PORTS:
        answered(lab, port, host(port))


@rows("RFC 1122 2.3.2.1: a unicast who-has is answered")
def arp_reply_unicast(lab):
    for port in PORTS:
        answered(lab, port, host(port), to=router_mac(port))


@rows("RFC 5227 2.1.1: a probe for its address is answered")
def arp_probe(lab):
    answered(lab, 0, "0.0.0.0")


@rows("RFC 826: who-has for another address of the subnet is not answered")
def arp_not_mine(lab):
    for target in (host(0, 77), "10.0.0.0", "10.0.0.255", "255.255.255.255", "0.0.0.0"):
        silence(lab, 0, host(0), target)


@rows("RFC 1812 3.3.2: no proxy ARP for other connected subnets")
def arp_no_proxy(lab):
    for target in (host(1), host(2), router(1), "192.0.2.70", "198.51.100.1"):
        silence(lab, 0, host(0), target)


@rows("RFC 826: another hardware type is not answered")
def arp_bad_hwtype(lab):
    for hardware in (0, 7, 6, 0x0100, 0xFFFF):
        silence(lab, 0, host(0), router(0), hardware=hardware)


@rows("RFC 826: other address lengths, and protocols, are not answered")
def arp_bad_lengths(lab):
    for hlen in (0, 5, 8, 255):
        silence(lab, 0, host(0), router(0), hlen=hlen)
    for plen in (0, 5, 16, 255):
        silence(lab, 0, host(0), router(0), plen=plen)
    silence(lab, 0, host(0), router(0), protocol=0x86DD)


@rows("RFC 826: requests cut at every length are not answered")
def arp_truncated(lab):
    for cut in range(14, 42):
        silence(lab, 0, host(0), router(0), cut=cut)
    answered(lab, 0, host(0))


@rows("RFC 826: a broadcast request with the right fields; the packet follows the reply")
def arp_resolve(lab):
    new = lab.fresh(2)
    packet = udp(host(0), new)
    lab.ip(0, packet)
    expect(lab.until(lambda: requests(lab, new)), "no request")
    a = requests(lab, new)[0]
    expect(a.port == 2 and a.to == BROADCAST, f"at e{a.port} to {a.to}")
    expect(a.frame[14:20] == b"\0\1\x08\0\6\4", f"head {a.frame[14:20].hex()}")
    expect(a.frame[6:12].hex(":") == a.sender_mac == router_mac(2), f"from {a.sender_mac}")
    expect(a.sender == router(2), f"sender {a.sender}")
    expect(a.target_mac in ("00:00:00:00:00:00", BROADCAST), f"target MAC {a.target_mac}")
    lab.until(lambda: lab.came)
    lab.forwarded(packet, 2, to=new)


@rows("RFC 1122 2.3.2.2: packets that wait for a reply go on, three of them at least, in order")
def arp_hold(lab):
    new = lab.fresh(2)
    packets = [udp(host(0), new, id=i) for i in range(3)]
    lab.silent.add(new)
    for packet in packets:
        lab.ip(0, packet)
    expect(lab.until(lambda: requests(lab, new)), "no request")
    lab.nothing()
    lab.say_arp(2, 2, new, router(2), to=router_mac(2))
    lab.until(lambda: len(lab.came) == 3, 5)
    expect([c.ip.id for c in lab.came] == [0, 1, 2], f"came: {[c.ip.id for c in lab.came]}")
    for packet in packets:
        lab.forwarded(packet, 2, to=new)


@rows("RFC 1812 5.2.7.1: host unreachable within 5 s if a host never answers")
def arp_unreachable(lab):
    new = lab.fresh(2)
    lab.silent.add(new)
    packet = udp(host(0), new)
    lab.ip(0, packet)
    lab.error(0, 3, 1, packet, seconds=5)
    asked = requests(lab, new)
    expect(asked and all(a.to == BROADCAST for a in asked), f"{len(asked)} requests")
    between = [b.when - a.when for a, b in zip(asked, asked[1:])]
    expect(all(s > 0.9 for s in between), f"asked more than once a second: {between}")  # RFC 1122


@rows("RFC 826: who asks the router need not be asked")
def arp_learn_request(lab):
    new = lab.fresh(2)
    lab.say_arp(2, 1, new, router(2))
    lab.settle_agent(2)
    lab.arps.clear()
    lab.passes(0, udp(host(0), new), 2, to=new)
    expect(not [a for a in requests(lab, new) if a.to == BROADCAST], "asked all the same")


@rows("RFC 826, merge: a known host that asks from a new MAC is followed there")
def arp_update(lab):
    new = lab.fresh(2)
    reached(lab, new, lab.mac_of(new))
    lab.moved[new] = "02:00:00:00:77:01"
    lab.say_arp(2, 1, new, router(2))
    lab.settle_agent(2)
    reached(lab, new, lab.moved[new])


@rows("RFC 5227 3: a known host that announces a new MAC is followed there")
def arp_gratuitous(lab):
    new = lab.fresh(2)
    reached(lab, new, lab.mac_of(new))
    for op, last in ((1, "02"), (2, "03")):
        lab.moved[new] = "02:00:00:00:77:" + last
        lab.say_arp(2, op, new, new)
        lab.settle_agent(2)
        reached(lab, new, lab.moved[new])


@rows("a forged reply, request or announcement does not move a static neighbour")
def arp_static_wins(lab):
    reached(lab, STATIC, host_mac(2, 50))
    lab.moved[STATIC] = FORGED
    lab.say_arp(2, 2, STATIC, router(2), to=router_mac(2))
    lab.say_arp(2, 2, STATIC, router(2))
    lab.say_arp(2, 1, STATIC, router(2))
    lab.say_arp(2, 1, STATIC, STATIC)
    lab.settle_agent(2)
    reached(lab, STATIC, host_mac(2, 50))


@rows("RFC 5227 2.4: another's claim to its address does not take it away")
def arp_own_address(lab):
    for op in (1, 2):
        lab.say_arp(0, op, router(0), router(0), claim=FORGED)
        lab.say_arp(0, op, router(0), host(0), claim=FORGED)
    lab.settle_agent(0)
    answered(lab, 0, host(0))
    lab.passes(0, udp(host(0), host(1)), 1)
    lab.passes(1, udp(host(1), host(0)), 0)


@rows("RFC 1812 3.3.2: a reply that gives a group MAC is not believed")
def arp_mcast_mac(lab):
    groups = (BROADCAST, "01:00:5e:00:00:01", "33:33:00:00:00:01", "00:00:00:00:00:00")
    new = {lab.fresh(2): group for group in groups}
    lab.silent.update(new)
    packets = [udp(host(0), address) for address in new]
    for packet in packets:
        lab.ip(0, packet)
    expect(lab.until(lambda: all(requests(lab, address) for address in new)), "not asked for")
    for address, group in new.items():
        for op in (1, 2):
            lab.say_arp(2, op, address, router(2), to=router_mac(2), claim=group)
    lab.settle_agent(2)
    lab.nothing()
    lab.silent.difference_update(new)  # asked again after a second, they give their own MACs
    expect(lab.until(lambda: len(lab.came) == len(new), 5), "not asked again")
    for address, packet in zip(new, packets):
        lab.forwarded(packet, 2, to=address)


@rows("a flood of packets to hosts that do not answer leaves other neighbours alone")
def arp_flood(lab):
    lab.silent.update(GONE)
    lab.ips(0, [udp(host(0), GONE[i % 250], id=i) for i in range(2000)])
    reached(lab, STATIC, host_mac(2, 50))
    new = lab.fresh(2)
    reached(lab, new, lab.mac_of(new))
    near = "10.8.2.1"
    reached(lab, near, lab.mac_of(near), out=3)
    unreachable = lambda c: c.ip and c.ip.proto == ICMP and c.ip.payload[:2] == b"\3\1"
    expect(lab.until(lambda: any(map(unreachable, lab.came)), 5), "no host unreachable")
    lab.ignored.append(unreachable)
    lab.came = [c for c in lab.came if not unreachable(c)]
