"""Find the items of a page, by its structure.

Candidates are groups of blocks at the same place of the page, sections below headings of one level
or below lines with a date, rows of a table, and terms with their definitions. A group's score
depends on the dates, titles and permalinks of its members, and on its share of the page's text. The
best group is the list of items. No site is treated specially.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from feedpub.core.dates import months
from feedpub.sources.document import HtmlDocument
from feedpub.sources.items.fields import (
    MAX_DATE_LINE_CHARS,
    Block,
    find_block_date,
    find_link,
    find_title,
    has_own_line,
    is_clock,
    is_date_line,
    title_text,
)
from feedpub.sources.listing.groups import SIDEBAR_PENALTY, DomPaths, PageRegions
from feedpub.sources.listing.text import HEADINGS, element_text

MIN_ITEMS = 2  # with dates
MIN_UNDATED_ITEMS = 3
MIN_SHARE = 0.5  # of members with a date, or else with a title and an anchor
MIN_TEXT_SHARE = 0.2  # of the page's text, in a group without dates
MAX_JUDGED = 30  # members of a group
MAX_GROUPS = 40  # that are judged: those with most text
MAX_BLOCKS = 2000
MAX_LINES_ABOVE = 60  # that are searched for the date above an item
MAX_LEVELS_ABOVE = 3
MIN_SCORE = 2.5
MAX_MONTH_WORDS = 2
MAX_TIMES = 20  # of a day

_BLOCK_TAGS = ("article", "section", "div", "li", "details", "p", "blockquote", "tr")
ASIDE = "complementary"
_ROOTS = ("html", "body", "main")
_VERSION = re.compile(r"^\W*(?:[\w.-]{1,20} )?v?\d+\.\d+", re.IGNORECASE)


def find_blocks(document: HtmlDocument) -> list[Block]:
    """Return the items of a page in its order; none if it has no list of items."""
    scorer = _Scorer.of_page(document)
    lines = find_date_lines(document.tree)
    groups = [*_block_groups(document.tree, lines), *_section_groups(document.tree, lines)]
    judged: list[tuple[float, int, Sequence[Block]]] = []
    for number, group in enumerate(scorer.largest(groups)):
        judged.append((scorer.score(group), -number, group))
    if not judged:
        return []
    score, _, best = max(judged, key=lambda row: row[:2])
    return scorer.without_intruders(best)[:MAX_BLOCKS] if score >= MIN_SCORE else []


# --- candidates ---


def find_date_lines(tree: HtmlElement) -> frozenset[HtmlElement]:
    """Return the elements of a page whose text is a date."""
    lengths = text_lengths(tree)
    short = (each for each in tree.iter() if 0 < lengths[each] <= MAX_DATE_LINE_CHARS)
    return frozenset(filter(is_date_line, short))


def text_lengths(tree: HtmlElement) -> dict[HtmlElement, int]:
    """Return the number of characters of each element's text."""
    lengths: dict[HtmlElement, int] = {}
    for element in reversed(list(tree.iter())):
        inside = sum(lengths[child] + len((child.tail or "").strip()) for child in element)
        lengths[element] = len((element.text or "").strip()) + inside
    return lengths


def _block_groups(tree: HtmlElement, date_lines: Collection[HtmlElement]) -> Iterator[list[Block]]:
    """Yield the blocks that share a place of the page's structure."""
    paths = DomPaths(tree)
    members: dict[int, list[HtmlElement]] = defaultdict(list)
    for element in tree.iter(*_BLOCK_TAGS):
        if element_text(element):
            members[paths.place_of(element)].append(element)
    for elements in members.values():
        if len(elements) < MIN_ITEMS:
            continue
        if elements[0].tag == "tr":
            rows = [row for row in elements if row.find("td") is not None]
            yield [Block((row,), columns=table_columns(row)) for row in rows]
        else:
            yield [Block((each,), above=date_above(each, date_lines)) for each in elements]


def _section_groups(
    tree: HtmlElement, date_lines: Collection[HtmlElement]
) -> Iterator[list[Block]]:
    """Yield the sections below headings of one level, lines with a date, or terms.

    The terms of several lists at the same place, such as one for each day, are one group.
    """
    paths = DomPaths(tree)
    heads: dict[tuple[object, str], dict[HtmlElement, HtmlElement]] = defaultdict(dict)
    for element in tree.iter(*HEADINGS, "dt", "p", "div", "b", "strong"):
        kind = _kind_of_head(element, date_lines)
        if not kind:
            continue
        head = top_of_head(element)
        parent = head.getparent()
        if parent is not None:
            place = paths.place_of(parent) if kind == "dt" else parent
            heads[place, kind].setdefault(head, element)
    for members in heads.values():
        if len(members) >= MIN_ITEMS:
            chosen = frozenset(members)
            yield [section_from(head, title, chosen, date_lines) for head, title in members.items()]


def _kind_of_head(element: HtmlElement, date_lines: Collection[HtmlElement]) -> str:
    """Return the kind of head that an element is, such as its level; "" if it is not one."""
    if element.tag in HEADINGS or element.tag == "dt":
        return str(element.tag) if element_text(element) else ""
    if element.tag in ("p", "div") and element in date_lines and not _has_blocks(element):
        return f"{element.tag} date"
    if element.tag in ("b", "strong") and element_text(element) and has_own_line(element):
        return "bold"
    return ""


def _has_blocks(element: HtmlElement) -> bool:
    return next(element.iterdescendants(*_BLOCK_TAGS, *HEADINGS), None) is not None


def top_of_head(element: HtmlElement) -> HtmlElement:
    """Return the largest element around a heading that has no text but the heading's."""
    top, text = element, element_text(element).strip("¶# ")
    for above in islice(element.iterancestors(), MAX_LEVELS_ABOVE) if text else ():
        if above.tag in _ROOTS or element_text(above).strip("¶# ") != text:
            break
        top = above
    return top


def section_from(
    head: HtmlElement,
    title: HtmlElement,
    chosen: Collection[HtmlElement],
    date_lines: Collection[HtmlElement],
) -> Block:
    """Return the item that begins with a head and ends before the next one.

    Args:
        head: the heading, or the element around it.
        title: the heading.
        chosen: the heads of all items.
        date_lines: the elements of the page whose text is a date.
    """
    parts = [head]
    for sibling in head.itersiblings():
        if sibling in chosen or _ends_section(sibling, title):
            break
        parts.append(sibling)
    is_time = title in date_lines or is_clock(element_text(title))
    is_title = title.tag in HEADINGS or not is_time
    return Block(
        tuple(parts),
        heading=title if is_title else None,
        above=date_above(head, date_lines),
    )


def _ends_section(element: HtmlElement, title: HtmlElement) -> bool:
    """Return True for a heading of a higher level, and for the footer of the page."""
    if element.tag in ("footer", "nav", "aside"):
        return True
    if title.tag not in HEADINGS:
        return element.tag in HEADINGS
    heading = next(element.iter(*HEADINGS), None)
    is_heading = heading is not None and top_of_head(heading) in (
        element,
        *element.iterancestors(),
    )
    return heading is not None and is_heading and heading.tag < title.tag


def table_columns(row: HtmlElement) -> tuple[str, ...]:
    """Return the labels of a row's cells: the header cells of its table."""
    table = next(row.iterancestors("table"), None)
    if table is None:
        return ()
    for first in table.iter("tr"):
        cells = [cell for cell in first if cell.tag in ("td", "th")]
        is_header = len(cells) > 1 and all(cell.tag == "th" for cell in cells)
        return tuple(map(element_text, cells)) if is_header and first is not row else ()
    return ()


def date_above(element: HtmlElement, date_lines: Collection[HtmlElement]) -> HtmlElement | None:
    """Return the line with a date above an element; None if there is none."""
    around = [element, *islice(element.iterancestors(), MAX_LEVELS_ABOVE)]
    for each in around:
        if each.tag in _ROOTS:
            break
        for sibling in islice(each.itersiblings(preceding=True), MAX_LINES_ABOVE):
            if sibling in date_lines:
                return sibling
    return None


# --- scores ---


@dataclass(frozen=True, slots=True)
class _Scorer:
    """Scores groups of blocks.

    Attributes:
        lengths: the number of characters of each element's text.
        total: of the page's text.
    """

    document: HtmlDocument
    regions: PageRegions
    lengths: Mapping[HtmlElement, int]
    total: int

    @classmethod
    def of_page(cls, document: HtmlDocument) -> "_Scorer":
        tree = document.tree
        body = tree.find("body")
        lengths = text_lengths(tree)
        root = body if body is not None else tree
        return cls(document, PageRegions(tree, list(tree.iter("a"))), lengths, lengths[root])

    def largest(self, groups: Sequence[Sequence[Block]]) -> list[list[Block]]:
        """Return the groups with most text, without the members in navigation."""
        kept: list[tuple[int, list[Block]]] = []
        for group in groups:
            members = [block for block in group if self._is_open(block)]
            if len(members) >= MIN_ITEMS:
                kept.append((sum(map(self._text_length, members)), members))
        kept.sort(key=lambda row: -row[0])
        return [members for _, members in kept[:MAX_GROUPS]]

    def _is_open(self, block: Block) -> bool:
        first = block.parts[0]
        return not self.regions.is_in_navigation(first)

    def without_intruders(self, group: Sequence[Block]) -> list[Block]:
        """Return a group with dates without the members that have neither date nor title.

        The introduction of a page can be at the same place as its items.
        """
        facts = [_judge(block, self.document) for block in group[:MAX_BLOCKS]]
        if sum(fact.is_dated for fact in facts) < MIN_SHARE * len(facts):
            return list(group)
        rows = zip(group, facts, strict=False)
        return [block for block, fact in rows if fact.is_dated or fact.title or fact.is_linked]

    def _text_length(self, block: Block) -> int:
        length = sum(self.lengths[part] for part in block.parts)
        if len(block.parts) == 1:
            return length
        return length + sum(len((part.tail or "").strip()) for part in block.parts)

    def _penalty(self, element: HtmlElement) -> float:
        around = (element, *element.iterancestors())
        is_aside = any(each.tag == "aside" or each.get("role") == ASIDE for each in around)
        return max(self.regions.penalty(element), SIDEBAR_PENALTY * is_aside)

    def score(self, group: Sequence[Block]) -> float:
        """Return how much a group looks like the list of items of a page."""
        judged = group[:MAX_JUDGED]
        facts = [_judge(block, self.document) for block in judged]
        count = len(facts)
        dated = sum(fact.is_dated for fact in facts) / count
        titled = sum(bool(fact.title) for fact in facts) / count
        linked = sum(fact.is_linked for fact in facts) / count
        versions = sum(_VERSION.match(fact.title) is not None for fact in facts) / count
        share = min(sum(map(self._text_length, group)) / max(self.total, 1), 1.0)
        distinct = len({fact.title or fact.text for fact in facts}) / count
        if dated < MIN_SHARE:
            is_list = len(group) >= MIN_UNDATED_ITEMS and share >= MIN_TEXT_SHARE
            is_named = titled >= MIN_SHARE and (linked >= MIN_SHARE or versions >= MIN_SHARE)
            if not (is_list and is_named):
                return 0.0
        penalty = sum(self._penalty(block.parts[0]) for block in judged) / count
        return (
            3.0 * dated
            + 1.0 * titled
            + 0.5 * linked
            + 0.5 * versions
            + 2.0 * share
            + 2.0 * (distinct - 1.0)
            - 1.0 * sum(fact.is_period for fact in facts) / count
            - penalty
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    """The properties of one member that its group's score depends on.

    Attributes:
        is_period: it is a month or a day with several items.
    """

    title: str
    is_period: bool
    text: str
    is_dated: bool
    is_linked: bool


def _judge(block: Block, document: HtmlDocument) -> _Facts:
    date = find_block_date(block, document.tree.get("lang"))
    title = find_title(block, date.element if date else None)
    text = ""
    if title is not None and not _is_one_of_several(title, block) and not is_date_line(title):
        text = title_text(title)
    return _Facts(
        title="" if _is_month(text) else text,
        is_period=_is_month(text) or _is_day(block),
        text=element_text(block.parts[0]),
        is_dated=date is not None,
        is_linked=find_link(block, title, document) is not None,
    )


def _is_month(text: str) -> bool:
    """Return True for "May 2025", a heading above the items of a month."""
    words = text.casefold().split()
    if not 1 <= len(words) <= MAX_MONTH_WORDS or words[0] not in months(None):
        return False
    return all(word.isdecimal() for word in words[1:])


def _is_day(block: Block) -> bool:
    """Return True for a day with several times as terms: a programme."""
    times = (each for part in block.parts for each in part.iter("dt"))
    return sum(is_clock(element_text(each)) for each in islice(times, MAX_TIMES)) > 1


def _is_one_of_several(title: HtmlElement, block: Block) -> bool:
    """Return True if the block has several titles of the same kind: it is not a single item."""
    kind = title.tag, title.get("class", "")
    if block.heading is not None or block.is_row:
        return False
    same = (each for each in block.head_elements() if (each.tag, each.get("class", "")) == kind)
    return sum(1 for _ in same) > 1 and (title.tag in HEADINGS or bool(kind[1]))
