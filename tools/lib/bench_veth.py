# SPDX-License-Identifier: BSD-2-Clause
"""The veth benchmark: routers between the same two neighbours, alternating, in one run.

    namespace gen            namespace router                namespace sink
    framegen -- g0 ======= r0  router under test  r1 ======= s0 -- framesink
                10.0.0.2   10.0.0.1           10.1.0.1   10.1.0.2

Work on veth is done by the core that sends: the generator's core runs the generator, the router's
XDP program and the copy into its sockets; the router's core runs the router, the kernel's transmit
path and the sink's program. The kernel's own forwarding would run on the generator's core
altogether; receive packet steering moves it, from netif_receive_skb() on, to the router's.

viaduct-1 and viaduct-2 are one worker and two over pairs of two queues, with a generator on each
core: what a second worker is worth where both have to share the cores with the generators.

kernel-bridge and viaduct-bridge switch the same frames, which are the sink's then: Linux's own bridge
and Viaduct's, neither aware of VLANs, the sink a static station of both.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

GEN_MAC, SINK_MAC = "02:00:00:00:00:aa", "02:00:00:00:00:bb"
R0_MAC, R1_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
ROUTES = "20.0.0.0/16"

VIADUCT_CONFIG = """\
version: 1
system: {{workers: {workers}, cpus: "{cpus}"}}
interfaces:
  r0: {{control: own, addresses: [10.0.0.1/24], xdp: {{mode: native}}}}
  r1: {{control: own, addresses: [10.1.0.1/24], xdp: {{mode: native}}}}
neighbours:
  - {{address: 10.1.0.2, lladdr: "{sink}", interface: r1}}
routes:
  - {{to: {routes}, via: 10.1.0.2}}
"""

BRIDGE_CONFIG = """\
version: 1
system: {{workers: {workers}, cpus: "{cpus}"}}
interfaces:
  r0: {{control: own, xdp: {{mode: native}}}}
  r1: {{control: own, xdp: {{mode: native}}}}
bridges:
  br0:
    ports: {{r0: {{}}, r1: {{}}}}
    stations: [{{lladdr: "{sink}", port: r1}}]
"""


class Failed(Exception):
    """A router or tool did not do what it should; the text says what."""


def call(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stdout.strip()}")
    return done.stdout


class Lab:
    """Three namespaces of unique names; veth pairs are made anew for each measurement, so that no
    router finds what another left."""

    def __init__(self):
        self.name = {n: f"bench{os.getpid()}-{n}" for n in ("gen", "router", "sink")}
        self.running = []
        self.dir = tempfile.mkdtemp(prefix="bench-veth-")

    def __enter__(self):
        try:
            for name in self.name.values():
                call("ip", "netns", "add", name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it behind
        for process in self.running:
            stop(process, signal.SIGKILL)
        for name in self.name.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def inside(self, where):
        # Not ip netns exec: that mounts another /sys, and with it the BPF file system is gone.
        return ["nsenter", f"--net=/run/netns/{self.name[where]}"]

    def run(self, where, *command):
        return call(*self.inside(where), *command)

    def start(self, where, *command, **how):
        process = subprocess.Popen([*self.inside(where), *command], text=True, **how)
        self.running.append(process)
        return process

    def wire(self, queues):
        for left, where, mac, right, mac_right in (
            ("g0", "gen", GEN_MAC, "r0", R0_MAC),
            ("s0", "sink", SINK_MAC, "r1", R1_MAC),
        ):
            subprocess.run([*self.inside("router"), "ip", "link", "del", right],
                           stderr=subprocess.DEVNULL, check=False)
            call("ip", "link", "add", left, "address", mac, "netns", self.name[where], "numrxqueues", queues,
                 "numtxqueues", queues, "type", "veth", "peer", "name", right, "address", mac_right,
                 "netns", self.name["router"], "numrxqueues", queues, "numtxqueues", queues)
            for space, device in ((where, left), ("router", right)):
                self.run(space, "ip", "link", "set", device, "addrgenmode", "none", "up")


def stop(process, how=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def log_end(path):
    text = pathlib.Path(path).read_text(errors="replace").strip()
    return text.splitlines()[-1] if text else "it says nothing"


class Router:
    """What all have in common: one queue, one generator, frames to the router itself."""

    queues, to = 1, R0_MAC

    def generators(self, options):
        return options.cores[:1]


class Kernel(Router):
    """ip_forward with a static neighbour."""

    name, ttl = "kernel", 63

    def missing(self, options):
        del options

    @contextlib.contextmanager
    def routing(self, lab, options):
        lab.run("router", "ip", "address", "add", "10.0.0.1/24", "dev", "r0")
        lab.run("router", "ip", "address", "add", "10.1.0.1/24", "dev", "r1")
        lab.run("router", "ip", "neighbour", "add", "10.1.0.2", "lladdr", SINK_MAC, "dev", "r1")
        lab.run("router", "ip", "route", "add", ROUTES, "via", "10.1.0.2")
        lab.run("router", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.steer(lab, options)
        yield

    @staticmethod
    def steer(lab, options):
        # Live frames need NAPI at the other end; without an XDP program, GRO switches it on.
        lab.run("router", "ethtool", "-K", "r0", "gro", "on")
        mask = f"{1 << options.cores[1]:x}"
        call("ip", "netns", "exec", lab.name["router"], "sh", "-c",
             f"echo {mask} >/sys/class/net/r0/queues/rx-0/rps_cpus")


class KernelBridge(Kernel):
    """Linux's bridge, the sink a static station of it."""

    name, ttl, to = "kernel-bridge", 64, SINK_MAC

    @contextlib.contextmanager
    def routing(self, lab, options):
        lab.run("router", "ip", "link", "add", "br0", "type", "bridge", "stp_state", "0")
        try:
            for device in ("r0", "r1"):
                lab.run("router", "ip", "link", "set", device, "master", "br0")
            lab.run("router", "ip", "link", "set", "br0", "addrgenmode", "none", "up")
            lab.run("router", "bridge", "fdb", "replace", SINK_MAC, "dev", "r1", "master", "static")
            self.steer(lab, options)
            yield
        finally:
            lab.run("router", "ip", "link", "del", "br0")


class Testpmd(Router):
    """DPDK's testpmd on AF_XDP. It rewrites MACs and looks nothing up: an I/O floor, TTL untouched."""

    name, ttl = "testpmd", 64

    def missing(self, options):
        del options
        if shutil.which("dpdk-testpmd") is None:
            return "dpdk-testpmd is not installed (Debian: apt install dpdk-dev)"
        return None

    @contextlib.contextmanager
    def routing(self, lab, options):
        gen, router = options.cores
        log = f"{lab.dir}/testpmd.log"
        # libxdp's dispatcher does not work on every kernel, and would be one more program on the way;
        # without a BPF file system it leaves nothing behind in one.
        env = dict(os.environ, LIBXDP_SKIP_DISPATCHER="1", LIBXDP_BPFFS=lab.dir, RUNTIME_DIRECTORY=lab.dir)
        command = [
            "stdbuf", "-oL", "dpdk-testpmd", "-l", f"{gen},{router}", "--main-lcore", str(gen),
            "--no-pci", "--no-huge", "-m", "512", "--no-telemetry", "--file-prefix", lab.name["router"],
            "--vdev", "net_af_xdp0,iface=r0,busy_budget=0", "--vdev", "net_af_xdp1,iface=r1,busy_budget=0",
            "--", "--nb-cores=1", "--forward-mode=mac", f"--eth-peer=0,{GEN_MAC}",
            f"--eth-peer=1,{SINK_MAC}", "--total-num-mbufs=16384", "--auto-start",
        ]
        with open(log, "w", encoding="utf-8") as out:
            process = lab.start("router", *command, env=env, stdin=subprocess.PIPE, stdout=out,
                                stderr=subprocess.STDOUT)
        end = time.monotonic() + 30
        while "Press enter to exit" not in pathlib.Path(log).read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > end:
                raise Failed(f"testpmd did not start: {log_end(log)}")
            time.sleep(0.05)
        try:
            yield
            if process.poll() is not None:
                raise Failed(f"testpmd ended: {log_end(log)}")
        finally:
            with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
                process.communicate("\n", timeout=10)
            stop(process)


class Viaduct(Router):
    """The daemon with one worker and static configuration."""

    name, ttl, workers, config = "viaduct", 63, 1, VIADUCT_CONFIG

    def missing(self, options):
        if not options.viaductd.exists():
            return f"{options.viaductd} is not built"
        return None

    @contextlib.contextmanager
    def routing(self, lab, options):
        home = pathlib.Path(tempfile.mkdtemp(dir=lab.dir))
        config = home / "viaduct.yaml"
        cpus = ",".join(str(core) for core in options.cores[::-1][: self.workers])
        config.write_text(self.config.format(workers=self.workers, cpus=cpus, sink=SINK_MAC, routes=ROUTES))
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(str(home / "notify"))
        with ready, open(home / "log", "w", encoding="utf-8") as out:
            process = lab.start("router", str(options.viaductd), "--config", str(config), "--run-dir",
                                str(home / "run"), "--state-dir", str(home / "state"), stderr=out,
                                stdout=out, env=dict(os.environ, NOTIFY_SOCKET=str(home / "notify")))
            try:
                self.wait_ready(ready, process, home / "log")
                yield
                if process.poll() is not None:
                    raise Failed(f"viaductd ended: {log_end(home / 'log')}")
            finally:
                stop(process)

    @staticmethod
    def wait_ready(ready, process, log):
        ready.settimeout(0.1)
        end = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in ready.recv(4096):
                    return
        raise Failed(f"viaductd did not start: {log_end(log)}")


class ViaductBridge(Viaduct):
    """The same, as a bridge."""

    name, ttl, config, to = "viaduct-bridge", 64, BRIDGE_CONFIG, SINK_MAC


class Viaduct1(Viaduct):
    """One worker for two queues, both cores busy generating."""

    name, queues = "viaduct-1", 2

    def generators(self, options):
        return options.cores


class Viaduct2(Viaduct1):
    """A worker for each."""

    name, workers = "viaduct-2", 2


def measure(lab, router, tools, options):
    """Mpps that arrive behind @router under as much as the generator can send."""
    core = options.cores[1]
    lab.wire(str(router.queues))
    sink = lab.start("sink", "taskset", "-c", str(core), str(tools / "framesink"), "--dev", "s0",
                     "--dst-mac", SINK_MAC, "--ttl", str(router.ttl), "--seconds", str(options.seconds),
                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    first = sink.stdout.readline()
    if first.strip() != "framesink ready":
        raise Failed(first.strip())
    with router.routing(lab, options):
        loads = [
            lab.start("gen", str(tools / "framegen"), "--dev", "g0", "--dst-mac", router.to, "--dst-ip", ROUTES,
                      "--cpu", str(gen), "--seconds", "600", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for gen in router.generators(options)
        ]
        try:
            text = sink.communicate(timeout=options.seconds + 60)[0]
            for load in loads:
                if load.poll() is not None:
                    raise Failed(load.stdout.read().strip())
        finally:
            for load in loads:
                stop(load)
                load.stdout.close()
    return judge(text)


def judge(text):
    totals = [line for line in text.splitlines() if line.startswith("framesink total")]
    if not totals:
        raise Failed(text.strip() or "framesink ended early")
    values = dict(pair.split("=") for pair in totals[0].split()[2:])
    if values["bad"] != "0":
        raise Failed(f"{values['bad']} packets came with a wrong MAC, TTL or checksum")
    if values["packets"] == "0":
        raise Failed("no packet came through")
    return float(values["mpps"])


def rounds(lab, routers, tools, options, out):
    """All routers in turn, several times: what disturbs the machine disturbs all of them."""
    rates = {router.name: [] for router in routers}
    for _ in range(options.rounds):
        for router in [r for r in routers if r.name in rates]:
            try:
                rates[router.name].append(measure(lab, router, tools, options))
            except (Failed, subprocess.TimeoutExpired) as why:
                out.failure(f"veth.{router.name}", str(why))
                del rates[router.name]
    return rates


def report(rates, out):
    for name, mpps in rates.items():
        out.result(f"veth.{name}", min=min(mpps), median=statistics.median(mpps), max=max(mpps), unit="Mpps")
    for ours, peer in (("viaduct", "testpmd"), ("viaduct", "kernel"), ("viaduct-2", "viaduct-1"),
                       ("viaduct-bridge", "kernel-bridge"), ("viaduct-bridge", "viaduct")):
        if ours in rates and peer in rates:
            each = [a / b for a, b in zip(rates[ours], rates[peer])]
            out.result(f"veth.{ours}/{peer}", min=min(each), median=statistics.median(each),
                       max=max(each), unit="ratio")


def obstacle(tools):
    if os.geteuid() != 0:
        return "namespaces and BPF need root"
    if len(os.sched_getaffinity(0)) < 2:
        return "generator and router need a core each"
    absent = [t for t in ("ip", "nsenter", "ethtool", "taskset") if shutil.which(t) is None]
    if absent:
        return f"{', '.join(absent)} not found"
    if not (tools / "framegen").exists():
        return "framegen is not built: clang and bpftool were not there"
    return None


def run(build, options, out):
    tools = build / "tests" / "bench"
    options.viaductd = options.viaductd or next(build.glob("**/viaductd"), build / "src" / "viaductd")
    why = obstacle(tools)
    if why:
        out.skipped("veth", why)
        return
    routers = []
    for router in (Kernel(), Testpmd(), Viaduct(), Viaduct1(), Viaduct2(), KernelBridge(), ViaductBridge()):
        if options.names and not any(router.name.startswith(n) for n in options.names):
            continue
        why = router.missing(options)
        if why:
            out.skipped(f"veth.{router.name}", why)
        else:
            routers.append(router)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    with Lab() as lab:
        report(rounds(lab, routers, tools, options, out), out)
