"""Features of a block's own text, and of the elements that contain it."""

import numpy as np

from feedpub.cleaner.features.table import Rows, Table, integers
from feedpub.cleaner.layout import Place

_PLACES = (
    Place.ARTICLE,
    Place.MAIN,
    Place.ASIDE,
    Place.NAV,
    Place.FOOTER,
    Place.CAPTION,
    Place.LIST,
    Place.TABLE,
    Place.HEADING,
    Place.PRE,
    Place.HIDDEN,
)
NAMES = (
    *("words", "chars", "density", "bars", "lines", "bold", "links", "ends"),
    *(f"inside {place.name}" for place in _PLACES),
    "depth",
)

_SENTENCE_ENDS = (*".!?…。！？”»“।؟」", '"')
_MASKS = np.array([place.value for place in _PLACES], dtype=np.int64)[:, np.newaxis]


def rows(table: Table) -> Rows:
    """Return the features of this group."""
    blocks = table.blocks
    bold = integers(blocks, "bold_chars") / np.maximum(table.chars, 1)
    links = np.array([len(block.links) for block in blocks], dtype=np.float64)
    ends = np.array([block.text.endswith(_SENTENCE_ENDS) for block in blocks], dtype=np.float64)
    inside = ((table.places & _MASKS) > 0).astype(np.float64)
    own = [table.words, table.chars, table.density, table.bars, table.newlines, bold, links, ends]
    return [*own, *inside, table.depth[table.box].astype(np.float64)]
