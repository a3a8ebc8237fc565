"""What the sources publish: all of it follows from the seed. Pure."""
import random
from email.utils import formatdate

INITIAL = 2  # entries of each source before anything is published
PER_HOST = 10  # sources of a shared host
PART = 1000  # entries of an output that shows all of its sources'
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


class Plan:
    def __init__(self, seed, sources, entries, now):
        self.seed, self.sources = seed, sources
        self.base = int(now) - 24 * 3600
        chance = random.Random(f"{seed} events")
        self.words = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(5000)]
        self.port = 0
        # Neighbours in pairs publish the same text now and then: one story.
        self.pairs = max(2, sources // 5) // 2 * 2
        self.events = []
        self.total = INITIAL * sources
        self.texts = {}
        counts = [INITIAL] * sources
        while self.total < INITIAL * sources + entries:
            source = chance.randrange(sources)
            group = [source]
            if source < self.pairs and chance.random() < 0.5:
                group.append(source ^ 1)
            event = []
            for source in group:
                event.append((source, counts[source]))
                self.texts[source, counts[source]] = (len(self.events), len(event) - 1)
                counts[source] += 1
            self.total += len(event)
            self.events.append(event)
        self.parts = max(2, self.total // PART)

    def host(self, source):
        """Half of the sources have a host of their own."""
        alone = self.sources // 2
        if source < alone:
            return f"127.1.{source // 250}.{source % 250 + 1}"
        number = (source - alone) // PER_HOST
        return f"127.2.{number // 250}.{number % 250 + 1}"

    def hosts(self):
        return sorted({self.host(source) for source in range(self.sources)})

    def limits(self):
        """Hosts with settings: their gap, and how many requests at a time. With two of these the gap is shorter by itself."""
        return {"127.2.0.1": (1, 1), "127.2.0.2": (1, 1), "127.2.0.3": (0.05, 2)}

    def part(self, source):
        return source % self.parts

    def link(self, source, number):
        return f"http://{self.host(source)}:{self.port}/e/{source}-{number}"

    def entry(self, source, number):
        """Title, text and date."""
        if number < INITIAL:
            key, date = f"{source} {number}", self.base + source * INITIAL + number
        else:
            event, place = self.texts[source, number]
            key, date = f"event {event}", self.base + INITIAL * self.sources + 2 * event + place
        chance = random.Random(f"{self.seed} {key}")
        title = " ".join(chance.choices(self.words, k=7)).capitalize()
        text = " ".join(chance.choices(self.words, k=50)).capitalize() + "."
        return title, text, date

    def document(self, source, count):
        items = []
        for number in range(count - 1, max(-1, count - 41), -1):
            title, text, date = self.entry(source, number)
            items.append(
                f"<item><title>{title}</title><link>{self.link(source, number)}</link>"
                f"<guid isPermaLink='false'>{source}-{number}</guid>"
                f"<pubDate>{formatdate(date, usegmt=True)}</pubDate><description>{text}</description></item>"
            )
        return (f"<rss version='2.0'><channel><title>Source {source}</title>{''.join(items)}</channel></rss>").encode()

    def config(self, port, store, every):
        lines = [
            f'[serve]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://feeds.example"\n[store]\n{store}\n[poll]\n'
            f'every = "{every}s"\nat_most = "{every}s"\nadaptive = false\nignore_hints = true\nconcurrency = 64\n'
            'first_poll = 1000\nallow = ["127.0.0.0/8"]\n[[output]]\nname = "latest"\nlimit = 300\ncontent = "none"\n'
            'stories = "all"\n[[output]]\nname = "merged"\nsources = ["#pair"]\nlimit = 10000\n'
        ]
        lines += [f'[host."{host}"]\ngap = "{gap}s"\nper_host = {n}\n' for host, (gap, n) in self.limits().items() if n == 1]
        lines += [f'[host."{host}"]\nper_host = {n}\n' for host, (_, n) in self.limits().items() if n > 1]
        lines += [
            f'[[output]]\nname = "part-{part}"\nsources = ["#part-{part}"]\nlimit = 10000\nstories = "all"\n'
            for part in range(self.parts)
        ]
        for source in range(self.sources):
            pair = ', "pair"' if source < self.pairs else ""
            lines.append(
                f'[[source]]\nname = "s{source}"\nurl = "http://{self.host(source)}:{self.port}/f/{source}"\n'
                f'tags = ["part-{self.part(source)}"{pair}]\n'
            )
        return "".join(lines)
