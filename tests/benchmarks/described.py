"""Find the pages whose editor wrote a description, to compare summaries with it.

The text is the benchmark's gold text, or feedpub's if a set has none. The text is measured without
the description. A description counts if it is long enough, ends like a sentence, appears on only
one page of its site, and is related to the text. Its relation to the text has four kinds:

    own words     the text does not contain it: the text is used unchanged
    taken out     the text contains it, as a standfirst or as its opening: the sentences that
                  repeat it are removed from the text
    left in       the text contains it, but not as its opening, and keeps it
    opening       the text begins with it, and keeps it: the measure is how much of the
                  beginning a summary repeats
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from feedpub import extract
from feedpub.cleaner import metadata
from feedpub.cleaner.summary import split_sentences
from feedpub.cleaner.summary.editorial import to_plain_text
from feedpub.cleaner.summary.sentences import is_finished, split_paragraphs, squash_spaces
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html
from tests.benchmarks.examples import Row, rows
from tests.benchmarks.rouge import grams, words

DATASETS = ("wcxb-articles", "newspaper", "fundus", "trafilatura")
KINDS = ("own words", "taken out", "left in", "opening")
SHORTEST = 60  # characters of a description
SHORTEST_TEXT = 500
START = 50  # letters of a description that are looked for at the text's beginning
BEGINNING = 200  # letters of the text that count as its beginning
TOLD = 0.5  # shared three-word runs with which a sentence repeats the description
RELATED = 0.3  # of a description's words that the text has; slogans of a site have fewer


@dataclass(frozen=True, slots=True)
class Described:
    """A page with its editor's description."""

    id: str
    site: str
    language: str
    title: str
    text: str
    description: str
    kind: str = ""


def pages_with_descriptions(data: Path) -> list[Described]:
    """Return every page with a usable description, once for each kind that it belongs to."""
    with ProcessPoolExecutor(2) as pool:
        named = [row for name in DATASETS for row in rows(data, name)]
        pages = [page for page in pool.map(_read, named, chunksize=20) if page]
    seen = Counter((page.site, squash_spaces(page.description)) for page in pages)
    return [
        case
        for page in pages
        if seen[page.site, squash_spaces(page.description)] == 1 and _is_real(page)
        for case in _cases(page)
    ]


def _read(row: Row) -> Described | None:
    try:
        head = metadata.read_metadata(parse_html(row.html, row.url), row.url)
        text = row.text or extract(row.html, row.url).text
    except ExtractError:
        return None
    return Described(
        id=row.id,
        site=row.site,
        language=(head.language or "en")[:2].lower(),
        title=row.title or head.title,
        text=text,
        description=to_plain_text(head.description or ""),
    )


def _is_real(page: Described) -> bool:
    described_words, text = set(words(page.description)), set(words(f"{page.title} {page.text}"))
    return (
        len(page.description) >= SHORTEST
        and len(page.text) >= SHORTEST_TEXT
        and is_finished(page.description)
        and not page.description.endswith(("…", "..."))
        and len(described_words & text) >= RELATED * len(described_words)
    )


def _cases(page: Described) -> Iterator[Described]:
    runs = grams(page.description)
    shared = len(runs & grams(page.text)) / max(1, len(runs))
    opens = 0 <= squash_spaces(page.text).find(squash_spaces(page.description)[:START]) <= BEGINNING
    if not opens and shared <= TOLD:
        yield replace(page, kind="own words")
        return
    yield replace(page, kind="opening" if opens else "left in")
    rest = _taken_out(page)
    if len(rest) >= SHORTEST_TEXT:
        yield replace(page, kind="taken out", text=rest)


def _taken_out(page: Described) -> str:
    """Return the text without the sentences that repeat the description."""
    runs = grams(page.description)
    kept = (
        " ".join(part for part in split_sentences(line, page.language) if not _tells(part, runs))
        for line in split_paragraphs(page.text)
    )
    return "\n".join(line for line in kept if line)


def _tells(sentence: str, runs: set[tuple[str, ...]]) -> bool:
    own = grams(sentence)
    return len(own & runs) >= TOLD * max(1, min(len(own), len(runs)))
