"""Score titles, authors and dates alone, and the time they take.

    python -m tests.benchmarks.score_metadata [--data fundus] [--worst title] [--save FILE]
    [--before FILE]

--save stores the results; --before prints the scores of a stored file above the new ones, and each
page whose score changed.
"""

import argparse
import json
import lzma
import os
import re
import statistics
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from feedpub.cleaner import metadata
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html

DATA = (
    Path(os.environ.get("FEEDPUB_SHARED", Path(__file__).parents[3] / "shared"))
    / "bench"
    / "extraction"
    / "data"
)
SETS = ("newspaper", "fundus", "wcxb-articles")
FIELDS = ("title", "author", "date")
WORD = re.compile(r"\w+")

Found = dict[str, Any]  # title, authors, date as JSON has them


def rows(name: str) -> Iterator[dict[str, Any]]:
    with lzma.open(DATA / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def squash(text: str | None) -> str:
    return " ".join(WORD.findall((text or "").lower()))


def find(row: Mapping[str, Any]) -> tuple[Found, float]:
    """Return a page's metadata, and the CPU milliseconds to read it from the parsed tree."""
    try:
        tree = parse_html(
            row["html"].encode() if "html" in row else b64decode(row["html_base64"]), row.get("url")
        )
    except ExtractError:
        return {"title": "", "author": [], "date": ""}, 0.0
    start = time.process_time()
    found = metadata.read_metadata(tree, row.get("url"))
    spent = (time.process_time() - start) * 1000
    day = found.published.date().isoformat() if found.published else ""
    return {"title": found.title, "author": list(found.authors), "date": day}, spent


def score(row: Mapping[str, Any], found: Found) -> dict[str, float]:
    """Return the agreement by field, 0 … 1, as the public benchmark counts it.

    Fields without a known value are left out.
    """
    scores = {}
    if row.get("title"):
        scores["title"] = float(squash(found["title"]) == squash(row["title"]))
    if row.get("authors"):
        extracted, expected = (
            {squash(name) for name in names if squash(name)}
            for names in (found["author"], row["authors"])
        )
        scores["author"] = (
            2 * len(extracted & expected) / (len(extracted) + len(expected))
            if extracted or expected
            else 1.0
        )
    if row.get("date"):
        scores["date"] = float(found["date"] == row["date"][:10])
    return scores


def means(scores: list[dict[str, float]]) -> str:
    by_field = {field: [page[field] for page in scores if field in page] for field in FIELDS}
    return "  ".join(
        f"{field} {statistics.fmean(values):.4f}" for field, values in by_field.items() if values
    )


def describe(row: Mapping[str, Any], field: str, *found: Found) -> str:
    wanted = row["authors" if field == "author" else field]
    got = "".join(f"\n   got  {version[field]}" for version in found)
    return f"{row['id']} {row['url']}\n   want {wanted}{got}"


def run(name: str, before: Mapping[str, Found], worst: str | None) -> dict[str, Found]:
    """Score one data set, and print the result."""
    kept, new, old, spent = {}, [], [], []
    for row in rows(name):
        found, ms = find(row)
        kept[f"{name}/{row['id']}"] = found
        earlier = before.get(f"{name}/{row['id']}", found)
        new.append(score(row, found))
        old.append(score(row, earlier))
        spent.append(ms)
        for field, value in new[-1].items():
            if value != old[-1][field]:
                print(
                    "better" if value > old[-1][field] else "WORSE",
                    describe(row, field, earlier, found),
                )
            elif field == worst and value < 1:
                print(describe(row, field, found))
    if before:
        print(f"{name:14} {means(old)}  before")
    print(
        f"{name:14} {means(new)}  {statistics.median(spent):.2f} ms a page, "
        f"mean {statistics.fmean(spent):.2f}"
    )
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="*", default=SETS)
    parser.add_argument("--worst", choices=FIELDS, help="list the pages where this field is wrong")
    parser.add_argument("--save", type=Path, help="store the results here")
    parser.add_argument("--before", type=Path, help="a file that --save wrote")
    options = parser.parse_args()
    before = json.loads(options.before.read_text(encoding="utf-8")) if options.before else {}
    kept: dict[str, Found] = {}
    for name in options.data:
        kept |= run(name, before, options.worst)
    if options.save:
        options.save.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
