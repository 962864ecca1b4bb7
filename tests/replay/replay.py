#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""replay.py VIADUCTD: runs captures through the daemon and looks at what comes out.

    in: wan.pcap ---- wan 192.0.2.1/24 [router] lan 10.0.0.1/24 ---- lan.pcap

No root, no device, no clock but the captures'. Prints TAP.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

WAN, LAN = bytes.fromhex("020000000a01"), bytes.fromhex("020000000b01")
HOST, INSIDE = bytes.fromhex("02000000aa02"), bytes.fromhex("02000000bb02")
BROADCAST = b"\xff" * 6


def ip(text):
    return bytes(int(part) for part in text.split("."))


def checksum(data):
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def udp(dmac, smac, src, dst, ttl=64, size=26, df=False):
    h = struct.pack("!BBHHHBBH", 0x45, 0, 28 + size, 7, 0x4000 if df else 0, ttl, 17, 0) + ip(src) + ip(dst)
    h = h[:10] + struct.pack("!H", checksum(h)) + h[12:]
    return dmac + smac + b"\x08\x00" + h + struct.pack("!HHHH", 1024, 2048, 8 + size, 0) + bytes(size)


def echo(dmac, smac, src, dst, data=b"viaduct!"):
    m = struct.pack("!BBHHH", 8, 0, 0, 99, 1) + data
    m = m[:2] + struct.pack("!H", checksum(m)) + m[4:]
    h = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(m), 7, 0, 64, 1, 0) + ip(src) + ip(dst)
    h = h[:10] + struct.pack("!H", checksum(h)) + h[12:]
    return dmac + smac + b"\x08\x00" + h + m


def arp(dmac, smac, op, sender, target, tmac=bytes(6)):
    return (dmac + smac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + smac + ip(sender) +
            tmac + ip(target)).ljust(60, b"\0")


def write(path, packets):
    """packets: (seconds, frame)"""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for when, frame in packets:
            f.write(struct.pack("<IIII", 1700000000 + int(when), int(when % 1 * 1e6), len(frame), len(frame)) + frame)


def read(path):
    data = pathlib.Path(path).read_bytes()
    scale = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}[struct.unpack_from("<I", data)[0]]
    at, out = 24, []
    while at < len(data):
        sec, frac, n, _ = struct.unpack_from("<IIII", data, at)
        out.append((round(sec - 1700000000 + frac * scale, 6), data[at + 16:at + 16 + n]))
        at += 16 + n
    return out


def run(viaductd, folder, wan, lan, more=""):
    write(folder / "wan.pcap", wan)
    write(folder / "lan.pcap", lan)
    (folder / "v.yaml").write_text(f"""version: 1
interfaces:
  wan: {{control: own, addresses: [192.0.2.1/24], mac: "02:00:00:00:0a:01",
        pcap: {{in: {folder}/wan.pcap, out: {folder}/wan.out}}}}
  lan: {{control: own, addresses: [10.0.0.1/24], mac: "02:00:00:00:0b:01",
        pcap: {{in: {folder}/lan.pcap, out: {folder}/lan.out}}}}
{more}""")
    done = subprocess.run([viaductd, "--config", folder / "v.yaml", "--run-dir", folder / "run"],
                          capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}: {done.stderr}")
    return read(folder / "wan.out"), read(folder / "lan.out")


def ip4_frames(packets):
    return [(t, f) for t, f in packets if f[12:14] == b"\x08\x00"]


def a_packet_waits_for_its_neighbour_and_goes_on(viaductd, folder):
    wan, lan = run(viaductd, folder,
                   [(1.0, udp(WAN, HOST, "192.0.2.9", "10.0.0.9"))],
                   [(1.5, arp(LAN, INSIDE, 2, "10.0.0.9", "10.0.0.1", LAN))])
    asked = [f for _, f in lan if f[12:14] == b"\x08\x06" and f[38:42] == ip("10.0.0.9")]
    assert asked and asked[0][:6] == BROADCAST and asked[0][20:22] == b"\0\1", "no ARP request"
    (when, frame), = ip4_frames(lan)
    want = udp(INSIDE, LAN, "192.0.2.9", "10.0.0.9", ttl=63)
    assert frame == want, f"{frame.hex()} is not {want.hex()}"
    assert when == 1.5, f"sent at {when}, not with the answer at 1.5"
    assert not ip4_frames(wan)


def what_nobody_answers_for_is_unreachable(viaductd, folder):
    wan, lan = run(viaductd, folder,
                   [(1.0, arp(WAN, HOST, 1, "192.0.2.9", "192.0.2.1")),
                    (1.1, udp(WAN, HOST, "192.0.2.9", "10.0.0.9"))], [])
    (when, error), = ip4_frames(wan)
    assert error[34:36] == b"\3\1", f"ICMP {error[34:36].hex()}, not host unreachable"
    assert error[:6] == HOST and error[26:30] == ip("192.0.2.1")
    assert error[42:] == udp(WAN, HOST, "192.0.2.9", "10.0.0.9")[14:], "the quote is another packet"
    assert 2.9 < when - 1.1 < 5, f"after {when - 1.1} s"
    assert len([f for t, f in lan if f[12:14] == b"\x08\x06" and f[38:42] == ip("10.0.0.9")]) == 3


def the_router_answers_ping_and_traceroute(viaductd, folder):
    wan, _ = run(viaductd, folder,
                 [(1.0, arp(WAN, HOST, 1, "192.0.2.9", "192.0.2.1")),
                  (1.1, echo(WAN, HOST, "192.0.2.9", "10.0.0.1")),
                  (1.2, udp(WAN, HOST, "192.0.2.9", "10.0.0.9", ttl=1))], [])
    (_, reply), (_, expired) = ip4_frames(wan)
    assert reply[34:36] == b"\0\0" and reply[26:30] == ip("10.0.0.1") and reply[42:50] == b"viaduct!"
    assert expired[34:36] == b"\x0b\0" and expired[26:30] == ip("192.0.2.1")


def a_route_and_a_static_neighbour_need_no_question(viaductd, folder):
    more = """routes: [{to: 198.51.100.0/24, via: 10.0.0.7}]
neighbours: [{address: 10.0.0.7, lladdr: "02:00:00:00:bb:02", interface: lan}]
"""
    sent = [(1.0 + i / 1000, udp(WAN, HOST, "192.0.2.9", f"198.51.100.{i}")) for i in range(200)]
    _, lan = run(viaductd, folder, sent, [], more)
    want = [udp(INSIDE, LAN, "192.0.2.9", f"198.51.100.{i}", ttl=63) for i in range(200)]
    assert [f for _, f in ip4_frames(lan)] == want


def a_timestamp_is_that_of_the_capture(viaductd, folder):
    """The time option of an echo request comes back with the captures' time of day, UT."""
    frame = echo(WAN, HOST, "192.0.2.9", "10.0.0.1")
    h = bytes([0x47]) + frame[15:16] + struct.pack("!H", len(frame) - 14 + 8) + frame[18:24]
    h += bytes(2) + frame[26:34] + bytes([68, 8, 5, 0, 0, 0, 0, 0])
    frame = frame[:14] + h[:10] + struct.pack("!H", checksum(h)) + h[12:] + frame[34:]
    wan, _ = run(viaductd, folder, [(1.0, arp(WAN, HOST, 1, "192.0.2.9", "192.0.2.1")), (1.25, frame)], [])
    (_, reply), = ip4_frames(wan)
    assert reply[34:38] == bytes([68, 8, 9, 0]), reply.hex()
    ms, = struct.unpack("!I", reply[38:42])
    assert ms == 1700000001250 % 86400000, ms


def the_same_input_gives_the_same_output(viaductd, folder):
    wan = [(0.5, arp(WAN, HOST, 1, "192.0.2.9", "192.0.2.1"))]
    wan += [(1.0 + i / 100, udp(WAN, HOST, "192.0.2.9", f"10.0.0.{i % 7 + 2}", ttl=i % 4 + 1)) for i in range(300)]
    lan = [(2.0, arp(LAN, INSIDE, 2, "10.0.0.3", "10.0.0.1", LAN))]
    first = run(viaductd, folder, wan, lan)
    assert first == run(viaductd, folder, wan, lan), "two runs differ"
    counts = [len(ip4_frames(side)) for side in first]
    assert min(counts) > 10, counts


def main(viaductd):
    tests = [a_packet_waits_for_its_neighbour_and_goes_on, what_nobody_answers_for_is_unreachable,
             the_router_answers_ping_and_traceroute, a_route_and_a_static_neighbour_need_no_question,
             a_timestamp_is_that_of_the_capture, the_same_input_gives_the_same_output]
    print(f"1..{len(tests)}")
    failed = 0
    for i, test in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix="viaduct-replay.") as folder:
            try:
                test(viaductd, pathlib.Path(folder))
                word = "ok"
            except (AssertionError, ValueError, OSError) as why:
                print("\n".join(f"# {line}" for line in repr(why).split("\\n")))
                word, failed = "not ok", failed + 1
        print(f"{word} {i} - {test.__name__.replace('_', ' ')}", flush=True)
    sys.exit(failed > 0)


main(os.path.abspath(sys.argv[1]))
