"""What a reader is tried with: a scripted origin, the daemon, and a proxy before it that records each request. One for each
reader, so that every request is its own. Everything is on loopback, on free ports and in one folder."""
import collections
import html
import http.client
import json
import re
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STEPS = ["first", "an addition", "an edit", "a removal", "no change"]

# Each output, and the format in which it is read; "json" is read as Atom by readers that do not know JSON Feed.
OUTPUTS = {"many": "atom", "harbour": "rss", "winter": "json", "merged": "rss", "summary": "json", "podcast": "rss"}

CONFIG = """
[serve]
listen = "unix:{folder}/socket"
public_url = "http://127.0.0.1:{proxy}"
max_age = "1s"
[poll]
every = "1d"
first_poll = 300
[[source]]
name = "many"
title = "The Long List"
url = "http://127.0.0.1:{origin}/many"
allow_private = true
stories = false
[[source]]
name = "post"
title = "Harbour Post"
url = "http://127.0.0.1:{origin}/post"
allow_private = true
[[source]]
name = "tribune"
title = "Winter Tribune"
url = "http://127.0.0.1:{origin}/tribune"
allow_private = true
[[source]]
name = "talks"
title = "Talks"
url = "http://127.0.0.1:{origin}/talks"
allow_private = true
[[output]]
name = "many"
title = "Many"
sources = ["many"]
limit = 300
[[output]]
name = "harbour"
title = "Harbour"
filter = "harbour"
limit = 300
[[output]]
name = "winter"
title = "Harbour in winter"
filter = "harbour AND winter"
limit = 300
[[output]]
name = "merged"
title = "Merged"
sources = ["post", "tribune"]
[[output]]
name = "summary"
title = "Summary"
sources = ["post", "tribune"]
stories = "all"
content = "summary"
[[output]]
name = "podcast"
title = "Podcast"
sources = ["talks"]
"""

# Each title ends with a code of its own, by which an entry is known in every reader's store.
CODE = re.compile(r"\[([a-z]+\d+)\]")
BRACKETS = "<Klammern>"
DURATION = 3723
AUTHOR = "Ada Example"
WORDS = "ferry bridge council market school strike budget museum orchard railway theatre hospital election library garden".split()


def date(n):
    return time.time() // 86400 * 86400 - 7 * 86400 - n * 3600


def rfc822(n):
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(date(n)))


def rfc3339(n):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(date(n)))


def text(code, n):
    if code[0] == "s":
        n = int(code[1:])
    topic = ["harbour", "winter", "harbour and winter"][n % 3]
    return (
        f"<p>What the {WORDS[n % 15]} means for the {topic}, and for {code}.</p>"
        f"<p>After the {' came the '.join(WORDS[n % 7:])}, all of them in the year {1990 + n}.</p>"
    )


class Origin:
    """The four sources as they are in a step."""

    def __init__(self):
        self.step = 0

    def document(self, name):
        return getattr(self, name)()

    def many(self):
        numbers = [n for n in range(1, 206) if not (n == 5 and self.step >= 3)] + ([206] if self.step >= 1 else [])
        return self.rss("The Long List", [self.item(f"n{n}", f"Report {n}", 300 - n) for n in numbers])

    def post(self):
        items = []
        for n in range(1, 14 if self.step >= 1 else 13):
            if n == 2 and self.step >= 3:
                continue
            corrected = " corrected" if n == 1 and self.step >= 2 else ""
            author = f"<dc:creator>{AUTHOR}</dc:creator>" if n % 2 else ""
            items.append(self.item(f"a{n}", f"The {WORDS[n]} of day {n}{corrected}", 20 - n, author))
        items += [self.item(f"s{n}", self.shared(n), 30 + n) for n in range(1, 5)]
        return self.rss("Harbour Post", items)

    def tribune(self):
        titles = [(f"b{n}", f"Notes on the {WORDS[n]}, part {n}") for n in range(1, 10)]
        titles += [("b10", f"Was {BRACKETS} sind")] + [(f"s{n}", self.shared(n)) for n in range(1, 5)]
        entries = "".join(
            f"<entry><id>http://tribune.example/{code}</id><title>{html.escape(title)} [{code}]</title>"
            f"<link href='http://tribune.example/{code}'/><updated>{rfc3339(20 + n)}</updated>"
            f"<content type='html'>{html.escape(text(code, n))}</content></entry>"
            for n, (code, title) in enumerate(titles)
        )
        return (
            "<feed xmlns='http://www.w3.org/2005/Atom'><id>http://tribune.example/</id><title>Winter Tribune</title>"
            f"<link href='http://tribune.example/'/><updated>{rfc3339(1)}</updated>{entries}</feed>"
        )

    def shared(self, n):
        return f"Minister opens the new {WORDS[n]} at the harbour after {n + 3} years of delay in winter"

    def talks(self):
        items = [
            self.item(
                f"p{n}", f"Episode {n}", 40 - n,
                f"<itunes:duration>1:02:03</itunes:duration><itunes:author>{AUTHOR}</itunes:author>"
                f"<itunes:episode>{n}</itunes:episode><itunes:image href='http://talks.example/{n}.jpg'/>"
                f"<enclosure url='http://talks.example/{n}.mp3' length='{1000 + n}' type='audio/mpeg'/>",
            )
            for n in range(1, 10 if self.step >= 1 else 9)
        ]
        return self.rss("Talks", items)

    def item(self, code, title, n, more=""):
        return (
            f"<item><title>{title} [{code}]</title><link>http://news.example/{code}</link><pubDate>{rfc822(n)}</pubDate>"
            f"<guid>http://news.example/{code}</guid><description>{html.escape(text(code, n))}</description>{more}</item>"
        )

    def rss(self, title, items):
        return (
            "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
            "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>"
            f"<channel><title>{title}</title><link>http://news.example/</link><description>d</description>"
            f"{''.join(items)}</channel></rss>"
        )


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class World:
    def __init__(self, folder, binary):
        self.folder, self.binary = folder, binary
        self.step = 0
        self.requests = []
        self.origin = Origin()
        folder.mkdir(parents=True)
        self.origin_port = self.serve(self.origin_handler())
        self.proxy_port = self.serve(self.proxy_handler())
        config = folder / "config.toml"
        config.write_text(CONFIG.format(folder=folder, proxy=self.proxy_port, origin=self.origin_port))
        # What each output has published so far: how many entries of each code, and the codes of corrected titles.
        self.published = {name: collections.Counter() for name in OUTPUTS}
        self.corrected = {name: set() for name in OUTPUTS}
        self.daemon = subprocess.Popen(
            [binary, "--config", config, "run"], stdout=open(folder / "log", "w"), stderr=subprocess.STDOUT
        )
        self.await_step()

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()

    def url(self, output, knows_json):
        extension = OUTPUTS[output]
        if extension == "json" and not knows_json:
            extension = "atom"
        return f"http://127.0.0.1:{self.proxy_port}/feeds/{output}.{extension}"

    def advance(self):
        """Goes on to the next step, and waits until the outputs show it."""
        self.step += 1
        self.origin.step = self.step
        poll = [self.binary, "--config", self.folder / "config.toml", "poll"]
        subprocess.run(poll, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        self.await_step()

    def await_step(self):
        wanted = [("many", "[n205]"), ("merged", "[b10]"), ("harbour", "[s1]"), ("winter", "[s1]")]
        wanted += [("summary", "[a1]"), ("podcast", "[p8]")]
        if self.step >= 1:
            wanted += [("many", "[n206]"), ("merged", "[a13]"), ("podcast", "[p9]")]
        if self.step >= 2:
            wanted += [("merged", "corrected [a1]"), ("summary", "corrected [a1]")]
        end = time.monotonic() + 60
        documents = {}
        # All marks are there, and nothing has changed since the last look.
        while documents != (documents := {output: self.document(output) for output in OUTPUTS}) or not all(
            mark in documents[output] for output, mark in wanted
        ):
            if time.monotonic() > end or self.daemon.poll() is not None:
                raise SystemExit(f"readers: FAILED, the outputs do not show step {self.step}; see {self.folder}/log")
            time.sleep(0.5)
        for output in OUTPUTS:
            titles = [item["title"] for item in json.loads(documents[output])["items"]]
            self.published[output] |= collections.Counter(code for title in titles for code in CODE.findall(title))
            self.corrected[output] |= {CODE.search(title)[1] for title in titles if "corrected" in title}

    def document(self, output):
        try:
            connection = UnixConnection(f"{self.folder}/socket")
            connection.request("GET", f"/feeds/{output}.json")
            return connection.getresponse().read().decode()
        except OSError:
            return ""

    def serve(self, handler):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    def origin_handler(world):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = world.origin.document(self.path.strip("/")).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler

    def proxy_handler(world):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                upstream = UnixConnection(f"{world.folder}/socket")
                upstream.request(self.command, self.path, headers=dict(self.headers))
                answer = upstream.getresponse()
                body = answer.read()
                world.requests.append({
                    "step": world.step, "method": self.command, "path": self.path, "status": answer.status,
                    "type": answer.getheader("Content-Type", ""), "bytes": len(body),
                    "sent": dict(self.headers), "etag": answer.getheader("ETag"),
                })
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(name, value)
                if answer.status != 304:
                    length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(body))
                    self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        return Handler
