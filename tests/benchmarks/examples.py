"""Read the development pages as blocks with labels, and cache them in a file.

Training and its evaluation use them.
"""

import base64
import json
import lzma
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from feedpub.cleaner.metadata.elements import collect_elements
from feedpub.cleaner.segment import segment
from feedpub.cleaner.vocabulary import TokenizedPage, head_hints, tokenize_page
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html
from tests.benchmarks.labels import align, segments

FOUND = 0.6  # of the gold text; below it, page and gold text do not belong together
MOST = 3.0  # the weight of all blocks of a page
SEGMENT_WORDS = 300  # weight of a page with only segments known
DATASETS = ("wcxb-articles", "newspaper", "fundus", "trafilatura", "wcxb-other")


@dataclass(frozen=True, slots=True)
class Row:
    """A page of the benchmarks.

    Attributes:
        text: the full gold text; None if only segments of it are known.
        must, must_not: segments that belong to the text, and that do not.
        authors, date: metadata from the page; the date as YYYY-MM-DD. Empty if not known.
    """

    id: str
    dataset: str
    kind: str
    site: str
    url: str | None
    html: bytes
    title: str
    text: str | None
    must: Sequence[str]
    must_not: Sequence[str]
    authors: Sequence[str] = ()
    date: str = ""


@dataclass(slots=True)
class Example:
    """A page as the features see it, with a label and a weight (0: unknown) for each block."""

    row: Row
    reading: TokenizedPage
    labels: Sequence[bool]
    weights: Sequence[float]


def rows(data: Path, dataset: str) -> Iterator[Row]:
    """Yield the pages of a data set."""
    with lzma.open(data / f"{dataset}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield Row(
                id=str(row["id"]),
                dataset=dataset,
                kind=row.get("kind", "article"),
                site=row["site"],
                url=row.get("url") or None,
                html=row["html"].encode()
                if "html" in row
                else base64.b64decode(row["html_base64"]),
                title=row.get("title") or "",
                text=row.get("text"),
                must=row.get("must") or [],
                must_not=row.get("mustnot") or [],
                authors=row.get("authors") or (),
                date=row.get("date") or "",
            )


def examples(data: Path, cache: Path) -> list[Example]:
    """Return all readable pages, from the cache if it exists."""
    if cache.exists():
        return pickle.loads(cache.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 -- our own file
    with ProcessPoolExecutor() as pool:
        every = [row for dataset in DATASETS for row in rows(data, dataset)]
        found = [example for example in pool.map(_example, every, chunksize=20) if example]
    cache.write_bytes(pickle.dumps(found, protocol=5))
    return found


def _example(row: Row) -> Example | None:
    try:
        tree = parse_html(row.html)
    except ExtractError:
        return None
    layout = segment(tree)
    if not layout.blocks:
        return None
    reading = tokenize_page(layout, head_hints(collect_elements(tree)))
    labels, weights = _labels([block.text for block in layout.blocks], row)
    for box in layout.boxes:
        del box.element  # a tree cannot be stored, and is not used again
    for block in layout.blocks:
        block.pieces = [piece for piece in block.pieces if isinstance(piece, str)]
    return Example(replace(row, html=b""), reading, labels, weights)


def _labels(texts: Sequence[str], row: Row) -> tuple[list[bool], list[float]]:
    words = [len(text.split()) for text in texts]
    if row.text is None:
        known = segments(texts, row.must, row.must_not)
        weights = [
            _weight(count, SEGMENT_WORDS) * (number in known) for number, count in enumerate(words)
        ]
        return [known.get(number, False) for number in range(len(texts))], weights
    labels, found = align(texts, row.text)
    weights = [_weight(count, len(row.text.split())) * (found >= FOUND) for count in words]
    # A page with far more text than its gold text suggests that the gold text is cut off.
    scale = min(1.0, MOST / max(sum(weights), 1.0))
    return labels, [weight * scale for weight in weights]


def _weight(words: int, gold: int) -> float:
    """Weigh long blocks more and those of long articles less, as a page's score does."""
    return (min(words, 100) + 3) / (min(max(gold, 60), 3000) + 60) if words else 0.0
