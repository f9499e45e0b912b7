"""Read the items of a page by the selectors of the config, or as they are found.

An item is identified by its #anchor, else by title and date, else by its content, so that it stays
the same entry if others are added above it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urldefrag

from lxml.html import HtmlElement, fromstring

from feedpub.config import HOW_TO_RENDER, ItemsSource
from feedpub.core.dates import read_date
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.models import Item, Page
from feedpub.core.selectors import element_of, select_elements, select_values
from feedpub.core.text import pluralize
from feedpub.core.urls import absolute_url
from feedpub.sources.document import DocumentReader, HtmlDocument, parse_document
from feedpub.sources.items import fields
from feedpub.sources.items.detect import (
    date_above,
    find_blocks,
    find_date_lines,
    section_from,
    table_columns,
    top_of_head,
)
from feedpub.sources.items.fields import Block, FoundDate
from feedpub.sources.items.prepare import prepare_blocks
from feedpub.sources.listing.card_fields import read_authors, read_image
from feedpub.sources.listing.text import HEADINGS, count_text_words, element_text
from feedpub.sources.listing_page import MIN_VISIBLE_WORDS, describe_interstitial
from feedpub.sources.markup import absolutize_links, clean_text, is_markup, text_to_paragraphs
from feedpub.sources.next_pages import ListedPage, find_next_url, follow_pages

MAX_ITEMS = 2000  # of one page that are considered
MIN_NUMBERED = 2  # items whose numbered anchors can be seen as positions
_NUMBER_AT_END = re.compile(r"(\d{1,6})$")


@dataclass(frozen=True, slots=True)
class ItemSelectors:
    """The selectors of an items source; None finds the part."""

    item: str | None = None
    title: str | None = None
    link: str | None = None
    date: str | None = None
    content: str | None = None
    image: str | None = None

    @classmethod
    def of_source(cls, source: ItemsSource) -> "ItemSelectors":
        return cls(
            source.item, source.title, source.link, source.date, source.content, source.image
        )


def read_items_page(
    source: ItemsSource, documents: DocumentReader, *, limit: int, pages: int = 1
) -> tuple[Item, ...]:
    """Return the entries of a page and those after it, at most `limit` of each.

    Args:
        source: the source.
        documents: gets the pages.
        limit: of a page; if its oldest item is on top, the last ones are returned.
        pages: how many pages to read at most.

    Raises:
        FetchError: the page cannot be fetched.
        ExtractError: it is not HTML, or a selector cannot be evaluated on it.
        NoContentError: it is empty, an error page, or has no items.
    """
    selectors = ItemSelectors.of_source(source)

    def read_page(url: str, number: int) -> ListedPage:
        return documents.read(url, parse_items_page, selectors, number, limit=limit)

    return follow_pages(source.url, read_page, pages)


def items_on_page(
    page: Page, selectors: ItemSelectors = ItemSelectors(), *, limit: int = MAX_ITEMS
) -> tuple[Item, ...]:
    """Return the entries of a page. Raises ExtractError as `read_items_page` does."""
    return parse_items_page(page, selectors, 1, limit=limit).items


def parse_items_page(
    page: Page, selectors: ItemSelectors, number: int, *, limit: int
) -> ListedPage:
    """Return one page of entries, with a given number. Raises ExtractError as `items_on_page`."""
    document = parse_document(page, keeps_content=True)
    if (interstitial := describe_interstitial(document)) is not None:
        raise NoContentError(f"the site answered with {interstitial}", document.url)
    blocks = _select_blocks(document, selectors.item) if selectors.item else find_blocks(document)
    if not blocks:
        raise NoContentError(_why_nothing(document), document.url)
    if selectors == ItemSelectors(item=selectors.item):  # others may select what is repeated
        prepare_blocks(blocks)
    reader = _ItemReader(document, selectors)
    items = [reader.read_item(block) for block in reader.newest_blocks(blocks, limit)]
    items = [item for item in items if item.title or item.html or item.url]
    return ListedPage(_identify(items), find_next_url(document, number))


def _select_blocks(document: HtmlDocument, selector: str) -> list[Block]:
    try:
        elements = select_elements(document.tree, selector)
    except ValueError as error:
        message = f'item = "{selector}" cannot be evaluated on this page: {error}'
        raise ExtractError(message, document.url) from error
    if not elements:
        found = len(find_blocks(document))
        hint = f"left out, {pluralize(found, 'item')} would be found" if found else "check it"
        raise NoContentError(
            f'item = "{selector}" matches nothing in the page; {hint}', document.url
        )
    elements = [_target(element, document.tree) for element in elements]
    chosen = frozenset(map(top_of_head, elements))
    lines = find_date_lines(document.tree)
    return [_selected_block(element, chosen, lines) for element in elements]


def _target(element: HtmlElement, tree: HtmlElement) -> HtmlElement:
    """Return the place on the page that a selected link leads to, or else the element."""
    start, _, name = element.get("href", "").partition("#")
    if element.tag != "a" or start or not name:
        return element
    found = tree.xpath("//*[@id = $name]", name=name)
    return found[0] if found else element


def _selected_block(
    element: HtmlElement, chosen: frozenset[HtmlElement], date_lines: frozenset[HtmlElement]
) -> Block:
    """Return the item of a selected element; a heading stands for its section."""
    if element.tag == "tr":
        return Block((element,), columns=table_columns(element))
    heading = next(element.iter(*HEADINGS), None)
    if element.tag == "dt" or (heading is not None and _has_only(element, heading)):
        title = element if heading is None else heading
        return section_from(top_of_head(element), title, chosen, date_lines)
    return Block((element,), above=date_above(element, date_lines))


def _has_only(element: HtmlElement, heading: HtmlElement) -> bool:
    return element_text(element).strip("¶# ") == element_text(heading).strip("¶# ")


def _why_nothing(document: HtmlDocument) -> str:
    body = document.tree.find("body")
    words = 0 if body is None else count_text_words(element_text(body))
    if document.scripts and words < MIN_VISIBLE_WORDS:
        return f"the page shows nothing without JavaScript; {HOW_TO_RENDER}"
    return (
        "no items found in the page: tried sections below headings and dates, repeated blocks, "
        "rows of tables, and definition lists; set item to a CSS selector, or to "
        '"xpath:" and an XPath expression'
    )


# --- one item ---


@dataclass(frozen=True, slots=True)
class _ItemReader:
    """Reads the items of one page."""

    document: HtmlDocument
    selectors: ItemSelectors

    def newest_blocks(self, blocks: Sequence[Block], limit: int) -> Sequence[Block]:
        """Return the first blocks; the last ones in reverse if the oldest one is on top."""
        first, last = self._date(blocks[0]), self._date(blocks[-1])
        if first and last and first.moment < last.moment:
            return blocks[: -limit - 1 : -1]
        return blocks[:limit]

    def read_item(self, block: Block) -> Item:
        date = self._date(block)
        title_element, title = self._title(block, date)
        link = self._link(block, title_element)
        content = self._content(block, _dropped_elements(title_element, date), link)
        html = absolutize_links(fields.inner_html(content), self.document.base).strip()
        moment = date.moment if date else None
        return Item(
            url=link,
            title=title,
            authors=read_authors(block.parts),
            published=moment,
            html=html,
            image=self._image(block) or read_image([content], self.document.base),
            version=fields.digest_texts(title, html, moment.isoformat() if moment else ""),
        )

    def _select(self, block: Block, name: str) -> list[HtmlElement | str] | None:
        """Return the values of a selector in an item; None if it is not set."""
        selector: str | None = getattr(self.selectors, name)
        if selector is None:
            return None
        roots = block.parts if block.heading is None else (block.heading, *block.parts)
        found: list[HtmlElement | str] = []
        try:
            for root in roots:
                found += select_values(root, selector)
        except ValueError as error:
            message = f'{name} = "{selector}" cannot be evaluated on an item: {error}'
            raise ExtractError(message, self.document.url) from error
        return list(dict.fromkeys(found))

    def _date(self, block: Block) -> FoundDate | None:
        language = self.document.tree.get("lang")
        values = self._select(block, "date")
        if values is None:
            return fields.find_block_date(block, language)
        for value in values:
            if moment := _date_of_value(value, language):
                return FoundDate(moment, element_of(value))
        return None

    def _title(self, block: Block, date: FoundDate | None) -> tuple[HtmlElement | None, str]:
        values = self._select(block, "title")
        if values is None:
            element = fields.find_title(block, date.element if date else None)
            return element, fields.title_text(element) if element is not None else ""
        for value in values:
            if isinstance(value, str):
                element, text = None, clean_text(value)
            else:
                element, text = value, fields.title_text(value)
            if text:
                return element, text
        return None, ""

    def _link(self, block: Block, title: HtmlElement | None) -> str | None:
        values = self._select(block, "link")
        if values is None:
            return fields.find_link(block, title, self.document)
        for value in values:
            href = value if isinstance(value, str) else _first_href(value)
            if url := fields.resolve(href, self.document):
                return url
        return None

    def _image(self, block: Block) -> str | None:
        for value in self._select(block, "image") or ():
            if isinstance(value, str):
                url = absolute_url(value, self.document.base)
            else:
                url = read_image([value], self.document.base)
            if url:
                return url
        return None

    def _content(
        self, block: Block, dropped: Sequence[HtmlElement], link: str | None
    ) -> HtmlElement:
        """Return an element with the content of an item."""
        values = self._select(block, "content")
        if values is None:
            return fields.copy_content(block, dropped, link, self.document)
        parts: list[str] = []
        for value in values:
            if isinstance(value, HtmlElement):
                copy = fields.copy_readable(value, link, self.document)
                parts.append(f"<div>{fields.inner_html(copy)}</div>")
            else:
                parts.append(value if is_markup(value) else text_to_paragraphs(value))
        return fromstring(f"<div>{''.join(parts)}</div>")


def _date_of_value(value: HtmlElement | str, language: str | None) -> datetime | None:
    if isinstance(value, str):
        return read_date(value, language)
    if found := fields.find_block_date(Block((value,)), language):
        return found.moment
    return read_date(element_text(value)[: fields.MAX_DATE_LINE_CHARS], language)


def _first_href(element: HtmlElement) -> str:
    """Return the address of an element, of a link in it, or of a link around it; or ""."""
    for each in (element, *element.iter("a"), *element.iterancestors("a")):
        if each.get("href"):
            return str(each.get("href"))
    return ""


def _dropped_elements(title: HtmlElement | None, date: FoundDate | None) -> list[HtmlElement]:
    dropped: list[HtmlElement] = []
    if title is not None:
        around = title.iterancestors(*HEADINGS, "th", "dt", "summary", "caption")
        dropped.append(next(around, title))
    if date and date.element is not None and fields.is_only_date(date.element):
        dropped.append(date.element)
    return dropped


# --- all items ---


def _identify(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items with a guid each; the last of several alike is the oldest one."""
    items = _without_positional_anchors(items)
    oldest = {_identity(item): place for place, item in enumerate(items)}
    identified: dict[str, Item] = {}
    for place, item in enumerate(items):
        guid = _identity(item)
        if place != oldest[guid]:
            guid = f"{guid} {fields.digest_texts(item.html)}"
        identified[guid] = replace(item, guid=guid)
    return tuple(identified.values())


def _identity(item: Item) -> str:
    if item.url:
        fragment = urldefrag(item.url).fragment
        return f"#{fragment}" if fragment else item.url
    if item.title:
        date = item.published.isoformat() if item.published else ""
        return fields.digest_texts(item.title, date)
    return fields.digest_texts(item.html)


def _without_positional_anchors(items: Sequence[Item]) -> Sequence[Item]:
    """Return the items without anchors that are numbered from the top: they change with each item.

    Numbers that rise with the dates are those of a page with the oldest item on top.
    """
    dates: list[datetime] = [item.published for item in items if item.published]
    is_oldest_first = bool(dates) and dates[0] < dates[-1]
    if len(items) < MIN_NUMBERED or is_oldest_first:
        return items
    numbers = list(map(_number_of_anchor, items))
    if numbers not in ([*range(len(items))], [*range(1, len(items) + 1)]):
        return items
    return [replace(item, url=None) for item in items]


def _number_of_anchor(item: Item) -> int:
    """Return the number that an item's #anchor ends with; -1 if it has none."""
    found = _NUMBER_AT_END.search(urldefrag(item.url or "").fragment)
    return int(found[1]) if found else -1
