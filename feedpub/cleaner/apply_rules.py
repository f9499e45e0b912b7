"""What a person has said about a site, applied to a page: its metadata, what never belongs to the article, where it is.

Owns the use of expressions, which are sound as far as that can be told without a page; a rule is
obeyed before anything is judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lxml import etree
from lxml.html import HtmlElement

from feedpub.cleaner.layout import Layout
from feedpub.cleaner.metadata import Metadata, authors, titles
from feedpub.cleaner.rules import FollowLink, Rule, Ruleset
from feedpub.cleaner.rules.toml import TEXT_TYPE
from feedpub.core import dates
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html
from feedpub.core.models import Removed
from feedpub.core.selectors import compile_xpath

_ROOTS = frozenset({"html", "head", "body"})  # are never taken out
_LONGEST_NAME = 100  # characters of an author's name
_SAME_MOMENT = timedelta(minutes=1)


def apply_rules(html: bytes | str, url: str | None, rules: Ruleset) -> HtmlElement:
    """A page's tree, with the texts of the raw page replaced before.

    Raises ExtractError, as `tree.parse`.
    """
    if rules.replace:
        html = html if isinstance(html, str) else decode_html(html)
        for each in rules.replace:
            html = html.replace(each.find, each.by)
    return parse_html(html, url)


@dataclass(frozen=True, slots=True)
class RuleApplication:
    """The rules of a site on one of its pages.

    Attributes:
        faults: rules that libxml2 cannot follow on this page, and why.
        taken: the elements that `strip` took out, each with its rule.
    """

    tree: HtmlElement
    rules: Ruleset
    issues: dict[Rule, str] = field(default_factory=dict)
    matches: dict[HtmlElement, Rule] = field(default_factory=dict)

    def reshape(self) -> None:
        """Put true addresses into pictures, and elements around others."""
        for name in self.rules.lazy_source:
            for element in self.tree.iter("img"):
                if address := element.get(name):
                    element.set("src", address)
        for wrap in self.rules.wrap:
            for element in self.select(wrap.rule):
                _wrap(element, wrap.tag)

    # --- what the page says of itself ---

    def apply_replacements(self, stated: Metadata) -> Metadata:
        """What a page says of itself, with what the rules know better."""
        moments = (_moment(text, stated) for text in self._values(self.rules.date))
        published = _finer(next((moment for moment in moments if moment), None), stated.published)
        updated = (
            stated.updated if stated.updated and published and stated.updated > published else None
        )
        return replace(
            stated,
            title=self._title(stated.title),
            authors=self._authors(stated) or stated.authors,
            published=published,
            updated=updated,
        )

    def _title(self, stated: str) -> str:
        """The title that the rules find.

        Ftr's are made for readers that cut the site's name off.
        """
        for rule in self.rules.title:
            if found := next(self._values((rule,)), ""):
                longer = (
                    not rule.css
                    and stated
                    and titles.compact_title(stated) in titles.compact_title(found)
                )
                return stated if longer else found
        return stated

    def _authors(self, stated: Metadata) -> tuple[str, ...]:
        """All that the first rule finds which finds any.

        A text around all the names that are known says no more.
        """
        texts = next(self._texts(self.rules.author), [])
        known = [titles.compact_title(name) for name in stated.authors]
        if (
            known
            and len(texts) == 1
            and len(known) > 1
            and all(name in titles.compact_title(texts[0]) for name in known)
        ):
            return stated.authors
        each = (
            authors.authors_from_byline(text, stated.language)
            or authors.split_authors(text, stated.language)
            for text in texts
        )
        found = dict.fromkeys(name for some in each for name in some if len(name) <= _LONGEST_NAME)
        return tuple(found)[: authors.MAX_AUTHORS]

    # --- what belongs to the article ---

    def mark_stripped(self) -> Iterator[Removed]:
        """Take what `remove` finds out of the tree.

        Elements, and attributes and texts, which XPath finds as well.
        """
        for rule in self.rules.remove:
            for node in self._nodes(rule):
                if not isinstance(node, HtmlElement):
                    _strip_text(node)
                elif node.getparent() is not None and node.tag not in _ROOTS:
                    yield Removed(" ".join(node.text_content().split()), str(rule), 0)
                    self.matches[node] = rule
                    node.drop_tree()

    def find_unwanted(self, layout: Layout) -> Iterator[tuple[int, str]]:
        """The blocks that begin with a text of `remove`, each with its reason."""
        texts = [rule for rule in self.rules.remove if not rule.xpath]
        starts = [(rule.source.removeprefix(TEXT_TYPE).strip(), rule) for rule in texts]
        for index, block in enumerate(layout.blocks):
            for start, rule in starts:
                if start and block.text.startswith(start):
                    yield index, str(rule)

    def find_content(self, layout: Layout) -> frozenset[int]:
        """The blocks inside what the first rule finds that finds any.

        None where there is no such rule.
        """
        found = (
            inside for rule in self.rules.content if (inside := _inside(layout, self.select(rule)))
        )
        return next(found, frozenset())

    def find_kept(self, layout: Layout) -> frozenset[int]:
        """The blocks inside what `keep` finds."""
        return _inside(
            layout, (element for rule in self.rules.keep for element in self.select(rule))
        )

    def read_facts(self, inside: frozenset[int], url: str | None) -> Iterator[Removed]:
        """What the rules tell of the page: it is an advertisement; they find no article, or cannot be followed.

        Raises:
            ExtractError: the rules say that a page where they find no article has none.
        """
        if self.rules.content and not inside:
            if self.rules.autodetect is False:
                raise ExtractError(
                    f"{self.rules.content[0]} finds nothing, and is not to be done without", url
                )
            for rule in self.rules.content:
                yield Removed(
                    rule.source,
                    f"{rule} finds nothing on this page: the article was found without it",
                    0,
                )
        for rule in self.rules.ads:
            if self._nodes(rule):
                yield Removed(rule.source, f"{rule} says that this is an advertisement", 0)
        for rule, fault in self.issues.items():
            yield Removed(rule.source, f"{rule} cannot be followed: {fault}", 0)

    # --- what rules find ---

    def select(self, rule: Rule) -> list[HtmlElement]:
        """The elements that a rule finds, in the page's order."""
        return [node for node in self._nodes(rule) if isinstance(node, HtmlElement)]

    def select_address(self, links: Iterable[FollowLink]) -> str:
        """Where the first link leads that there is, as it is written; "" where there is none."""
        for link in links:
            if not link.condition or self._nodes(replace(link.rule, xpath=link.condition)):
                for node in self._nodes(link.rule):
                    text = node.get("href") if isinstance(node, HtmlElement) else node
                    if isinstance(text, str) and text.strip():
                        return text.strip()
        return ""

    def _values(self, rules: Iterable[Rule]) -> Iterator[str]:
        """The first text that each rule finds, of those rules that find any."""
        return (texts[0] for texts in self._texts(rules))

    def _texts(self, rules: Iterable[Rule]) -> Iterator[list[str]]:
        """The texts that each rule finds, of those rules that find any."""
        for rule in rules:
            if texts := [text for node in self._nodes(rule) if (text := _text(node, rule))]:
                yield texts

    def _nodes(self, rule: Rule) -> Sequence[object]:
        """What a rule finds.

        Elements, attributes, texts; a text that an expression makes is one of them.
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


def _strip_text(node: object) -> None:
    """Take an attribute or a text away from the element that it belongs to."""
    parent = getattr(node, "getparent", lambda: None)()
    if parent is None:
        return
    if getattr(node, "is_attribute", False):
        parent.attrib.pop(getattr(node, "attrname", ""), None)
    elif getattr(node, "is_tail", False):
        parent.tail = None
    else:
        parent.text = None


def _inside(layout: Layout, found: Iterable[HtmlElement]) -> frozenset[int]:
    """The blocks inside some elements; those that stand in another of them count once."""
    chosen = set(found)
    if not chosen:
        return frozenset()
    inside: set[int] = set()
    for box in layout.boxes:
        if box.element in chosen:
            inside.update(range(box.first, box.last))
    for index, block in enumerate(layout.blocks):
        if not chosen.isdisjoint(piece for piece in block.pieces if isinstance(piece, HtmlElement)):
            inside.add(index)
    return frozenset(inside)


def _text(node: object, rule: Rule) -> str:
    """What a node says.

    With a CSS selector, which cannot name an attribute, what its element is there for.
    """
    if isinstance(node, HtmlElement):
        own = (node.get("content") or node.get("datetime")) if rule.css else None
        return " ".join((own or node.text_content()).split())
    return " ".join(node.split()) if isinstance(node, str) else ""


def _moment(text: str, stated: Metadata) -> datetime | None:
    moment = dates.parse_page_date(text, stated.language)
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _finer(ruled: datetime | None, stated: datetime | None) -> datetime | None:
    """The date that the rules find.

    The page's own where that is the same moment, or the same day's, and says more.
    """
    if ruled is None or stated is None:
        return ruled or stated
    naked = ruled.replace(tzinfo=None)
    same_day = naked.time() == datetime.min.time() and naked.date() == stated.date()
    same_time = naked.replace(second=0) == stated.replace(tzinfo=None, second=0, microsecond=0)
    return stated if same_day or same_time or abs(ruled - stated) < _SAME_MOMENT else ruled
