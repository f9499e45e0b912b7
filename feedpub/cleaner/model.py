"""The learned judgement: features of blocks → how probably each belongs to the article.

Owns the model's files and its arithmetic. The trees are oblivious: every level of a tree asks one question of all
blocks, so that a block's answers are the binary number of its leaf, and all trees of a page are asked at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
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
        leaf = np.zeros((trees, table.shape[1]), dtype=np.uint8)
        for level in range(depth):
            above = table[self.feature[:, level]] > self.border[:, level, np.newaxis]
            leaf |= above.view(np.uint8) << np.uint8(level)
        starts = np.arange(trees)[:, np.newaxis] * self.leaves.shape[1]
        odds = self.leaves.ravel()[starts + leaf].sum(axis=0, dtype=np.float64) + self.bias
        probabilities: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
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
    return read(files("feedpub.cleaner") / "data")


def read(folder: Traversable) -> Model:
    """A model as `save` has written it."""
    words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    names = {term: (own, parent, around) for term, (own, parent, around) in words["names"].items()}
    with (folder / TREES).open("rb") as file, np.load(file) as trees:
        return Model(
            Vocabulary(names, words["texts"]),
            tuple(words["features"]),
            trees["feature"].astype(np.int32),
            trees["border"],
            trees["leaves"].astype(np.float32),
            float(trees["bias"]),
        )
