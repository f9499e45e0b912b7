"""Scores titles, authors and dates alone: python tests/benchmarks/score_metadata.py [--worst title] [--data fundus]."""

import argparse
import json
import lzma
import os
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import html

from feedpub.cleaner import metadata

DATA = Path(os.environ.get("FEEDPUB_SHARED", Path(__file__).parents[3] / "shared")) / "bench" / "extraction" / "data"
SETS = ("newspaper", "fundus", "wcxb-articles")
FIELDS = ("title", "author", "date")
WORD = re.compile(r"\w+")


def rows(name: str) -> Iterator[dict[str, Any]]:
    with lzma.open(DATA / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def squash(text: str | None) -> str:
    return " ".join(WORD.findall((text or "").lower()))


def score(row: dict[str, Any], found: metadata.Metadata) -> dict[str, float]:
    """Agreement by field, 0 … 1, as the public benchmark counts it; fields without truth are left out."""
    scores = {}
    if row.get("title"):
        scores["title"] = float(squash(found.title) == squash(row["title"]))
    if row.get("authors"):
        ours, theirs = {squash(n) for n in found.authors}, {squash(n) for n in row["authors"] if squash(n)}
        scores["author"] = 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 1.0
    if row.get("date"):
        ours_at = found.published.date().isoformat() if found.published else ""
        scores["date"] = float(ours_at == row["date"][:10])
    return scores


def describe(row: dict[str, Any], found: metadata.Metadata, field: str) -> str:
    pairs = {
        "title": (row["title"], found.title),
        "author": (row.get("authors"), found.authors),
        "date": (row.get("date"), found.published and found.published.isoformat()),
    }
    return f"{row['id']} {row['url']}\n   want {pairs[field][0]}\n   got  {pairs[field][1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", default=SETS)
    parser.add_argument("--worst", choices=FIELDS, help="list the pages where this field is wrong")
    options = parser.parse_args()
    for name in options.data:
        scores: dict[str, list[float]] = {field: [] for field in FIELDS}
        spent = []
        for row in rows(name):
            tree = html.document_fromstring(
                row["html"].encode(), parser=html.HTMLParser(encoding="utf-8", remove_comments=True)
            )
            start = time.process_time()
            found = metadata.read(tree, row.get("url"))
            spent.append((time.process_time() - start) * 1000)
            for field, value in score(row, found).items():
                scores[field].append(value)
                if field == options.worst and value < 1:
                    print(describe(row, found, field))
        means = "  ".join(f"{field} {statistics.fmean(values):.4f}" for field, values in scores.items())
        print(f"{name:14} {means}  {statistics.median(spent):.2f} ms a page, mean {statistics.fmean(spent):.2f}")


if __name__ == "__main__":
    main()
