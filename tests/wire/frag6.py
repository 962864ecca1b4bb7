# SPDX-License-Identifier: BSD-2-Clause
"""IPv6 fragments: passed on as they are, never made, and put together for the router.

The link of p3 carries 1400 bytes.
"""
from hosts import expect, host6, router6
from packets import ICMP6, IP6, echo, pattern, tcp, udp
from packets6 import (DESTINATION, FRAGMENT, HOP_BY_HOP, extended, fragment, fragments6, option, options,
                      piece6)
from wire import Rows, WINDOW, network


def timed_out(came):
    """What is said, a while later, of what a test left incomplete: a matter of slow.py."""
    return came.ip and came.ip.proto == ICMP6 and came.ip.payload[:2] == b"\3\1"


rows = Rows(network(mtu=(1500, 1500, 1500, 1400)), timed_out, families=(6,))


# --- Passing on ---------------------------------------------------------------------------------

def unchanged(lab, *parts):
    for part in parts:
        lab.ip(1, part)
    for part in parts:
        lab.forwarded(part, 2)


@rows("RFC 8200 4.5: fragments go on as they come, in order or not, tiny or atomic or overlapping")
def frag6_pass(lab):
    three = fragments6(udp(host6(1), host6(2), 3000), (1000, 1000))
    unchanged(lab, *three)
    unchanged(lab, *three[::-1])
    unchanged(lab, *fragments6(udp(host6(1), host6(2), 72), [8] * 9))
    unchanged(lab, extended(udp(host6(1), host6(2)), fragment()),
              piece6(udp(host6(1), host6(2)), 0, pattern(13), 1, 9),
              piece6(udp(host6(1), host6(2)), 65528, pattern(100), 0, 9))


@rows("RFC 8200 5: a fragment that is too big is answered by 2/0, not cut again")
def frag6_too_big(lab):
    for packet in (piece6(udp(host6(1), host6(3)), 0, pattern(1448), 1, 5),
                   piece6(udp(host6(1), host6(3)), 1448, pattern(1448), 0, 5)):
        lab.ip(1, packet)
        came = lab.error(1, 2, 0, packet)
        expect(came.payload[4:8] == (1400).to_bytes(4, "big"), f"MTU {came.payload[4:8].hex()}")
        lab.nothing()


# --- Reassembly for the router ------------------------------------------------------------------

def asks(data=pattern(900), n=2):
    return echo(host6(1, n), router6(1), data)


def put_together(lab, request, parts):
    for part in parts:
        lab.ip(1, part)
    return lab.reply(1, request)


@rows("RFC 8200 5: an echo request of 1500 bytes when put together is answered, all of it")
def frag6_reassemble_1500(lab):
    request = asks(pattern(1452))
    put_together(lab, request, fragments6(request, (1232,), 10))
    for i, at in enumerate((8, 16, 448, 904)):
        put_together(lab, asks(), fragments6(asks(), (at,), 11 + i))


@rows("RFC 8200 4.5: in four fragments, in reverse order")
def frag6_reassemble_reverse(lab):
    put_together(lab, asks(), fragments6(asks(), (400, 200, 200), 20)[::-1])


@rows("RFC 6946 4: an atomic fragment is a whole of its own, whatever else has its identification")
def frag6_atomic(lab):
    lab.ip(1, fragments6(asks(), (400,), 21)[0])
    for more in ([], [options(DESTINATION)]):
        atomic = extended(asks(pattern(50)), fragment(ident=21), *more)
        lab.ip(1, atomic)
        lab.reply(1, asks(pattern(50)))
    lab.ip(1, fragments6(asks(), (400,), 21)[1])
    lab.reply(1, asks())


@rows("RFC 8200 4.5: two requests of one identification but two senders do not mix")
def frag6_reassemble_two(lab):
    one, two = asks(pattern(600, 1)), asks(pattern(600, 2), n=3)
    for a, b in zip(fragments6(one, (304,), 22), fragments6(two, (304,), 22)):
        lab.ip(1, a)
        lab.ip(1, b)
    for request in (one, two):
        lab.reply(1, request)


@rows("RFC 8200 5: 4000 bytes in fragments are answered by fragments of at most the MTU")
def frag6_reassemble_large(lab):
    request = asks(pattern(4000))
    for part in fragments6(request, (1448, 1448), 23):
        lab.ip(1, part)
    lab.settle()
    mine = [c for c in lab.came if c.port == 1 and c.ip.src == router6(1) and c.ip.proto == FRAGMENT]
    lab.came = [c for c in lab.came if c not in mine]
    data, idents = b"", set()
    for c in sorted(mine, key=lambda c: int.from_bytes(c.ip.payload[2:4], "big")):
        _, body = c.ip.upper()
        expect(c.ip.offset == len(data), f"at {len(data)} comes {c.ip.offset}")
        expect(not c.ip.mf or len(body) % 8 == 0, "not a multiple of 8")
        data += body
        idents.add(c.ip.id)
        last = c
    expect(mine and not last.ip.mf and len(idents) == 1, f"{len(mine)} fragments, {idents}")
    expect(data[:2] == b"\x81\0" and data[4:] == request[44:], "other data")


@rows("RFC 5722 4: fragments that overlap undo the whole packet, in silence")
def frag6_overlap(lab):
    forgeries = ((392, 200), (8, 400), (0, 408), (792, 112), (800, 8), (408, 8))
    for i, (start, size) in enumerate(forgeries):
        request = asks(pattern(896))
        parts = fragments6(request, (400, 400), 30 + i)
        forged = piece6(request, start, b"\xee" * size, int(start + size < 904), 30 + i)
        for part in (parts[0], forged, *parts[1:]):
            lab.ip(1, part)
        lab.nothing()


@rows("RFC 8200 4.5: a fragment that comes twice is one, or an overlap; with other data it is not used")
def frag6_duplicate(lab):
    for i, same in enumerate((True, False)):
        parts = fragments6(asks(), (400, 304), 36 + i)
        again = parts[1] if same else parts[1][:48] + b"\xee" * 304
        for part in (*parts[:2], again, parts[2]):
            lab.ip(1, part)
        lab.settle()
        if lab.came:
            lab.reply(1, asks())
        lab.nothing()


@rows("RFC 5722 4: an overlapping last fragment as well")
def frag6_overlap_last(lab):
    request = asks(pattern(896))
    body = request[40:]
    for i, start in enumerate((392, 200, 8)):
        lab.ip(1, piece6(request, 0, body[:400], 1, 40 + i))
        lab.ip(1, piece6(request, start, body[start:], 0, 40 + i))
        lab.nothing()
        lab.ip(1, piece6(request, 400, body[400:], 0, 40 + i))  # too late
        lab.nothing()
    lab.ip(1, piece6(request, 400, body[400:], 0, 45))  # two ends
    lab.ip(1, piece6(request, 800, body[800:808], 0, 45))
    lab.ip(1, piece6(request, 0, body[:400], 1, 45))
    lab.nothing()


def bad_field(lab, packet, at, codes=0):
    lab.ip(1, packet)
    pointer = int.from_bytes(lab.error(1, 4, codes, packet).payload[4:8], "big")
    expect(pointer == at, f"pointer {pointer}, wanted {at}")


def after(lab):
    """The router still puts together what is right."""
    lab.fences += 1
    put_together(lab, asks(), fragments6(asks(), (400,), 0x10000 + lab.fences))


@rows("RFC 8200 4.5: a fragment before the last of no multiple of 8 bytes is answered by 4/0 at its length")
def frag6_odd_length(lab):
    for i, size in enumerate((401, 404, 409)):
        bad_field(lab, piece6(asks(), 0, asks()[40:40 + size], 1, 50 + i), 4)
    bad_field(lab, piece6(asks(), 400, pattern(9), 1, 55), 4)
    after(lab)


@rows("RFC 8200 4.5: a fragment that reaches beyond 65535 bytes is answered by 4/0 at its offset")
def frag6_too_long(lab):
    for i, (at, size, more) in enumerate(((65528, 16, 0), (65528, 8, 1), (65528, 1000, 0))):
        bad_field(lab, piece6(asks(), at, pattern(size), more, 60 + i), 42)
    after(lab)


@rows("RFC 7112 5: of a first fragment without all headers nothing is made but perhaps a 4/3")
def frag6_header_chain(lab):
    request = extended(asks(pattern(100)), options(DESTINATION, option(0x1E, bytes(20))))
    short = (fragments6(request, (8,), 70), fragments6(request, (24,), 71),
             fragments6(tcp(host6(1), router6(1), data=pattern(80)), (8,), 72))
    for parts in short:
        for part in parts:
            lab.ip(1, part)
        lab.settle()
        if lab.came:
            lab.error(1, 4, 3, parts[0])
        lab.nothing()
    after(lab)


@rows("a fragment header inside of a fragmented packet does no harm")
def frag6_nested(lab):
    inner = extended(asks(), fragment(0, 1, 80))
    nested = [fragments6(inner, (400, 304), 81), fragments6(extended(asks(), fragment(ident=80)), (408,), 82),
              [extended(asks(), fragment(ident=83), fragment(ident=84))],
              [extended(asks(), *[fragment(ident=85)] * 50)],
              [extended(asks(), fragment(0, 1, 86), fragment(8, 1, 87))]]
    for parts in nested:
        for part in parts:
            lab.ip(1, part)
        lab.settle()
        expect(len(lab.came) <= 1, f"{len(lab.came)} answers")  # the whole one, or an error
        lab.clear()
    after(lab)


@rows("RFC 8200 4.5: fragment headers cut short do no harm, on their way or to the router")
def frag6_truncated(lab):
    lab.ignored.append(lambda c: c.port == 1 and c.ip and c.ip.proto == ICMP6 and c.ip.payload[0] == 4)
    for to in (host6(2), router6(1)):
        whole = extended(udp(host6(1), to), fragment(0, 1, 90))
        for n in range(9):
            cut = whole[:4] + n.to_bytes(2, "big") + whole[6:40 + n]
            lab.ip(1, cut, kind=IP6)
            lab.settle()
            for came in lab.came:
                expect(came.port == 2 and came.ip.packet[40:] == cut[40:], f"{came}")
            lab.clear()
            lab.ip(1, whole[:40 + n], kind=IP6)  # and its length says more
            lab.nothing()
    lab.ip(1, extended(asks(), options(HOP_BY_HOP), fragment())[:50], kind=IP6)
    lab.nothing()
    after(lab)


@rows("RFC 8200 4.5: fragments without data, or beyond their whole's end, do no harm")
def frag6_teardrop(lab):
    shapes = (((0, 36, 1), (24, 4, 0)), ((80, 8, 0), (0, 400, 1)), ((8, 0, 1), (0, 8, 1)), ((0, 0, 0),),
              ((0, 0, 1),), ((400, 8, 0), (800, 8, 0)), ((400, 8, 0), (400, 80, 1)), ((65528, 7, 0), (0, 8, 1)))
    lab.ignored.append(lambda c: c.port == 1 and c.ip and c.ip.proto == ICMP6 and c.ip.payload[0] == 4)
    for i, shape in enumerate(shapes):
        for at, size, more in shape:
            lab.ip(1, piece6(asks(), at, pattern(size, at), more, 100 + i))
        lab.nothing()
    after(lab)


@rows("CVE-2018-5391: a flood of first fragments leaves forwarding alone")
def frag6_flood(lab):
    first = [piece6(asks(), 0, asks()[40:440], 1, 0x20000 + i) for i in range(3000)]
    for i in range(0, len(first), WINDOW):
        lab.ips(1, first[i:i + WINDOW])
        if i % (WINDOW * 8) == 0:
            lab.passes(1, udp(host6(1), host6(2)), 2)
    lab.passes(1, udp(host6(1), host6(2)), 2)
    for part in fragments6(asks(), (400,), 0x30000):
        lab.ip(1, part)
    lab.settle()
    if lab.came:
        lab.reply(1, asks())
