"""Apply a site's rules to one of its pages: metadata, the article's place, and what is removed.

Rules take effect before anything is judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.layout import Layout
from feedpub.cleaner.metadata import Metadata, authors, titles
from feedpub.cleaner.rules import FollowLink, Rule, Ruleset
from feedpub.cleaner.rules.rule_book import TEXT_TYPE
from feedpub.core import dates
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html
from feedpub.core.models import Removed
from feedpub.core.selectors import compile_xpath

_ROOTS = frozenset({"html", "head", "body"})  # never removed
_MAX_AUTHOR_CHARS = 100
_SAME_MOMENT = timedelta(minutes=1)


def parse_with_rules(html: bytes | str, url: str | None, rules: Ruleset) -> HtmlElement:
    """Parse a page after replacing texts in its source.

    Raises:
        ExtractError: the page cannot be parsed.
    """
    if rules.replace:
        html = html if isinstance(html, str) else decode_html(html)
        for replacement in rules.replace:
            html = html.replace(replacement.find, replacement.by)
    return parse_html(html, url)


@dataclass(frozen=True, slots=True)
class RuleApplication:
    """The rules of a site and one of its pages.

    Attributes:
        issues: rules that libxml2 cannot evaluate on this page, each with the error.
        matches: the elements that were removed, each with its rule.
    """

    tree: HtmlElement
    rules: Ruleset
    issues: dict[Rule, str] = field(default_factory=dict)
    matches: dict[HtmlElement, Rule] = field(default_factory=dict)

    def reshape(self) -> None:
        """Set the sources of lazily loaded images, and wrap elements."""
        for name in self.rules.lazy_source:
            for element in self.tree.iter("img"):
                if address := element.get(name):
                    element.set("src", address)
        for wrap in self.rules.wrap:
            for element in self.select(wrap.rule):
                _wrap(element, wrap.tag)

    # --- metadata ---

    def override_metadata(self, metadata: Metadata) -> Metadata:
        """Return a page's metadata with the values that the rules find."""
        published = _more_precise(self._find_date(metadata.language), metadata.published)
        updated = metadata.updated
        is_ruled = published != metadata.published
        if is_ruled and (not updated or not published or updated <= published):
            updated = None
        return replace(
            metadata,
            title=self._find_title(metadata.title),
            authors=self._find_authors(metadata) or metadata.authors,
            published=published,
            updated=updated,
        )

    def _find_date(self, language: str | None) -> datetime | None:
        for text in self._first_texts(self.rules.date):
            if moment := dates.parse_page_date(text, language):
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return None

    def _find_title(self, stated: str) -> str:
        """Return the title that the rules find, or the page's own.

        Ftr rules may find the site's name as well, as other readers cut it off. CSS rules do not.
        """
        for rule in self.rules.title:
            found = next(self._first_texts((rule,)), "")
            if not found:
                continue
            if rule.css or not stated:
                return found
            is_longer = titles.compact_title(stated) in titles.compact_title(found)
            return stated if is_longer else found
        return stated

    def _find_authors(self, metadata: Metadata) -> tuple[str, ...]:
        """Return the authors in all texts that the first matching rule finds.

        If it finds one text with all the names of the page's metadata, these are used.
        """
        texts = next(self._texts(self.rules.author), [])
        if len(texts) == 1 and len(metadata.authors) > 1:
            byline = titles.compact_title(texts[0])
            if all(titles.compact_title(name) in byline for name in metadata.authors):
                return metadata.authors
        found: dict[str, None] = {}  # an ordered set
        for text in texts:
            names = authors.authors_from_byline(text, metadata.language)
            if not names:
                names = authors.split_authors(text, metadata.language)
            for name in names:
                if len(name) <= _MAX_AUTHOR_CHARS:
                    found[name] = None
        return tuple(found)[: authors.MAX_AUTHORS]

    # --- content ---

    def remove_matches(self) -> Iterator[Removed]:
        """Remove the elements, attributes and texts that `remove` finds. Yield the elements."""
        for rule in self.rules.remove:
            for node in self._evaluate(rule):
                if not isinstance(node, HtmlElement):
                    _remove_text(node)
                elif node.getparent() is not None and node.tag not in _ROOTS:
                    yield Removed(" ".join(node.text_content().split()), str(rule), 0)
                    self.matches[node] = rule
                    node.drop_tree()

    def find_removed_blocks(self, layout: Layout) -> Iterator[tuple[int, str]]:
        """Yield the blocks that begin with a text of `remove`, each with its reason."""
        starts: list[tuple[str, Rule]] = []
        for rule in self.rules.remove:
            start = rule.source.removeprefix(TEXT_TYPE).strip()
            if start and not rule.xpath:
                starts.append((start, rule))
        if not starts:
            return
        for index, block in enumerate(layout.blocks):
            for start, rule in starts:
                if block.text.startswith(start):
                    yield index, str(rule)

    def find_content(self, layout: Layout) -> frozenset[int]:
        """Return the blocks inside the elements that the first matching `content` rule finds."""
        for rule in self.rules.content:
            if blocks := _blocks_inside(layout, self.select(rule)):
                return blocks
        return frozenset()

    def find_kept_blocks(self, layout: Layout) -> frozenset[int]:
        """Return the blocks inside the elements that `keep` finds."""
        elements: list[HtmlElement] = []
        for rule in self.rules.keep:
            elements += self.select(rule)
        return _blocks_inside(layout, elements)

    def report(self, content: frozenset[int], url: str | None) -> Iterator[Removed]:
        """Yield notes on rules: no match for the content, an advertisement, an evaluation error.

        Args:
            content: the blocks that the `content` rules found.
            url: the page's URL, for errors.

        Raises:
            ExtractError: no `content` rule matches, and the rules require one.
        """
        if self.rules.content and not content:
            if self.rules.autodetect is False:
                raise ExtractError(f"{self.rules.content[0]} finds nothing, and is required", url)
            for rule in self.rules.content:
                note = f"{rule} finds nothing on this page: the article was found without it"
                yield Removed(rule.source, note, 0)
        for rule in self.rules.ads:
            if self._evaluate(rule):
                yield Removed(rule.source, f"{rule} says that this is an advertisement", 0)
        for rule, error in self.issues.items():
            yield Removed(rule.source, f"{rule} cannot be followed: {error}", 0)

    # --- matching ---

    def select(self, rule: Rule) -> list[HtmlElement]:
        """Return the elements that a rule finds, in document order."""
        return [node for node in self._evaluate(rule) if isinstance(node, HtmlElement)]

    def select_address(self, links: Iterable[FollowLink]) -> str:
        """Return the target of the first link that is found, as written on the page, or ""."""
        for link in links:
            if link.condition:
                condition = replace(link.rule, xpath=link.condition)
                if not self._evaluate(condition):
                    continue
            for node in self._evaluate(link.rule):
                text = node.get("href") if isinstance(node, HtmlElement) else node
                if isinstance(text, str) and text.strip():
                    return text.strip()
        return ""

    def _first_texts(self, rules: Iterable[Rule]) -> Iterator[str]:
        """Yield the first text of each rule that finds any."""
        for texts in self._texts(rules):
            yield texts[0]

    def _texts(self, rules: Iterable[Rule]) -> Iterator[list[str]]:
        """Yield the texts of each rule that finds any."""
        for rule in rules:
            texts = [_read_text(node, rule) for node in self._evaluate(rule)]
            if found := list(filter(None, texts)):
                yield found

    def _evaluate(self, rule: Rule) -> Sequence[object]:
        """Return the elements, attributes and texts that a rule finds.

        A string that the expression computes is a text.
        """
        if not rule.xpath:
            return []
        try:
            found = compile_xpath(rule.xpath)(self.tree)
        except etree.XPathError as error:
            self.issues[rule] = str(error)
            return []
        if isinstance(found, list):
            return found
        return [found] if found else []


def _wrap(element: HtmlElement, tag: str) -> None:
    around = element.getparent()
    if around is None or element.tag in _ROOTS:
        return
    wrapper = element.makeelement(tag)
    wrapper.tail, element.tail = element.tail, None
    around.replace(element, wrapper)
    wrapper.append(element)


def _remove_text(node: object) -> None:
    """Remove an attribute or a text from its element."""
    parent = getattr(node, "getparent", lambda: None)()
    if parent is None:
        return
    if getattr(node, "is_attribute", False):
        parent.attrib.pop(getattr(node, "attrname", ""), None)
    elif getattr(node, "is_tail", False):
        parent.tail = None
    else:
        parent.text = None


def _blocks_inside(layout: Layout, elements: Iterable[HtmlElement]) -> frozenset[int]:
    chosen = set(elements)
    if not chosen:
        return frozenset()
    inside: set[int] = set()
    for box in layout.boxes:
        if box.element in chosen:
            inside.update(range(box.first, box.last))
    for index, block in enumerate(layout.blocks):
        if not chosen.isdisjoint(block.pieces):
            inside.add(index)
    return frozenset(inside)


def _read_text(node: object, rule: Rule) -> str:
    """Return the text of a node, or the value of a meta or time element that a CSS rule finds.

    A CSS selector cannot select an attribute.
    """
    if isinstance(node, str):
        return " ".join(node.split())
    if not isinstance(node, HtmlElement):
        return ""
    value = None
    if rule.css:
        value = node.get("content") or node.get("datetime")
    text = value or node.text_content()
    return " ".join(text.split())


def _more_precise(ruled: datetime | None, stated: datetime | None) -> datetime | None:
    """Return the date that the rules find, or the page's own if it is the same and more precise."""
    if ruled is None or stated is None:
        return ruled or stated
    if abs(ruled - stated) < _SAME_MOMENT:
        return stated
    naive = ruled.replace(tzinfo=None)
    minute = stated.replace(tzinfo=None, second=0, microsecond=0)
    if naive.replace(second=0) == minute:
        return stated
    is_same_day = naive.time() == datetime.min.time() and naive.date() == stated.date()
    return stated if is_same_day else ruled
