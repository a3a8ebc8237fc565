"""A PostgreSQL server in a folder of its own, and a proxy before it that cuts or holds connections."""
import asyncio
import os
import shutil
import socket
import struct
import subprocess
import tempfile


def programs():
    """The folder of PostgreSQL's programs; None if it is not installed."""
    found = shutil.which("initdb")
    folders = [os.path.dirname(os.path.realpath(found))] if found else []
    root = "/usr/lib/postgresql"
    if os.path.isdir(root):
        folders += [f"{root}/{version}/bin" for version in sorted(os.listdir(root), reverse=True)]
    return next((folder for folder in folders if all(os.path.exists(f"{folder}/{name}") for name in ("pg_ctl", "psql"))), None)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def unprivileged(folder):
    """What a command begins with, to own this folder: PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Server:
    restarts = ("restart immediate", "restart fast")

    def __init__(self):
        self.bin, self.folder, self.port = programs(), tempfile.mkdtemp(prefix="chaos-pg-"), free_port()
        self.user = unprivileged(self.folder)
        self.data = f"{self.folder}/data"
        self.call("initdb", "--no-sync", "--auth=trust", "--username=siftwire", "--encoding=UTF8", "--locale=C", "-D", self.data)
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=300"
        self.call("pg_ctl", "start", "-w", "-D", self.data, "-l", f"{self.folder}/log", "-o", options)

    def command(self, program, *arguments):
        return [*self.user, f"{self.bin}/{program}", *arguments]

    def call(self, program, *arguments):
        done = subprocess.run(self.command(program, *arguments), cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode()}")

    def query(self, database, sql):
        to = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "siftwire", "-d", database]
        done = subprocess.run(self.command("psql", "-AtX", *to, "-c", sql), cwd=self.folder, capture_output=True, timeout=60)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode().strip()

    def transactions(self, database):
        return int(self.query("postgres", f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{database}'"))

    async def restart(self, mode):
        """What one of `restarts` says."""
        arguments = self.command("pg_ctl", "restart", "-w", "-D", self.data, "-m", mode.split()[1], "-l", f"{self.folder}/log")
        done = await asyncio.create_subprocess_exec(*arguments, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        await done.wait()

    def cpu(self):
        """CPU seconds of all of its processes, those that ended too."""
        return cpu_of_server(self.data)

    def stop(self):
        try:
            self.call("pg_ctl", "stop", "-w", "-D", self.data, "-m", "immediate")
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            print(error)
        shutil.rmtree(self.folder, ignore_errors=True)


def cpu_of_server(data):
    try:
        with open(f"{data}/postmaster.pid", encoding="ascii") as file:
            main = int(file.readline())
    except FileNotFoundError:
        return 0.0  # it is just starting
    children = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and parent(pid) == main]
    return cpu(main, True) + sum(cpu(child) for child in children)


def stat(pid):
    """The fields of /proc/PID/stat after the name."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def parent(pid):
    fields = stat(pid)
    return fields and int(fields[1])


def cpu(pid, with_children=False):
    fields = stat(pid)
    return sum(map(int, fields[11:15 if with_children else 13])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


class Side(asyncio.Protocol):
    """One side of a connection through the proxy."""

    def __init__(self, proxy, other=None):
        self.proxy, self.other, self.waiting, self.transport = proxy, other, [], None

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.other is None:
            self.other = Side(self.proxy, self)
            self.port = transport.get_extra_info("peername")[1]
            self.proxy.clients[self.port] = self
            self.task = asyncio.get_running_loop().create_task(self.connect())
        elif self.other.transport.is_closing():
            transport.abort()
        else:
            for data in self.other.waiting:
                transport.write(data)

    async def connect(self):
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.other, "127.0.0.1", self.proxy.target)
        except OSError:
            self.transport.abort()

    def data_received(self, data):
        if self.other.transport is None:
            self.waiting.append(data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, _):
        if self.other.transport is not None:
            self.other.transport.close()
        if self.proxy.clients.get(getattr(self, "port", None)) is self:
            del self.proxy.clients[self.port]

    def cut(self):
        """Ends both sides with a reset."""
        for side in (self, self.other):
            if side.transport is not None:
                reset = struct.pack("ii", 1, 0)
                side.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                side.transport.abort()


    def hold(self, is_held):
        """Lets nothing through any more, or all again."""
        for side in (self, self.other):
            if side.transport is not None and not side.transport.is_closing():
                (side.transport.pause_reading if is_held else side.transport.resume_reading)()


class Proxy:
    def __init__(self, target):
        self.target, self.clients = target, {}


def run_proxy(target, commands):
    """Runs until the other end closes the pipe."""
    asyncio.run(proxy(target, commands))


async def proxy(target, commands):
    proxied, loop, ended = Proxy(target), asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Side(proxied), "127.0.0.1", 0)
    commands.send(server.sockets[0].getsockname()[1])

    def command():
        try:
            what, *ports = commands.recv()
        except (EOFError, OSError):
            loop.remove_reader(commands.fileno())
            ended.set()
            return
        found = [proxied.clients[port] for port in ports if port in proxied.clients]
        for side in found:
            if what == "cut":
                side.cut()
            else:
                side.hold(what == "hold")
        commands.send(len(found))

    loop.add_reader(commands.fileno(), command)
    await ended.wait()


def ports_of(pid):
    """The local ports of a process's TCP connections."""
    inodes = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[9] in inodes]
