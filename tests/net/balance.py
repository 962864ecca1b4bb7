#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""balance.py: reads `viaduct -j show counters` and fails unless both sums come out.

Frames (I2): total is what lies in free lists, rings and hands together.
Packets (I4): rx + originated + copies = tx + drops + consumed + held.
"""
import json
import sys

rows = {r["name"]: int(r["value"]) for r in json.load(sys.stdin) if not r.get("ifname")}
PLACES = ("frames.free", "frames.fill", "frames.rx", "frames.tx", "frames.held")
frames = {name: rows[name] for name in PLACES}
came = [rows[f"balance.{name}"] for name in ("rx", "originated", "copies")]
went = [rows[f"balance.{name}"] for name in ("tx", "drops", "consumed", "held")]
print(f"frames: {rows['frames.total']} = {sum(frames.values())} {frames}")
print(f"packets: rx + originated + copies {came} = tx + drops + consumed + held {went}")
sys.exit(sum(frames.values()) != rows["frames.total"] or sum(came) != sum(went))
