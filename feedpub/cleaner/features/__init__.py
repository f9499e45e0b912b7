"""Measure the features of a page's blocks that the classifier uses.

Each module measures one group of features: it has their `NAMES`, and `rows`, which returns them in
that order.
"""

from itertools import chain

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.features import boxes, language, position
from feedpub.cleaner.features.table import Table
from feedpub.cleaner.vocabulary import TokenizedPage, Vocabulary

GROUPS = (boxes, position, language)
NAMES: tuple[str, ...] = tuple(chain.from_iterable(group.NAMES for group in GROUPS))
"""The names of the features, in the order in which they are measured."""

Features = npt.NDArray[np.float32]
"""Shape (features, blocks)."""


def measure_features(reading: TokenizedPage, vocabulary: Vocabulary) -> Features:
    """Return the features of a page's blocks: a row a feature, in the order of `NAMES`."""
    table = Table(reading, vocabulary)
    rows = []
    for group in GROUPS:
        rows.extend(group.rows(table))
    return np.array(rows, dtype=np.float32)
