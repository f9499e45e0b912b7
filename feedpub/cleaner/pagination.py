"""Fetch the other pages of an article that has several, and join them into one.

The pages are limited in number, must not repeat, and must be on the article's host. If a page
cannot be fetched, the pages before it are kept and the gap is reported.

Text that the pages repeat is left out when they are joined.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TypeVar

from lxml.html import HtmlElement, fragments_fromstring, tostring

from feedpub.cleaner.rules import MAX_PAGES, Ruleset
from feedpub.core.article_keys import url_key
from feedpub.core.document_types import document_type_of_page
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, ResourceLimitError, SourceError
from feedpub.core.html import contains_ignoring_case
from feedpub.core.models import Article, Page, Removed
from feedpub.core.process_pool import Executor
from feedpub.core.urls import bare_host_from_url, site_domain

HTML_TYPES = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")
# a cheap test before the page is parsed: rel="next", or a link with the text "2"
_MAY_HAVE_NEXT = re.compile(rb"""\brel\s*=\s*+["']?[^"'>]{0,60}\bnext\b|>\s*2\s*<""", re.IGNORECASE)
MIN_REPEATED_CHARS = 80  # a text of this length is not on two pages by chance

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NextPage:
    """The pages that a page of an article leads to.

    Attributes:
        complete_url: a page with the complete article, or "".
        next_url: the next page, or "" if this is the last one.
        by_rule: the next page was found by a rule.
        titles: titles of this page without page numbers, for comparison.
    """

    complete_url: str = ""
    next_url: str = ""
    by_rule: bool = False
    titles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PageSequence:
    """The pages of one article.

    Attributes:
        pages: in order; a single page with the complete article may replace them.
        url: the address of the article's first page, even if another page replaces it.
        missing: which page could not be fetched, and why; "" if none is missing.
        is_temporary: a later attempt may find the missing page.
        requests: number of requests for pages after the first.
    """

    pages: tuple[Page, ...]
    url: str
    missing: str = ""
    is_temporary: bool = True
    requests: int = 0

    def __iter__(self) -> Iterator[Page]:
        return iter(self.pages)


def is_web_page(page: Page) -> bool:
    """Return True if a response is a page, and not a document that is sent as one."""
    return page.content_type in HTML_TYPES and document_type_of_page(page) is None


def collect_pages(
    page: Page, rules: Ruleset, get: Callable[[str], Page], executor: Executor
) -> PageSequence:
    """Fetch all pages of an article.

    Args:
        page: the article's first page.
        rules: the site's rules.
        get: fetches another page; raises SourceError.
        executor: inspects pages in another process.

    Raises:
        ResourceLimitError: the first page exceeds the limits of the executor.
    """
    only_first = PageSequence((page,), page.url)
    if not is_web_page(page):
        return only_first
    has_rule = rules.next_page or rules.single_page
    if not has_rule and not contains_ignoring_case(_MAY_HAVE_NEXT, page.body):
        return only_first
    try:
        first = _inspect(page, rules, executor, "", 1)
    except ResourceLimitError:
        raise
    except ExtractError:  # extracting the article will report the error
        return only_first
    paginator = _Paginator(only_first, rules, get, executor)
    if first.complete_url and (complete := paginator.fetch_complete(first.complete_url)):
        return complete
    return paginator.follow_pages(first)


@dataclass(slots=True)
class _Paginator:
    """Fetches page after page.

    Attributes:
        found: the pages so far.
    """

    found: PageSequence
    rules: Ruleset
    get: Callable[[str], Page]
    executor: Executor

    def fetch_complete(self, url: str) -> PageSequence | None:
        """Fetch the page with the complete article, if it is on the article's site."""
        first = self.found.pages[0]
        if url_key(url) == url_key(first.url) or site_domain(url) != site_domain(first.url):
            return None
        try:
            page = self._fetch(url)
        except SourceError as error:
            self._report_gap(
                f"the page with the complete article, {url}, could not be read: {error.reason}"
            )
            return None
        page = replace(page, etag=first.etag, last_modified=first.last_modified)
        return replace(self.found, pages=(page,))

    def follow_pages(self, first: NextPage) -> PageSequence:
        """Fetch the pages after the first until there is none, or one cannot be fetched."""
        url = first.next_url
        seen = {url_key(self.found.url)}
        while self._may_follow(url, seen):
            number = len(self.found.pages) + 1
            if number > MAX_PAGES:
                reason = f"more than {MAX_PAGES} pages: what follows is left out"
                self._report_gap(reason, is_temporary=False)
                break
            try:
                page = self._fetch(url)
                inspected = _inspect(page, self.rules, self.executor, self.found.url, number)
            except SourceError as error:
                self._report_gap(f"its page {number}, {url}, could not be read: {error.reason}")
                break
            is_same_article = first.by_rule or _have_same_title(first, inspected)
            if url_key(page.url) in seen or not is_same_article:
                break
            seen |= {url_key(url), url_key(page.url)}
            self.found = replace(self.found, pages=(*self.found.pages, page), missing="")
            url = inspected.next_url
        return self.found

    def _may_follow(self, url: str, seen: set[str]) -> bool:
        if not url or url_key(url) in seen:
            return False
        return bare_host_from_url(url) == bare_host_from_url(self.found.url)

    def _fetch(self, url: str) -> Page:
        self.found = replace(self.found, requests=self.found.requests + 1)
        page = self.get(url)
        if page.content_type not in HTML_TYPES:
            raise ExtractError(f"not a web page but {page.content_type}", page.url)
        return page

    def _report_gap(self, reason: str, *, is_temporary: bool = True) -> None:
        self.found = replace(self.found, missing=reason, is_temporary=is_temporary)


def _inspect(page: Page, rules: Ruleset, executor: Executor, first: str, number: int) -> NextPage:
    return executor.call(page.url, inspect_page, page, rules, first, number)


def inspect_page(page: Page, rules: Ruleset, first_url: str, number: int) -> NextPage:
    """Find the pages that a fetched page leads to. This runs in another process.

    Raises:
        ExtractError: the page cannot be read.
    """
    from feedpub.cleaner.next_page import find_next_page

    html = decode_html(page.body, page.charset)
    return find_next_page(html, page.url, rules, first_url, number)


def _have_same_title(first: NextPage, other: NextPage) -> bool:
    """Return whether two pages share a title, or one of them has none."""
    return not first.titles or not other.titles or not first.titles.isdisjoint(other.titles)


def join_pages(pages: Sequence[Article | str]) -> Article:
    """Join the articles of several pages. The metadata are those of the first page.

    Args:
        pages: the articles in order; for a missing page, the text that takes its place.
    """
    from feedpub.cleaner.sanitize import sanitise

    articles = [page for page in pages if isinstance(page, Article)]
    first = articles[0]
    if len(pages) == 1:
        return first
    html = "\n".join([*_drop_repeats(map(_split_html, pages)), ""])
    if _is_rtl(first):
        html = f'<div dir="rtl">\n{html}</div>\n'
    removed: list[Removed] = []
    image: str | None = None
    for article in articles:
        removed += article.removed
        if image is None and article.image:
            image = article.image
    return replace(
        first,
        html=sanitise(html, first.url),
        text="\n".join(_drop_repeats(map(_split_text, pages))),
        removed=tuple(removed),
        image=image,
        complete=first.complete and len(articles) == len(pages),
    )


def _drop_repeats(pages: Iterable[Sequence[tuple[str, T]]]) -> list[T]:
    """Join the pieces of all pages, without those that an earlier page has.

    A short piece is only dropped at the beginning or the end of a page.

    Args:
        pages: for each page its pieces, each with the text that is compared.
    """
    kept: list[T] = []
    seen: set[str] = set()
    for pieces in pages:
        start, end = 0, len(pieces)
        while start < end and pieces[start][0] in seen:
            start += 1
        while end > start and pieces[end - 1][0] in seen:
            end -= 1
        for text, piece in pieces[start:end]:
            if len(text) < MIN_REPEATED_CHARS or text not in seen:
                kept.append(piece)
        seen.update([text for text, _ in pieces])
    return kept


def _split_text(article: Article | str) -> list[tuple[str, str]]:
    if isinstance(article, str):
        return [(article, article)]
    return [(" ".join(line.split()), line) for line in article.text.split("\n") if line.strip()]


def _split_html(article: Article | str) -> list[tuple[str, str]]:
    """Split an article's HTML into its outermost elements, each with its text or else its HTML."""
    if isinstance(article, str):
        return [(article, f"<p><em>{escape(article)}</em></p>")]
    if not article.html.strip():
        return []
    is_rtl = _is_rtl(article)
    fragments: list[HtmlElement | str] = list(fragments_fromstring(article.html))
    pieces: list[tuple[str, str]] = []
    for fragment in fragments:
        if is_rtl and isinstance(fragment, HtmlElement):  # the box around the article
            pieces += map(_render_element, fragment)
        elif isinstance(fragment, HtmlElement):
            pieces.append(_render_element(fragment))
        elif not is_rtl and fragment.strip():
            pieces.append((" ".join(fragment.split()), escape(fragment.strip())))
    return pieces


def _render_element(element: HtmlElement) -> tuple[str, str]:
    html = tostring(element, encoding="unicode", with_tail=False)
    return " ".join(element.text_content().split()) or html, html


def _is_rtl(article: Article) -> bool:
    return article.html.startswith('<div dir="rtl">')
