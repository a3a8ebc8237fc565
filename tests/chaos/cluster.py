"""Two PostgreSQL servers, one of them a standby, which Patroni manages."""
import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import database

CONFIG = """
scope: chaos
name: {name}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{hosts: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 300}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, {{auth: trust}}]
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/{name}
  bin_dir: {bin}
  pgpass: {folder}/{name}.pgpass
  parameters: {{unix_socket_directories: "{folder}"}}
  authentication:
    superuser: {{username: siftwire, password: none}}
    replication: {{username: replicator, password: none}}
"""


def is_installed():
    return database.programs() is not None and all(shutil.which(program) for program in ("patroni", "etcd"))


class Node:
    def __init__(self, name):
        self.name, self.port, self.rest = name, database.free_port(), database.free_port()


class Cluster(database.Server):
    """What happens to it is a switch-over: the standby takes over, the former primary follows it."""

    restarts = ("switch over",)

    def __init__(self):
        self.bin, self.folder = database.programs(), tempfile.mkdtemp(prefix="chaos-pg-")
        self.user = database.unprivileged(self.folder)
        self.processes, self.nodes, etcd = [], [Node("one"), Node("two")], database.free_port()
        try:
            self.start_etcd(etcd)
            for node in self.nodes:
                self.start_patroni(node, etcd)
            self.wait("a primary", lambda: self.primary() is not None)
            self.wait("a standby", lambda: self.standby() is not None)
        except BaseException:
            self.stop()
            raise

    def start_etcd(self, port):
        client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{database.free_port()}"
        self.run("etcd", "--data-dir", f"{self.folder}/etcd", "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")

    def start_patroni(self, node, etcd):
        config = CONFIG.format(name=node.name, rest=node.rest, etcd=etcd, port=node.port, folder=self.folder, bin=self.bin)
        with open(f"{self.folder}/{node.name}.yml", "w", encoding="ascii") as file:
            file.write(config)
        self.run("patroni", f"{self.folder}/{node.name}.yml")

    def run(self, program, *arguments):
        with open(f"{self.folder}/{program}.log", "ab") as log:
            command = [*self.user, shutil.which(program), *arguments]
            self.processes.append(subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def wait(self, what, condition, seconds=60):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise RuntimeError(f"there is not {what} within {seconds} s")
            time.sleep(0.2)

    def status(self, node, path):
        """The answer of a node's Patroni, if it is a good one."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{node.rest}/{path}", timeout=5) as response:
                return json.load(response)
        except (OSError, urllib.error.URLError, ValueError):
            return None

    def primary(self):
        return next((node for node in self.nodes if self.status(node, "primary")), None)

    def standby(self):
        return next((node for node in self.nodes if self.status(node, "replica?lag=0")), None)

    @property
    def port(self):
        self.wait("a primary", lambda: self.primary() is not None)
        return self.primary().port

    def url(self, name):
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgres://siftwire@{hosts}/{name}?target_session_attrs=read-write"

    async def restart(self, mode):
        await asyncio.to_thread(self.switch_over)

    def switch_over(self):
        self.wait("a standby that takes over", self.is_switched)

    def is_switched(self):
        """Patroni refuses while the standby is not ready."""
        former, following = self.primary(), self.standby()
        if not former or not following:
            return False
        body = json.dumps({"leader": former.name, "candidate": following.name}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{former.rest}/switchover", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                response.read()
        except urllib.error.HTTPError:
            return False
        self.wait("another primary", lambda: self.primary() is following)
        return True

    def cpu(self):
        return sum(database.cpu_of_server(f"{self.folder}/{node.name}") for node in self.nodes)

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
