"""What must hold, by the logs of the origin and of the daemons, and by the documents. Pure."""
import json
from collections import Counter, defaultdict

from plan import INITIAL

HOST_GAP = 0.2  # of a host without settings
ROUNDING = 0.004  # the daemons count in milliseconds
CLAIMING = 0.05  # between the start of a poll, from which a gap counts, and its request
TAKEOVER = 30.0
UNDONE = 1.0  # what a crash of the database takes of commits that do not wait for the disk


class Request:
    def __init__(self, start, end, source, status):
        self.start, self.end, self.source, self.status = start, end, source, status
        self.daemon, self.committed = None, None  # when it was committed, and by whom

    def __str__(self):
        return f"{self.start:.3f}-{self.end:.3f} by {self.daemon or '?'}" + ("" if self.committed else " (not committed)")


class Log:
    """The requests, each with the poll that a daemon's log has of it."""

    def __init__(self, log, daemons, zero):
        requests, lags, self.published, self.first_served = log
        self.requests = sorted((Request(*request) for request in requests if request[1] is not None), key=lambda r: r.start)
        for request in self.requests:
            request.start, request.end = request.start - zero, request.end - zero
        self.lags = [(at - zero, lag) for at, lag in lags]
        self.by_source = defaultdict(list)
        for request in self.requests:
            self.by_source[request.source].append(request)
        self.lost = []
        for daemon in daemons:
            for source, start, end, is_committed, name in daemon.polls():
                self.match(source, start - zero, end - zero, is_committed, name)

    def match(self, source, start, end, is_committed, name):
        """A poll's request was made while it ran."""
        for request in self.by_source[source]:
            if request.daemon is None and start - 0.01 <= request.start and request.end <= end + 0.01:
                request.daemon, request.committed = name, end if is_committed else None
                return

    def lag(self, since, until):
        return max((lag for at, lag in self.lags if since <= at - lag and at <= until + lag), default=0.0)


class Faults:
    """When something was done to a daemon ("kill", "stop", "cut", "hold") or to the database ("restart"): from, until, whose."""

    def __init__(self, has_others):
        self.all, self.has_others = [], has_others

    def explains(self, request):
        """Whether the request was under way when something happened that may have ended its poll."""
        begin, end = request.start - 1.0, (request.committed or request.end) + 2.0
        return any(since <= end and until >= begin for _, since, until, _ in self.all)

    def undid(self, request):
        """Whether a crash of the database may have undone its commit."""
        if request.committed is None:
            return True
        return any(what == "restart immediate" and since - UNDONE <= request.committed <= until for what, since, until, _ in self.all)

    def outage(self, since, until):
        """Seconds of this time in which nobody could poll: without a database, or without a daemon."""
        ends = [fault for fault in self.all if fault[0] in ("restart immediate", "restart fast", "switch over") or not self.has_others and fault[0] not in ("cut", "hold")]
        return sum(max(0.0, min(until, end) - max(since, start)) for _, start, end, _ in ends)


def repeats(log, faults, every):
    """No source is asked twice within .9 of its interval, but for one repeat of each request that a fault has ended."""
    found = []
    for source, requests in log.by_source.items():
        for one, two in zip(requests, requests[1:]):
            if two.start - one.start >= 0.9 * every:
                continue
            excused = [r for r in (one, two) if faults.undid(r) and faults.explains(r)]
            if not excused:
                found.append(f"repeat: s{source} asked {two.start - one.start:.1f} s after it was asked: {one}, {two}")
    return found


def gaps(log, plan):
    """No request of a host sooner than its gap, and no more at a time than it takes."""
    by_host, found = defaultdict(list), []
    for request in log.requests:
        by_host[plan.host(request.source)].append(request)
    limits = plan.limits()
    for host, requests in by_host.items():
        gap, per_host = limits.get(host, (HOST_GAP, 1))
        for index, two in enumerate(requests[1:], 1):
            one = requests[index - 1]
            whose = "one daemon" if one.daemon == two.daemon else "two daemons"
            running = [r for r in requests[max(0, index - 8):index] if r.end > two.start + ROUNDING]
            if len(running) >= per_host:
                found.append(f"gap of {whose}: {host} has {len(running) + 1} requests at a time: {running[-1]}, {two}")
                continue
            waited = two.start - max(r.end for r in requests[max(0, index - 8):index])
            apart = two.start - one.start
            slack = CLAIMING + log.lag(one.start - 1, two.start + 1)
            if per_host == 1 and waited < HOST_GAP - ROUNDING:
                found.append(f"gap of {whose}: {host} asked {waited:.3f} s after its last answer: {one}, {two}")
            elif apart < gap - slack:
                found.append(f"gap of {whose}: {host} asked {apart:.3f} s after its last request, gap {gap} s: {one}, {two}")
    return found


def takeovers(log, faults, every, until):
    """No source waits longer than its interval and the takeover; returns the longest waits after kills and stops, too."""
    found, longest = [], []
    for source, requests in log.by_source.items():
        for one, two in zip(requests, [*requests[1:], None]):
            due, asked = one.start + 1.1 * every + 1, two.start if two else until
            late = asked - due - faults.outage(one.start, asked)
            if late > TAKEOVER:
                found.append(f"takeover: s{source} waited {late:.1f} s too long, until {asked:.3f}, after {one}")
            for what, since, end, whose in faults.all:
                if what in ("kill", "stop") and whose == one.daemon and end > since + TAKEOVER and one.start < since < asked and due < end:
                    longest.append(asked - max(since, due) - faults.outage(since, asked))
    return found, max(longest, default=None)


def contents(plan, documents):
    """Every entry is in its output exactly once."""
    found, shown = [], defaultdict(Counter)
    for part in range(plan.parts):
        shown[part].update(item["url"] for item in json.loads(documents[f"part-{part}.json"][0])["items"])
    expected = defaultdict(set)
    events = [entry for event in plan.events for entry in event]
    for source, number in [*((s, n) for s in range(plan.sources) for n in range(INITIAL)), *events]:
        expected[plan.part(source)].add(plan.link(source, number))
    for part, urls in expected.items():
        found += [f"lost: {url} is not in part-{part}" for url in urls - shown[part].keys()]
        found += [f"doubled: {url} is {n} times in part-{part}" for url, n in shown[part].items() if n > 1]
        found += [f"foreign: {url} is in part-{part}" for url in shown[part].keys() - urls]
    merged = Counter(item["url"] for item in json.loads(documents["merged.json"][0])["items"])
    for event in plan.events:
        if event[0][0] < plan.pairs:
            n = sum(merged[plan.link(*entry)] for entry in event)
            if n != 1:
                found.append(f"story: {[plan.link(*entry) for entry in event]} is {n} times in merged")
    return found


def same_documents(by_daemon):
    """All daemons serve the same bytes, ETag and Last-Modified."""
    (first, expected), *others = by_daemon.items()
    found = []
    for name, documents in others:
        for path, (body, etag, modified) in documents.items():
            other_body, other_etag, other_modified = expected[path]
            if body != other_body:
                found.append(f"documents: {path} of {name} and {first} differ from byte {first_difference(body, other_body)} of {len(body)} and {len(other_body)}")
            elif (etag, modified) != (other_etag, other_modified):
                found.append(f"documents: {path} of {name} has {etag} {modified}, of {first} {other_etag} {other_modified}")
    return found


def first_difference(one, two):
    return next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))


def same_entries(plan, documents, reference, names):
    """The same entries, ids, texts and dates in the same order as in another run."""
    found, fields = [], ("id", "url", "title", "content_html", "date_published")
    for part in range(plan.parts):
        path = f"part-{part}.json"
        ours, theirs = ([tuple(item.get(f) for f in fields) for item in json.loads(d[path][0])["items"]] for d in (documents, reference))
        if ours != theirs:
            at = first_difference(ours, theirs)
            pair = [listed[at] if at < len(listed) else None for listed in (ours, theirs)]
            found.append(f"entries: {path} differs at entry {at}: {names[0]} {pair[0]}, {names[1]} {pair[1]}")
    return found


def latencies(log, plan, daemons, zero, since, until):
    """Seconds from the first answer that had an entry to the documents of all daemons that were not down meanwhile."""
    found = []
    for (source, number), at in log.first_served.items():
        if not since <= at - zero < until or number < INITIAL:
            continue
        seen = []
        for daemon in daemons:
            when = daemon.seen.get(plan.link(source, number))
            if not daemon.was_down(at - 1, when or at + 60):
                seen.append(when)
        if seen and None not in seen:
            found.append(max(seen) - at)
    return sorted(found)


def at_share(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
