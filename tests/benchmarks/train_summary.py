"""Train the weights for choosing sentences, and print their scores on unseen sites.

    python -m tests.benchmarks.train_summary --data ../shared/bench/extraction

Needs scipy. The model is a softmax over the choices of an article: its weights maximise the
probability of the choices that resemble the editor's description (mean of ROUGE-1, -2 and -L). The
script writes no file: the printed weights belong in feedpub/cleaner/summary/extractive.py. The
last weight, for sentences that depend on others, is not learned: editors' descriptions contain no
information about how a text reads that leaves sentences out.
"""

import argparse
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped]

from feedpub.cleaner.summary.extractive import MAX_SENTENCES, Measures, features, measure
from feedpub.cleaner.summary.sentences import join_sentences, prose_sentences
from tests.benchmarks.described import KINDS, Described, pages_with_descriptions
from tests.benchmarks.rouge import rouge

FOLDS = 5
ROOMS = (300, 200)  # max_chars
TEMPERATURE = 0.05  # of the wanted distribution: 0.05 more ROUGE make a choice e times as likely
PENALTY = 0.001  # of squared weights, all measures scaled to deviation 1
SHARES = {
    "own words": 1,
    "taken out": 1,
    "left in": 1,
    "opening": 2,
}  # one page in n of a kind is learned from
FIRST, CENTRAL, TOGETHER = (
    7,
    4,
    3,
)  # choices learned from: up to three of the first seven and the four most central

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """An article's choices: the measures of each, and its similarity to the description.

    `opening` is the number of the longest choice that consists of the first sentences only.
    """

    page: Described
    measured: Table
    likeness: Table
    opening: int


def cases(pages: Sequence[Described]) -> Iterator[Case]:
    """Yield every page with every length limit, if there is anything to choose."""
    for page in pages:
        found = list(islice(prose_sentences(page.text, page.title, page.language), MAX_SENTENCES))
        measures = measure(found, page.title, page.language)
        for room in ROOMS:
            choices = list(_choices(measures, room))
            if len(choices) > 1:
                summaries = [join_sentences([found[i].text for i in choice]) for choice in choices]
                yield Case(
                    page,
                    np.array([features(measures, choice, room)[:-1] for choice in choices]),
                    np.array([fmean(rouge(text, page.description)) for text in summaries]),
                    max(
                        number
                        for number, choice in enumerate(choices)
                        if number == 0 or _opens(choice)
                    ),
                )


def learn(learned: Sequence[Case]) -> Table:
    """Return the weights that make the wanted choices most likely."""
    table = np.vstack([case.measured for case in learned])
    scale = table.std(axis=0) + 1e-9
    table /= scale
    starts = np.cumsum([0, *(len(case.likeness) for case in learned)])
    owner = np.repeat(np.arange(len(learned)), np.diff(starts))
    wanted = np.concatenate([_softmax(case.likeness / TEMPERATURE) for case in learned])

    def loss(weights: Table) -> tuple[float, Table]:
        scores = table @ weights
        scores -= np.maximum.reduceat(scores, starts[:-1])[owner]
        likely = np.exp(scores)
        likely /= np.add.reduceat(likely, starts[:-1])[owner]
        value = (
            -(wanted * np.log(likely + 1e-12)).sum() / len(learned) + PENALTY * weights @ weights
        )
        return float(value), table.T @ (likely - wanted) / len(learned) + 2 * PENALTY * weights

    found: Table = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B").x
    weights: Table = found / scale
    return weights


def evaluate(all_cases: Sequence[Case]) -> None:
    """Print how closely the best choices match the description, on unseen sites."""
    got: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in KINDS}
    for fold in range(FOLDS):
        weights = learn([case for case in _sample(all_cases) if _fold(case) != fold])
        for case in (case for case in all_cases if _fold(case) == fold):
            chosen = case.likeness[(case.measured @ weights).argmax()]
            got[case.page.kind].append((chosen, case.likeness[case.opening], case.likeness.max()))
    print(f"{'':12}  cases  learned  first sentences  best possible")
    for kind, values in got.items():
        chosen, first, most = (100 * fmean(column) for column in zip(*values, strict=True))
        print(f"{kind:12} {len(values):6} {chosen:8.2f} {first:16.2f} {most:14.2f}")


def _opens(choice: tuple[int, ...]) -> bool:
    return choice == tuple(range(len(choice)))


def _sample(all_cases: Sequence[Case]) -> list[Case]:
    return [
        case
        for case in all_cases
        if zlib.crc32(case.page.id.encode()) % SHARES[case.page.kind] == 0
    ]


def _choices(measures: Measures, room: int) -> Iterator[tuple[int, ...]]:
    count = len(measures.lengths)
    central = sorted(range(count), key=lambda i: -measures.central[i])[:CENTRAL]
    pool = sorted({*range(min(FIRST, count)), *central})
    for together in range(1, TOGETHER + 1):
        for choice in combinations(pool, together):
            if sum(measures.lengths[i] + 1 for i in choice) - 1 <= room:
                yield choice


def _fold(case: Case) -> int:
    return zlib.crc32(case.page.site.encode()) % FOLDS


def _softmax(values: Table) -> Table:
    likely = np.exp(values - values.max())
    shares: Table = likely / likely.sum()
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/extraction"))
    arguments = parser.parse_args()
    all_cases = list(cases(pages_with_descriptions(arguments.data / "data")))
    evaluate(all_cases)
    print("weights", ", ".join(f"{weight:.2f}" for weight in learn(_sample(all_cases))))


if __name__ == "__main__":
    main()
