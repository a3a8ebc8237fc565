"""Readers with a window, under Xvfb and on a session bus of their own."""
import html
import json
import mailbox
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as xml
from xml.sax.saxutils import quoteattr

from command_line import Reader, header, read_mail

ATOM = "{http://www.w3.org/2005/Atom}"


class Window(Reader):
    def __init__(self, folder, world):
        super().__init__(folder, world)
        self.running = []

    def start(self, *command):
        """Starts a program that runs until `stop` or `end`."""
        log = open(self.folder / "log", "a")
        process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        return process

    def stop(self, process, how=signal.SIGTERM):
        """Asks it to end, and ends what it has started."""
        process.send_signal(how)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        self.running.remove(process)

    def open_screen(self):
        runtime = self.folder / "runtime"
        runtime.mkdir(mode=0o700)
        # Qt's browser, which shows texts, else does not start as root.
        self.environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
        self.environment["XDG_RUNTIME_DIR"] = str(runtime)
        reading, writing = os.pipe()
        log = open(self.folder / "log", "a")
        screen = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
        self.running.append(subprocess.Popen(screen, pass_fds=[writing], stdout=log, stderr=log, start_new_session=True))
        self.environment["DISPLAY"] = ":" + os.read(reading, 16).decode().strip()
        bus = runtime / "bus"
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
        self.start("dbus-daemon", "--session", "--nofork", f"--address=unix:path={bus}")
        wait_for(bus.exists, "the session bus")

    def end(self):
        for process in reversed(list(self.running)):
            self.stop(process)

    def call(self, service, path, method, *arguments):
        command = ["dbus-send", "--session", "--print-reply", f"--dest={service}", path, method, *arguments]
        return self.run(*command).returncode == 0

    def opml(self, at, **attributes):
        more = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        feeds = "".join(f'<outline text="{name}" title="{name}" xmlUrl="{url}"{more}/>' for name, url in self.urls.items())
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(f'<?xml version="1.0"?><opml version="1.0"><head><title>f</title></head><body>{feeds}</body></opml>')

    def settle(self):
        """Waits until each feed was requested in this step, and nothing any more for three seconds."""
        wanted = {url.split("/", 3)[3] for url in self.urls.values()}

        def requested():
            return wanted <= {r["path"].strip("/") for r in self.world.requests if r["step"] == self.world.step}

        wait_for(requested, f"requests of all feeds in step {self.world.step}")
        count = -1
        while count != (count := len(self.world.requests)):
            time.sleep(3)


def wait_for(condition, what, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.2)


class Liferea(Window):
    package = "liferea"
    shows_edits = False
    cannot = "an edit of an entry that has an id; durations"

    def subscribe(self):
        self.open_screen()
        self.environment["GSETTINGS_BACKEND"] = "keyfile"
        settings = self.folder / ".config/glib-2.0/settings/keyfile"
        settings.parent.mkdir(parents=True)
        # It keeps only a hundred entries of a feed, unless it is told otherwise.
        settings.write_text("[org/gnome/liferea]\nmaxitemcount=1000\nlast-window-state=1\n")
        self.opml(self.folder / ".config/liferea/feedlist.opml", type="rss", updateInterval="-1")

    def refresh(self):
        if self.world.step == 0:
            self.program = self.start("liferea")
        else:
            self.call("org.gnome.feed.Reader", "/org/gnome/feed/Reader", "org.gnome.feed.Reader.Refresh")
        self.settle()

    def entries(self):
        return self.by_output(self.query(
            self.folder / ".local/share/liferea/liferea.db",
            "SELECT s.source, i.title, "
            "(SELECT value FROM metadata m WHERE m.item_id = i.item_id AND key IN ('author', 'creator')), NULL "
            "FROM items i JOIN subscription s ON s.node_id = i.node_id WHERE i.comment = 0",
        ))

    def icon(self):
        return len(list((self.folder / ".cache/liferea/favicons").glob("*.png")))

    def close(self):
        self.stop(self.program)


class RssGuard(Window):
    package = "rssguard"
    knows_json = True
    asks_again = False
    cannot = "conditional requests, durations; it looks for an icon when a feed is added in its dialog (not tried)"
    types = {"rss": 1, "atom": 3, "json": 4}

    def open_program(self):
        return self.start("rssguard", "--data", str(self.folder / "data"))

    def subscribe(self):
        self.open_screen()
        settings = self.folder / "data/config/config.ini"
        settings.parent.mkdir(parents=True)
        settings.write_text("[feeds]\nfeeds_update_on_startup=true\nfeeds_update_on_startup_delay=1\n")
        self.database = self.folder / "data/database/database.db"
        program = self.open_program()
        tables = "SELECT name FROM sqlite_master WHERE name = 'LabelsInMessages'"
        wait_for(lambda: self.database.exists() and self.query(self.database, tables), "RSS Guard's database")
        self.stop(program)
        with sqlite3.connect(self.database) as database:
            database.execute("INSERT INTO Accounts (id, type) VALUES (1, 'std-rss')")
            for number, (name, url) in enumerate(self.urls.items(), 1):
                kind = self.types[url.rsplit(".", 1)[1]]
                data = json.dumps({"source_type": 0, "type": kind, "encoding": "UTF-8"})
                database.execute(
                    "INSERT INTO Feeds (id, title, date_created, category, source, update_type, account_id, custom_id, "
                    "custom_data) VALUES (?, ?, 0, -1, ?, 1, 1, ?, ?)", (number, name, url, str(number), data),
                )
        database.close()

    def refresh(self):
        program = self.open_program()
        self.settle()
        self.stop(program)

    def entries(self):
        return self.by_output(self.query(
            self.database,
            "SELECT f.source, m.title, m.author, NULL FROM Messages m JOIN Feeds f ON f.custom_id = m.feed "
            "WHERE m.is_pdeleted = 0",
        ))


class Akregator(Window):
    package = "akregator"
    cannot = "JSON Feed, durations"

    def subscribe(self):
        self.open_screen()
        self.opml(self.folder / ".local/share/akregator/data/feeds.opml", archiveMode="globalDefault", type="rss")

    def refresh(self):
        if self.world.step == 0:
            self.program = self.start("akregator")
        ask = ("org.kde.akregator", "/Akregator", "org.kde.akregator.part.fetchAllFeeds")
        wait_for(lambda: self.call(*ask), "Akregator on the bus")
        self.settle()

    def close(self):
        # It stores what it has when it is quit, not when it is terminated.
        quit = "org.kde.KMainWindow.activateAction"
        self.call("org.kde.akregator", "/akregator/MainWindow_1", quit, "string:file_quit")
        wait_for(lambda: self.program.poll() is not None, "Akregator to quit")

    def entries(self):
        rows = []
        for url in self.urls.values():
            export = ["akregatorstorageexporter", url]
            shown = subprocess.run(export, env=self.environment, capture_output=True, timeout=60)
            for entry in xml.fromstring(shown.stdout).iter(f"{ATOM}entry"):
                title = html.unescape(entry.findtext(f"{ATOM}title"))
                rows.append((url, title, entry.findtext(f"{ATOM}author/{ATOM}name"), None))
        return self.by_output(rows)


class Thunderbird(Window):
    package = "thunderbird"
    shows_edits = False
    cannot = "JSON Feed, an edit, durations"
    # Refreshes what is subscribed, or subscribes at first, as its menus do.
    script = """
        const [urls, done] = arguments;
        const { FeedUtils } = ChromeUtils.importESModule("resource:///modules/FeedUtils.sys.mjs");
        const idle = async () => {
            do { await new Promise(wake => setTimeout(wake, 500)); } while (
                FeedUtils.progressNotifier.mNumPendingFeedDownloads > 0 || FeedUtils.progressNotifier.mSubscribeMode);
        };
        (async () => {
            for (const url of urls) { FeedUtils.subscribeToFeed(url, null); await idle(); }
            if (!urls.length) {
                const [root] = FeedUtils.getAllRssServerRootFolders();
                const { msgWindow } = Services.wm.getMostRecentWindow("mail:3pane");
                await FeedUtils.downloadFeed(root, null, false, msgWindow);
                await idle();
            }
            done("done");
        })().catch(fault => done(String(fault)));
    """

    def subscribe(self):
        self.open_screen()
        self.profile = self.folder / "profile"
        self.profile.mkdir()
        (self.profile / "user.js").write_text('user_pref("marionette.port", 0);\n')
        options = ["--no-remote", "--marionette", "--remote-allow-system-access"]
        self.start("thunderbird", "--profile", self.profile, *options)
        port = self.profile / "MarionetteActivePort"
        wait_for(lambda: port.exists() and port.read_text(), "Thunderbird")
        self.connection = socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=120)
        self.answer()
        self.command("WebDriver:NewSession", {})
        self.command("WebDriver:SetTimeouts", {"script": 110_000})
        self.command("Marionette:SetContext", {"value": "chrome"})

    def answer(self):
        length = b""
        while not length.endswith(b":"):
            length += self.connection.recv(1)
        body = b""
        while len(body) < int(length[:-1]):
            body += self.connection.recv(int(length[:-1]) - len(body))
        return json.loads(body)

    def command(self, name, parameters):
        """A command of the Marionette protocol."""
        message = json.dumps([0, 1, name, parameters])
        self.connection.sendall(f"{len(message)}:{message}".encode())
        _, _, fault, result = self.answer()
        if fault:
            raise ValueError(f"{name}: {fault}")
        return result

    def refresh(self):
        urls = [] if self.world.step else list(self.urls.values())
        result = self.command("WebDriver:ExecuteAsyncScript", {"script": self.script, "args": [urls]})
        if result["value"] != "done":
            raise ValueError(result["value"])
        self.settle()

    def entries(self):
        rows = []
        feeds = self.profile / "Mail/Feeds"
        for feed in json.loads((feeds / "feeds.json").read_text()):
            for mail in mailbox.mbox(feeds / urllib.parse.unquote(feed["destFolder"].rsplit("/", 1)[1]), read_mail):
                rows.append((feed["url"], header(mail["Subject"]), header(mail["From"]).strip("<>"), None))
        return self.by_output(rows)


READERS = {"liferea": Liferea, "rssguard": RssGuard, "akregator": Akregator, "thunderbird": Thunderbird}
