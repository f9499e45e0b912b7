"""The learned judgement: features of blocks → how probably each belongs to the article.

Owns the model's file and its arithmetic. The trees are oblivious: every level of a tree asks one question of all
blocks, so a tree is a row of answers read as a binary number, and a page costs three numpy calls.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.vocabulary import Vocabulary

WORDS = "words.json"
TREES = "trees.npz"


@dataclass(frozen=True, slots=True)
class Model:
    """The weights.

    Attributes:
        vocabulary: of the names and words, whose sums are features themselves.
        names: the features, in the order of `feature`'s numbers.
        feature, border: of each tree's questions, shape (trees, depth): is the feature above the border?
        leaves: what each combination of answers adds to the log odds, shape (trees, 2 ** depth).
    """

    vocabulary: Vocabulary
    names: tuple[str, ...]
    feature: npt.NDArray[np.int32]
    border: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.float32]
    bias: float

    def probabilities(self, columns: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """For each block how probably it belongs to the article."""
        table = np.stack([columns[name] for name in self.names]).astype(np.float32)
        trees, depth = self.feature.shape
        above = table[self.feature.ravel()] > self.border.reshape(-1, 1)
        weights = (1 << np.arange(depth, dtype=np.int64)).reshape(1, depth, 1)
        leaf = (above.reshape(trees, depth, -1) * weights).sum(axis=1)
        odds = np.take_along_axis(self.leaves, leaf, axis=1).sum(axis=0) + self.bias
        probabilities: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds.astype(np.float64)))
        return probabilities


def save(model: Model, folder: Path) -> None:
    """Write a model's two files: its words as readable JSON, its trees as arrays."""
    words = {"names": model.vocabulary.names, "texts": model.vocabulary.texts, "features": model.names}
    (folder / WORDS).write_text(json.dumps(words, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    np.savez_compressed(
        folder / TREES,
        feature=model.feature.astype(np.uint8),
        border=model.border.astype(np.float32),
        leaves=model.leaves.astype(np.float16),
        bias=model.bias,
    )


@cache
def load() -> Model:
    """The model that feedpub ships."""
    data = files("feedpub.cleaner") / "data"
    words = json.loads((data / WORDS).read_text(encoding="utf-8"))
    names = {term: (own, parent, around) for term, (own, parent, around) in words["names"].items()}
    with (data / TREES).open("rb") as file, np.load(file) as trees:
        return Model(
            Vocabulary(names, words["texts"]),
            tuple(words["features"]),
            trees["feature"].astype(np.int32),
            trees["border"],
            trees["leaves"].astype(np.float32),
            float(trees["bias"]),
        )
