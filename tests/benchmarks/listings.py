"""Count how often the right article list is found on labelled listing pages; list the misses.

    python -m tests.benchmarks.listings [--verbose]

The pages are in ../shared/bench/extraction and are not shipped; the labels are ours:
tests/sources/labelled.toml. A page is right if the list has every article that the label names,
and nothing that it forbids.
"""

import json
import lzma
import os
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from feedpub.core.errors import ExtractError
from feedpub.core.models import Page
from feedpub.sources.listing_page import items_in

LABELS = Path(__file__).parents[1] / "sources" / "labelled.toml"
PAGES = "bench/extraction/data/wcxb-other.jsonl.xz"
KINDS = ("listing", "collection")


@dataclass(frozen=True)
class Label:
    """The expected list of a page, labelled by hand."""

    id: str
    what: str
    must: tuple[str, ...]
    never: tuple[str, ...] = ()
    miss: str = ""


@dataclass(frozen=True)
class Verdict:
    """The result for a page.

    The missing articles, and the addresses that should not be listed.
    """

    label: Label
    url: str
    found: int
    missing: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def right(self) -> bool:
        return not (self.missing or self.wrong)


def labels() -> dict[str, Label]:
    """Return page id → label."""
    pages = tomllib.loads(LABELS.read_text("utf-8"))["page"]
    read = (
        Label(p["id"], p["what"], tuple(p["must"]), tuple(p.get("never", ())), p.get("miss", ""))
        for p in pages
    )
    return {label.id: label for label in read}


def verdicts(file: Path) -> Iterator[Verdict]:
    """Yield the verdict on each labelled page of the set."""
    known = labels()
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["kind"] in KINDS and record["id"] in known:
                page = Page(
                    record["url"], record["html"].encode("utf-8", "replace"), "text/html", "utf-8"
                )
                yield compare_with_label(known[record["id"]], page)


def compare_with_label(label: Label, page: Page) -> Verdict:
    """Compare the list found on a page with its label."""
    try:
        found = [item.url or "" for item in items_in(page)]
    except ExtractError:
        found = []
    missing = tuple(part for part in label.must if not any(_fits(part, url) for url in found))
    wrong = tuple(url for url in found if any(_fits(part, url) for part in label.never))
    return Verdict(label, page.url, len(found), missing, wrong)


def _fits(part: str, url: str) -> bool:
    return url.endswith(part[:-1]) if part.endswith("$") else part in url


def main() -> None:
    """Print the table."""
    shared = Path(os.environ.get("FEEDPUB_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    seen = list(verdicts(shared / PAGES))
    print("| page | what | found | missing | should not be there |\n|---|---|---|---|---|")
    for each in seen:
        if not each.right or "--verbose" in sys.argv:
            wrong = f"{len(each.wrong)}: {each.wrong[0]}" if each.wrong else ""
            print(
                f"| {each.url} | {each.label.what} | {each.found} "
                f"| {', '.join(each.missing)} | {wrong} |"
            )
    print(f"\nThe right list: {sum(each.right for each in seen)} of {len(seen)} pages.")


if __name__ == "__main__":
    main()
