"""A daemon, which is killed and stopped, and a reader that never leaves it alone."""
import asyncio
import json
import os
import re
import signal
import subprocess
import time
from datetime import datetime

from database import cpu

TICK = 0.1  # seconds between two requests of the reader
PATIENCE = 5.0  # how long a response may take
LINE = re.compile(r'^(\S+)Z +\w+ (polled|poll failed|poll not committed) source="s(\d+)" status="([^"]*)" duration_ms=(\d+)')
CLOCK = time.time() - time.monotonic()


async def get(port, path, etag=None):
    """Status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        condition = f"If-None-Match: {etag}\r\n" if etag else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: feeds.example\r\n{condition}Connection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first:
        raise ConnectionError("closed without an answer")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if "content-length" in headers and status_has_body(first) and len(body) != int(headers["content-length"]):
        raise ConnectionError("a part of an answer")
    return int(first.split(" ")[1]), headers, body


def status_has_body(first):
    return " 304 " not in first


class Daemon:
    """`state`: "dead", "starting", "up" or "stopped"."""

    def __init__(self, name, binary, folder, config, port):
        self.name, self.binary, self.folder, self.port = name, binary, folder, port
        self.config, self.log = f"{folder}/{name}.toml", f"{folder}/{name}.log"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)
        self.state, self.epoch, self.process = "dead", 0, None
        self.downs = []  # [from, to] of each time when it was killed or stopped
        self.starts = []  # seconds from a start to the first answer
        self.seen = {}  # when each entry was first in its document
        self.requests, self.slowest, self.violations = 0, 0.0, []
        self.may_end = lambda: False  # whether it may end by itself now

    def become(self, state):
        self.state, self.epoch = state, self.epoch + 1

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.binary, "--config", self.config, "run"], cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.started = time.monotonic()
        self.become("starting")

    def kill(self):
        self.become("dead")
        self.downs.append([time.monotonic(), None])
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.become("stopped")
        self.downs.append([time.monotonic(), None])
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)
        self.become("up")
        self.downs[-1][1] = time.monotonic()

    def cpu(self):
        return cpu(self.process.pid)

    def terminate(self):
        """Ends it as an administrator does. Returns its code."""
        if self.process is None:
            return 0
        self.become("dead")
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def was_down(self, since, until):
        return any(start < until and (end is None or end > since) for start, end in self.downs)

    def last_line(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return (file.read().strip().splitlines() or [""])[-1]

    async def watch(self):
        """Asks for the newest entries all the time, as readers do, and starts the daemon again if it ends."""
        etag = None
        while True:
            began, epoch = time.monotonic(), self.epoch
            if self.state in ("starting", "up"):
                if self.process.poll() is not None:
                    if not self.may_end():
                        self.violations.append(f"{self.name} ended with {self.process.returncode}: {self.last_line()}")
                    self.downs.append([began, None])
                    self.become("dead")
                    await asyncio.sleep(1)
                    self.start()
                    continue
                etag = await self.ask(etag, epoch)
            await asyncio.sleep(max(0.0, began + TICK - time.monotonic()))

    async def ask(self, etag, epoch):
        began = time.monotonic()
        try:
            status, headers, body = await asyncio.wait_for(get(self.port, "/feeds/latest.json", etag), PATIENCE)
            problem = None if status in (200, 304) else f"status {status}"
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            problem = repr(error)
        now = time.monotonic()
        if epoch != self.epoch:
            return etag
        if problem:
            if self.state == "up":
                self.violations.append(f"{self.name} does not serve at {began + CLOCK:.3f}: {problem}")
            return etag
        if self.state == "starting":
            self.state = "up"
            self.starts.append(now - self.started)
            if self.downs and self.downs[-1][1] is None:
                self.downs[-1][1] = now
        else:
            self.requests += 1
            self.slowest = max(self.slowest, now - began)
        if status == 200:
            for item in json.loads(body)["items"]:
                self.seen.setdefault(item["url"], now)
        return headers.get("etag", etag)

    def polls(self):
        """What its log says: source, start, end, and whether it was committed."""
        found = []
        with open(self.log, encoding="utf-8", errors="replace") as file:
            for line in file:
                if match := LINE.match(line):
                    at, what, source, _, duration = match.groups()
                    end = datetime.fromisoformat(f"{at}+00:00").timestamp() - CLOCK
                    found.append((int(source), end - int(duration) / 1000, end, what != "poll not committed", self.name))
        return found
