#!/usr/bin/env python3
"""Make the word forms of one language from a hunspell dictionary: make.py LANGUAGE NAME.aff NAME.dic OUT

README.md beside this file says where the dictionaries come from, and the format of OUT. Python 3.9 or later, nothing else.
"""
import collections
import re
import struct
import sys
import unicodedata

BLOCK = 16


def fold(word):
    """As src/text/tokens.rs folds a word of these languages."""
    word = word.lower().replace("’", "'").replace("ʼ", "'").replace("ß", "ss")
    out = ""
    for c in unicodedata.normalize("NFKD", word):
        if c == "\u0306" and out[-1:] in ("и", "у") and out:
            out = out[:-1] + {"и": "й", "у": "ў"}[out[-1]]
        elif c == "\u0308" and out[-1:] == "і":
            out = out[:-1] + "ї"
        elif not unicodedata.combining(c):
            out += {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ı": "i"}.get(c, c)
    return out


class Rules:
    """The suffixes of an .aff file."""

    def __init__(self, path):
        self.long = False
        self.suffixes = collections.defaultdict(list)
        with open(path, encoding="utf-8") as file:
            for line in file:
                part = line.split()
                if part[:2] == ["FLAG", "long"]:
                    self.long = True
                if part[:1] != ["SFX"] or len(part) < 5:
                    continue
                strip = "" if part[2] == "0" else part[2]
                add, _, further = part[3].partition("/")
                condition = None if part[4] == "." else re.compile(part[4] + "$")
                self.suffixes[part[1]].append((strip, "" if add == "0" else add, condition, self.flags(further)))

    def flags(self, text):
        return [text[i : i + 2] for i in range(0, len(text), 2)] if self.long else list(text)

    def forms(self, word, flags):
        for flag in flags:
            for strip, add, condition, further in self.suffixes.get(flag, ()):
                if word.endswith(strip) and (condition is None or condition.search(word)):
                    form = word[: len(word) - len(strip)] + add
                    yield form
                    yield from self.forms(form, further)


def lemmas(rules, path):
    """Each lemma as it is written, with its flags and forms."""
    with open(path, encoding="utf-8") as file:
        next(file)
        for line in file:
            entry = re.split(r"[\t ]", line.rstrip("\n"), maxsplit=1)[0]
            word, _, flags = entry.partition("/")
            if word and "{}" not in rules.flags(flags):
                yield word, flags, [word, *rules.forms(word, rules.flags(flags))]


# The flags of entries of the Russian dictionary that are forms of another word, with a stem of their own.
PARTS = {"ru": {"": "?", "O": "~", "L": "=", "B": "=", "D": "=", "LB": "=", "BL": "="}}


def entries(language, rules, path):
    """Each folded lemma with its kind and its forms, the lemma first; those that say nothing new are left out."""
    found = collections.defaultdict(list)
    for word, flags, forms in lemmas(rules, path):
        lemma = fold(word)
        if not re.fullmatch(r"[a-z']+|[а-яёіїєґў']+", lemma):
            continue
        kind = "^" if word[0].isupper() else PARTS.get(language, {}).get(flags, "")
        forms = {form for form in map(fold, forms) if " " not in form and "-" not in form}
        if (kind, forms) not in found[lemma]:
            found[lemma].append((kind, forms))
    for lemma, several in found.items():
        for kind, forms in several:
            if not any(forms < others and (kind == other or not other) for other, others in several):
                yield lemma, kind, forms


def paradigm(lemma, kind, forms):
    """The stem, and the kind and endings in a line."""
    shared = next((i for i, letters in enumerate(zip(*forms)) if len(set(letters)) > 1), min(map(len, forms)))
    endings = [lemma[shared:], *sorted(form[shared:] for form in forms if form != lemma)]
    return lemma[:shared], kind + " ".join(ending or "-" for ending in endings)


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def numbered(counts):
    """The most frequent first: its number is the shortest."""
    return {item: number for number, (item, _) in enumerate(sorted(counts.items(), key=lambda c: (-c[1], c[0])))}


def encode(stem):
    """A byte for each letter: the low one of its code point."""
    return bytes(ord(letter) & 255 for letter in stem)


def pack(all_entries):
    stems = collections.defaultdict(set)
    for entry in all_entries:
        stem, line = paradigm(*entry)
        stems[encode(stem)].add(line)
    lines = numbered(collections.Counter(line for found in stems.values() for line in found))
    groups = {stem: tuple(sorted(lines[line] for line in found)) for stem, found in stems.items()}
    groups_by_number = numbered(collections.Counter(groups.values()))
    text = "".join(line + "\n" for line in lines) + "\n"
    text += "".join(" ".join(map(str, group)) + "\n" for group in groups_by_number)
    blocks, offsets, before = bytearray(), [], b""
    for number, stem in enumerate(sorted(groups)):
        if number % BLOCK == 0:
            offsets.append(len(blocks))
            before = b""
        shared = next((i for i, (a, b) in enumerate(zip(before, stem)) if a != b), min(len(before), len(stem)))
        blocks += bytes([shared, len(stem) - shared]) + stem[shared:] + varint(groups_by_number[groups[stem]])
        before = stem
    header = struct.pack("<II", len(text.encode()), len(offsets))
    return header + text.encode() + struct.pack(f"<{len(offsets)}I", *offsets) + bytes(blocks)


def main():
    language, aff, dic, out = sys.argv[1:]
    data = pack(entries(language, Rules(aff), dic))
    with open(out, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
