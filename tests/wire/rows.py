#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""rows.py --file NAME...                        the file that has these groups or rows
rows.py --lay CONFIG ROUTER LAN NAME...       links, and the configuration in CONFIG
rows.py --daemon CONFIG VIADUCT RUN ROUTER LAN NAME...
rows.py --kernel ROUTER LAN NAME...           the tests: TAP on stdout
Started by tests/wire/run, which see; groups and rows are those of the files beside this one."""
import importlib
import os
import pathlib
import sys
import traceback

import device
from wire import Failure, Lab, to_json

FILES = ("eth", "arp", "ip4", "icmp4", "frag4", "martians", "ip6", "icmp6", "nd", "frag6", "more", "slow",
         "bridge", "vlan", "subif", "ageing")


def choose(names):
    """(file, its rows, those of them that are meant)"""
    names = [n.replace("-", "_") for n in names]
    for name in FILES:
        rows = importlib.import_module(name).rows
        if names == [name]:
            return name, rows, list(rows.test)
        if all(n in rows.test for n in names):
            return name, rows, names
    known = [r for f in FILES for r in importlib.import_module(f).rows.test]
    strange = [n for n in names if n not in known]
    sys.exit(f"no such row: {' '.join(strange)}; the groups are {' '.join(FILES)}" if strange
             else "rows of several groups: name those of one")


def prove(lab, number, name, test):
    sentence, function = test
    try:
        lab.begin()
        function(lab)
        lab.end()
        print(f"ok {number} - {name}: {sentence}", flush=True)
        return True
    except Failure as e:
        print(f"not ok {number} - {name}: {sentence}\n# {e}", flush=True)
    except Exception:  # a mistake of the test's
        print(f"not ok {number} - {name}: {sentence}")
        print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), flush=True)
    # What was under way must not spoil the next one.
    lab.awaited = {}
    lab.until(lambda: False, 0.2)
    return False


def tests(make_device, lan, names, first):
    _, rows, chosen = choose(names)
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])  # a CPU has a backlog of its own
    lab = (rows.lab or Lab)(f"/run/netns/{lan}", rows, make_device(rows.config))
    held = [prove(lab, first + i, name, rows.test[name]) for i, name in enumerate(chosen)]
    return not all(held)


def main(verb, *o):
    if verb == "--file":
        print(choose(o)[0], len(choose(o)[2]))
        return 0
    if verb == "--lay":
        config = choose(o[3:])[1].config
        device.lay(o[1], o[2], config)
        pathlib.Path(o[0]).write_text(to_json(config), encoding="ascii")
        return 0
    if verb == "--daemon":
        viaduct = (o[1], "--run-dir", o[2])
        return tests(lambda c: device.Daemon(c, o[0], viaduct, o[3]), o[4], o[5:], 2)
    return tests(lambda c: device.Kernel(c, o[0]), o[1], o[2:], 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
