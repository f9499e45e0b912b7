"""Extract the article of a page, or of a fragment of HTML. This module orchestrates the cleaner."""

import gc
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from lxml.html import HtmlElement

from feedpub.cleaner import access, body, classifier, images, metadata, short_pages
from feedpub.cleaner.access import LOGIN_PAGE, PAYWALL, AccessLimits, find_access_limits
from feedpub.cleaner.apply_rules import RuleApplication, parse_with_rules
from feedpub.cleaner.boilerplate import JUDGEMENTS, RemovalDecision, decide_removals
from feedpub.cleaner.choose import SHORT_PAGE, TITLE_ALONE, WORD, add_recipe
from feedpub.cleaner.features import measure_features
from feedpub.cleaner.formulas import join_code_lines
from feedpub.cleaner.forum import OUTSIDE_POSTS, find_post
from feedpub.cleaner.layout import PLACES, Block, Layout
from feedpub.cleaner.metadata import Metadata, canonical
from feedpub.cleaner.metadata.elements import HeadElements, collect_elements
from feedpub.cleaner.page import MAX_LINK_DENSITY, MIN_SCORE, PageContext
from feedpub.cleaner.rules import Rule, Ruleset, coerce_ruleset
from feedpub.cleaner.segment import segment
from feedpub.cleaner.site_memory import SiteMemory
from feedpub.cleaner.site_template import find_site_names
from feedpub.cleaner.summary import choose_summary
from feedpub.cleaner.vocabulary import HeadHints, head_hints, tokenize_page
from feedpub.config import HOW_TO_RENDER, SiteRules
from feedpub.core.article_keys import url_key
from feedpub.core.errors import ExtractError, InterstitialError, NoContentError
from feedpub.core.html import parse_html
from feedpub.core.models import Article, Removed
from feedpub.core.text import pluralize
from feedpub.core.urls import without_place

MIN_ARTICLE_WORDS = 12
MIN_RENDERED_WORDS = 50  # a page with scripts and less text is written by them
MAX_COUNTED_WORDS = 500
MAX_CAPTION_WORDS = 60  # next to a picture that the page is about
MAX_LOADING_WORDS = 4  # of a note such as "Loading the news …" on a page that scripts write
MIN_SHORT_WORDS = 3  # a page with fewer and without a picture and a title has no content
FRAGMENT_SCORE = 0.9  # of the blocks of a fragment, as its source states that it is the article
OUTSIDE_MAIN = "outside the main text of a short page"
_SHOWN = re.compile(r"<img |<a [^<>]*+>(?:Video|Audio)")
_LETTERS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+")


@contextmanager
def pause_garbage_collection() -> Iterator[None]:
    """Pause Python's search for reference cycles in all threads.

    A page becomes tens of thousands of objects without any cycle, and searching them repeatedly
    takes a tenth of the time. Reference counting continues, so nothing is kept longer.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@pause_garbage_collection()
def extract(
    html: bytes | str,
    url: str | None = None,
    *,
    memory: SiteMemory | None = None,
    rules: SiteRules | Ruleset | None = None,
) -> Article:
    """Extract the article of a page, without the boilerplate around and inside it.

    Args:
        html: the page; bytes are decoded as browsers do.
        url: the page's URL; relative addresses are resolved against it. If it has a fragment that
            names a post of a forum's thread, the post is the article.
        memory: what the site's other pages have in common.
        rules: the site's rules. A content rule that matches nothing is skipped and reported in
            `removed`.

    Raises:
        ExtractError: the page exceeds a limit, the URL is invalid, or the rules exclude the page.
        InterstitialError: the page is an error, challenge, consent or login page.
        NoContentError: there is no article on the page.

    The article of a page behind a paywall is not `complete`; its `content_reason` is `PAYWALL`.
    """
    return trace_extraction(html, url, memory, coerce_ruleset(rules)).article


def extract_listed(
    html: bytes | str,
    url: str | None = None,
    *,
    memory: SiteMemory | None = None,
    rules: SiteRules | Ruleset | None = None,
) -> Article:
    """Extract the article of a page that a source lists, at last its metadata alone.

    The arguments are those of `extract`. An article without content is not `complete`, and its
    `content_reason` has the cause.

    Raises:
        ExtractError: as `extract` does.
        InterstitialError: the page is an error, challenge, consent or login page.
    """
    try:
        return extract(html, url, memory=memory, rules=rules)
    except InterstitialError:
        raise
    except NoContentError as error:
        reason = f"{TITLE_ALONE}: {error.reason}"
    url = without_place(url) if url else None
    try:
        article = _read_metadata_alone(html, url, memory, coerce_ruleset(rules))
    except NoContentError:  # there is no markup
        article = Article(url=url)
    return replace(article, complete=False, content_reason=reason)


def _read_metadata_alone(
    html: bytes | str, url: str | None, memory: SiteMemory | None, rules: Ruleset
) -> Article:
    applied = RuleApplication(parse_with_rules(html, url, rules), rules)
    elements = collect_elements(applied.tree)
    found = _read_metadata(applied.tree, elements, url, memory, rules)
    found = applied.override_metadata(found)
    article = _article_with_metadata(found)
    return replace(article, url=found.canonical or url)


@dataclass(frozen=True, slots=True)
class Selection:
    """The decision about a page's blocks.

    Attributes:
        kept: the blocks of the article, in order.
        text: their text.
        removed: the texts of the other blocks, with reasons.
        decisions: the decision for each of the other blocks.
    """

    kept: tuple[int, ...]
    text: str
    removed: tuple[Removed, ...]
    decisions: Mapping[int, RemovalDecision]


@dataclass(frozen=True, slots=True)
class ExtractionTrace:
    """An article and how it was extracted.

    Attributes:
        page: the page, as the decision saw it.
        selection: the decision.
        rule_matches: the elements that rules removed before, each with its rule.
    """

    article: Article
    page: PageContext
    selection: Selection
    rule_matches: Mapping[HtmlElement, Rule]


def ignore_tree(_tree: HtmlElement) -> None:
    """Ignore the page's tree."""


def trace_extraction(
    html: bytes | str,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
    observe: Callable[[HtmlElement], None] = ignore_tree,
) -> ExtractionTrace:
    """Extract the article of a page, and return all decisions. See `extract`.

    Args:
        html: the page.
        url: the page's URL.
        memory: what the site's other pages have in common.
        rules: the site's rules.
        observe: called with the page's tree before anything is removed from it. If the rules leave
            no article, it is called again for a second attempt, which is the one that counts.
    """
    if not canonical.is_web_address(url):
        raise ExtractError("this is not a web address", url)
    try:
        return _extract_once(html, url, memory, rules, observe)
    except NoContentError as error:
        if not rules.content or rules.autodetect is False:
            raise
        relaxed = replace(rules, content=(), remove=(), prune=None)
        trace = _extract_once(html, url, memory, relaxed, observe)
        why = f"the rules leave no article on this page, it was found without them: {error.reason}"
        skipped = [Removed(rule.source, f"{rule}: {why}", 0) for rule in rules.content]
        article = replace(trace.article, removed=(*skipped, *trace.article.removed))
        return replace(trace, article=article)


def _extract_once(
    html: bytes | str,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
    observe: Callable[[HtmlElement], None],
) -> ExtractionTrace:
    address, url = url, without_place(url) if url else None
    applied = RuleApplication(parse_with_rules(html, url, rules), rules)
    applied.reshape()
    tree = applied.tree
    join_code_lines(tree)
    observe(tree)
    elements = collect_elements(tree)
    found = _read_metadata(tree, elements, url, memory, rules)
    found = applied.override_metadata(found)
    hints = head_hints(elements)
    has_scripts = _has_scripts(tree)
    limits = _find_access_limits(tree, elements, url, found.title, rules)
    removed = tuple(applied.remove_matches())
    layout = segment(tree)
    if not layout.blocks:
        _check_interstitial(hints.titles, 0, found.title, url)
        _check_login(limits, "", url)
        reason = "there is no text in the page"
        if has_scripts:
            reason += f" without JavaScript; {HOW_TO_RENDER}"
        raise NoContentError(reason, url)
    page = replace(
        _judge_page(layout, hints, applied),
        title=found.title,
        credits=frozenset(found.byline_elements),
        memory=memory,
        url=url,
    )
    notes = tuple(applied.report(page.rule_content, url))
    selection = select_content(page)
    if not page.rule_content and (post := find_post(page, address)):
        selection = _select(page, selection, post.blocks, OUTSIDE_POSTS)
        found = metadata.read_post_metadata(post.element, found)
        url = address
    article = _make_article(page, selection, found)
    words = _count_words(article.text)
    _check_interstitial(hints.titles, words, found.title, url, article.text)
    if problem := _find_problem(article, page, selection, has_scripts=has_scripts):
        selection = _select_short_content(page, selection, found.image)
        article = _make_article(page, selection, found)
        if not _has_short_content(page, article, has_scripts=has_scripts):
            _check_login(limits, "", url)
            raise NoContentError(PAYWALL if limits.is_paywalled("") else problem, url)
        article = replace(article, content_reason=SHORT_PAGE)
    elif words < MAX_CAPTION_WORDS and "<img" not in article.html:
        pictures = short_pages.find_subject_pictures(page, found.image)
        selection = _select(page, selection, {*selection.kept, *pictures})
        article = _make_article(page, selection, found)
    article = add_recipe(article, found.ingredients, found.steps)
    article = _mark_closed(limits, article, url)
    article = replace(
        article, url=found.canonical or url, removed=(*removed, *notes, *article.removed)
    )
    return ExtractionTrace(article, page, selection, applied.matches)


def _read_metadata(
    tree: HtmlElement,
    elements: HeadElements,
    url: str | None,
    memory: SiteMemory | None,
    rules: Ruleset,
) -> Metadata:
    site_names: tuple[str, ...] = ()
    if memory is not None and elements["title"]:
        site_names = tuple(find_site_names(memory, elements["title"][0].text or "", url))
    if rules.json_ld is False:
        scripts = [each for each in elements["script"] if "ld+json" not in each.get("type", "")]
        elements = {**elements, "script": scripts}
    return metadata.read_metadata(tree, url, site_names, parts=elements)


def _judge_page(layout: Layout, hints: HeadHints, applied: RuleApplication) -> PageContext:
    """Return the blocks' probabilities and the results of the rules."""
    model = classifier.load_classifier()
    features = measure_features(tokenize_page(layout, hints), model.vocabulary)
    return PageContext(
        layout,
        model.probabilities(features),
        model.vocabulary,
        rule_content=applied.find_content(layout),
        rule_removed=dict(applied.find_removed_blocks(layout)),
        rule_kept=applied.find_kept_blocks(layout),
        keep_all=applied.rules.prune is False,
    )


def extract_fragment(
    html: str, url: str | None = None, *, title: str = "", prune: bool = True
) -> Article:
    """Extract the article of a fragment that contains nothing else, such as a feed's content.

    Args:
        html: the fragment.
        url: its URL; relative addresses are resolved against it.
        title: the title of the article, which is not repeated in its text.
        prune: remove boilerplate; False for a text that is free of it.

    Raises:
        NoContentError: there is neither a text nor a picture in it.
    """
    if not html.strip():
        raise NoContentError("there is no text in it", url)
    tree = parse_html(html, url)
    join_code_lines(tree)
    images.show_titles(tree)
    layout = segment(tree)
    if not layout.blocks:
        raise NoContentError("there is no text in it", url)
    scores = np.full(len(layout.blocks), FRAGMENT_SCORE)
    vocabulary = classifier.load_classifier().vocabulary
    page = PageContext(layout, scores, vocabulary, title=title, url=url, is_fragment=True)
    if not prune:
        everything = frozenset(range(len(layout.blocks)))
        page = replace(page, rule_kept=everything.difference(page.repeated_titles))
    base = canonical.base_url(tree.iter("base"), url)
    selection = select_content(page)
    if not selection.text:
        selection = _select(page, selection, {*selection.kept, *_find_links_and_code(page, base)})
    article = _make_article(page, selection, Metadata(title=title, base=base))
    if not article.html:
        raise NoContentError("there is no text in it", url)
    return replace(article, url=url)


def _find_links_and_code(page: PageContext, base: str | None) -> Iterator[int]:
    """Yield the blocks of a fragment without a text that have code, or a link to elsewhere.

    The items of some sites have nothing else: "[link] [comments]".
    """
    own = url_key(page.url) if page.url else ""
    for index, block in enumerate(page.layout.blocks):
        links = [images.resolve_link(link, base) for link in block.links]
        leads_elsewhere = any(link and url_key(link) != own for link in links)
        if leads_elsewhere or page.place(index) & PLACES["pre"]:
            yield index


def select_content(page: PageContext) -> Selection:
    """Decide about every block of a page."""
    decisions = decide_removals(page)
    texts: dict[int, str] = {}
    for index, block in enumerate(page.layout.blocks):
        if index not in decisions:
            texts[index] = body.block_text(page.layout, block)
    text = "\n".join(filter(None, texts.values()))
    removed = tuple(_describe_removals(page.layout, decisions, texts))
    return Selection(tuple(texts), text, removed, decisions)


def _describe_removals(
    layout: Layout, decisions: Mapping[int, RemovalDecision], texts: Mapping[int, str]
) -> Iterator[Removed]:
    """Yield the removed texts. Neighbours with the same reason are joined."""
    joined: list[str] = []
    joined_reason = ""
    lines_above = 0  # of the article's text
    for index, block in enumerate(layout.blocks):
        reason = decisions[index].reason if index in decisions else ""
        if joined and reason != joined_reason and (block.text or not reason):
            yield Removed("\n".join(joined), joined_reason, lines_above)
            joined = []
        if not reason:
            lines_above += texts[index].count("\n") + 1 if texts[index] else 0
        elif block.text:
            joined.append(block.text)
            joined_reason = reason
    if joined:
        yield Removed("\n".join(joined), joined_reason, lines_above)


def _has_short_content(page: PageContext, article: Article, *, has_scripts: bool) -> bool:
    """Return whether an article is the content of a short page, unlike "Loading …"."""
    if _SHOWN.search(article.html):
        return True
    words = len(_LETTERS.findall(article.text))
    is_unfinished = article.text.endswith(("…", "..."))
    if is_unfinished and has_scripts and words <= MAX_LOADING_WORDS:
        return False
    is_titled = page.repeated_titles and not is_unfinished
    return words >= (1 if is_titled else MIN_SHORT_WORDS)


def _select_short_content(page: PageContext, selection: Selection, image: str | None) -> Selection:
    """Select the content of a page by its place, as it has too little text for the model."""
    excluded = set(page.rule_removed)
    for index, decision in selection.decisions.items():
        if decision.evidence not in JUDGEMENTS:
            excluded.add(index)
    kept = short_pages.find_main_blocks(page, excluded, image)
    return _select(page, selection, {*kept, *page.rule_kept})


def _select(
    page: PageContext,
    selection: Selection,
    kept: Collection[int],
    reason: str = OUTSIDE_MAIN,
) -> Selection:
    """Return the selection of some blocks, instead of those of another selection."""
    decisions = dict(selection.decisions)
    texts: dict[int, str] = {}
    for index, block in enumerate(page.layout.blocks):
        if index in kept:
            texts[index] = body.block_text(page.layout, block)
            decisions.pop(index, None)
        else:
            decisions.setdefault(index, RemovalDecision(reason, "the page's structure"))
    removed = tuple(_describe_removals(page.layout, decisions, texts))
    return Selection(tuple(texts), "\n".join(filter(None, texts.values())), removed, decisions)


def _make_article(page: PageContext, selection: Selection, found: Metadata) -> Article:
    return replace(
        _article_with_metadata(found, selection.text),
        html=body.render_body(page.layout, selection.kept, found.base, page.url),
        text=selection.text,
        removed=selection.removed,
    )


def _article_with_metadata(found: Metadata, text: str = "") -> Article:
    return Article(
        title=found.title,
        authors=found.authors,
        published=found.published,
        updated=found.updated,
        language=found.language,
        site=found.site,
        image=found.image,
        image_size=found.image_size,
        summary=choose_summary(
            found.description, text, title=found.title, site=found.site, language=found.language
        ),
        categories=found.categories,
        rights=found.rights,
    )


def _has_scripts(tree: HtmlElement) -> bool:
    """Return whether the page has a script that is not data and could write its text."""
    return any("json" not in script.get("type", "").lower() for script in tree.iter("script"))


def _check_interstitial(
    titles: Sequence[str], words: int, title: str, url: str | None, text: str = ""
) -> None:
    """Raise InterstitialError for an error, challenge, consent or login page."""
    known = access.load_interstitials()
    if message := known.find(titles, words) or known.find_in_text(text):
        raise InterstitialError(f"{message} (its title is '{title}')", url)


def _find_access_limits(
    tree: HtmlElement, elements: HeadElements, url: str | None, title: str, rules: Ruleset
) -> AccessLimits:
    scripts: list[str] = []
    if rules.json_ld is not False:
        scripts += metadata.jsonld_scripts(elements["script"])
    return find_access_limits(tree, scripts, url, title)


def _check_login(limits: AccessLimits, text: str, url: str | None) -> None:
    """Raise InterstitialError if a page is a login page, by its form."""
    if limits.is_login_page(text):
        raise InterstitialError(f"{LOGIN_PAGE} (it has a password field and no article)", url)


def _mark_closed(limits: AccessLimits, article: Article, url: str | None) -> Article:
    """Return the article, marked if it is only the free part of one. Raises InterstitialError."""
    _check_login(limits, article.text, url)
    if limits.is_paywalled(article.text):
        return replace(article, complete=False, content_reason=PAYWALL)
    return article


def _count_words(text: str) -> int:
    return sum(1 for _ in islice(WORD.finditer(text), MAX_COUNTED_WORDS))


def _find_problem(
    article: Article, page: PageContext, selection: Selection, *, has_scripts: bool
) -> str:
    """Return why the selected blocks are not an article; "" if they are."""
    words = _count_words(article.text)
    blocks = page.layout.blocks
    if words and any(each.reason == OUTSIDE_POSTS for each in selection.decisions.values()):
        return ""
    if words >= MIN_ARTICLE_WORDS or (words and "<img" in article.html):
        if max(page.scores) >= MIN_SCORE:
            return ""
        if _link_share([blocks[index] for index in selection.kept]) < MAX_LINK_DENSITY:
            return ""
    if has_scripts and sum([len(block.text.split()) for block in blocks]) < MIN_RENDERED_WORDS:
        return f"there is no article in the page without JavaScript; {HOW_TO_RENDER}"
    return (
        f"there is no article in the page: it has {pluralize(len(blocks), 'block')} of text "
        f"({_link_share(blocks):.0%} links), and none reads like one"
    )


def _link_share(blocks: Sequence[Block]) -> float:
    """Return the share of some blocks' characters inside links."""
    link_chars = sum([block.link_chars for block in blocks])
    return link_chars / max(1, sum([len(block.text) for block in blocks]))
