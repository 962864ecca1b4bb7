# SPDX-License-Identifier: BSD-2-Clause
"""A bridge's default of ageing, which takes as long as it says: a test of its own."""
import functools

from bridge import FAR, NET, POINT, Station, config, others
from hosts import expect
from switch import Switch
from wire import Rows

rows = Rows(config, families=(4, 6), lab=functools.partial(Switch, points=[*POINT, FAR]))


@rows("802.1D 7.9.2 table 7-5: a station that is silent for 300 s is forgotten, and not much sooner")
def X_bridge_ageing_300(lab):
    s = lab.learned(Station(NET, 1, 10))
    lab.settle()
    start = lab.now()
    lab.until(lambda: lab.now() - start > 290, 300)
    for p in POINT:  # the others did speak
        lab.learned(p)
    frame = POINT[0].frame(s.mac)
    lab.floods(0, frame, {1: frame})
    expect(lab.until(lambda: lab.device.station(s.mac) is None, 40), "not forgotten")
    took = lab.now() - start
    expect(295 <= took <= 325, f"forgotten after {took:.0f} s")
    frame = POINT[0].frame(s.mac)
    lab.floods(0, frame, others(frame, 0))
