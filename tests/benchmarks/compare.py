"""Compare feedpub with other extractors over the same pages: quality, CPU time and memory.

    pip install -e '.[bench]'
    python -m tests.benchmarks.compare --data ../shared/bench/extraction

prints Markdown tables. Quality is F1 of 4-gram shingles, followed by precision and recall, the
shares of wanted segments found and of unwanted ones leaked, and agreement of titles, authors and
dates. For pages that are not articles it is F1 of words by kind. Time is CPU in this process; the
extractors take turns on each page. Memory and time of large pages are measured on generated pages,
each in a new process (Linux only). An extractor that is not installed is skipped; one that raises
an error counts as having found nothing. `--profile` prints instead how feedpub's own time is
divided.

feedpub's model was trained on these very pages: train_blocks.py prints its scores on unseen sites.
"""

import argparse
import logging
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from types import ModuleType

from tests.benchmarks.bench import Segments, Shingles, metrics, segment_shares
from tests.benchmarks.examples import DATASETS, Row, rows
from tests.benchmarks.extractors import (
    PARSE,
    YARDSTICK,
    Extractor,
    Found,
    installed_extractors,
    missing_extractors,
)
from tests.benchmarks.one_page import page
from tests.benchmarks.stages import stages

LARGE = {"1 MB": 9_400, "3 MB": 28_000}  # paragraphs


@dataclass
class Scores:
    """The scores of one extractor on the pages of one data set or kind, one value per page."""

    shingles: list[Shingles] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    segments: list[Segments] = field(default_factory=list)
    titles: list[float] = field(default_factory=list)
    authors: list[float] = field(default_factory=list)
    dates: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0


Table = Mapping[str, Mapping[str, Scores]]
"""Scores by data set, or kind of page, and extractor."""


def main() -> None:
    options = _options()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    pages = _pages(options)
    if options.profile:
        print(table(["stage", "ms a page", "share"], stages(pages)))
        return
    if absent := missing_extractors():
        print(f"skipped, because not installed: {', '.join(absent)}", file=sys.stderr)
    extractors = installed_extractors()
    for extractor in extractors.values():
        extractor(page(20), None)  # one-time loading must not count
    found = scores(pages, extractors, metrics(options.data))
    names = [name for name in extractors if name != PARSE]
    print(table(["data set", *names], quality(found, names, metrics(options.data))), "\n")
    print(table(["time", *extractors], speed(found, extractors)), "\n")
    print(table(["one page", *extractors], large(extractors)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/extraction"))
    parser.add_argument("--sets", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--limit", type=int, help="pages of each data set")
    parser.add_argument(
        "--profile", action="store_true", help="print the time of each stage of feedpub"
    )
    return parser.parse_args()


def _pages(options: argparse.Namespace) -> Iterator[Row]:
    """Yield the pages of all data sets.

    Report each new data set, because all of them together take a while.
    """
    for name in options.sets:
        print(f"{name} …", file=sys.stderr, flush=True)
        yield from islice(rows(options.data / "data", name), options.limit)


def scores(pages: Iterable[Row], extractors: Mapping[str, Extractor], measure: ModuleType) -> Table:
    """Run every extractor on every page."""
    found: dict[str, dict[str, Scores]] = defaultdict(lambda: defaultdict(Scores))
    for row in pages:
        for name, extractor in extractors.items():
            of_set = found[row.dataset if row.kind == "article" else row.kind][name]
            start = time.process_time()
            try:
                result = extractor(row.html, row.url)
            except Exception:  # noqa: BLE001 -- whatever a peer raises, it has found nothing
                result = Found()
                of_set.failed += 1
            of_set.milliseconds.append(1000 * (time.process_time() - start))
            score(row, result, of_set, measure)
    return found


def score(row: Row, result: Found, of_set: Scores, measure: ModuleType) -> None:
    """Record the scores of an extractor's result, if the expected values are known."""
    if row.text is not None:
        of_set.shingles.append(measure.shingle_counts(result.text, row.text))
        of_set.words.append(measure.word_f1(result.text, row.text))
    if row.must or row.must_not:
        of_set.segments.append(measure.segments(result.text, row.must, row.must_not))
    if row.title:
        of_set.titles.append(float(measure.squash(result.title) == measure.squash(row.title)))
    if row.authors:
        expected, found = (
            {measure.squash(name) for name in names} for names in (row.authors, result.authors)
        )
        of_set.authors.append(2 * len(found & expected) / len([*found, *expected]))
    if row.date:
        of_set.dates.append(float(result.date[:10] == row.date[:10]))


def quality(found: Table, names: Sequence[str], measure: ModuleType) -> Iterator[Sequence[str]]:
    """Yield the rows about quality."""
    for dataset, by_name in found.items():
        columns = {
            name: _format_scores(by_name[name], measure, articles=dataset in DATASETS)
            for name in names
        }
        for what in columns[names[0]]:
            yield [f"{dataset}: {what}", *(columns[name][what] for name in names)]


def _format_scores(of_set: Scores, measure: ModuleType, *, articles: bool) -> dict[str, str]:
    """Return the scores of a data set by column title.

    Pages that are not articles have only the F1 of words.
    """
    if not articles:
        return {"word F1": f"{fmean(of_set.words):.3f}"}
    columns = {}
    if of_set.shingles:
        columns["F1 (P / R)"] = "{f1:.3f} ({p:.3f} / {r:.3f})".format(
            **measure.shingle_f1(of_set.shingles)
        )
    else:
        columns |= {
            f"segments {what}": f"{share:.3f}"
            for what, share in segment_shares(of_set.segments).items()
        }
    for what in ("titles", "authors", "dates"):
        if values := getattr(of_set, what):
            columns[what] = f"{fmean(values):.3f}" if any(values) else "–"
    return columns


def speed(found: Table, names: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield the rows about time over all pages, and the number of pages that raised an error."""
    spent = {
        name: [ms for by_name in found.values() for ms in by_name[name].milliseconds]
        for name in names
    }
    means = {name: fmean(values) for name, values in spent.items()}
    yield ["CPU ms a page, mean", *(f"{mean:.1f}" for mean in means.values())]
    yield ["CPU ms a page, median", *(f"{median(values):.1f}" for values in spent.values())]
    for other in (YARDSTICK, PARSE):
        if other in means:
            yield [
                f"mean, in those of {other}",
                *(f"{mean / means[other]:.2f}" for mean in means.values()),
            ]
    yield [
        "pages that raised an error",
        *(str(sum(by[name].failed for by in found.values())) for name in spent),
    ]


def large(names: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield the rows about large generated pages."""
    costs = {(size, name): _cost(name, count) for size, count in LARGE.items() for name in names}
    for size, count in LARGE.items():
        title = f"{size} ({count:,} paragraphs, {len(page(count)) / 1e6:.1f} MB)"
        yield [f"{title}: MB of memory", *(costs[size, name][0] for name in names)]
        yield [f"{title}: s of CPU", *(costs[size, name][1] for name in names)]


def _cost(name: str, paragraphs: int) -> Sequence[str]:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.benchmarks.one_page",
        name,
        "--paragraphs",
        str(paragraphs),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    return ran.stdout.split() if ran.returncode == 0 else ("failed", "failed")


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


if __name__ == "__main__":
    main()
