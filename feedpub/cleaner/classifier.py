"""The learned judgement: features of blocks → how probably each belongs to the article.

Owns the model's files and its arithmetic. The trees are oblivious: every level of a tree asks one
question of all blocks, so that a block's answers are the binary number of its leaf, and all trees
of a page are asked at once.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.features import NAMES, Features
from feedpub.cleaner.vocabulary import Vocabulary

WORDS = "words.json"
TREES = "trees.npz"
AT_ONCE = 1024  # blocks; more would not stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Model:
    """The weights.

    Attributes:
        vocabulary: of the names and words, whose sums are features themselves.
        feature, border: of each tree's questions, shape (trees, depth): is the feature of this
            number (in `features.NAMES`) above the border?
        leaves: what each combination of answers adds to the log odds, shape (trees, 2 ** depth).
    """

    vocabulary: Vocabulary
    feature: npt.NDArray[np.int32]
    border: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.float32]
    bias: float

    def probabilities(self, features: Features) -> npt.NDArray[np.float64]:
        """For each block how probably it belongs to the article."""
        size = features.shape[1]
        parts = [
            self._odds(features[:, start : start + AT_ONCE]) for start in range(0, size, AT_ONCE)
        ]
        odds: npt.NDArray[np.float64] = np.concatenate(parts)
        return 1.0 / (1.0 + np.exp(-odds))

    def _odds(self, features: Features) -> npt.NDArray[np.float64]:
        trees, depth = self.feature.shape
        leaf = np.zeros((trees, features.shape[1]), dtype=np.uint8)
        for level in range(depth):
            above = features[self.feature[:, level]] > self.border[:, level, np.newaxis]
            leaf |= above.view(np.uint8) << np.uint8(level)
        starts = np.arange(trees)[:, np.newaxis] * self.leaves.shape[1]
        odds: npt.NDArray[np.float64] = (
            self.leaves.ravel()[starts + leaf].sum(axis=0, dtype=np.float64) + self.bias
        )
        return odds


def save(model: Model, folder: Path) -> None:
    """Write a model's two files: its words as readable JSON, its trees as arrays."""
    words = {"names": model.vocabulary.names, "texts": model.vocabulary.texts, "features": NAMES}
    (folder / WORDS).write_text(
        json.dumps(words, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    np.savez_compressed(
        folder / TREES,
        feature=model.feature.astype(np.uint8),
        border=model.border.astype(np.float32),
        leaves=model.leaves.astype(np.float16),
        bias=model.bias,
    )


@cache
def load_classifier() -> Model:
    """The model that feedpub ships."""
    return read(files("feedpub.cleaner") / "data")


def read(folder: Traversable) -> Model:
    """A model as `save` has written it."""
    words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    names = {term: (own, parent, around) for term, (own, parent, around) in words["names"].items()}
    with (folder / TREES).open("rb") as file, np.load(file) as trees:
        return Model(
            Vocabulary(names, words["texts"]),
            np.array([NAMES.index(name) for name in words["features"]], dtype=np.int32)[
                trees["feature"]
            ],
            trees["border"],
            trees["leaves"].astype(np.float32),
            float(trees["bias"]),
        )
