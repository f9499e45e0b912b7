"""Pausing Python's search for reference cycles while a page is read.

A page becomes tens of thousands of objects, none of them in a cycle; to look through all of them
again and again takes a tenth of the time. Counting of references goes on, so nothing stays longer
than it would.
"""

import gc
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from lxml.html import HtmlElement

from feedpub.cleaner import apply_rules, body, classifier, interstitials, metadata
from feedpub.cleaner.body import render_inline
from feedpub.cleaner.boilerplate import RemovalDecision, decide_removals
from feedpub.cleaner.features import measure_features
from feedpub.cleaner.layout import Block, Layout
from feedpub.cleaner.metadata import Metadata, canonical
from feedpub.cleaner.metadata.elements import HeadElements, collect_elements
from feedpub.cleaner.page import KEPT, LINKED, PageContext
from feedpub.cleaner.page_text import head_hints, tokenize_page
from feedpub.cleaner.rules import Rule, Ruleset, coerce_ruleset
from feedpub.cleaner.segment import segment
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.cleaner.site_template import find_site_names
from feedpub.cleaner.summary import choose_summary
from feedpub.config import HOW_TO_RENDER, SiteRules
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Article, Removed
from feedpub.core.text import pluralize


@contextmanager
def gc_paused() -> Iterator[None]:
    """No search for cycles meanwhile, in any thread; afterwards as before."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# SECTION: Where the article is: blocks → those that are kept, and the reasons of those that are
# not.


@dataclass(frozen=True, slots=True)
class Selection:
    """The decision: numbers of the kept blocks, in order, their text, and what was taken out.

    Attributes:
        gone: the other blocks by their number, each with its reason.
    """

    kept: tuple[int, ...]
    text: str
    removed: tuple[Removed, ...]
    dropped: Mapping[int, RemovalDecision]


def select_content(case: PageContext) -> Selection:
    """Decide about every block of a page."""
    gone = decide_removals(case)
    lines = {
        index: render_inline(case.layout, block)
        for index, block in enumerate(case.layout.blocks)
        if index not in gone
    }
    text = "\n".join([each for each in lines.values() if each])
    return Selection(tuple(lines), text, tuple(_removed(case.layout, gone, lines)), gone)


def _removed(
    layout: Layout, gone: Mapping[int, RemovalDecision], lines: Mapping[int, str]
) -> Iterator[Removed]:
    """What was taken out, neighbours that went for the same reason as one."""
    texts: list[str] = []
    reason, above = "", 0  # above: lines of the article's text so far
    for index, block in enumerate(layout.blocks):
        why = gone[index].reason if index in gone else ""
        if texts and why != reason and (block.text or not why):
            yield Removed("\n".join(texts), reason, above)
            texts = []
        if not why:
            above += lines[index].count("\n") + 1 if lines[index] else 0
        elif block.text:
            texts.append(block.text)
            reason = why
    if texts:
        yield Removed("\n".join(texts), reason, above)


# SECTION: A page, or a piece of one, → Article: the story of the cleaner in one place. Owns the
# order, and no decision.

FEWEST_WORDS = 12  # of an article
FEW_WORDS = 50  # a page with scripts that shows fewer waits for them
ENOUGH_WORDS = 500  # not to count any further
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")
TRUSTED = 0.9  # the score of what stands in a fragment: its source has said that it is the article


@gc_paused()
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
        rules: what is known about its site. A rule for the article's place that finds nothing is
            passed over, and `removed` tells so.

    Raises:
        ExtractError: the page is beyond all bounds, or the address is none, or the rules want no
            article taken from such a page.
        NoContentError: there is no article in it.
    """
    return trace_extraction(html, url, memory, coerce_ruleset(rules)).article


@dataclass(frozen=True, slots=True)
class ExtractionTrace:
    """An article, and how it came to be.

    Attributes:
        case: what was decided about.
        found: the decision.
        taken: the elements that rules took out before, each with its rule.
    """

    article: Article
    case: PageContext
    found: Selection
    taken: Mapping[HtmlElement, Rule]


def unwatched(tree: HtmlElement) -> None:
    """Nobody wants to see a page's tree before anything is taken out of it."""


def trace_extraction(
    html: bytes | str,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
    watch: Callable[[HtmlElement], None] = unwatched,
) -> ExtractionTrace:
    """What `extract` does, with all that was decided. Raises as that does.

    Args:
        html: the page.
        url: where it was found.
        memory: what repeats over the pages of its site.
        rules: what is known about its site.
        watch: is shown the page's tree before anything is taken out of it; what it sees last is
            what counts.
    """
    if not canonical.is_web_address(url):
        raise ExtractError("this is no address that can be read", url)
    try:
        return _extracted(html, url, memory, rules, watch)
    except NoContentError as error:
        if not rules.content or rules.autodetect is False:
            raise
        # where the rules leave no article: found without them, but for what they say beside it
        done = _extracted(
            html, url, memory, replace(rules, content=(), remove=(), prune=None), watch
        )
        why = f"the rules leave no article on this page, it was found without them: {error.reason}"
        passed_over = (Removed(rule.source, f"{rule}: {why}", 0) for rule in rules.content)
        return replace(
            done, article=replace(done.article, removed=(*passed_over, *done.article.removed))
        )


def _extracted(
    html: bytes | str,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
    watch: Callable[[HtmlElement], None],
) -> ExtractionTrace:
    ruling = apply_rules.RuleApplication(apply_rules.apply_rules(html, url, rules), rules)
    ruling.reshape()
    tree = ruling.tree
    watch(tree)
    parts = collect_elements(tree)
    stated = ruling.apply_replacements(
        metadata.read_metadata(tree, url, _names(parts, url, memory), parts=_told(parts, rules))
    )
    hints = head_hints(parts)
    scripted = _has_scripts(tree)
    stripped = tuple(ruling.mark_stripped())
    layout = segment(tree)
    if not layout.blocks:
        reason = f"there is no text in the page without JavaScript; {HOW_TO_RENDER}"
        raise NoContentError(reason if scripted else "there is no text in the page", url)
    judge = classifier.load_classifier()
    case = PageContext(
        layout,
        judge.probabilities(measure_features(tokenize_page(layout, hints), judge.vocabulary)),
        judge.vocabulary,
        title=stated.title,
        credits=frozenset(stated.byline_elements),
        memory=memory,
        url=url,
        inside=ruling.find_content(layout),
        unwanted=dict(ruling.find_unwanted(layout)),
        kept=ruling.find_kept(layout),
        whole=rules.prune is False,
    )
    notes = tuple(ruling.read_facts(case.inside, url))
    found = select_content(case)
    article = _article(case, found, stated)
    _check(article, hints.titles, case, found, scripted=scripted)
    article = replace(
        article, url=stated.canonical or url, removed=(*stripped, *notes, *article.removed)
    )
    return ExtractionTrace(article, case, found, ruling.matches)


def _told(parts: HeadElements, rules: Ruleset) -> HeadElements:
    """The parts of a page that are to be believed."""
    if rules.json_ld is not False:
        return parts
    return {
        **parts,
        "script": [each for each in parts["script"] if "ld+json" not in (each.get("type") or "")],
    }


def extract_fragment(html: str, url: str | None = None, *, title: str = "") -> Article:
    """The article in a piece of HTML that is known to hold nothing else: a feed's own content.

    Raises:
        NoContentError: there is no text in it.
    """
    if not html.strip():
        raise NoContentError("there is no text in it", url)
    tree = parse_html(html, url)
    layout = segment(tree)
    if not layout.blocks:
        raise NoContentError("there is no text in it", url)
    trusted = np.full(len(layout.blocks), TRUSTED)
    case = PageContext(
        layout, trusted, classifier.load_classifier().vocabulary, title=title, url=url
    )
    base = canonical.base_url(tree.iter("base"), url)
    article = _article(case, select_content(case), Metadata(title=title, base=base))
    return replace(article, url=url)


def _article(case: PageContext, found: Selection, stated: Metadata) -> Article:
    return Article(
        title=stated.title,
        authors=stated.authors,
        published=stated.published,
        updated=stated.updated,
        language=stated.language,
        site=stated.site,
        image=stated.image,
        image_size=stated.image_size,
        html=body.render_body(case.layout, found.kept, stated.base, case.url),
        text=found.text,
        summary=choose_summary(
            stated.description,
            found.text,
            title=stated.title,
            site=stated.site,
            language=stated.language,
        ),
        removed=found.removed,
        categories=stated.categories,
    )


def _names(parts: HeadElements, url: str | None, memory: SiteMemory | None) -> tuple[str, ...]:
    """What the site calls itself in its titles, where that was learned."""
    if memory is None or not parts["title"]:
        return ()
    return tuple(find_site_names(memory, parts["title"][0].text or "", url))


def _has_scripts(tree: HtmlElement) -> bool:
    """Whether something on the page could fill it: a script that is no data."""
    return any("json" not in script.get("type", "").lower() for script in tree.iter("script"))


def _check(
    article: Article, titles: Sequence[str], case: PageContext, found: Selection, *, scripted: bool
) -> None:
    """Refuse what stands where an article should, and a page whose best blocks are no article."""
    words = sum(1 for _ in islice(_WORD.finditer(article.text), ENOUGH_WORDS))
    if stand_in := interstitials.load_interstitials().find(titles, words):
        raise NoContentError(f"this is {stand_in}, not an article: '{article.title}'", case.url)
    blocks = case.layout.blocks
    doubtful = (
        max(case.scores) < KEPT and _linked([blocks[index] for index in found.kept]) >= LINKED
    )
    if not doubtful and (words >= FEWEST_WORDS or (words and "<img" in article.html)):
        return
    if scripted and sum(len(block.text.split()) for block in blocks) < FEW_WORDS:
        raise NoContentError(
            f"there is no article in the page without JavaScript; {HOW_TO_RENDER}", case.url
        )
    what = f"{pluralize(len(blocks), 'block')} of text looked at, {_linked(blocks):.0%} of it links"
    raise NoContentError(
        f"there is no article in the page: {what}, and none reads like one", case.url
    )


def _linked(blocks: Sequence[Block]) -> float:
    """The share of some blocks' characters that stand in links."""
    return sum(block.link_chars for block in blocks) / max(
        1, sum(len(block.text) for block in blocks)
    )
