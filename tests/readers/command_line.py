"""Readers without a window: how each subscribes, refreshes, and what its store has. windows.py has the others."""
import configparser
import csv
import email
import email.header
import email.utils
import json
import mailbox
import os
import pathlib
import sqlite3
import subprocess
import sys

from world import OUTPUTS

HERE = pathlib.Path(__file__).parent
csv.field_size_limit(1 << 24)


class Reader:
    """What is known of a reader before it is tried."""

    package = ""
    knows_json = False
    # Sends If-None-Match or If-Modified-Since.
    asks_again = True
    # Shows an entry anew, or as it is now, after its source edited it.
    shows_edits = True
    # Keeps the old version of an edited entry beside the new one.
    keeps_versions = False
    # What it has no place for, or is known not to do. For the table.
    cannot = ""

    def __init__(self, folder, world):
        self.folder, self.world = folder, world
        self.urls = {output: world.url(output, self.knows_json) for output in OUTPUTS}
        folder.mkdir(parents=True)
        self.environment = dict(
            os.environ, HOME=str(folder), XDG_CONFIG_HOME=f"{folder}/.config", XDG_DATA_HOME=f"{folder}/.local/share",
            XDG_CACHE_HOME=f"{folder}/.cache", LANG="C.UTF-8", LC_ALL="C.UTF-8",
        )

    def run(self, *command, **options):
        with open(self.folder / "log", "a") as log:
            return subprocess.run(command, env=self.environment, stdout=log, stderr=log, timeout=240, **options)

    def version(self):
        shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package], capture_output=True, text=True)
        return shown.stdout.split(":")[-1].split("-")[0].split("+")[0].split("~")[0]

    def subscribe(self):
        pass

    def close(self):
        """Quits it, so that it stores what it has."""

    def end(self):
        """Ends what it has started, whatever has happened."""

    def icon(self):
        """How many icons it keeps; `None` if it has none."""
        return None

    def query(self, path, sql):
        with sqlite3.connect(path) as database:
            return database.execute(sql).fetchall()

    def by_output(self, rows):
        """Rows of URL, title, author and duration (`None` if it has no place for one), as lists for each output."""
        names = {url: name for name, url in self.urls.items()}
        found = {name: [] for name in self.urls}
        for url, title, author, duration in rows:
            if url in names:
                found[names[url]].append({"title": title or "", "author": author or "", "duration": duration})
        return found


class Newsboat(Reader):
    package = "newsboat"
    cannot = "JSON Feed, durations, pictures"

    def subscribe(self):
        (self.folder / "urls").write_text("".join(f"{url}\n" for url in self.urls.values()))
        (self.folder / "config").write_text("max-items 0\n")

    def refresh(self):
        at = self.folder
        self.run("newsboat", "-u", at / "urls", "-c", at / "cache.db", "-C", at / "config", "-x", "reload", check=True)

    def entries(self):
        items = "SELECT feedurl, title, author, NULL FROM rss_item WHERE deleted = 0"
        return self.by_output(self.query(self.folder / "cache.db", items))


class Sfeed(Reader):
    package = "sfeed"
    asks_again = False
    keeps_versions = True
    cannot = "JSON Feed, durations, icons; an edited title stands beside the old one"

    def subscribe(self):
        feeds = "".join(f"feed {name} '{url}'\n" for name, url in self.urls.items())
        (self.folder / "sfeedrc").write_text(f"sfeedpath='{self.folder}/feeds'\nfeeds() {{\n{feeds}}}\n")

    def refresh(self):
        self.run("sfeed_update", self.folder / "sfeedrc", check=True)

    def entries(self):
        rows = []
        for name, url in self.urls.items():
            for line in (self.folder / "feeds" / name).read_text().splitlines():
                fields = line.split("\t")
                rows.append((url, fields[1], fields[6], None))
        return self.by_output(rows)


class Rss2email(Reader):
    package = "rss2email"
    shows_edits = False
    cannot = "JSON Feed, durations, icons; an edit is no new mail"

    def subscribe(self):
        config, data = self.folder / "config", self.folder / "data"
        (self.folder / "mail").mkdir()
        self.r2e = ["r2e", "-c", config, "-d", data]
        self.run(*self.r2e, "new", "reader@localhost", check=True)
        for name, url in self.urls.items():
            self.run(*self.r2e, "add", name, url, check=True)
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(config)
        settings["DEFAULT"].update({"email-protocol": "maildir", "maildir-path": f"{self.folder}/mail"})
        for name in self.urls:
            settings[f"feed.{name}"]["maildir-mailbox"] = name
            mailbox.Maildir(self.folder / "mail" / name)
        with open(config, "w") as file:
            settings.write(file)

    def refresh(self):
        self.run(*self.r2e, "run", check=True)

    def entries(self):
        rows = []
        for name, url in self.urls.items():
            for mail in mailbox.Maildir(self.folder / "mail" / name, read_mail):
                rows.append((url, header(mail["Subject"]), email.utils.parseaddr(header(mail["From"]))[0], None))
        return self.by_output(rows)


class Gpodder(Reader):
    package = "gpodder"
    cannot = "JSON Feed, authors"

    def subscribe(self):
        self.environment["GPODDER_HOME"] = str(self.folder)
        for url in self.urls.values():
            self.run("gpo", "subscribe", url, check=True)

    def refresh(self):
        self.run("gpo", "update", check=True)

    def entries(self):
        return self.by_output(self.query(
            self.folder / "Database",
            "SELECT p.url, e.title, NULL, e.total_time FROM episode e JOIN podcast p ON p.id = e.podcast_id",
        ))

    def icon(self):
        return self.query(self.folder / "Database", "SELECT count(*) FROM podcast WHERE cover_url != ''")[0][0]


class Library(Reader):
    """A library keeps nothing: what an application keeps with it is the latest version of each id."""

    def subscribe(self):
        self.kept = {}

    def keep(self, url, entries):
        for entry in entries:
            self.kept[url, entry["id"]] = (url, entry["title"], entry.get("author"), entry["duration"])

    def entries(self):
        return self.by_output(self.kept.values())


class Feedparser(Library):
    package = "feedparser"
    cannot = "JSON Feed"

    def version(self):
        import feedparser
        return feedparser.__version__

    def refresh(self):
        import feedparser
        self.seen = getattr(self, "seen", {})
        for url in self.urls.values():
            etag, modified = self.seen.get(url, (None, None))
            feed = feedparser.parse(url, etag=etag, modified=modified)
            if feed.get("bozo"):
                raise ValueError(f"{url}: {feed.bozo_exception}")
            if feed.status != 304:
                self.seen[url] = (feed.get("etag"), feed.get("modified"))
            self.keep(url, [
                {"id": e.id, "title": e.title, "author": e.get("author"), "duration": seconds(e.get("itunes_duration"))}
                for e in feed.entries
            ])


class ReaderLibrary(Reader):
    package = "reader"
    knows_json = True
    cannot = "durations, icons"

    def version(self):
        import reader
        return reader.__version__

    def subscribe(self):
        import reader
        self.library = reader.make_reader(str(self.folder / "reader.db"))
        for url in self.urls.values():
            self.library.add_feed(url)

    def refresh(self):
        for url in self.urls.values():
            self.library.update_feed(url)

    def entries(self):
        return self.by_output([(e.feed_url, e.title, e.author, None) for e in self.library.get_entries()])


class NodeLibrary(Library):
    asks_again = False

    def version(self):
        at = pathlib.Path(os.environ.get("READERS_NPM", ".")) / "node_modules" / self.package / "package.json"
        return json.loads(at.read_text())["version"]

    def refresh(self):
        shown = subprocess.run(
            ["node", HERE / "libraries.mjs", self.package, *self.urls.values()], capture_output=True, text=True, timeout=120
        )
        if shown.returncode:
            raise ValueError(shown.stderr)
        for url, entries in json.loads(shown.stdout).items():
            for entry in entries:
                entry["duration"] = seconds(entry.get("duration"))
            self.keep(url, entries)


class RssParser(NodeLibrary):
    package = "rss-parser"
    cannot = "JSON Feed; it sends no conditional requests"


class Feedsmith(NodeLibrary):
    package = "feedsmith"
    knows_json = True
    cannot = "it reads text, and requests nothing itself"


def read_mail(file):
    return email.message_from_string(file.read().decode())


def header(value):
    """A header of a mail, on one line."""
    return str(email.header.make_header(email.header.decode_header(value or ""))).replace("\n", "")


def seconds(duration):
    """Of `1:02:03` or `3723`."""
    total = 0
    for part in str(duration or 0).split(":"):
        total = total * 60 + int(part)
    return total


READERS = {
    "newsboat": Newsboat, "sfeed": Sfeed, "rss2email": Rss2email, "gpodder": Gpodder, "reader": ReaderLibrary,
    "feedparser": Feedparser, "rss-parser": RssParser, "feedsmith": Feedsmith,
}
