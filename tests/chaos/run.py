#!/usr/bin/env python3
"""The chaos run: several daemons on one PostgreSQL, which are killed, stopped and cut off while sources publish.

Runs one daemon on SQLite, and, but for --small, one on PostgreSQL, for what must come out and for figures; then as many as
--daemons says on PostgreSQL, with faults. Exits with 0 only if nothing was lost, doubled or asked too often. ARCHITECTURE.md
says what must hold; checks.py how it is checked."""
import argparse
import asyncio
import itertools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time

# Also in the processes that this one starts.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

import checks
import cluster
import database
import origin
from daemons import Daemon, get
from plan import INITIAL, Plan

STALL = 35.0  # longer than a lease
# Every ten seconds one of these, round and round.
FAULTS = ["kill", "cut", "stop", "kill for long", "cut", "kill", "restart", "kill", "restart", "kill", "hold"]
RESTARTS = (*database.Server.restarts, *cluster.Cluster.restarts)
HOLD = 15.0  # shorter than a lease
SPACING = 10.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="300 sources, 90 seconds")
    parser.add_argument("--sources", type=int)
    parser.add_argument("--seconds", type=int, help="how long there are faults")
    parser.add_argument("--every", type=int, help="seconds between two polls of a source")
    parser.add_argument("--rate", type=float, default=3.0, help="new entries per second")
    parser.add_argument("--daemons", type=int, default=3)
    parser.add_argument("--store", choices=["postgres", "sqlite"], default="postgres", help="where the daemons with faults keep all")
    parser.add_argument("--patroni", action="store_true", help="with a standby, to which Patroni switches over")
    parser.add_argument("--alone", action="store_true", help="only the run with faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the folder with configs and logs")
    parser.add_argument("--binary", default=os.environ.get("BINARY", "target/release/siftwire"))
    options = parser.parse_args()
    options.sources = options.sources or (300 if options.small else 10_000)
    options.seconds = options.seconds or (90 if options.small else 600)
    options.every = options.every or (20 if options.small else 120)
    # Before the first fault: every source is polled once.
    options.calm = 1.1 * options.every
    options.binary = os.path.abspath(options.binary)
    return options


class Child:
    """A process with a pipe for commands."""

    def __init__(self, run, argument):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(target=run, args=(argument, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.first = self.pipe.recv()

    def ask(self, *command):
        self.pipe.send(command)
        return self.pipe.recv()


class Run:
    """One run: a store, daemons, and what they do."""

    def __init__(self, chaos, name, daemons, server=None):
        self.chaos, self.name, self.server, self.options = chaos, name, server, chaos.options
        self.folder = f"{chaos.folder}/{name.replace(' ', '-')}"
        os.mkdir(self.folder)
        self.proxy, self.faults, self.violations, self.figures, self.waits = None, checks.Faults(daemons > 1), [], {}, []
        store = f'path = "{self.folder}/siftwire.db"'
        if server:
            self.database = name.replace(" ", "_")
            server.query("postgres", f"CREATE DATABASE {self.database}")
            if self.options.patroni:
                store = f'url = "{server.url(self.database)}"'
            else:
                self.proxy = Child(database.run_proxy, server.port)
                store = f'url = "postgres://siftwire@127.0.0.1:{self.proxy.first}/{self.database}"'
        self.daemons = []
        for index in range(daemons):
            port = database.free_port()
            config = chaos.plan.config(port, store, self.options.every)
            daemon = Daemon(chr(ord("a") + index), self.options.binary, self.folder, config, port)
            # Without its database it cannot start.
            daemon.may_end = lambda daemon=daemon: daemon.state == "starting" and self.faults.outage(daemon.started - self.zero - 1, self.now() + 1) > 0
            self.daemons.append(daemon)

    def now(self):
        return time.monotonic() - self.zero

    def say(self, text):
        print(f"{self.name}: {self.now():6.1f} s: {text}", flush=True)

    def figure(self, name, value, unit, digits=2):
        self.figures[name] = f"{value:.{digits}f} {unit}".strip()

    async def do(self, publish_for, faults_for):
        self.zero = time.monotonic()
        self.chaos.origin.ask("reset")
        watchers = []
        try:
            for daemon in self.daemons:
                daemon.start()
                watchers.append(asyncio.create_task(daemon.watch()))
            await self.cold()
            await self.unchanged()
            await self.publish(publish_for, faults_for)
            documents = await self.documents()
        finally:
            for watcher in watchers:
                watcher.cancel()
            codes = [daemon.terminate() for daemon in self.daemons]
        self.violations += [f"stop: {daemon.name} ended with {code}" for daemon, code in zip(self.daemons, codes) if code]
        self.check(documents)
        return documents

    def usage(self):
        """CPU seconds of the daemons and of the database, transactions, requests."""
        daemons = sum(daemon.cpu() for daemon in self.daemons)
        server = (self.server.cpu(), self.server.transactions(self.database)) if self.server else (0.0, 0)
        return (time.monotonic(), daemons, *server, self.chaos.origin.ask("progress")[1])

    def add_figures(self, name, before, after):
        seconds, daemons, server, transactions, requests = (b - a for a, b in zip(before, after))
        self.figure(f"{name}: time", seconds, "s", 1)
        self.figure(f"{name}: polls", requests, "", 0)
        self.figure(f"{name}: CPU of the daemons", daemons, "s")
        self.figure(f"{name}: CPU of PostgreSQL", server, "s")
        self.figure(f"{name}: CPU of all per 1,000 polls", 1000 * (daemons + server) / max(1, requests), "s")
        self.figure(f"{name}: transactions per second", transactions / seconds, "", 1)

    async def until(self, what, seconds, condition):
        began = time.monotonic()
        while not await condition():
            if time.monotonic() > began + seconds:
                self.violations.append(f"{what}: not within {seconds:.0f} s")
                return
            await asyncio.sleep(0.5)

    async def shows(self, total):
        """Whether a daemon's documents have so many entries."""
        counts = []
        for part in range(self.chaos.plan.parts):
            document = await self.fetch(self.daemons[0], f"part-{part}.json")
            if document is None:
                return False
            counts.append(document[0].count(b'"date_published"'))
        return sum(counts) >= total

    async def fetch(self, daemon, name):
        try:
            status, headers, body = await get(daemon.port, f"/feeds/{name}")
        except (OSError, ValueError):
            return None
        return (body, headers.get("etag"), headers.get("last-modified")) if status == 200 else None

    async def cold(self):
        before = (time.monotonic(), 0.0, *((self.server.cpu(), self.server.transactions(self.database)) if self.server else (0.0, 0)), 0)

        async def is_done():
            return self.chaos.origin.ask("progress")[0] == self.options.sources and await self.shows(INITIAL * self.options.sources)

        await self.until("the first polls", 120 + self.options.sources / 50, is_done)
        self.add_figures("cold", before, self.usage())
        self.say("all sources were read")

    async def unchanged(self):
        """The polls of sources that have nothing new."""
        await asyncio.sleep(2)
        before = self.usage()
        await asyncio.sleep(self.options.every)
        self.add_figures("304", before, self.usage())
        self.say("measured 304s")

    async def publish(self, publish_for, faults_for):
        self.chaos.origin.ask("publish", publish_for)
        began = self.now()
        self.calm = (began, began + min(20.0, publish_for))
        if faults_for:
            # The last ones of this time have until the first fault.
            await asyncio.sleep(self.options.calm)
            self.calm = (began, self.now() - 5)
            await self.trouble(self.now() + faults_for)
        before = self.usage()
        settle = publish_for + 1.1 * self.options.every + 60

        async def is_done():
            return self.chaos.origin.ask("progress")[2] and await self.shows(self.chaos.plan.total)

        await self.until("all entries", settle, is_done)
        self.polled_until = self.now()
        self.add_figures("quiet", before, self.usage())
        self.say("all entries are shown" if not self.violations else "waited for all entries")

    async def trouble(self, until):
        tasks, turn, restarts = [], 0, itertools.cycle(self.server.restarts if self.server else ["cut"])
        while self.now() < until:
            what = FAULTS[turn % len(FAULTS)]
            if what == "restart":
                what = next(restarts)
            began = self.now()
            running = [daemon for daemon in self.daemons if daemon.state == "up"]
            # One stays, whatever is done to the others.
            if running and (len(running) > 1 or len(self.daemons) == 1 or what in (*RESTARTS, "cut", "hold")):
                tasks.append(asyncio.create_task(self.fault(what, running[turn % len(running)])))
            turn += 1
            await asyncio.sleep(max(0.0, began + SPACING - self.now()))
        for task in tasks:
            await task
        await self.until("a start of each daemon", 60, self.are_up)

    async def are_up(self):
        return all(daemon.state == "up" for daemon in self.daemons)

    async def fault(self, what, daemon):
        began = self.now()
        if what in RESTARTS:
            self.say(f"PostgreSQL: {what}")
            fault = [what, began - 0.5, began + 60, None]
            self.faults.all.append(fault)
            await self.server.restart(what)
            fault[2] = self.now() + 5
        elif what == "cut":
            if self.proxy:
                n = self.proxy.ask("cut", *database.ports_of(daemon.process.pid))
                self.say(f"{daemon.name}: {n} connections are cut")
                self.faults.all.append(["cut", began, self.now() + 5, daemon.name])
        elif what == "hold":
            if self.proxy:
                ports = database.ports_of(daemon.process.pid)
                self.say(f"{daemon.name}: {self.proxy.ask('hold', *ports)} connections stand still")
                self.faults.all.append(["hold", began, began + HOLD + 5, daemon.name])
                await asyncio.sleep(HOLD)
                self.proxy.ask("release", *ports)
        elif what == "stop":
            self.say(f"{daemon.name}: stopped")
            fault = ["stop", began, began + STALL, daemon.name]
            self.faults.all.append(fault)
            daemon.stop()
            await asyncio.sleep(STALL)
            fault[2] = self.now() + 2
            daemon.resume()
            self.say(f"{daemon.name}: goes on")
        else:
            self.say(f"{daemon.name}: killed")
            fault = ["kill", began, began, daemon.name]
            self.faults.all.append(fault)
            daemon.kill()
            long = what == "kill for long" and len(self.daemons) > 1
            await asyncio.sleep(STALL if long else 0.5)
            fault[2] = self.now()
            daemon.start()

    async def documents(self):
        """The documents of each daemon, when they are equal, or after a while."""
        names = ["latest.json", "merged.json", *(f"part-{part}.{form}" for part in range(self.chaos.plan.parts) for form in ("json", "atom", "rss"))]

        async def read():
            return {daemon.name: {name: await self.fetch(daemon, name) or (b"{}", None, None) for name in names} for daemon in self.daemons}

        began = self.now()
        found = await read()
        while len(self.daemons) > 1 and self.now() < began + 30 and checks.same_documents(found):
            await asyncio.sleep(1)
            found = await read()
        return found

    def check(self, documents):
        log = checks.Log(self.chaos.origin.ask("log"), self.daemons, self.zero)
        every, plan = self.options.every, self.chaos.plan
        self.violations += checks.repeats(log, self.faults, every)
        self.violations += checks.gaps(log, plan)
        late, longest = checks.takeovers(log, self.faults, every, self.polled_until)
        self.violations += late
        for daemon in self.daemons:
            self.violations += daemon.violations
            self.violations += [f"{name}: {found}" for name, found in [(daemon.name, found) for found in checks.contents(plan, documents[daemon.name])]]
        self.violations += checks.same_documents(documents)
        unknown = sum(request.daemon is None for request in log.requests)
        self.figure("requests", len(log.requests), "", 0)
        self.figure("requests without a poll in a log", unknown, "", 0)
        if longest is not None and len(self.daemons) > 1:
            self.figure("longest takeover", longest, "s", 1)
        for name, (since, until) in {"calm": self.calm, "all": (0, 1e9)}.items():
            times = checks.latencies(log, plan, self.daemons, self.zero, since, until)
            self.figure(f"latency, {name}: entries", len(times), "", 0)
            self.figure(f"latency, {name}: median", checks.at_share(times, 0.5), "s")
            self.figure(f"latency, {name}: p99", checks.at_share(times, 0.99), "s")
            if name == "calm" and len(times) >= 20 and checks.at_share(times, 0.5) >= 2:
                self.violations.append(f"latency: the median is {checks.at_share(times, 0.5):.1f} s")
        starts = [start for daemon in self.daemons for start in daemon.starts]
        self.figure("slowest start", max(starts, default=0), "s")
        self.figure("slowest answer", max(daemon.slowest for daemon in self.daemons), "s")
        self.figure("answers", sum(daemon.requests for daemon in self.daemons), "", 0)
        self.figure("longest lag of the origin", max((lag for _, lag in log.lags), default=0), "s")


class Chaos:
    def __init__(self, options):
        self.options, self.runs = options, []
        self.folder = tempfile.mkdtemp(prefix="chaos-")
        entries = int(options.rate * (options.seconds + options.calm))
        self.plan = Plan(options.seed, options.sources, entries, time.time())
        self.origin = Child(origin.serve, self.plan)
        self.plan.port = self.origin.first

    async def run(self, name, daemons, server, publish_for, faults_for):
        run = Run(self, name, daemons, server)
        self.runs.append(run)
        return run, await run.do(publish_for, faults_for)

    async def all(self, server):
        options, quick = self.options, 20.0
        runs, reference = [], None
        if not options.alone:
            reference_run, reference = await self.run("sqlite", 1, None, quick, 0)
        if server and not options.small and not options.alone and options.daemons > 1:
            runs.append(("postgres 1", 1, server, quick, 0))
        runs.append((f"{options.store} {options.daemons} faults", options.daemons, server, options.seconds + options.calm, options.seconds))
        for arguments in runs:
            run, documents = await self.run(*arguments)
            if reference is None:
                continue
            names = (run.name, reference_run.name)
            run.violations += checks.same_entries(self.plan, documents["a"], reference["a"], names)

    def report(self):
        rows = list(dict.fromkeys(name for run in self.runs for name in run.figures))
        print("\n" + " " * 42 + "".join(f"{run.name:>20}" for run in self.runs))
        for row in rows:
            print(f"{row:42}" + "".join(f"{run.figures.get(row, ''):>20}" for run in self.runs))
        for run in self.runs:
            print(f"\n{run.name}: {len(run.violations)} violations")
            kinds = {}
            for violation in run.violations:
                kinds.setdefault(violation.split(":")[0], []).append(violation)
            for found in kinds.values():
                print("\n".join(found[:10]))
                if len(found) > 10:
                    print(f"... and {len(found) - 10} more of this kind")
        return all(not run.violations for run in self.runs)


def main():
    options = arguments()
    # For `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"chaos: {options.binary} does not exist; run cargo build --release, or set BINARY")
    if options.store == "postgres" and database.programs() is None:
        print("chaos: skipped, PostgreSQL is not installed")
        return
    if options.patroni and not cluster.is_installed():
        print("chaos: skipped, Patroni or etcd is not installed")
        return
    if options.store == "sqlite" and options.daemons > 1:
        sys.exit("chaos: only one daemon can use an SQLite file: --daemons 1")
    server, chaos = None, Chaos(options)
    try:
        if options.store == "postgres":
            server = cluster.Cluster() if options.patroni else database.Server()
        asyncio.run(chaos.all(server))
    finally:
        if server:
            server.stop()
        is_good = chaos.report()
        if options.keep:
            print(f"configs and logs are in {chaos.folder}")
        else:
            shutil.rmtree(chaos.folder)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
