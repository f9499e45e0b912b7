"""Train the cleaner's model, and print its scores on unseen sites.

    python -m tests.benchmarks.train_blocks --data ../shared/bench/extraction --write FILE

Needs scikit-learn, catboost and tldextract. Every figure is cross-validated: the pages of a site
are judged by a model that saw no page of that site. `--write` then trains on all pages and writes
the model to FILE.
"""

import argparse
import json
import time
import warnings
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from catboost import CatBoostClassifier  # type: ignore[import-not-found,import-untyped,unused-ignore]
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from tldextract import TLDExtract

from feedpub.cleaner.classifier import Model, save_model
from feedpub.cleaner.extract import select_content
from feedpub.cleaner.features import measure_features
from feedpub.cleaner.page import PageContext
from feedpub.cleaner.vocabulary import Vocabulary, terms_in_names
from tests.benchmarks.bench import metrics, segment_shares
from tests.benchmarks.examples import Example, examples

FOLDS = 5
SITES = 4  # a term of fewer sites is too specific to learn
NAME_STRENGTH, TEXT_STRENGTH = 0.005, 0.03  # of a linear model's weights against their penalty
MOST_STEPS = 50
SMALLEST = 0.1  # weights below this are not worth a line in the model
# every n-th page has unknown words: most languages have too few pages here to learn them
FOREIGN = 4
PLACES = "opa"  # own box, parent, further around
TREES = {
    "iterations": 400,
    "depth": 6,
    "learning_rate": 0.08,
    "border_count": 63,
    "l2_leaf_reg": 10,
    "rsm": 0.3,
    "bootstrap_type": "Bernoulli",
    "sampling_frequency": "PerTree",
    "leaf_estimation_iterations": 1,
    "subsample": 0.7,
    "random_seed": 1,
    "thread_count": 2,
    "verbose": 0,
    "allow_writing_files": False,
}

Rows = Callable[[Example], Iterator[Sequence[str]]]
Labels = npt.NDArray[np.int8]
Weights = npt.NDArray[np.float64]
Table = npt.NDArray[np.float32]


def main() -> None:
    options = _options()
    pages = [page for page in examples(options.data / "data", options.cache) if any(page.weights)]
    training = Training.from_pages(pages)
    folds = list(GroupKFold(FOLDS).split(pages, groups=_domains(pages)))
    tables: list[Table] = [np.empty(0, np.float32)] * len(pages)
    lessons = list(tables)
    for train, test in folds:
        known = training.vocabulary(train)
        for number in test:
            tables[number] = table(pages[number], known)
            lessons[number] = lesson(pages[number], number, known)
        _tell("words")
    judged: list[Weights] = [np.empty(0)] * len(pages)
    for train, test in folds:
        trees = training.boost(train, lessons)
        for number in test:
            judged[number] = trees.predict_proba(tables[number])[:, 1]
        _tell("trees")
    report(pages, judged, options.data)
    if options.write:
        everything = np.arange(len(pages))
        known = training.vocabulary(everything)
        lessons = [lesson(page, number, known) for number, page in enumerate(pages)]
        save_model(_model(known, training.boost(everything, lessons)), options.write)


def _tell(what: str) -> None:
    print(f"{time.process_time():.0f} s: {what}", flush=True)


def table(page: Example, known: Vocabulary) -> Table:
    """Return the features of a page's blocks, in the order in which they are measured."""
    return measure_features(page.reading, known).T


def lesson(page: Example, number: int, known: Vocabulary) -> Table:
    """Return the features to learn from.

    Every fourth page is treated as if its language were unknown.
    """
    return table(page, known if number % FOREIGN else Vocabulary(known.names))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/bench/extraction"))
    parser.add_argument("--cache", type=Path, default=Path("/tmp/feedpub-examples.pickle"))  # noqa: S108 -- a cache
    parser.add_argument("--write", type=Path, help="train on all pages and write the model here")
    return parser.parse_args()


def _domains(pages: Sequence[Example]) -> list[str]:
    """Return registered domains: the subdomains of one publisher are one site."""
    known = TLDExtract(suffix_list_urls=())
    return [known(page.row.site).top_domain_under_public_suffix or page.row.site for page in pages]


@dataclass(frozen=True)
class Terms:
    """The terms of all known blocks, a row per block, and the weight of a linear model's terms."""

    index: dict[str, int]
    table: sparse.csr_matrix

    @classmethod
    def from_pages(cls, pages: Sequence[Example], rows: Rows) -> "Terms":
        """Choose every term that several sites use."""
        sites: dict[str, set[str]] = defaultdict(set)
        for page in pages:
            for term in {term for terms in rows(page) for term in terms}:
                sites[term].add(page.row.site)
        index = {
            term: n
            for n, term in enumerate(sorted(t for t, seen in sites.items() if len(seen) >= SITES))
        }
        starts, columns = [0], array("i")
        for page in pages:
            for terms, weight in zip(rows(page), page.weights, strict=True):
                if weight:
                    columns.extend([index[term] for term in terms if term in index])
                    starts.append(len(columns))
        shape = (len(starts) - 1, len(index))
        table = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=shape)
        table.sum_duplicates()
        return cls(index, table)

    def weights(
        self,
        known: npt.NDArray[np.bool_],
        labels: Labels,
        weights: Weights,
        strength: float,
    ) -> dict[str, float]:
        """Return the weight that a logistic regression over the chosen rows gives each term."""
        model = LogisticRegression(C=strength, max_iter=MOST_STEPS, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the step limit: more steps gain nothing
            model.fit(self.table[known], labels[known], weights[known] / weights[known].mean())
        return {
            term: float(w)
            for term, w in zip(self.index, model.coef_[0], strict=True)
            if abs(w) >= SMALLEST
        }


def vocabulary(names: dict[str, float], texts: dict[str, float]) -> Vocabulary:
    """Train two linear models in their shipped form."""
    placed: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for term, weight in names.items():
        placed[term[1:]][PLACES.index(term[0])] = round(weight, 2)
    own = {term: (weights[0], weights[1], weights[2]) for term, weights in sorted(placed.items())}
    return Vocabulary(own, {term: round(weight, 2) for term, weight in sorted(texts.items())})


def name_rows(page: Example) -> Iterator[Sequence[str]]:
    """Return the terms in each block's names, marked by position: own, parent, around."""
    boxes = page.reading.layout.boxes
    terms = [terms_in_names(box.name) for box in boxes]
    around: list[list[str]] = []
    for box, own in zip(boxes, terms, strict=True):
        outer = around[box.parent] if around else []
        around.append(outer + [f"a{term}" for term in own])
    for block in page.reading.layout.blocks:
        parent = boxes[block.box].parent
        own = terms[block.box] + (terms_in_names(block.wrapper) if block.wrapper else [])
        yield [
            *(f"o{term}" for term in own),
            *(f"p{term}" for term in terms[parent]),
            *around[boxes[parent].parent],
        ]


def text_rows(page: Example) -> Iterator[Sequence[str]]:
    """Return the terms of each block's own words."""
    return page.reading.terms()


@dataclass(frozen=True)
class Training:
    """The training data: the known blocks of all pages, one page after the other.

    Attributes:
        owner: the number of its page, for each known block.
    """

    pages: Sequence[Example]
    owner: npt.NDArray[np.int64]
    labels: Labels
    weights: Weights
    names: Terms
    texts: Terms

    @classmethod
    def from_pages(cls, pages: Sequence[Example]) -> "Training":
        """Collect the known blocks of pages."""
        weights = np.concatenate([np.array(page.weights) for page in pages])
        labels = np.concatenate([np.array(page.labels, dtype=np.int8) for page in pages])
        owner = np.repeat(np.arange(len(pages)), [len(page.weights) for page in pages])
        known = weights > 0
        terms = (Terms.from_pages(pages, name_rows), Terms.from_pages(pages, text_rows))
        return cls(pages, owner[known], labels[known], weights[known], *terms)

    def vocabulary(self, numbers: npt.NDArray[np.int64]) -> Vocabulary:
        """Return the weights of the words, learned from the numbered pages."""
        known = np.isin(self.owner, numbers)
        names = self.names.weights(known, self.labels, self.weights, NAME_STRENGTH)
        return vocabulary(
            names, self.texts.weights(known, self.labels, self.weights, TEXT_STRENGTH)
        )

    def boost(self, numbers: npt.NDArray[np.int64], lessons: Sequence[Table]) -> CatBoostClassifier:
        """Train oblivious trees over the features of the known blocks of these pages."""
        table = np.concatenate(
            [lessons[number][np.array(self.pages[number].weights) > 0] for number in numbers]
        )
        known = np.isin(self.owner, numbers)
        weights = self.weights[known]
        return CatBoostClassifier(**TREES).fit(
            table, self.labels[known], sample_weight=weights / weights.mean()
        )


def _model(known: Vocabulary, trees: CatBoostClassifier) -> Model:
    """Return the shipped form of trained trees: questions and leaves as arrays."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "trees.json"
        trees.save_model(str(file), format="json")
        stored = json.loads(file.read_text())
    depth = max(len(tree["splits"]) for tree in stored["oblivious_trees"])
    feature, border, leaves = [], [], []
    for tree in stored["oblivious_trees"]:
        # The questions added to a shallower tree are always false.
        missing = depth - len(tree["splits"])
        feature.append([split["float_feature_index"] for split in tree["splits"]] + [0] * missing)
        border.append([split["border"] for split in tree["splits"]] + [np.inf] * missing)
        leaves.append(tree["leaf_values"] + [0.0] * (2**depth - len(tree["leaf_values"])))
    scale, (bias,) = stored["scale_and_bias"]
    return Model(known, np.array(feature), np.array(border), np.array(leaves) * scale, bias)


def report(
    pages: Sequence[Example], judged: Sequence[npt.NDArray[np.float64]], bench: Path
) -> None:
    """Print the benchmark's own figures for the kept blocks, a line a data set."""
    measure = metrics(bench)
    shingles, segments, word = defaultdict(list), defaultdict(list), defaultdict(list)
    for page, probabilities in zip(pages, judged, strict=True):
        case = PageContext(page.reading.layout, probabilities, Vocabulary(), title=page.row.title)
        kept = select_content(case).text
        if page.row.text is not None:
            shingles[page.row.dataset].append(measure.shingle_counts(kept, page.row.text))
            word[f"{page.row.dataset} {page.row.kind}"].append(measure.word_f1(kept, page.row.text))
        else:
            segments[page.row.dataset].append(
                measure.segments(kept, page.row.must, page.row.must_not)
            )
    for name, counts in shingles.items():
        print(
            name,
            len(counts),
            {key: round(value, 4) for key, value in measure.shingle_f1(counts).items()},
        )
    for name, counts in segments.items():
        print(
            name,
            len(counts),
            {key: round(value, 4) for key, value in segment_shares(counts).items()},
        )
    for name, scores in sorted(word.items()):
        print(name, len(scores), "word F1", round(sum(scores) / len(scores), 4))


if __name__ == "__main__":
    main()
