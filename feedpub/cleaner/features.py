"""A layout → a table of numbers, a row a block: what the model judges by. Owns every feature and its name.

Sums over a box are differences of running sums over the blocks, because the blocks of a box are a range; so the
whole page is measured with a few hundred numpy calls, whatever its size.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feedpub.cleaner.layout import HEADINGS, Block, Place
from feedpub.cleaner.reading import Reading
from feedpub.cleaner.vocabulary import Vocabulary

Column = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

LEVELS = 5  # how many boxes outwards are measured
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
GOOD_CHARS, GOOD_DENSITY = 60, 0.4  # from here on, and up to here, a block is taken for running text

_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_ENDS = (*".!?…。！？”»“।؟」", '"')
_LEAVES = frozenset({"p", "li", "dd", "dt", "blockquote", "pre", *HEADINGS})
_TOLD = (
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


def _shape(block: Block) -> tuple[float, ...]:
    text = block.text
    chars = len(text)
    count = float(text.count(" ") + text.count("\n") + 1 if text else 0)
    if not text.isascii():
        count += len(_IDEOGRAPH.findall(text)) / 2
    return (
        count,
        chars,
        text.count("|") + text.count("•") + text.count("·") + text.count("/"),
        text.count("\n"),
        block.link_chars / max(1, chars),
        block.bold_chars / max(1, chars),
        len(block.links),
        text.endswith(_ENDS),
    )


_SHAPE = ("words", "chars", "bars", "lines", "density", "bold", "links", "ends")


class Table:
    """The columns of a page as they are measured, and the arrays that they are measured with."""

    def __init__(self, reading: Reading) -> None:
        layout = reading.layout
        boxes, blocks = layout.boxes, layout.blocks
        self.reading = reading
        self.columns: dict[str, Column] = {}
        self.size = len(blocks)
        self.box = np.array([block.box for block in blocks], dtype=np.int64)
        self.parent = np.array([box.parent for box in boxes], dtype=np.int64)
        self.first = np.array([box.first for box in boxes], dtype=np.int64)
        self.last = np.array([box.last for box in boxes], dtype=np.int64)
        shape = np.array([_shape(block) for block in blocks], dtype=np.float64).T
        self.columns.update(zip(_SHAPE, shape, strict=True))
        self.words = self.columns["words"]
        self.chars = self.columns["chars"]
        self.density = self.columns["density"]
        self.good = ((self.chars >= GOOD_CHARS) & (self.density < GOOD_DENSITY)).astype(float)
        self.total = max(1.0, float(self.words.sum()))
        self.parents = self.parent[self.box]
        self.kind = self.box

    def over_boxes(self, values: Column) -> Column:
        """The sum of a block's values over each box."""
        running = np.concatenate(([0.0], np.cumsum(values)))
        return running[self.last] - running[self.first]

    def add(self, name: str, values: Column) -> None:
        self.columns[name] = values


def measure(reading: Reading, vocabulary: Vocabulary) -> dict[str, Column]:
    """All features of a page's blocks, by name."""
    table = Table(reading)
    _places(table)
    _mass(table)
    _groups(table)
    _signatures(table)
    _hints(table)
    _position(table)
    _vocabulary(table, vocabulary)
    _neighbours(table)
    return table.columns


def _places(table: Table) -> None:
    layout = table.reading.layout
    own = [layout.boxes[block.box] for block in layout.blocks]
    places = np.array([box.place for box in own], dtype=np.int64)
    for place in _TOLD:
        table.add(f"inside {place.name}", ((places & place.value) > 0).astype(float))
    table.add("depth", np.array([box.depth for box in own], dtype=float))


@dataclass(frozen=True, slots=True)
class Mass:
    """What each box holds, and how much it looks like an article's body.

    Attributes:
        text: words in running text.
        best: readability; `top` is the box that has most of it, and few links.
    """

    words: Column
    linked: Column
    blocks: Column
    good: Column
    text: Column
    best: Column
    top: int

    @classmethod
    def of(cls, table: Table) -> "Mass":
        """Sum up the blocks of every box."""
        words, linked = table.over_boxes(table.words), table.over_boxes(table.words * table.density)
        best = _readability(table)
        top = int(np.argmax(best * (1 - linked / np.maximum(words, 1))))
        blocks, good = table.over_boxes(np.ones(table.size)), table.over_boxes(table.good)
        return cls(words, linked, blocks, good, table.over_boxes(table.words * table.good), best, top)


def _mass(table: Table) -> None:
    mass = Mass.of(table)
    _levels(table, mass)
    _top(table, mass)
    _parents(table)
    table.add("page words", np.full(table.size, table.total))
    table.add("page density", np.full(table.size, float(mass.linked[0]) / table.total))
    table.add("page good", np.full(table.size, float(mass.text[0]) / table.total))
    table.add("top share", np.full(table.size, float(mass.words[mass.top]) / table.total))


def _levels(table: Table, mass: Mass) -> None:
    """The boxes around a block, outwards; each has more text than the one before."""
    words, parent = mass.words, table.parent
    peak = max(1e-9, float(mass.best[mass.top]))
    outer = _outer(words, parent)
    level = table.box
    for step in range(LEVELS):
        inside = np.maximum(words[level], 1)
        table.add(f"words {step}", words[level])
        table.add(f"share {step}", words[level] / table.total)
        table.add(f"density {step}", mass.linked[level] / inside)
        table.add(f"good {step}", mass.text[level] / inside)
        table.add(f"blocks {step}", mass.blocks[level])
        table.add(f"paragraphs {step}", mass.good[level])
        table.add(f"mean words {step}", words[level] / np.maximum(mass.blocks[level], 1))
        table.add(f"readability {step}", mass.best[level] / peak)
        table.add(f"of outer {step}", words[level] / np.maximum(words[outer[level]], 1))
        level = outer[level]
    table.add("readability parent", mass.best[table.parents] / peak)
    table.add("readability grandparent", mass.best[parent[table.parents]] / peak)
    table.add("readability best", _best_around(mass.best, parent)[table.box] / peak)


def _top(table: Table, mass: Mass) -> None:
    """Where a block stands to the box that looks most like the article's body."""
    first, last = int(table.first[mass.top]), int(table.last[mass.top])
    order = np.arange(table.size)
    table.add("in top", ((order >= first) & (order < last)).astype(float))
    table.add("before top", np.maximum(first - order, 0) / table.size)
    table.add("after top", np.maximum(order - last + 1, 0) / table.size)
    table.add("through top", np.clip((order - first) / max(1, last - first), -1, 2))
    table.add("shared with top", mass.words[_common(table, first, last)] / table.total)


def _parents(table: Table) -> None:
    """Where a block stands in the two boxes around its own."""
    order = np.arange(table.size)
    for name, around in (("parent", table.parents), ("grandparent", table.parent[table.parents])):
        size = np.maximum(table.last[around] - table.first[around], 1)
        table.add(f"through {name}", (order - table.first[around]) / size)
        table.add(f"to end of {name}", (table.last[around] - 1 - order).astype(float))


def _readability(table: Table) -> Column:
    """Arc90's idea: a paragraph counts for the box around it, and half for the next."""
    boxes = table.reading.layout.boxes
    score = np.minimum(table.chars, 600) / 100 * (1 - table.density) * (table.chars >= 25)  # noqa: PLR2004 -- Arc90's
    leaf = np.array([box.tag in _LEAVES for box in boxes])
    holder = np.where(leaf[table.box], table.parents, table.box)
    size = len(boxes)
    around = np.bincount(table.parent[holder], score / 2, size)
    return (np.bincount(holder, score, size) + around).astype(np.float64)


def _outer(words: Column, parent: Index) -> Index:
    """For each box the nearest one around it that has more text."""
    outer = parent.tolist()
    mass = words.tolist()
    for index, around in enumerate(parent.tolist()):
        outer[index] = around if mass[around] > mass[index] else outer[around]
    return np.array(outer, dtype=np.int64)


def _best_around(best: Column, parent: Index) -> Column:
    found = best.tolist()
    for index, around in enumerate(parent.tolist()):
        found[index] = max(found[index], found[around])
    return np.array(found)


def _common(table: Table, first: int, last: int) -> Index:
    """For each block the innermost box that holds both it and a range of blocks."""
    holds = ((table.first <= first) & (table.last >= last)).tolist()
    found = [0] * len(holds)
    for index, parent in enumerate(table.parent.tolist()):
        found[index] = index if holds[index] else found[parent]
    return np.array(found, dtype=np.int64)[table.box]


def _groups(table: Table) -> None:
    """Repeated siblings: the nearest box around a block that has at least two more like it beside it."""
    boxes = table.reading.layout.boxes
    keys: dict[tuple[int, str], int] = {}
    member = [keys.setdefault((box.parent, box.name.split(" ", 1)[0]), len(keys)) for box in boxes]
    group = np.array(member, dtype=np.int64)
    count = np.bincount(group)
    words = table.over_boxes(table.words)
    linked = table.over_boxes(table.words * table.density)
    mean = np.bincount(group, words) / count
    density = np.bincount(group, linked) / np.maximum(np.bincount(group, words), 1)
    repeated = (count[group] >= 3).tolist()  # noqa: PLR2004 -- two may be chance
    nearest = [0] * len(boxes)
    for index, parent in enumerate(table.parent.tolist()):
        nearest[index] = index if repeated[index] else nearest[parent]
    item = np.array(nearest, dtype=np.int64)[table.box]
    table.add("group count", count[group[item]].astype(float))
    table.add("group words", mean[group[item]])
    table.add("group density", density[group[item]])
    table.add("group share", words[item] / table.total)


def _signatures(table: Table) -> None:
    """What blocks of the same kind (names of the box and of the one around it) are like over the whole page."""
    layout = table.reading.layout
    keys: dict[tuple[str, str, str], int] = {}
    kinds = []
    for block in layout.blocks:
        box = layout.boxes[block.box]
        key = (box.name, layout.boxes[box.parent].name, block.wrapper)
        kinds.append(keys.setdefault(key, len(keys)))
    kind = table.kind = np.array(kinds, dtype=np.int64)
    words = np.bincount(kind, table.words)
    count = np.bincount(kind)
    table.add("kind share", words[kind] / table.total)
    good = table.words * table.good
    table.add("kind good", np.bincount(kind, good)[kind] / max(1.0, float(good.sum())))
    table.add("kind count", count[kind].astype(float))
    table.add("kind density", (np.bincount(kind, table.words * table.density) / np.maximum(words, 1))[kind])
    table.add("kind words", (words / count)[kind])
    texts: dict[str, int] = {}
    same = [texts.setdefault(block.text, len(texts)) for block in layout.blocks]
    table.add("repeats", np.bincount(same)[same].astype(float))


def _hints(table: Table) -> None:
    reading = table.reading
    title = np.array([len(reading.hints.title.intersection(said)) for said in reading.said], dtype=float)
    description = np.array([len(reading.hints.description.intersection(said)) for said in reading.said], dtype=float)
    table.add("title in block", title / max(1, len(reading.hints.title)))
    table.add("description in block", description / max(1, len(reading.hints.description)))
    table.add("block in description", description / np.array([max(1, len(said)) for said in reading.said]))


def _position(table: Table) -> None:
    order = np.arange(table.size)
    before = np.cumsum(table.words) - table.words
    table.add("order", order / table.size)
    table.add("words before", before / table.total)
    heads = np.flatnonzero(table.columns["inside HEADING"])
    good = np.flatnonzero(table.good)
    table.add("to good before", _distance(order, good, back=True))
    table.add("to good after", _distance(order, good, back=False))
    table.add("to heading", _distance(order, heads, back=True))
    layout = table.reading.layout
    tags = [layout.boxes[block.box].tag for block in layout.blocks]
    ones = np.array([index for index, tag in enumerate(tags) if tag == "h1"], dtype=np.int64)
    table.add("to h1", _distance(order, ones, back=True))
    table.add("to next h1", _distance(order, ones, back=False))
    table.add("good so far", np.cumsum(table.good))
    table.add("good to come", np.cumsum(table.good[::-1])[::-1])


def _distance(order: Index, marks: Index, *, back: bool) -> Column:
    """Blocks to the nearest mark before, or after; 99 where there is none."""
    place = np.searchsorted(marks, order, side="right" if back else "left") - back
    found = (place >= 0) & (place < len(marks))
    nearest = marks[np.where(found, place, 0)] if len(marks) else np.zeros_like(order)
    return np.where(found, np.minimum(np.abs(order - nearest), 99), 99).astype(float)


def _vocabulary(table: Table, vocabulary: Vocabulary) -> None:
    """What the learned words say: of names by how far out they stand, of the block, and of the heading above it."""
    layout = table.reading.layout
    names = np.array([vocabulary.name(box.name) for box in layout.boxes])
    wrappers = np.array([vocabulary.name(block.wrapper)[0] if block.wrapper else 0.0 for block in layout.blocks])
    total, worst, best = names[:, 2].tolist(), names[:, 2].tolist(), names[:, 2].tolist()
    for index, parent in enumerate(table.parent.tolist()):
        if index:
            total[index] += total[parent]
            worst[index] = min(worst[index], worst[parent])
            best[index] = max(best[index], best[parent])
    further = table.parent[table.parents]
    table.add("name wrapper", wrappers)
    table.add("name own", names[table.box, 0])
    table.add("name parent", names[table.parents, 1])
    table.add("name around", np.array(total)[further])
    table.add("name worst", np.array(worst)[table.parents])
    table.add("name best", np.array(best)[table.parents])
    table.add("names", wrappers + names[table.box, 0] + names[table.parents, 1] + np.array(total)[further])
    spoken = np.array([vocabulary.text(terms) for terms in table.reading.terms])
    table.add("spoken", spoken)
    usual = float((spoken * table.good).sum()) / max(1.0, float(table.good.sum()))
    table.add("prose spoken", np.full(table.size, usual))  # 0 in a language that no word was learned of
    table.add("spoken beside prose", spoken - usual)
    heads = np.flatnonzero(table.columns["inside HEADING"])
    place = np.searchsorted(heads, np.arange(table.size), side="right") - 1
    above = np.where(place >= 0, spoken[heads[place]] if len(heads) else 0.0, 0.0)
    table.add("heading spoken", above)
    kind = table.kind
    table.add("kind spoken", (np.bincount(kind, spoken) / np.bincount(kind))[kind])
    spoken_around = table.over_boxes(spoken) / np.maximum(table.last - table.first, 1)
    table.add("spoken around", spoken_around[table.box])
    table.add("spoken parent", spoken_around[table.parents])


def _neighbours(table: Table) -> None:
    for offset in NEIGHBOURS:
        table.add(f"names at {offset:+}", _shift(table.columns["names"], offset))
        table.add(f"spoken at {offset:+}", _shift(table.columns["spoken"], offset))


def _shift(values: Column, offset: int) -> Column:
    """The value of the block that stands `offset` further on, 0 where there is none."""
    shifted = np.zeros_like(values)
    if offset > 0:
        shifted[:-offset] = values[offset:]
    else:
        shifted[-offset:] = values[:offset]
    return shifted
