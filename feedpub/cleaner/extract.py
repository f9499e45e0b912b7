"""A page, or a piece of one, → Article: the story of the cleaner in one place. Owns the order, and no decision."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from lxml.html import HtmlElement

from feedpub.cleaner import body, collector, metadata, model, site_rules, stand_ins
from feedpub.cleaner.blocks import cut
from feedpub.cleaner.case import KEPT, LINKED, Case
from feedpub.cleaner.features import measure
from feedpub.cleaner.layout import Block
from feedpub.cleaner.locate import Located, locate
from feedpub.cleaner.memory import SiteMemory
from feedpub.cleaner.metadata import Metadata, addresses
from feedpub.cleaner.parts import Parts, parts_of
from feedpub.cleaner.reading import head_hints, read
from feedpub.cleaner.site_names import site_names
from feedpub.cleaner.tree import parse
from feedpub.config import HOW_TO_RENDER, SiteRules
from feedpub.counting import counted
from feedpub.errors import ExtractError, NothingFound
from feedpub.model import Article, Removed
from feedpub.rules import Rule, Ruleset, any_ruleset
from feedpub.summary import choose

FEWEST_WORDS = 12  # of an article
FEW_WORDS = 50  # a page with scripts that shows fewer waits for them
ENOUGH_WORDS = 500  # not to count any further
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")
TRUSTED = 0.9  # the score of what stands in a fragment: its source has said that it is the article


@collector.paused()
def extract(
    html: bytes | str,
    url: str | None = None,
    *,
    memory: SiteMemory | None = None,
    rules: SiteRules | Ruleset | None = None,
) -> Article:
    """The article of a page, without what surrounds and interrupts it.

    Args:
        html: the page; bytes are decoded as browsers do.
        url: where it was found; relative addresses in it are completed with this.
        memory: what repeats over the pages of its site.
        rules: what is known about its site. A rule for the article's place that finds nothing is passed over, and
            `removed` tells so.

    Raises:
        ExtractError: the page is beyond all bounds, or the address is none, or the rules want no article taken from
            such a page.
        NothingFound: there is no article in it.
    """
    return extraction(html, url, memory, any_ruleset(rules)).article


@dataclass(frozen=True, slots=True)
class Extraction:
    """An article, and how it came to be.

    Attributes:
        case: what was decided about.
        found: the decision.
        taken: the elements that rules took out before, each with its rule.
    """

    article: Article
    case: Case
    found: Located
    taken: Mapping[HtmlElement, Rule]


def unwatched(tree: HtmlElement) -> None:
    """Nobody wants to see a page's tree before anything is taken out of it."""


def extraction(
    html: bytes | str,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
    watch: Callable[[HtmlElement], None] = unwatched,
) -> Extraction:
    """What `extract` does, with all that was decided. Raises as that does.

    Args:
        html: the page.
        url: where it was found.
        memory: what repeats over the pages of its site.
        rules: what is known about its site.
        watch: is shown the page's tree before anything is taken out of it; what it sees last is what counts.
    """
    if not addresses.is_address(url):
        raise ExtractError("this is no address that can be read", url)
    try:
        return _extracted(html, url, memory, rules, watch)
    except NothingFound as error:
        if not rules.content or rules.autodetect is False:
            raise
        # where the rules leave no article: found without them, but for what they say beside it
        done = _extracted(html, url, memory, replace(rules, content=(), remove=(), prune=None), watch)
        why = f"the rules leave no article on this page, it was found without them: {error.reason}"
        passed_over = (Removed(rule.written, f"{rule}: {why}", 0) for rule in rules.content)
        return replace(done, article=replace(done.article, removed=(*passed_over, *done.article.removed)))


def _extracted(
    html: bytes | str,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
    watch: Callable[[HtmlElement], None],
) -> Extraction:
    ruling = site_rules.Ruling(site_rules.parsed(html, url, rules), rules)
    ruling.reshape()
    tree = ruling.tree
    watch(tree)
    parts = parts_of(tree)
    stated = ruling.corrected(metadata.read(tree, url, _names(parts, url, memory), parts=_told(parts, rules)))
    hints = head_hints(parts)
    scripted = _has_scripts(tree)
    stripped = tuple(ruling.strip())
    layout = cut(tree)
    if not layout.blocks:
        reason = f"there is no text in the page without JavaScript; {HOW_TO_RENDER}"
        raise NothingFound(reason if scripted else "there is no text in the page", url)
    judge = model.load()
    case = Case(
        layout,
        judge.probabilities(measure(read(layout, hints), judge.vocabulary)),
        judge.vocabulary,
        title=stated.title,
        credits=frozenset(stated.lines),
        memory=memory,
        url=url,
        inside=ruling.content(layout),
        unwanted=dict(ruling.unwanted(layout)),
        kept=ruling.kept(layout),
        whole=rules.prune is False,
    )
    notes = tuple(ruling.notes(case.inside, url))
    found = locate(case)
    article = _article(case, found, stated)
    _check(article, hints.titles, case, found, scripted=scripted)
    article = replace(article, url=stated.canonical or url, removed=(*stripped, *notes, *article.removed))
    return Extraction(article, case, found, ruling.taken)


def _told(parts: Parts, rules: Ruleset) -> Parts:
    """The parts of a page that are to be believed."""
    if rules.json_ld is not False:
        return parts
    return {**parts, "script": [each for each in parts["script"] if "ld+json" not in (each.get("type") or "")]}


def extract_fragment(html: str, url: str | None = None, *, title: str = "") -> Article:
    """The article in a piece of HTML that is known to hold nothing else: a feed's own content.

    Raises:
        NothingFound: there is no text in it.
    """
    if not html.strip():
        raise NothingFound("there is no text in it", url)
    tree = parse(html, url)
    layout = cut(tree)
    if not layout.blocks:
        raise NothingFound("there is no text in it", url)
    trusted = np.full(len(layout.blocks), TRUSTED)
    case = Case(layout, trusted, model.load().vocabulary, title=title, url=url)
    base = addresses.base_of(tree.iter("base"), url)
    article = _article(case, locate(case), Metadata(title=title, base=base))
    return replace(article, url=url)


def _article(case: Case, found: Located, stated: Metadata) -> Article:
    return Article(
        title=stated.title,
        authors=stated.authors,
        published=stated.published,
        updated=stated.updated,
        language=stated.language,
        site=stated.site,
        image=stated.image,
        image_size=stated.image_size,
        html=body.html(case.layout, found.kept, stated.base, case.url),
        text=found.text,
        summary=choose(stated.description, found.text, title=stated.title, site=stated.site, language=stated.language),
        removed=found.removed,
        categories=stated.categories,
    )


def _names(parts: Parts, url: str | None, memory: SiteMemory | None) -> tuple[str, ...]:
    """What the site calls itself in its titles, where that was learned."""
    if memory is None or not parts["title"]:
        return ()
    return tuple(site_names(memory, parts["title"][0].text or "", url))


def _has_scripts(tree: HtmlElement) -> bool:
    """Whether something on the page could fill it: a script that is no data."""
    return any("json" not in script.get("type", "").lower() for script in tree.iter("script"))


def _check(article: Article, titles: Sequence[str], case: Case, found: Located, *, scripted: bool) -> None:
    """Refuse what stands where an article should, and a page whose best blocks are no article."""
    words = sum(1 for _ in islice(_WORD.finditer(article.text), ENOUGH_WORDS))
    if stand_in := stand_ins.load().find(titles, words):
        raise NothingFound(f"this is {stand_in}, not an article: '{article.title}'", case.url)
    blocks = case.layout.blocks
    doubtful = max(case.scores) < KEPT and _linked([blocks[index] for index in found.kept]) >= LINKED
    if not doubtful and (words >= FEWEST_WORDS or (words and "<img" in article.html)):
        return
    if scripted and sum(len(block.text.split()) for block in blocks) < FEW_WORDS:
        raise NothingFound(f"there is no article in the page without JavaScript; {HOW_TO_RENDER}", case.url)
    what = f"{counted(len(blocks), 'block')} of text looked at, {_linked(blocks):.0%} of it links"
    raise NothingFound(f"there is no article in the page: {what}, and none reads like one", case.url)


def _linked(blocks: Sequence[Block]) -> float:
    """The share of some blocks' characters that stand in links."""
    return sum(block.link_chars for block in blocks) / max(1, sum(len(block.text) for block in blocks))
