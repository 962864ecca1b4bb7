# SPDX-License-Identifier: BSD-2-Clause
"""What is tested: the daemon, or Linux's own forwarding in its place."""
import json
import pathlib
import subprocess

from packets import is6
from hosts import mtu_of
from wire import Failure, PORTS, host_mac, router_mac, to_json


def run(*command, **more):
    """A command; its output if it succeeds, a Failure that says what it said if not."""
    got = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if got.returncode:
        raise Failure(f"{' '.join(command[:6])}: {got.stderr.strip()}")
    return got.stdout


def lay(router, lan, config):
    """The links, with addresses and MTUs of the configuration's interfaces."""
    for p in PORTS:
        mtu = str(mtu_of(config, p))
        run("ip", "link", "add", "name", f"e{p}", "address", host_mac(p, 2), "mtu", mtu, "netns", lan,
            "type", "veth", "peer", "name", f"p{p}", "address", router_mac(p), "mtu", mtu, "netns",
            router)
        run("ip", "-n", lan, "link", "set", f"e{p}", "up")
        run("ip", "-n", router, "link", "set", f"p{p}", "up")


class Daemon:
    """viaductd, which runs; its configuration and its commands."""

    def __init__(self, config, path, viaduct, netns):
        self.config, self.path, self.viaduct = config, pathlib.Path(path), viaduct
        self.netns = f"/run/netns/{netns}"

    def command(self, *words):
        return run(*self.viaduct, *words)

    def show(self, *words):
        return json.loads(self.command("-j", "show", *words))

    def configure(self, config):
        """Write and reload; where that is refused the old one stays in force."""
        self.path.write_text(to_json(config), encoding="ascii")
        try:
            run(*self.viaduct, "reload")
        except Failure:
            self.path.write_text(to_json(self.config), encoding="ascii")
            raise
        self.config = config

    def knows(self, address):
        return any(r["dst"] == address and r["lladdr"] for r in self.show("neighbours"))

    def station(self, mac, vlan=0):
        """The port where a bridge has that station."""
        found = [r["ifname"] for r in self.show("bridge")
                 if r["mac"] == mac and r.get("vlan", 0) == vlan]
        return found[0] if found else None

    def drops(self, ifname, reason):
        """How many packets ended so, of those that came in there."""
        return sum(r["packets"] for r in self.show("drops")
                   if (r["ifname"], r["reason"]) == (ifname, reason))


class Kernel:
    """Linux, configured like a daemon: to try the tests on another router."""
    SYSCTL = {
        "net/ipv4/ip_forward": 1,
        "net/ipv4/icmp_ratelimit": 0,
        "net/ipv4/icmp_msgs_per_sec": 1000000,
        "net/ipv4/icmp_msgs_burst": 1000000,
        "net/ipv4/fib_multipath_hash_policy": 1,
        "net/ipv4/conf/*/rp_filter": 0,
        "net/ipv4/conf/*/shared_media": 0,
        "net/ipv4/conf/*/send_redirects": 1,
        "net/ipv4/conf/*/accept_source_route": 0,
        "net/ipv4/conf/*/arp_accept": 0,
        "net/ipv4/conf/*/arp_ignore": 1,
        "net/ipv4/neigh/*/locktime": 0,
        "net/ipv6/conf/*/disable_ipv6": 0,
        "net/ipv6/conf/*/forwarding": 1,
        "net/ipv6/conf/*/accept_ra": 0,
        "net/ipv6/icmp/ratelimit": 0,
        "net/ipv6/neigh/*/locktime": 0,
        "net/ipv6/fib_multipath_hash_policy": 1,
    }

    def __init__(self, config, netns):
        self.netns = netns
        self.config = None
        self.shell("".join(
            f"for f in /proc/sys/{k}; do [ ! -e $f ] || echo {v} >$f; done\n"
            for k, v in self.SYSCTL.items()))
        for p in PORTS:
            self.shell(f"ethtool -K p{p} tx off gro off >/dev/null")
        self.configure(config)

    def shell(self, script):
        return run("nsenter", f"--net=/run/netns/{self.netns}", "sh", "-ec", script)

    def configure(self, config):
        old = self.config["interfaces"] if self.config else {}
        s = ["ip neighbour flush all nud permanent 2>/dev/null || :"]
        s += [f"ip address flush dev {name}; ip link set {name} down" for name in old if name not in config["interfaces"]]
        for name, i in config["interfaces"].items():
            s += self.interface(name, i, old.get(name, {"addresses": []}))
        limited = config["system"]["icmp-errors"] != "none"
        s.append(f"echo {1000 if limited else 0} >/proc/sys/net/ipv4/icmp_ratelimit")
        s.append(f"echo {1000 if limited else 0} >/proc/sys/net/ipv6/icmp/ratelimit")
        s.append("ip route flush root 0/0 proto static; ip -6 route flush proto static")
        for r in config["routes"]:
            via = r.get("via", [])
            via = [via] if isinstance(via, str) else via
            each = " nexthop via " if len(via) > 1 else " via "
            hops = "".join(each + v for v in via)
            six = "-6" if is6((via or [r["to"]])[0]) else "-4"
            s.append(f"ip {six} route replace {r.get('type', '')} {r['to']} proto static{hops}")
        for n in config["neighbours"]:
            a = n["address"]
            dev = f"p{a.split(':')[2] or 0 if is6(a) else a.split('.')[2]}"
            s.append(f"ip neighbour replace {a} lladdr {n['lladdr']} dev {dev} nud permanent")
        self.shell("\n".join(s))
        self.config = config

    @staticmethod
    def interface(name, new, old):
        """The commands that make one interface what it is to be."""
        dad = "" if new.get("dad", "yes") == "yes" else "nodad"
        yield f"echo {2 if new.get('urpf') == 'loose' else int('urpf' in new)}" \
            f" >/proc/sys/net/ipv4/conf/{name}/rp_filter"
        yield f"ip link set {name} up"
        for a in old["addresses"]:
            if a not in new["addresses"] or (is6(a) and new.get("dad") != old.get("dad")):
                yield f"ip address del {a} dev {name}"
        for a in new["addresses"]:
            if is6(a):
                yield f"ip address replace {a} dev {name} {dad}"
            elif a not in old["addresses"]:
                yield f"ip address add {a} {'' if a.endswith('/31') else 'broadcast +'} dev {name}"

    def knows(self, address):
        return "lladdr" in self.shell(f"ip neighbour show {address}")
