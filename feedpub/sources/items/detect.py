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
from itertools import chain, islice

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
    best: Sequence[Block] = ()
    best_score = 0.0
    for group in scorer.largest(groups):
        score = scorer.score(group)
        if score > best_score:
            best, best_score = group, score
    if best_score < MIN_SCORE:
        return []
    return scorer.without_intruders(best)[:MAX_BLOCKS]


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
        length = _count_characters(element.text)
        for child in element:
            length += lengths[child] + _count_characters(child.tail)
        lengths[element] = length
    return lengths


def _count_characters(text: str | None) -> int:
    return len(text.strip()) if text else 0


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
    for titles in heads.values():
        if len(titles) >= MIN_ITEMS:
            chosen = frozenset(titles)
            yield [section_from(head, title, chosen, date_lines) for head, title in titles.items()]


def _kind_of_head(element: HtmlElement, date_lines: Collection[HtmlElement]) -> str:
    """Return the kind of head that an element is, such as its level; "" if it is not one."""
    tag = str(element.tag)
    if tag in ("p", "div"):
        is_date = element in date_lines and not _has_blocks(element)
        return f"{tag} date" if is_date else ""
    if not element_text(element):
        return ""
    if tag in ("b", "strong"):
        return "bold" if has_own_line(element) else ""
    return tag


def _has_blocks(element: HtmlElement) -> bool:
    return next(element.iterdescendants(*_BLOCK_TAGS, *HEADINGS), None) is not None


def top_of_head(element: HtmlElement) -> HtmlElement:
    """Return the largest element around a heading that has no text but the heading's."""
    top, text = element, element_text(element).strip("¶# ")
    if not text:
        return element
    for above in islice(element.iterancestors(), MAX_LEVELS_ABOVE):
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
    if heading is None or heading.tag >= title.tag:
        return False
    return top_of_head(heading) in (element, *element.iterancestors())


def table_columns(row: HtmlElement) -> tuple[str, ...]:
    """Return the labels of a row's cells: the header cells of its table."""
    table = next(row.iterancestors("table"), None)
    if table is None:
        return ()
    first = next(table.iter("tr"))
    cells = list(first.iterchildren("td", "th"))
    is_header = len(cells) > 1 and {cell.tag for cell in cells} == {"th"}
    return tuple(map(element_text, cells)) if is_header and first is not row else ()


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
        kept = [list(filter(self._is_open, group)) for group in groups]
        kept = [group for group in kept if len(group) >= MIN_ITEMS]
        kept.sort(key=self._group_length, reverse=True)
        return kept[:MAX_GROUPS]

    def _is_open(self, block: Block) -> bool:
        first = block.parts[0]
        return not self.regions.is_in_navigation(first)

    def without_intruders(self, group: Sequence[Block]) -> list[Block]:
        """Return a group with dates without the members that have neither date nor title.

        The introduction of a page can be at the same place as its items.
        """
        facts = [_judge(block, self.document) for block in group[:MAX_BLOCKS]]
        if _share(facts, "is_dated") < MIN_SHARE:
            return list(group)
        rows = zip(group, facts, strict=False)
        return [block for block, fact in rows if fact.is_dated or fact.has_title or fact.is_linked]

    def _group_length(self, group: Sequence[Block]) -> int:
        return sum(map(self._text_length, group))

    def _text_length(self, block: Block) -> int:
        length = 0
        for part in block.parts:
            length += self.lengths[part]
            if len(block.parts) > 1:
                length += _count_characters(part.tail)
        return length

    def _penalty(self, element: HtmlElement) -> float:
        penalty = self.regions.penalty(element)
        for each in (element, *element.iterancestors()):
            if each.tag == "aside" or each.get("role") == ASIDE:
                return max(penalty, SIDEBAR_PENALTY)
        return penalty

    def score(self, group: Sequence[Block]) -> float:
        """Return how much a group looks like the list of items of a page."""
        judged = group[:MAX_JUDGED]
        facts = [_judge(block, self.document) for block in judged]
        dated, titled = _share(facts, "is_dated"), _share(facts, "has_title")
        linked, versions = _share(facts, "is_linked"), _share(facts, "is_version")
        text_share = min(self._group_length(group) / max(self.total, 1), 1.0)
        if dated < MIN_SHARE:
            is_list = len(group) >= MIN_UNDATED_ITEMS and text_share >= MIN_TEXT_SHARE
            is_named = titled >= MIN_SHARE and max(linked, versions) >= MIN_SHARE
            if not (is_list and is_named):
                return 0.0
        distinct = len({fact.name for fact in facts}) / len(facts)
        penalty = sum(self._penalty(block.parts[0]) for block in judged) / len(facts)
        return (
            3.0 * dated
            + 1.0 * titled
            + 0.5 * linked
            + 0.5 * versions
            + 2.0 * text_share
            + 2.0 * (distinct - 1.0)
            - 1.0 * _share(facts, "is_period")
            - penalty
        )


@dataclass(frozen=True, slots=True)
class _Facts:
    """The properties of one member that its group's score depends on.

    Attributes:
        name: its title, or else its text.
        is_version: its title begins with the number of a version.
        is_period: it is a month or a day with several items.
    """

    name: str
    has_title: bool
    is_version: bool
    is_period: bool
    is_dated: bool
    is_linked: bool


def _share(facts: Sequence[_Facts], name: str) -> float:
    """Return the share of members that have a property."""
    having = [fact for fact in facts if getattr(fact, name)]
    return len(having) / len(facts)


def _judge(block: Block, document: HtmlDocument) -> _Facts:
    date = find_block_date(block, document.tree.get("lang"))
    element = find_title(block, date.element if date else None)
    title = _own_title(block, element)
    is_month = _is_month(title)
    if is_month:
        title = ""
    return _Facts(
        name=title or element_text(block.parts[0]),
        has_title=title != "",
        is_version=_VERSION.match(title) is not None,
        is_period=is_month or _is_day(block),
        is_dated=date is not None,
        is_linked=find_link(block, element, document) is not None,
    )


def _own_title(block: Block, element: HtmlElement | None) -> str:
    """Return the text of a title, unless it is a date or one of several in the same block."""
    if element is None or _is_one_of_several(element, block) or is_date_line(element):
        return ""
    return title_text(element)


def _is_month(text: str) -> bool:
    """Return True for "May 2025", a heading above the items of a month."""
    first, *others = text.casefold().split() or [""]
    if len(others) >= MAX_MONTH_WORDS or first not in months(None):
        return False
    return all(map(str.isdecimal, others))


def _is_day(block: Block) -> bool:
    """Return True for a day with several times as terms: a programme."""
    terms = chain.from_iterable(part.iter("dt") for part in block.parts)
    texts = map(element_text, islice(terms, MAX_TIMES))
    return sum(map(is_clock, texts)) > 1


def _is_one_of_several(title: HtmlElement, block: Block) -> bool:
    """Return True if the block has several titles of the same kind: it is not a single item."""
    names = title.get("class", "")
    if block.heading is not None or block.is_row or not (names or title.tag in HEADINGS):
        return False
    kinds = [(each.tag, each.get("class", "")) for each in block.head_elements()]
    return kinds.count((title.tag, names)) > 1
