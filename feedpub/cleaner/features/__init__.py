"""A layout → a table of numbers, a column a block: what the model judges by. A module each for the groups of features.

A group has its features' `NAMES`, and `rows`, which measures them in that order.
"""

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.features import language, mass, position, shape, structure
from feedpub.cleaner.features.table import Table
from feedpub.cleaner.page_text import TokenizedPage
from feedpub.cleaner.vocabulary import Vocabulary

GROUPS = (shape, mass, structure, position, language)
NAMES: tuple[str, ...] = tuple(name for group in GROUPS for name in group.NAMES)
"""The features, in the order in which they are measured."""

Features = npt.NDArray[np.float32]
"""Shape (features, blocks)."""


def measure_features(reading: TokenizedPage, vocabulary: Vocabulary) -> Features:
    """All features of a page's blocks, a row each in the order of `NAMES`."""
    table = Table(reading, vocabulary)
    return np.array([row for group in GROUPS for row in group.rows(table)], dtype=np.float32)
