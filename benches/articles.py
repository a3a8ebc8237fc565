#!/usr/bin/env python3
"""What judging entries by their articles finds: articles.py SIFTWIRE [SHARED]

SIFTWIRE is the program, SHARED the folder of the collected data (else $SIFTWIRE_SHARED, else ../shared). Its article pages
are taken for the news of a day: of each, a feed has the headline and the first 200 characters. Prints for some queries how many
entries the whole text matches, by a person's copy of it, and which share of these is found without and with `full_text`; the
last column counts what the article finds and that copy does not.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile

QUERIES = ["@armenia", "@russia", "@ukraine", '"central bank"']


def run(*command, given=""):
    return subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8").stdout.splitlines()


def found_articles(siftwire, folder, pages):
    """The HTML of each page's article, as the program finds it."""
    with tempfile.TemporaryDirectory() as unpacked:
        with open(f"{unpacked}/list.tsv", "w", encoding="utf-8") as rows:
            for page in pages:
                with open(f"{unpacked}/{page['page'][:-3]}", "wb") as file:
                    file.write(gzip.open(f"{folder}/pages/{page['page']}").read())
                rows.write(f"{page['page'][:-3]}\t{page['url']}\n")
        lines = run(siftwire, "inspect", "--article", "--json", "--list", f"{unpacked}/list.tsv")
    found = map(json.loads, lines)
    return {one["url"]: one["html"] for one in found if one["ok"]}


def matched(siftwire, entries):
    """For each query, the numbers of the entries that match."""
    cases = [{"id": [query, number], "q": query, "entry": entry} for query in QUERIES for number, entry in enumerate(entries)]
    results = run(siftwire, "match", "-", given="\n".join(map(json.dumps, cases)))
    hits = {query: set() for query in QUERIES}
    for result in map(json.loads, results):
        if result["matched"]:
            query, number = result["id"]
            hits[query].add(number)
    return hits


def main():
    siftwire = os.path.abspath(sys.argv[1])
    shared = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("SIFTWIRE_SHARED", "../shared")
    folder = f"{shared}/eval/fulltext"
    with open(f"{folder}/truth.jsonl", encoding="utf-8") as file:
        pages = [json.loads(line) for line in file]
    articles = found_articles(siftwire, folder, pages)
    feed = [{"title": page["title"], "summary": page["text"][:200], "lang": page["lang"]} for page in pages]
    whole = [{**entry, "content": page["text"]} for entry, page in zip(feed, pages)]
    read = [{**entry, "article": articles.get(page["url"])} for entry, page in zip(feed, pages)]
    of_feed, of_text, of_article = (matched(siftwire, entries) for entries in (feed, whole, read))
    print("| query | entries | found by the feed's words | with their articles | not in the copies |\n|---|---|---|---|---|")
    for query in QUERIES:
        wanted = of_text[query]
        share = lambda found: f"{len(found & wanted) / len(wanted):.0%}" if wanted else "none to find"
        more = len(of_article[query] - wanted)
        print(f"| `{query}` | {len(wanted)} | {share(of_feed[query])} | {share(of_article[query])} | {more} |")
    print(f"\n{len(articles)} of {len(pages)} pages had an article.")


main()
