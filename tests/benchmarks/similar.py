"""Measure which articles are taken for one story, on pages of the public extraction data.

    python -m tests.benchmarks.similar [--data FOLDER]

It prints, for several thresholds:

- same site: the merges among all pairs of articles of a site with different titles; none is right;
- several sites: the share of pairs in similar_pairs.toml that are found, and all other merges;
- made copies: the share found of copies with another headline, a trimmed end, inserted lines,
  another site's boilerplate;
- made series: the merges among weekly notices, release notes and the like; none is right;

and the cost of an index of 500 entries.
"""

import argparse
import json
import lzma
import os
import random
import sys
import time
import tomllib
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from feedpub import extract
from feedpub.builder.similar import (
    DEFAULT_THRESHOLD,
    MAX_ENTRIES,
    Story,
    StoryIndex,
    is_same_story,
)
from feedpub.builder.text_compare import significant_words
from feedpub.core.errors import ExtractError
from feedpub.core.urls import site_domain

DATA = (
    Path(os.environ.get("FEEDPUB_SHARED", Path(__file__).parents[3] / "shared"))
    / "bench"
    / "extraction"
    / "data"
)
SETS = ("newspaper", "l3s", "daniel", "fundus", "wcxb-articles", "trafilatura")
THRESHOLDS = (0.5, DEFAULT_THRESHOLD, 0.65, 0.7, 0.8, 0.9)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MADE_COPIES = 300  # articles, of each kind of copy
MIN_COPIED_WORDS = 150

Pair = tuple[str, str]


@dataclass(frozen=True)
class ExtractedPage:
    """A page of the data: its id, its site, and what feedpub reads on it."""

    id: str
    site: str
    story: Story
    dated: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    data = parser.parse_args().data
    if not data.is_dir():
        sys.exit(f"{data} is absent: --data names the folder of the extraction data")
    pages = [page for name in SETS for page in read_pages(data / f"{name}.jsonl.xz")]
    print(f"{len(pages)} articles of {len({page.site for page in pages})} sites")
    print_same_site(pages)
    print_several_sites(pages)
    print_made_copies(pages)
    print_made_series()
    print_cost(pages)


def read_pages(path: Path) -> Iterator[ExtractedPage]:
    """Yield the articles of a data set."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            body = row["html"].encode() if "html" in row else b64decode(row["html_base64"])
            url = row.get("url") or f"https://{row['site'] or 'unknown.example'}/{row['id']}"
            try:
                article = extract(body, url)
            except ExtractError:
                continue
            published = article.published or NOW
            if published.tzinfo is None:
                published = published.replace(tzinfo=UTC)
            story = Story(row["id"], url, article.title, article.text, published)
            yield ExtractedPage(row["id"], row["site"], story, article.published is not None)


def merges(one: ExtractedPage, other: ExtractedPage, threshold: float) -> bool:
    """Return True if two pages are one story; an undated page gets the other one's date."""
    first, second = one.story, other.story
    if not one.dated:
        first = replace(first, published=second.published)
    elif not other.dated:
        second = replace(second, published=first.published)
    return is_same_story(first, second, threshold)


# --- real pairs ---


def print_same_site(pages: Sequence[ExtractedPage]) -> None:
    by_site: dict[str, list[ExtractedPage]] = defaultdict(list)
    for page in pages:
        if page.site not in ("", "web.archive.org"):  # many sites
            by_site[page.site].append(page)
    pairs = [
        pair
        for group in by_site.values()
        for pair in combinations(group, 2)
        if significant_words(pair[0].story.title) != significant_words(pair[1].story.title)
    ]
    print(f"\nsame site, different titles: {len(pairs)} pairs")
    for threshold in THRESHOLDS:
        found = [pair for pair in pairs if merges(*pair, threshold)]
        print(f"  {threshold:.2f}: {len(found)} merges")
        print_pairs(found)
    for description, move in MOVES.items():
        found = [pair for pair in pairs if merges(pair[0], move(pair[1]), DEFAULT_THRESHOLD)]
        print(f"  the same pairs as if {description}: {len(found)} merges")
        print_pairs(found)


def move_to_subdomain(page: ExtractedPage) -> ExtractedPage:
    url = f"https://other.{site_domain(page.story.url)}/"
    return replace(page, story=replace(page.story, url=url))


def move_elsewhere(page: ExtractedPage) -> ExtractedPage:
    return replace(page, story=replace(page.story, url="https://elsewhere.example/"))


MOVES: dict[str, Callable[[ExtractedPage], ExtractedPage]] = {
    "one were on another host of the domain": move_to_subdomain,
    "one were on another site, whose boilerplate differs in reality": move_elsewhere,
}


def print_several_sites(pages: Sequence[ExtractedPage]) -> None:
    pairs_by_label = load_table("similar_pairs.toml")
    labels = {label: as_pairs(pairs) for label, pairs in pairs_by_label.items()}
    by_id = {page.id: page for page in pages}
    known = [pair for pairs in labels.values() for pair in pairs]
    others = [pair for pair in candidate_pairs(pages) if pair not in known]
    print(f"\nseveral sites: {', '.join(f'{len(p)} {label}' for label, p in labels.items())}")
    for threshold in THRESHOLDS:
        counts = []
        for label, pairs in labels.items():
            found = sum(merges(by_id[one], by_id[two], threshold) for one, two in sorted(pairs))
            counts.append(f"{label} {found}/{len(pairs)}")
        wrong = [
            (by_id[one], by_id[two])
            for one, two in others
            if merges(by_id[one], by_id[two], threshold)
        ]
        print(f"  {threshold:.2f}: {', '.join(counts)}, others {len(wrong)}")
        print_pairs(wrong)
    missed = [
        (by_id[one], by_id[two])
        for one, two in sorted(labels["same"])
        if not merges(by_id[one], by_id[two], DEFAULT_THRESHOLD)
    ]
    print("  missed:")
    print_pairs(missed)


def load_table(name: str) -> dict[str, Any]:
    """Return a TOML file of this folder."""
    return tomllib.loads((Path(__file__).parent / name).read_text("utf-8"))


def as_pairs(pairs: Iterable[Sequence[str]]) -> set[Pair]:
    return {(min(pair), max(pair)) for pair in pairs}


def candidate_pairs(pages: Iterable[ExtractedPage]) -> list[Pair]:
    """Return the pairs of different sites that share at least 20 runs of eight words."""
    ids_by_run: dict[tuple[str, ...], list[ExtractedPage]] = defaultdict(list)
    for page in pages:
        words = significant_words(page.story.text)
        for run in {tuple(words[start : start + 8]) for start in range(len(words) - 7)}:
            ids_by_run[run].append(page)
    shared: dict[Pair, int] = defaultdict(int)
    for group in ids_by_run.values():
        for one, other in combinations(group[:20], 2):
            if one.site and other.site and one.site != other.site:
                shared[min(one.id, other.id), max(one.id, other.id)] += 1
    return sorted(pair for pair, count in shared.items() if count >= 20)


def print_pairs(pairs: Iterable[tuple[ExtractedPage, ExtractedPage]]) -> None:
    for one, other in pairs:
        print(
            f"    {one.site}: {one.story.title[:60]!r} / {other.site}: {other.story.title[:60]!r}"
        )


# --- made copies ---


def print_made_copies(pages: Sequence[ExtractedPage]) -> None:
    chance = random.Random(15)  # noqa: S311 -- repeatable
    usable = [page for page in pages if len(page.story.text.split()) >= MIN_COPIED_WORDS]
    chosen = chance.sample(usable, MADE_COPIES)
    index = StoryIndex(NOW, [page.story for page in chosen])
    print(f"\nmade copies of {len(chosen)} articles, on another site")
    for name, make in COPIES.items():
        copies = []
        for page in chosen:
            text = make(page.story.text, chance.choice(usable).story.text)
            title = new_headline(page.story.text)
            url = "https://elsewhere.example/copy"
            copies.append(replace(page.story, id="copy", url=url, title=title, text=text))
        shares = []
        for threshold in THRESHOLDS:
            found = sum(
                is_same_story(page.story, copy, threshold)
                for page, copy in zip(chosen, copies, strict=True)
            )
            shares.append(f"{threshold:.2f}: {found / len(chosen):.1%}")
        found = sum(index.find(copy) == page.id for page, copy in zip(chosen, copies, strict=True))
        shares.append(f"in an index of all: {found / len(chosen):.1%}")
        print(f"  {name}: {', '.join(shares)}")


def new_headline(text: str) -> str:
    """Return a headline from words of the article's second paragraph."""
    paragraphs = [line for line in text.split("\n") if len(line.split()) >= 6] or [text]
    return " ".join(paragraphs[min(1, len(paragraphs) - 1)].split()[:8])


def trim_end(text: str, _other: str) -> str:
    words = text.split(" ")
    return " ".join(words[: int(len(words) * 0.6)])


def insert_agency_lines(text: str, _other: str) -> str:
    first, _, rest = text.partition("\n")
    credit = "Reporting by the Coast News Agency; editing by Jane Doe and John Roe, 14:05 GMT"
    return f"PORT ELLIS, Nov. 30 (CNA) – {first}\n{rest}\n{credit}"


def add_boilerplate(text: str, other: str) -> str:
    """Return the text between the first 30 and the last 40 words of another site's article."""
    words = other.split()
    return f"{' '.join(words[:30])}\n{text}\n{' '.join(words[-40:])}"


def edit_words(text: str, other: str) -> str:
    """Return the text with every 30th word replaced, as editors do."""
    words, others = text.split(" "), other.split()
    for place in range(15, len(words), 30):
        words[place] = others[place % len(others)]
    return " ".join(words)


def drop_paragraphs(text: str, _other: str) -> str:
    """Return the text without every fourth paragraph."""
    return "\n".join(line for n, line in enumerate(text.split("\n"), 1) if n % 4)


def combine(text: str, other: str) -> str:
    words = text.split(" ")
    trimmed = " ".join(words[: int(len(words) * 0.75)])
    return add_boilerplate(insert_agency_lines(edit_words(trimmed, other), ""), other)


COPIES: dict[str, Callable[[str, str], str]] = {
    "another headline": lambda text, _other: text,
    "trimmed to 60 %": trim_end,
    "agency lines inserted": insert_agency_lines,
    "another site's boilerplate": add_boilerplate,
    "every 30th word edited": edit_words,
    "every fourth paragraph dropped": drop_paragraphs,
    "trimmed to 75 %, agency lines, boilerplate, edited": combine,
}


# --- made series ---

STREETS = ("Elm", "Oak", "Birch", "Castle", "Harbour", "Mill", "Church", "Station", "Lake", "Hill")


def print_made_series() -> None:
    print("\nmade series: merges among ten issues, two sites, on one day and a day apart each")
    for series in load_table("similar_series.toml")["series"]:
        merged = pairs = 0
        for days, hosts in ((0, 1), (1, 1), (0, 2), (1, 2)):
            issues = [make_issue(series, n, days, hosts) for n in range(10)]
            found = [is_same_story(*pair) for pair in combinations(issues, 2)]
            merged, pairs = merged + sum(found), pairs + len(found)
        print(f"  {series['name']}: {merged} of {pairs}")


def make_issue(series: Mapping[str, str], n: int, days: int, hosts: int) -> Story:
    published = NOW + timedelta(days=n * days)
    values = {
        "n": n + 11,
        "m": 17 + 7 * n,
        "k": 120 + 13 * n,
        "day": f"{n + 1} March",
        "later": f"{n + 9} March",
        "street": STREETS[n],
    }
    url = f"https://town{n % hosts}.example/{n}"
    title, text = series["title"].format(**values), series["text"].format(**values)
    return Story(str(n), url, title, text, published)


# --- cost ---


def print_cost(pages: Sequence[ExtractedPage]) -> None:
    stories = [page.story for page in pages[:MAX_ENTRIES]]
    start = time.process_time()
    index = StoryIndex(NOW, stories)
    built = time.process_time()
    looked_up = pages[MAX_ENTRIES : MAX_ENTRIES + 100]
    for page in looked_up:
        index.find(page.story)
    found = time.process_time()
    print(f"\nindex of {len(stories)} entries: {(built - start) * 1000:.0f} ms")
    print(f"looking one article up: {(found - built) * 1000 / len(looked_up):.2f} ms")


if __name__ == "__main__":
    main()
