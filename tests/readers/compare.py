"""Subscribes each reader to the same six outputs, refreshes it through the steps, and compares its store with what was
published: compare.py BINARY FOLDER READER... Exits with 1 if a reader that could show an entry does not."""
import collections
import concurrent.futures
import json
import pathlib
import sys
import traceback

import command_line
import windows
from world import AUTHOR, BRACKETS, CODE, DURATION, OUTPUTS, STEPS, World

READERS = {**command_line.READERS, **windows.READERS}


def attempt(name, binary, folder):
    """One reader, through all steps: a row of the table, and what is wrong."""
    kind = READERS[name]
    world = World(folder / name, binary)
    reader = kind(folder / name / "reader", world)
    try:
        reader.subscribe()
        for step in range(len(STEPS)):
            if step:
                world.advance()
            reader.refresh()
        reader.close()
        (folder / name / "requests.json").write_text(json.dumps(world.requests, indent=1))
        return compare(name, reader, world)
    except Exception:
        return None, [f"{name}: {line}" for line in traceback.format_exc().strip().splitlines()[-4:]]
    finally:
        reader.end()
        world.stop()


def compare(name, reader, world):
    faults, cells = [], []
    shown = reader.entries()
    twice = edits = 0
    titles = [entry["title"] for entries in shown.values() for entry in entries]
    for output in OUTPUTS:
        published = world.published[output]
        codes = collections.Counter(code for entry in shown[output] for code in CODE.findall(entry["title"]))
        missing = sorted((published - codes).elements())
        total = published.total()
        cells.append(f"{total - len(missing)} of {total}" if missing else f"all {total}")
        if missing:
            faults.append(f"{name}: {len(missing)} entries of {output} are missing, such as {missing[:3]}")
        corrected = world.corrected[output] & set(published)
        again = codes - published
        if reader.keeps_versions:
            again -= collections.Counter(corrected)
        twice += again.total()
        if again:
            faults.append(f"{name}: {sorted(again)[:3]} of {output} are shown too often")
        seen = {code for entry in shown[output] if "corrected" in entry["title"] for code in CODE.findall(entry["title"])}
        edits += len(corrected & seen)
        if reader.shows_edits and corrected - seen:
            faults.append(f"{name}: the edit of {sorted(corrected - seen)} in {output} is not shown")
    feeds = [r for r in world.requests if r["path"].startswith("/feeds/") and "image" not in r["type"]]
    not_modified = sum(r["status"] == 304 for r in feeds)
    if reader.asks_again and not not_modified:
        faults.append(f"{name}: no request was answered with 304")
    for request in world.requests:
        if request["status"] >= 400:
            faults.append(f"{name}: {request['method']} {request['path']} was answered with {request['status']}")
    authors = sum(bool(entry["author"]) for entries in shown.values() for entry in entries)
    own = sum(AUTHOR in entry["author"] for entries in shown.values() for entry in entries)
    durations = [entry["duration"] for entry in shown["podcast"]]
    knows_durations = any(duration is not None for duration in durations)
    row = [
        name, reader.version(), *cells, str(twice) if twice else "none",
        "yes" if edits else "no", f"{not_modified} of {len(feeds)}", icons(reader, world),
        "–" if not authors else "all" if own and authors == len(titles) else f"{authors} of {len(titles)}",
        f"{durations.count(DURATION)} of {world.published['podcast'].total()}" if knows_durations else "–",
        brackets(reader, shown), reader.cannot,
    ]
    return row, faults


def icons(reader, world):
    requested = sum(r["status"] == 200 and r["type"].startswith("image/") for r in world.requests)
    kept = reader.icon()
    return "requested" if kept is None and requested else "–" if kept is None else f"{kept} kept"


def brackets(reader, shown):
    """What became of the title with angle brackets, by format."""
    found = {}
    for output, entries in shown.items():
        for entry in entries:
            if "[b10]" in entry["title"]:
                whole = entry["title"].removeprefix("Was ").removesuffix(" sind [b10]")
                found.setdefault(reader.urls[output].rsplit(".", 1)[1], set()).add(whole)
    if not found:
        return "–"
    if all(whole == {BRACKETS} for whole in found.values()):
        return "whole"
    return ", ".join(f"{kind} `{' '.join(sorted(whole))}`" for kind, whole in sorted(found.items()))


def main():
    binary, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda name: attempt(name, binary, folder), names))
    head = ["reader", "version", *OUTPUTS, "twice", "edit", "304", "icon", "author", "duration", f"`{BRACKETS}`", "cannot"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row, _ in results:
        if row:
            print("| " + " | ".join(row) + " |")
    faults = [fault for _, found in results for fault in found]
    print("\n".join(["", *faults]))
    sys.exit(1 if faults else 0)


main()
