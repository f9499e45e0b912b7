"""An article on several pages: the others are fetched, one after the other, through the same gate.

What is fetched is bounded in number, leads in no circle, and stays on the article's host. Where a
page cannot be had, those that came stay, and the gap is told.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from feedpub.cleaner import next_page
from feedpub.cleaner.next_page import NextPage
from feedpub.cleaner.rules import MAX_PAGES, Ruleset
from feedpub.core.article_keys import url_key
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, ResourceLimitError, SourceError
from feedpub.core.html import contains_ignoring_case
from feedpub.core.models import Page
from feedpub.core.process_pool import Executor
from feedpub.core.urls import site_domain, site_host

HTML_TYPES = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")
_MAY_GO_ON = re.compile(rb"""\brel\s*=\s*+["']?[^"'>]{0,60}\bnext\b|>\s*2\s*<""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageSequence:
    """The pages of one article.

    Attributes:
        pages: in their order; one of them may be a page that has the whole article.
        url: where the article is: the address of its first page, also where another one stands for
            it.
        gap: what could not be had, and why; "" where nothing is missing.
        passing: the gap may be gone at another time.
        requests: how many it took, besides the first page's.
    """

    pages: tuple[Page, ...]
    url: str
    missing: str = ""
    is_temporary: bool = True
    requests: int = 0

    def __iter__(self) -> Iterator[Page]:
        return iter(self.pages)


def collect_pages(
    page: Page, rules: Ruleset, get: Callable[[str], Page], isolation: Executor
) -> PageSequence:
    """All pages of the article that a page is the first of.

    Args:
        page: as it was fetched.
        rules: of its site.
        get: fetches another page; raises SourceError.
        isolation: looks at pages.

    Raises:
        ResourceLimitError: the first page is too much to be looked at even once.
    """
    alone = PageSequence((page,), page.url)
    ruled = rules.next_page or rules.single_page
    if page.content_type not in HTML_TYPES or not (
        ruled or contains_ignoring_case(_MAY_GO_ON, page.body)
    ):
        return alone
    try:
        here = _look(page, rules, isolation, "", 1)
    except ResourceLimitError:
        raise
    except ExtractError:  # reading its article names the reason
        return alone
    way = _Way(alone, rules, get, isolation)
    if here.complete_copies and (found := way.fetch_complete(here.complete_copies)):
        return found
    return way.follow_pages(here)


@dataclass(slots=True)
class _Way:
    """The way from page to page: what was collected so far."""

    found: PageSequence
    rules: Ruleset
    get: Callable[[str], Page]
    isolation: Executor

    def fetch_complete(self, address: str) -> PageSequence | None:
        """The page that has the whole article, where it is on the article's site and can be had."""
        first = self.found.pages[0]
        if url_key(address) == url_key(first.url) or site_domain(address) != site_domain(first.url):
            return None
        try:
            page = self._fetched(address)
        except SourceError as error:
            self._gap(
                f"the page with the whole article, {address}, could not be read: {error.reason}"
            )
            return None
        page = replace(page, etag=first.etag, last_modified=first.last_modified)
        return replace(self.found, pages=(page,))

    def follow_pages(self, here: NextPage) -> PageSequence:
        """The pages that follow the first one, until there is none, or none to be had."""
        first, after = here, here.following
        seen = {url_key(self.found.url)}
        while (
            after and url_key(after) not in seen and site_host(after) == site_host(self.found.url)
        ):
            number = len(self.found.pages) + 1
            if number > MAX_PAGES:
                self._gap(f"more than {MAX_PAGES} pages: what follows is left out", passing=False)
                break
            try:
                page = self._fetched(after)
                at = _look(page, self.rules, self.isolation, self.found.url, number)
            except SourceError as error:
                self._gap(f"its page {number}, {after}, could not be read: {error.reason}")
                break
            if url_key(page.url) in seen or not (here.by_rule or _of_one_article(first, at)):
                break
            seen |= {url_key(after), url_key(page.url)}
            self.found = replace(self.found, pages=(*self.found.pages, page), missing="")
            after = at.following
        return self.found

    def _fetched(self, address: str) -> Page:
        """Another page. Raises SourceError; ExtractError where it is none."""
        self.found = replace(self.found, requests=self.found.requests + 1)
        page = self.get(address)
        if page.content_type not in HTML_TYPES:
            raise ExtractError(f"not a web page but {page.content_type}", page.url)
        return page

    def _gap(self, reason: str, *, passing: bool = True) -> None:
        self.found = replace(self.found, missing=reason, is_temporary=passing)


def _look(page: Page, rules: Ruleset, isolation: Executor, first: str, number: int) -> NextPage:
    return isolation.call(page.url, look, page, rules, first, number)


def look(page: Page, rules: Ruleset, first: str, number: int) -> NextPage:
    """Where a page leads; in another process. Raises ExtractError."""
    return next_page.find_next_page(
        decode_html(page.body, page.charset), page.url, rules, first, number
    )


def _of_one_article(first: NextPage, other: NextPage) -> bool:
    """Whether two pages are called the same, but for their numbers.

    One without any title says nothing against it.
    """
    return not first.titles or not other.titles or not first.titles.isdisjoint(other.titles)
