"""Compare summaries and other methods with the descriptions that editors wrote.

    python -m tests.benchmarks.summaries --data ../shared/bench/extraction

needs nothing but feedpub and the data. For the columns of the other methods, `pip install sumy`
into a virtual environment that has feedpub and run it there; without sumy they are left out.

Every method has the same sentences (feedpub's first hundred, without headings and datelines) and
the same length: the length of `summarize`'s result is the number of characters, and the others
fill it with their best sentences in the text's order, the last one cut at the end of a word.
"first three" is lead-3. The figures are F1 of ROUGE-1 / -2 / -L in percent. Rows by language
contain only pages whose text does not repeat the description, or no longer does (described.py).
The weights of `summarize` were learned on these very pages: train_summary.py prints figures for
unseen sites.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from statistics import fmean

from feedpub.cleaner.summary import summarize
from feedpub.cleaner.summary.extractive import MAX_SENTENCES
from feedpub.cleaner.summary.sentences import join_sentences, prose_sentences
from tests.benchmarks.described import KINDS, Described, pages_with_descriptions
from tests.benchmarks.rouge import Scores, rouge

LANGUAGES = ("en", "de", "fr", "es")
HIDDEN = KINDS[:2]  # kinds whose text does not repeat the description
OURS = "summarize"

Ranking = Callable[[Sequence[str], str], Sequence[int]]  # sentences and their language → best first


def rankings() -> dict[str, Ranking]:
    """Return the other methods by name: the first sentences, and sumy's if it is installed."""
    found: dict[str, Ranking] = {"first three": lambda sentences, _: range(min(3, len(sentences)))}
    if find_spec("sumy"):
        from tests.benchmarks.summary_peers import PEERS  # noqa: PLC0415 -- needs sumy

        found |= PEERS
    else:
        print("sumy is not installed: its columns are left out", file=sys.stderr)
    return found


def score_page(page: Described, others: dict[str, Ranking], max_chars: int) -> dict[str, Scores]:
    """Return the score of each method on a page; nothing if there is no choice of sentences."""
    sentences = [
        sentence.text
        for sentence in islice(prose_sentences(page.text, page.title, page.language), MAX_SENTENCES)
    ]
    extracted = summarize(page.text, title=page.title, language=page.language, max_chars=max_chars)
    if len(sentences) <= 1 or not extracted:
        return {}
    summaries = {OURS: extracted}
    for name, rank in others.items():
        summaries[name] = fill_length(sentences, rank(sentences, page.language), len(extracted))
    return {name: rouge(text, page.description) for name, text in summaries.items()}


def fill_length(sentences: Sequence[str], order: Sequence[int], length: int) -> str:
    """Return the best sentences that fill a length, in the text's order.

    The last one is cut at the end of a word.
    """
    chosen: dict[int, str] = {}
    for number in order:
        room = length - sum(len(part) + 1 for part in chosen.values())
        if room <= 0:
            break
        chosen[number] = shorten(sentences[number], room)
    return join_sentences([chosen[number] for number in sorted(chosen)])


def shorten(text: str, room: int) -> str:
    """Cut a text at its last space within the limit, or at the limit if it has no spaces."""
    return text if len(text) <= room else re.sub(r"(?<=\S)\s+\S*$", "", text[: room + 1])[:room]


def rows(page: Described) -> Iterator[str]:
    """Yield the rows of the table that a page counts in."""
    yield page.kind
    if page.kind in HIDDEN:
        yield "not in the text"
        yield page.language if page.language in LANGUAGES else "other"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/extraction"))
    parser.add_argument("--max-chars", type=int, default=300)
    arguments = parser.parse_args()
    others = rankings()
    table: dict[str, list[dict[str, Scores]]] = defaultdict(list)
    for page in pages_with_descriptions(arguments.data / "data"):
        if scores := score_page(page, others, arguments.max_chars):
            for row in rows(page):
                table[row].append(scores)
    names = [OURS, *others]
    print(f"{'':16}{'pages':>6}", *(f"{name:>19}" for name in names))
    for row in ("not in the text", *LANGUAGES, "other", *KINDS):
        values = table[row]
        cells = (
            " / ".join(
                f"{100 * fmean(column):.1f}" for column in zip(*(v[n] for v in values), strict=True)
            )
            for n in names
        )
        print(f"{row:16}{len(values):6}", *(f"{cell:>19}" for cell in cells))


if __name__ == "__main__":
    main()
