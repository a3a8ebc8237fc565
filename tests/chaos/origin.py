"""The web servers of all sources, in one process: publishes entries, logs each request."""
import asyncio
import random
import socket
import time

from plan import INITIAL

BACKLOG = 64


class Origin:
    def __init__(self, plan):
        self.plan = plan
        self.requests = []  # [start, end, source, status]
        self.lags = []
        self.reset()

    def reset(self):
        self.counts = [INITIAL] * self.plan.sources
        self.documents = {}
        self.served = [0] * self.plan.sources
        self.published = {}
        self.first_served = {}
        self.requests.clear()
        self.lags.clear()
        self.chance = random.Random(f"{self.plan.seed} delays")
        self.publishing = None

    def delay(self):
        if self.chance.random() < 0.01:
            return 2.0
        return min(1.0, self.chance.expovariate(20))

    def answer(self, source, tag):
        """Status, ETag and body."""
        count = self.counts[source]
        etag = f'"{count}"'
        if tag == etag:
            return 304, etag, b""
        body = self.documents.get(source)
        if body is None:
            body = self.documents[source] = self.plan.document(source, count)
        return 200, etag, body

    def was_served(self, source, etag):
        """The entries of a document that was sent."""
        count, now = int(etag.strip('"')), time.monotonic()
        for number in range(self.served[source], count):
            self.first_served[source, number] = now
        self.served[source] = max(self.served[source], count)

    async def publish(self, seconds):
        began, events = time.monotonic(), self.plan.events
        for index, event in enumerate(events):
            await asyncio.sleep(max(0, began + seconds * index / len(events) - time.monotonic()))
            for source, number in event:
                assert number == self.counts[source]
                self.counts[source] += 1
                self.documents.pop(source, None)
                self.published[source, number] = time.monotonic()

    async def measure_lag(self):
        """How much later than planned things are done here."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            now = time.monotonic()
            if now - before > 0.015:
                self.lags.append((now, now - before - 0.01))


class Connection(asyncio.Protocol):
    def __init__(self, origin):
        self.origin, self.received, self.running = origin, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        if b"\r\n\r\n" in self.received and self.running is None:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.request(head.decode("latin-1"))

    def request(self, head):
        path = head.split(" ")[1]
        if not path.startswith("/f/"):
            self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        source = int(path[3:])
        lines = (line.partition(": ") for line in head.split("\r\n"))
        tag = next((value for name, _, value in lines if name.lower() == "if-none-match"), None)
        self.running = [time.monotonic(), None, source, 0]
        self.origin.requests.append(self.running)
        asyncio.get_running_loop().call_later(self.origin.delay(), self.respond, tag)

    def respond(self, tag):
        if self.running is None:
            return
        source = self.running[2]
        status, etag, body = self.origin.answer(source, tag)
        length = "" if status == 304 else f"Content-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n"
        # Before the daemon has it: its gap begins later.
        self.running[1], self.running[3] = time.monotonic(), status
        self.transport.write(f"HTTP/1.1 {status} Fine\r\nETag: {etag}\r\n{length}\r\n".encode() + body)
        if status == 200:
            self.origin.was_served(source, etag)
        self.running = None

    def connection_lost(self, _):
        if self.running is not None:
            self.running[1] = time.monotonic()
            self.running = None


def listen(hosts):
    """Sockets of all hosts on one port."""
    while True:
        first = socket.create_server((hosts[0], 0), backlog=BACKLOG)
        port, sockets = first.getsockname()[1], [first]
        try:
            sockets += [socket.create_server((host, port), backlog=BACKLOG) for host in hosts[1:]]
        except OSError:
            for each in sockets:
                each.close()
            continue
        return port, sockets


def serve(plan, commands):
    """Runs until the other end closes the pipe."""
    asyncio.run(run(plan, commands))


async def run(plan, commands):
    port, sockets = listen(plan.hosts())
    plan.port = port
    origin, loop, ended = Origin(plan), asyncio.get_running_loop(), asyncio.Event()
    for each in sockets:
        await loop.create_server(lambda: Connection(origin), sock=each)
    commands.send(port)

    def command():
        try:
            name, *values = commands.recv()
        except (EOFError, OSError):
            loop.remove_reader(commands.fileno())
            ended.set()
            return
        if name == "reset":
            origin.reset()
            commands.send(None)
        elif name == "publish":
            origin.publishing = asyncio.create_task(origin.publish(*values))
            commands.send(None)
        elif name == "progress":
            # How many sources were read, how many requests there were, and whether all is published.
            read = sum(served > 0 for served in origin.served)
            commands.send((read, len(origin.requests), origin.publishing is None or origin.publishing.done()))
        elif name == "log":
            commands.send((list(origin.requests), list(origin.lags), dict(origin.published), dict(origin.first_served)))

    loop.add_reader(commands.fileno(), command)
    lag = asyncio.create_task(origin.measure_lag())
    await ended.wait()
    lag.cancel()
