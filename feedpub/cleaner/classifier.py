"""The learned model: features of blocks → the probability that each belongs to the article.

The model is an ensemble of oblivious trees. All nodes on a level of such a tree ask the same
question, so a block's answers are the binary number of its leaf. All trees are evaluated at once
for all blocks of a page.
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

WORDS_FILE = "words.json"
TREES_FILE = "trees.npz"
BATCH_BLOCKS = 1024  # more would not fit into the processor's cache


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of the model.

    Attributes:
        vocabulary: weights of names and words, whose sums are features themselves.
        feature: for each tree and level, the index (into `features.NAMES`) of the feature that is
            compared; shape (trees, depth).
        border: the value it is compared with; shape (trees, depth).
        leaves: the log odds that each combination of answers adds; shape (trees, 2 ** depth).
        bias: the log odds of every block.
    """

    vocabulary: Vocabulary
    feature: npt.NDArray[np.int32]
    border: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.float32]
    bias: float

    def probabilities(self, features: Features) -> npt.NDArray[np.float64]:
        """Return for each block the probability that it belongs to the article."""
        starts = range(0, features.shape[1], BATCH_BLOCKS)
        batches = [self._log_odds(features[:, start : start + BATCH_BLOCKS]) for start in starts]
        log_odds: npt.NDArray[np.float64] = np.concatenate(batches)
        return 1.0 / (1.0 + np.exp(-log_odds))

    def _log_odds(self, features: Features) -> npt.NDArray[np.float64]:
        trees, depth = self.feature.shape
        leaf = np.zeros((trees, features.shape[1]), dtype=np.uint8)
        for level in range(depth):
            above = features[self.feature[:, level]] > self.border[:, level, np.newaxis]
            leaf |= above.view(np.uint8) << np.uint8(level)
        starts = np.arange(trees)[:, np.newaxis] * self.leaves.shape[1]
        contributions = self.leaves.ravel()[starts + leaf]
        log_odds: npt.NDArray[np.float64] = contributions.sum(axis=0, dtype=np.float64) + self.bias
        return log_odds


def save_model(model: Model, folder: Path) -> None:
    """Write a model's two files: the words as readable JSON, the trees as arrays."""
    words = {"names": model.vocabulary.names, "texts": model.vocabulary.texts, "features": NAMES}
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    (folder / WORDS_FILE).write_text(text, encoding="utf-8")
    np.savez_compressed(
        folder / TREES_FILE,
        feature=model.feature.astype(np.uint8),
        border=model.border.astype(np.float32),
        leaves=model.leaves.astype(np.float16),
        bias=model.bias,
    )


@cache
def load_classifier() -> Model:
    """Load the model that feedpub ships."""
    return load_model(files("feedpub.cleaner") / "data")


def load_model(folder: Traversable) -> Model:
    """Load a model that `save_model` wrote."""
    words = json.loads((folder / WORDS_FILE).read_text(encoding="utf-8"))
    names = {term: (own, parent, around) for term, (own, parent, around) in words["names"].items()}
    indexes = np.array([NAMES.index(name) for name in words["features"]], dtype=np.int32)
    with (folder / TREES_FILE).open("rb") as file, np.load(file) as trees:
        return Model(
            Vocabulary(names, words["texts"]),
            indexes[trees["feature"]],
            trees["border"],
            trees["leaves"].astype(np.float32),
            float(trees["bias"]),
        )
