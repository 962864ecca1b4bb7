# SPDX-License-Identifier: BSD-2-Clause
"""Fragments: made for a smaller MTU, passed on as they are, and put together for the router.

Links: p0 carries 3000 bytes, p1 1500, p2 9000, which is more than a frame of the daemon, p3 1400.
"""
from packets import DF, ICMP, IP4, MF, Ip4, echo, fragments, ip4, pattern, piece, udp
from wire import Rows, WINDOW, behind, expect, host, network, router



def timed_out(came):
    """What is said, a while later, of what a test left incomplete: a matter of slow.py."""
    return came.ip and came.ip.proto == ICMP and came.ip.payload[:2] == b"\x0b\1"


rows = Rows(network(mtu=(3000, 1500, 9000, 1400)), timed_out)


def cut(lab, port, packet, out, to=None):
    """The packet leaves as fragments that carry all of it."""
    lab.ip(port, packet)
    head, data = lab.reassembled(out, packet, to)
    was = Ip4(packet)
    expect(data == was.payload, f"{len(data)} bytes of {len(was.payload)}, or other ones")
    expect((head.id, head.ttl, head.src) == (was.id, was.ttl - 1, was.src), f"header: {head}")


def too_big(lab, port, packet, mtu, **field):
    """It is not forwarded, but answered by 3/4 with the MTU."""
    lab.ip(port, packet, **field)
    came = lab.error(port, 3, 4, packet)
    expect(came.payload[4:8] == mtu.to_bytes(4, "big"), f"MTU {came.payload[4:8].hex()}")
    lab.nothing()


def sized(size, out=3, port=1, **field):
    return udp(host(port), host(out), size - 28, **field)


# --- Fragmentation ------------------------------------------------------------------------------

@rows("RFC 1812 4.2.2.7: 1500 bytes without DF go on as fragments of 1400")
def frag4_fragment(lab):
    cut(lab, 1, sized(1500), 3)
    cut(lab, 1, sized(1500, ttl=2, tos=0xB8, id=0), 3)


@rows("RFC 791 3.2: every size of 1401 to 1500 bytes is cut well")
def frag4_fragment_sizes(lab):
    for size in range(1401, 1501):
        cut(lab, 1, sized(size, id=size), 3)


@rows("RFC 791 3.1, 3.2: options are copied to later fragments only if they say so")
def frag4_fragment_options(lab):
    packet = udp(host(1), host(3), 1400, options=b"\x5e\4\1\2\xde\4\3\4")
    lab.ip(1, packet)
    lab.settle()
    later = [c.ip for c in lab.came if c.ip.offset]
    first, data = lab.reassembled(3, packet)
    expect(data == Ip4(packet).payload, "other data")
    expect(first.options == b"\x5e\4\1\2\xde\4\3\4", f"options {first.options.hex()}")
    for f in later:
        kept = f.options.rstrip(b"\0").replace(b"\1", b"")
        expect(kept == b"\xde\4\3\4", f"options {f.options.hex()}")


@rows("RFC 791 3.2: a fragment that is too big is cut again")
def frag4_fragment_again(lab):
    packet = sized(2900, id=77)
    for part in fragments(packet, (1480,)):
        lab.ip(1, part)
    lab.settle()
    _, data = lab.reassembled(3, packet)
    expect(data == Ip4(packet).payload, "other data")


@rows("RFC 791 3.2: exactly 1400 bytes go on whole, with and without DF")
def frag4_fits(lab):
    lab.passes(1, sized(1400), 3)
    lab.passes(1, sized(1400, frag=DF), 3)


@rows("RFC 1191 4: 1500 bytes with DF are answered by 3/4 with the MTU")
def frag4_need_frag(lab):
    too_big(lab, 1, sized(1500, frag=DF), 1400)


@rows("RFC 1191: 1401 bytes with DF as well")
def frag4_need_frag_edge(lab):
    too_big(lab, 1, sized(1401, frag=DF), 1400)


# --- Passing on ---------------------------------------------------------------------------------

def unchanged(lab, parts):
    for part in parts:
        lab.ip(1, part)
    for part in parts:
        lab.forwarded(part, 2)


THREE = fragments(udp(host(1), host(2), 3000), (1000, 1000))

rows.add("frag4_pass", "RFC 1812 5.2.6: fragments go on as they come", unchanged, THREE)
rows.add("frag4_pass_reverse", "RFC 1812 5.2.6: in reverse order too", unchanged, THREE[::-1])
rows.add("frag4_pass_tiny", "RFC 791 3.2: fragments of 8 bytes too", unchanged,
         fragments(udp(host(1), host(2), 72), [8] * 9))


@rows("RFC 791: a fragment with DF that is too big is answered by 3/4")
def frag4_df_fragment(lab):
    too_big(lab, 1, ip4(host(1), host(3), pattern(1480), frag=DF | MF), 1400)


# --- Reassembly for the router ------------------------------------------------------------------

def asks(data=pattern(900), **field):
    return echo(host(1), router(1), data, **field)


def put_together(lab, request, parts):
    for part in parts:
        lab.ip(1, part)
    return lab.reply(1, request)


@rows("RFC 1122 3.3.2: an echo request in two fragments is answered")
def frag4_reassemble(lab):
    for i, at in enumerate((8, 16, 448, 904)):
        request = asks(id=100 + i)
        put_together(lab, request, fragments(request, (at,)))


@rows("RFC 1122 3.3.2: in four fragments, in reverse order")
def frag4_reassemble_reverse(lab):
    request = asks(id=110)
    put_together(lab, request, fragments(request, (400, 200, 200))[::-1])


@rows("RFC 791 3.2: in three fragments, one of which comes twice")
def frag4_reassemble_dup(lab):
    for i in range(3):
        request = asks(id=120 + i)
        parts = fragments(request, (400, 304))
        once_more = parts[:i + 1] + parts[i:]
        lab.ips(1, once_more[:-1] if i == 2 else once_more)
        lab.reply(1, request)


@rows("RFC 791: two requests of one identification but two senders do not mix")
def frag4_reassemble_two(lab):
    one = echo(host(1), router(1), pattern(600, 1), id=130)
    two = echo(host(1, 3), router(1), pattern(600, 2), id=130)
    for a, b in zip(fragments(one, (304,)), fragments(two, (304,))):
        lab.ip(1, a)
        lab.ip(1, b)
    for request in (one, two):
        lab.reply(1, request)


@rows("RFC 1122 3.3.2: 4000 bytes in fragments of 1480 are answered, in fragments")
def frag4_reassemble_large(lab):
    request = asks(pattern(4000), id=140)
    for part in fragments(request, (1480, 1480)):
        lab.ip(1, part)
    lab.settle()
    head, data = lab.reassembled(1, echo(router(1), host(1)))
    expect(data[:2] == b"\0\0" and data[4:] == Ip4(request).payload[4:], "other data")
    expect(head.src == router(1), f"from {head.src}")


def no_mixture(lab, request):
    """Whatever the router makes of it, it does not answer with data that nobody sent as a whole."""
    lab.settle()
    for c in lab.came:
        expect(c.ip.payload[:2] != b"\0\0" or c.ip.payload[4:] == Ip4(request).payload[4:],
               "an answer made of mixed data")
    lab.clear()


@rows("CVE-2018-5391: fragments that overlap with other data are not put together")
def frag4_overlap(lab):
    forgeries = ((392, 200), (8, 400), (0, 400), (792, 112), (800, 8), (0, 904))
    for i, (start, size) in enumerate(forgeries):
        request = asks(pattern(896), id=150 + i)
        parts = fragments(request, (400, 400))
        forged = piece(request, start, b"\xee" * size, MF if start + size < 904 else 0)
        for part in (parts[0], forged, *parts[1:]):
            lab.ip(1, part)
        lab.settle()
        expect(not any(b"\xee" * 8 in c.ip.payload for c in lab.came), "an answer of mixed data")
        no_mixture(lab, request)


@rows("CVE-1999-0128: fragments that reach beyond 65535 bytes are not put together")
def frag4_ping_of_death(lab):
    request = asks(pattern(1472), id=160)
    data = Ip4(request).payload
    for at in range(0, 65528, 1480):
        lab.ip(1, piece(request, at, data[:min(1480, 65528 - at) & ~7], MF))
        if at // 1480 % WINDOW == WINDOW - 1:
            lab.fence(1)
    lab.ip(1, piece(request, 65528, data[:200]))
    lab.ip(1, piece(request, 65520, data[:1000]))
    lab.nothing()
    frag4_after(lab)


def frag4_after(lab):
    """The router still puts together what is right."""
    lab.fences += 1
    request = asks(id=0x4000 + lab.fences % 0x4000)
    put_together(lab, request, fragments(request, (400,)))


@rows("CVE-1999-0015: enclosed and overlapping fragments do no harm")
def frag4_teardrop(lab):
    shapes = (((0, 36, MF), (24, 4, 0)), ((0, 400, MF), (80, 8, 0)),
              ((0, 400, MF), (80, 80, MF), (160, 8, 0)), ((80, 8, 0), (0, 400, MF)),
              ((8, 8, MF), (0, 400, MF), (8, 8, 0)), ((400, 8, 0), (800, 8, 0)),
              ((400, 8, 0), (400, 80, MF)), ((8, 0, MF), (0, 8, MF)), ((65528, 7, 0), (0, 8, MF)))
    for i, shape in enumerate(shapes):
        request = asks(id=170 + i)
        for at, size, flags in shape:
            lab.ip(1, piece(request, at, pattern(size, at), flags))
        no_mixture(lab, request)
    frag4_after(lab)


@rows("RFC 791: a fragment before the last whose length is no multiple of 8 is not used")
def frag4_odd_length(lab):
    for i, size in enumerate((401, 404, 7, 1)):
        request = asks(id=190 + i)
        data = Ip4(request).payload
        lab.ip(1, piece(request, 0, data[:size], MF))
        lab.ip(1, piece(request, size + 7 & ~7, data[size + 7 & ~7:]))
    lab.nothing()
    frag4_after(lab)


@rows("CVE-2018-5391: a flood of first fragments leaves forwarding alone")
def frag4_flood(lab):
    lab.ips(1, [piece(echo(host(1), router(1), id=i), 0, pattern(400), MF) for i in range(3000)])
    lab.passes(1, udp(host(1), host(2)), 2)
    request = asks(id=0xFFFE)
    for part in fragments(request, (400,)):
        lab.ip(1, part)
    lab.settle()
    if lab.came:
        lab.reply(1, request)


# --- Jumbo frames -------------------------------------------------------------------------------

JUMBO = ((0, 3000), (2, 9000))  # port, and the longest packet there


@rows("RFC 791 3.2: 3000 and 9000 bytes are cut for a link of 1500, and for one of 1400")
def frag4_jumbo(lab):
    for port, most in JUMBO:
        for size in (most, most - 1, 2600, 1501):
            for out in (1, 3):
                cut(lab, port, sized(size, port=port, out=out), out)
    cut(lab, 2, sized(9000, port=2, out=0), 0)


@rows("RFC 1191: 3000 bytes with DF are answered by 3/4 with MTU 1500")
def frag4_jumbo_df(lab):
    for port, most in JUMBO:
        for size in (most, 1501):
            too_big(lab, port, sized(size, port=port, out=1, frag=DF), 1500)


@rows("RFC 894: 3000 bytes to the router are answered whole, 1500 to the jumbo link go on whole")
def frag4_jumbo_in(lab):
    for port, most in JUMBO:
        for size in (most - 28, most - 29, 1472):
            request = echo(host(port), router(port), pattern(size))
            lab.ip(port, request)
            lab.reply(port, request)
        lab.passes(1, sized(1500, port=1, out=port), port)
        lab.passes(port, udp(behind(port), host(port), most - 28), port)
    lab.passes(0, sized(3000, port=0, out=2), 2)


@rows("RFC 792: jumbo echo with a wrong checksum is not answered")
def frag4_jumbo_bad_cksum(lab):
    for port, most in JUMBO:
        for size in (most - 28, most - 29):
            lab.refused(port, echo(host(port), router(port), pattern(size), icmp_check=0x1234))


@rows("RFC 1812 4.3.2.3: errors about jumbo packets quote as much as about others")
def frag4_jumbo_errors(lab):
    for port, most in JUMBO:
        for packet, kind, code in ((sized(most, port=port, out=1, ttl=1), 11, 0),
                                   (udp(host(port), "203.0.113.5", most - 28), 3, 0),
                                   (udp(host(port), router(port), most - 28, dport=33434), 3, 3)):
            lab.ip(port, packet)
            expect(lab.error(port, kind, code, packet).total == 576, "not 576 bytes")


@rows("RFC 1812 5.2.2: bad headers of jumbo packets are dropped in silence")
def frag4_jumbo_bad(lab):
    for port, most in JUMBO:
        for field in ({"check": 1}, {"ihl": 4}, {"ihl": 15}, {"total": most + 1}, {"version": 6},
                      {"total": 65535}):
            lab.refused(port, sized(most, port=port, out=1, **field), kind=IP4)
        for to in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02:00:00:00:99:99"):
            lab.refused(port, sized(most, port=port, out=1), to=to)


@rows("RFC 894: bytes behind a packet are taken off of a jumbo frame too")
def frag4_jumbo_trailer(lab):
    for port, most in JUMBO:
        for size in (60, 1300, 1400, 1500, most // 2, most - 12, most - 4):
            packet = udp(behind(port), host(port), size - 28)
            lab.ip(port, packet + b"\xaa" * (most - size))
            lab.forwarded(packet, port)
