"""Make an article of its source: a fetched page, a saved file, or the feed's own content.

If there are two texts, this module chooses one. It only fetches the pages of a single article, by
its URL. All other functions can run in another process: they take and return plain data.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from feedpub.cleaner import pagination, saved_files
from feedpub.cleaner.annotate import AnnotatedPage, annotate
from feedpub.cleaner.documents import article_from_document
from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.join_pages import join_pages
from feedpub.cleaner.pagination import HTML_TYPES, PageSequence
from feedpub.cleaner.rules import Ruleset, SiteRuleSet
from feedpub.cleaner.site_memory import load_site_memory
from feedpub.cleaner.summary import choose_summary, lead
from feedpub.core.document_types import document_type_of_page
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.field_limits import limit_fields
from feedpub.core.i18n import translations_for
from feedpub.core.models import Article, Item, Page
from feedpub.core.process_pool import Executor
from feedpub.fetch import Fetcher, RequestOptions

# if the page has less than this share of the feed's text, it is behind a paywall or consent page
_MIN_TEXT_SHARE = 0.6
_MAX_FILE_BYTES = 20_000_000
MAX_ARTICLE_BYTES = 8_000_000  # of all pages of an article; a source's document may be larger


def fetch_page(url: str, fetcher: Fetcher, site_rules: SiteRuleSet | None = None) -> Page:
    """Fetch a page with the request headers of its site's rules.

    Raises:
        SourceError: the page cannot be fetched.
    """
    headers = site_rules.rules_for(url).headers if site_rules else ()
    options = RequestOptions().for_url(url, headers)
    response = fetcher.get(url, options=options, max_bytes=MAX_ARTICLE_BYTES)
    assert isinstance(response, Page)  # noqa: S101 -- the request was not conditional
    return response


def fetch_pages(
    url: str, fetcher: Fetcher, site_rules: SiteRuleSet, executor: Executor
) -> PageSequence:
    """Fetch a page and the further pages of its article.

    Raises:
        SourceError: the first page cannot be fetched.
    """

    def fetch_other(other: str) -> Page:
        return fetch_page(other, fetcher, site_rules)

    first = fetch_other(url)
    return pagination.collect_pages(first, site_rules.rules_for(first.url), fetch_other, executor)


def article_from_page(
    page: Page, rules: Ruleset | None = None, memory: bytes | None = None
) -> Article:
    """Extract the article of a fetched page.

    Args:
        page: the page.
        rules: the site's rules.
        memory: the serialised memory of the site.

    Raises:
        ExtractError: the page is neither a web page nor a document, or has no article.
    """
    if document_type_of_page(page):
        return limit_fields(article_from_document(page))
    html = _decode_page(page)
    known = load_site_memory(memory) if memory else None
    return limit_fields(extract(html, page.url, rules=rules, memory=known))


def annotate_page(
    page: Page, rules: Ruleset | None = None, memory: bytes | None = None
) -> AnnotatedPage:
    """Render a fetched page with the removed text in place.

    Arguments and errors are those of `article_from_page`.
    """
    html = _decode_page(page)
    known = load_site_memory(memory) if memory else None
    return annotate(html, page.url or None, rules=rules, memory=known)


def _decode_page(page: Page) -> str:
    if page.content_type not in HTML_TYPES:
        raise ExtractError(f"not a web page but {page.content_type}", page.url)
    return decode_html(page.body, page.charset)


@dataclass(frozen=True, slots=True)
class MultiPageArticle:
    """The article of one or several pages.

    Attributes:
        by_page: the text is the page's, not the feed's.
        gap: which page is missing, and why; "" if the article is complete.
    """

    article: Article
    by_page: bool = True
    gap: str = ""


def article_from_pages(
    pages: PageSequence, rules: Ruleset | None = None, memory: bytes | None = None
) -> MultiPageArticle:
    """Extract the article of several pages. A note takes the place of a missing page.

    Raises:
        ExtractError: there is no article on the first page.
    """
    first_page, *other_pages = pages.pages
    first = article_from_page(first_page, rules, memory)
    if first.url == first_page.url:
        first = replace(first, url=pages.url)
    note_missing = translations_for(first.language).missing_page
    found: list[Article | str] = [first]
    gap = pages.missing
    for number, page in enumerate(other_pages, 2):
        try:
            found.append(article_from_page(page, rules, memory))
        except ExtractError as error:
            found.append(note_missing(number))
            gap = f"its page {number}, {page.url}, could not be read: {error.reason}"
    if pages.missing:
        found.append(note_missing(len(pages.pages) + 1))
    return MultiPageArticle(join_pages(found), gap=gap)


def article_from_listed_pages(
    pages: PageSequence,
    item: Item,
    rules: Ruleset | None,
    memory: bytes | None,
    *,
    listed_first: bool,
) -> MultiPageArticle:
    """Extract the article of an item that a source lists.

    Args:
        pages: the article's pages.
        item: the item.
        rules: the site's rules.
        memory: the serialised memory of the site.
        listed_first: prefer the source's description to the page's.

    Raises:
        ExtractError: there is no article on the first page.
    """
    if document_type_of_page(pages.pages[0]):
        document = article_from_document(pages.pages[0], item)
        return MultiPageArticle(limit_fields(replace(document, url=pages.url)))
    found = article_from_pages(pages, rules, memory)
    article = _prefer_longer_text(found.article, item)
    by_page = article is found.article
    if listed_first:
        article = _with_listed_summary(article, item)
    return MultiPageArticle(article, by_page, found.gap if by_page else "")


def first_page(page: Page, item: Item, *, listed_first: bool) -> Article:
    """Extract the article of an item's first page, without rules.

    See `article_from_listed_pages`.
    """
    pages = PageSequence((page,), page.url)
    return article_from_listed_pages(pages, item, None, None, listed_first=listed_first).article


def article_from_file(path: Path, base: str, rules: Ruleset | None) -> Article:
    """Extract the article of a saved file. Without a date of its own, it has the file's.

    Raises:
        ExtractError: the file cannot be read, is too large or has no article.
    """
    try:
        stat = path.stat()
        if stat.st_size > _MAX_FILE_BYTES:
            raise ExtractError(f"larger than {_MAX_FILE_BYTES // 1_000_000} MB", str(path))
        body = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    article = limit_fields(saved_files.extract_saved(body, str(path), base=base, rules=rules))
    return replace(article, published=article.published or _modification_time(stat.st_mtime))


def _modification_time(seconds: float) -> datetime | None:
    """Return a file's modification time, or None if it is out of the calendar's range."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError):
        return None


def article_from_feed(item: Item) -> Article:
    """Extract the article from a feed's own content.

    Raises:
        NoContentError: the feed has no text of it.
    """
    return limit_fields(extract_fragment(item.html or item.summary, item.url, title=item.title))


def _prefer_longer_text(article: Article, item: Item) -> Article:
    """Return the page's article, with the feed's text if the page has clearly less."""
    if not item.html:
        return article
    try:
        from_feed = article_from_feed(item)
    except ExtractError:  # the feed's content has no text
        return article
    if len(article.text) >= _MIN_TEXT_SHARE * len(from_feed.text):
        return article
    return replace(
        article,
        html=from_feed.html,
        text=from_feed.text,
        summary=from_feed.summary,
        removed=from_feed.removed,
        complete=True,
    )


def _with_listed_summary(article: Article, item: Item) -> Article:
    """Return the article with the source's description, unless that only repeats the text."""
    language = article.language or item.language
    summary = choose_summary(
        item.summary, article.text, title=article.title, site=article.site, language=language
    )
    if not item.summary or summary == lead(article.text, title=article.title, language=language):
        return article
    return replace(article, summary=summary)
