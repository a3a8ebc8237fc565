"""Reads feed.atom and feed.rss in a folder with feedparser, and compares them with entries.json."""

import json
import pathlib
import sys

import feedparser

folder = pathlib.Path(sys.argv[1])
entries = json.loads((folder / "entries.json").read_text(encoding="utf-8"))
ELEMENT = {"kind": "itunes_episodetype", "season": "itunes_season", "number": "itunes_episode"}


def check(where, read, wanted):
    if read != wanted:
        sys.exit(f"{where}: {read!r} instead of {wanted!r}")


for name in ["feed.atom", "feed.rss"]:
    feed = feedparser.parse((folder / name).read_bytes())
    check(name, (feed.bozo, len(feed.entries)), (False, len(entries)))
    for number, (read, entry) in enumerate(zip(feed.entries, entries)):
        where = f"{name}, entry {number}, "
        episode, details = entry["episode"], entry["details"]
        files = [(file["href"], file.get("type"), file.get("length")) for file in read.enclosures]
        check(where + "files", files, [(f["url"], f["media_type"], str(f["length"])) for f in entry["enclosures"]])
        wanted = [m["url"] for m in entry.get("media", [])]
        # In RSS further files are media too.
        media = [m["url"] for m in read.get("media_content", [])]
        check(where + "media", [url for url in media if url in wanted], wanted)
        check(where + "picture", [t["url"] for t in read.media_thumbnail], [entry["picture"]["url"]])
        check(where + "duration", read.itunes_duration, str(entry["duration"]))
        check(where + "cover", read.image["href"], episode["image"])
        for field, element in ELEMENT.items():
            check(where + field, read.get(element), str(episode[field]) if field in episode else None)
        check(where + "rights", read.get("rights"), details.get("rights"))
        count = read.get("slash_comments", read.get("thr_total"))
        check(where + "comments", count, str(details["comment_count"]) if "comment_count" in details else None)
        check(where + "comments feed", read.get("wfw_commentrss"), details.get("comments_feed"))
        wanted = [(link["rel"], link["url"]) for link in details.get("links", [])]
        links = [(link["rel"], link["href"]) for link in read.links if link["rel"] in ("via", "related", "license")]
        check(where + "links", links, wanted)
        tag = read.tags[0]
        check(where + "category", (tag["term"], tag["scheme"]), ("News", "https://gazette.example/topics"))
        point = tuple(float(degrees) for degrees in reversed(details["place"]["coordinates"].split()))
        check(where + "place", read.where["coordinates"], point)
