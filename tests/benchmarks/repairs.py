"""Count how often the list of a real listing page is found again after its layout changed.

    python -m tests.benchmarks.repairs [--verbose]

The pages and labels are those of `tests.benchmarks.listings`. Only pages whose list is found take
part; that list is the known one. Each page is changed in three ways: every class and id is
renamed, as a build tool names them; every semantic element becomes a <div>; both. A list counts as
found if the proposal has at least nine tenths of it.
"""

import hashlib
import json
import lzma
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from feedpub.core.article_keys import url_key
from feedpub.core.models import Page
from feedpub.pipeline.repair.candidates import FoundList, compare_selectors
from feedpub.pipeline.repair.similarity import KnownArticles, normalize_title
from feedpub.sources.listing_page import items_in
from tests.benchmarks.listings import KINDS, PAGES, compare_with_label, labels

LIMIT = 50  # articles of a list
ENOUGH = 0.9  # of them
NO_MORE = ".a-list-that-is-gone h2 a"  # the selector of the config
_NAMES = re.compile(r'\b(class|id)="([^"]*)"')
_TELLING = re.compile(r"<(/?)(?:article|section|main|aside|header|h[1-6])\b")


def rename_classes(html: str) -> str:
    """Rename every class and id to a meaningless name."""
    return _NAMES.sub(
        lambda found: f'{found[1]}="{" ".join(map(_made_up, found[2].split()))}"', html
    )


def flatten_elements(html: str) -> str:
    """Replace every semantic element with a <div>."""
    return _TELLING.sub(r"<\1div", html)


CHANGES: Mapping[str, Callable[[str], str]] = {
    "renamed": rename_classes,
    "flattened": flatten_elements,
    "both": lambda html: flatten_elements(rename_classes(html)),
}


@dataclass(frozen=True)
class Case:
    """A page before its change, and its known list."""

    url: str
    html: str
    known: KnownArticles

    def repair(self, change: Callable[[str], str]) -> FoundList | None:
        """Return the proposal after a change; None if there is none or it lacks articles."""
        best = compare_selectors(_page(self.url, change(self.html)), NO_MORE, self.known).best
        return (
            best if best and best.likeness.covers_known >= ENOUGH * self.known.usual_items else None
        )


def cases(file: Path) -> Iterator[Case]:
    """Yield the labelled pages whose list is found."""
    known = labels()
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["kind"] in KINDS and record["id"] in known:
                page = _page(record["url"], record["html"])
                if compare_with_label(known[record["id"]], page).right:
                    yield Case(record["url"], record["html"], _known_articles(page))


def _known_articles(page: Page) -> KnownArticles:
    items = items_in(page)[:LIMIT]
    keys = frozenset(url_key(item.url or "") for item in items)
    return KnownArticles(
        keys, frozenset(normalize_title(item.title) for item in items), len(keys), LIMIT
    )


def _page(url: str, html: str) -> Page:
    return Page(url, html.encode("utf-8", "replace"), "text/html", "utf-8")


def _made_up(name: str) -> str:
    return f"c{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def main() -> None:
    """Print the table."""
    shared = Path(os.environ.get("FEEDPUB_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    found: dict[str, list[FoundList | None]] = {name: [] for name in CHANGES}
    for case in cases(shared / PAGES):
        for name, change in CHANGES.items():
            found[name].append(case.repair(change))
            if "--verbose" in sys.argv:
                best = found[name][-1]
                print(
                    f"{case.url}: {name}: "
                    f"{f'{best.selector}: {best.likeness}' if best else 'not found'}"
                )
    for name, each in found.items():
        again = [best for best in each if best]
        alone = sum(best.selector is None for best in again)
        print(f"{name}: {len(again)} of {len(each)}, {alone} of them by the page's structure alone")


if __name__ == "__main__":
    main()
