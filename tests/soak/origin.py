"""Serves feeds at /0, /1, ...: each lists its latest fifty entries and gets a new one every INTERVAL seconds."""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INTERVAL = 60
STARTED = time.monotonic()


class Feeds(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number = int(self.path.strip("/"))
        latest = 50 + int((time.monotonic() - STARTED + number % INTERVAL) / INTERVAL)
        etag = f'"{latest}"'
        known = self.headers.get("If-None-Match") == etag
        body = b"" if known else self.document(number, latest)
        self.send_response(304 if known else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Type", "application/rss+xml")
        if not known:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def document(self, number, latest):
        items = "".join(
            f"<item><title>Entry {n} of site {number}</title><guid isPermaLink='false'>{number}-{n}</guid>"
            f"<description>{'some words about it ' * 20}{number} {n}</description></item>"
            for n in range(latest, latest - 50, -1)
        )
        return f"<rss version='2.0'><channel><title>Site {number}</title>{items}</channel></rss>".encode()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


server = Server(("127.0.0.1", 0), Feeds)
print(server.server_address[1], flush=True)
server.serve_forever()
