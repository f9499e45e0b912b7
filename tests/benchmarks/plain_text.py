"""Measure how well `extract_text` cleans texts that another program extracted from pages.

    pip install -e '.[bench]'
    python -m tests.benchmarks.plain_text --data ../shared/bench/extraction

prints precision and recall of 4-gram shingles before and after cleaning, in percent. The input is
the text that resiliparse extracts from each page; no line of such a text has markup.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType

import feedpub
from tests.benchmarks.bench import Shingles, metrics
from tests.benchmarks.examples import Row, rows
from tests.benchmarks.extractors import installed_extractors, resiliparse

SETS = ("newspaper", "fundus", "wcxb-articles")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/extraction"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--limit", type=int, help="pages of each data set")
    options = parser.parse_args()
    if "resiliparse" not in installed_extractors():
        sys.exit(
            "resiliparse is not installed, so there are no texts to clean: "
            "pip install -e '.[bench]'"
        )
    measure = metrics(options.data)
    for name in options.sets:
        pages = islice(rows(options.data / "data", name), options.limit)
        before, after = zip(*score_pages(pages, measure), strict=True)
        old, new = measure.shingle_f1(before), measure.shingle_f1(after)
        columns = (
            f"{what} {100 * old[key]:.1f} → {100 * new[key]:.1f}"
            for what, key in (("P", "p"), ("R", "r"))
        )
        print(f"{name:14}", *columns, sep="  ")


def score_pages(pages: Iterable[Row], measure: ModuleType) -> Iterator[tuple[Shingles, Shingles]]:
    """Yield for each page the shingles of resiliparse's text, before and after `extract_text`."""
    for page in pages:
        text = resiliparse(page.html, page.url).text
        yield (
            measure.shingle_counts(text, page.text),
            measure.shingle_counts(clean_text(text), page.text),
        )


def clean_text(text: str) -> str:
    """Return the article in a text; "" if there is none."""
    try:
        return feedpub.extract_text(text).text
    except feedpub.NoContentError:
        return ""


if __name__ == "__main__":
    main()
