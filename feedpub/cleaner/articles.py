"""An article from where its source has it: a page, a saved file, or the feed's own content.

Owns which of two texts is taken where there are two. Fetches nothing but the pages of one article
that is asked for by its address. All but that can be called in another process: what it takes and
gives is plain data.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from feedpub.cleaner import pagination, saved_files
from feedpub.cleaner.annotate import AnnotatedPage, annotate
from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.join_pages import join_pages
from feedpub.cleaner.pagination import HTML_TYPES, PageSequence
from feedpub.cleaner.rules import Ruleset, SiteRuleSet
from feedpub.cleaner.site_memory import load_site_memory
from feedpub.cleaner.summary import choose_summary, lead
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.field_limits import limit_fields
from feedpub.core.i18n import translations_for
from feedpub.core.models import Article, Item, Page
from feedpub.core.process_pool import Executor
from feedpub.fetch import Fetcher, RequestOptions

# A feed's own content is taken instead of its page's where the page gives this much less: a
# paywall, a consent wall.
_MUCH_LESS = 0.6
_LARGEST_FILE = 20_000_000  # bytes of a saved article
MAX_ARTICLE_BYTES = 8_000_000  # of an article's pages together; a source's document may be larger


def fetch_page(url: str, fetcher: Fetcher, book: SiteRuleSet | None = None) -> Page:
    """The page at an address, asked for with the headers that the rules of its site name.

    Raises SourceError.
    """
    headers = book.rules_for(url).headers if book else ()
    answer = fetcher.get(
        url, options=RequestOptions().for_url(url, headers), max_bytes=MAX_ARTICLE_BYTES
    )
    assert isinstance(answer, Page)  # noqa: S101 -- nothing was asked conditionally
    return answer


def fetch_pages(url: str, fetcher: Fetcher, book: SiteRuleSet, isolation: Executor) -> PageSequence:
    """The page at an address with those that its article goes on on. Raises SourceError."""
    first = fetch_page(url, fetcher, book)
    return pagination.collect_pages(
        first, book.rules_for(first.url), lambda other: fetch_page(other, fetcher, book), isolation
    )


def article_from_page(
    page: Page, rules: Ruleset | None = None, memory: bytes | None = None
) -> Article:
    """The article of a fetched page; `memory` is what is known of its site. Raises ExtractError."""
    if page.content_type not in HTML_TYPES:
        raise ExtractError(f"not a web page but {page.content_type}", page.url)
    known = load_site_memory(memory) if memory else None
    return limit_fields(
        extract(decode_html(page.body, page.charset), page.url, rules=rules, memory=known)
    )


def annotate_page(
    page: Page, rules: Ruleset | None = None, memory: bytes | None = None
) -> AnnotatedPage:
    """A page with what its article is cleared of, in place.

    Takes and raises what `from_page` does.
    """
    if page.content_type not in HTML_TYPES:
        raise ExtractError(f"not a web page but {page.content_type}", page.url)
    known = load_site_memory(memory) if memory else None
    return annotate(
        decode_html(page.body, page.charset), page.url or None, rules=rules, memory=known
    )


@dataclass(frozen=True, slots=True)
class MultiPageArticle:
    """The article of one or several pages.

    Attributes:
        by_page: its text is the page's own, and not its feed's.
        gap: what is missing, and why; "" where it is whole.
    """

    article: Article
    by_page: bool = True
    gap: str = ""


def article_from_pages(
    pages: PageSequence, rules: Ruleset | None = None, memory: bytes | None = None
) -> MultiPageArticle:
    """The article of all of its pages; where one could not be had, or holds none, that is said in its place.

    Raises:
        ExtractError: there is no article in the first of them.
    """
    first = article_from_page(pages.pages[0], rules, memory)
    if first.url == pages.pages[0].url:
        first = replace(first, url=pages.url)
    missing = translations_for(first.language).missing_page
    found: list[Article | str] = [first]
    gap = pages.missing
    for number, page in enumerate(pages.pages[1:], 2):
        try:
            found.append(article_from_page(page, rules, memory))
        except ExtractError as error:
            found.append(missing(number))
            gap = f"its page {number}, {page.url}, could not be read: {error.reason}"
    if pages.missing:
        found.append(missing(len(pages.pages) + 1))
    return MultiPageArticle(join_pages(found), gap=gap)


def article_from_listed_pages(
    pages: PageSequence,
    item: Item,
    rules: Ruleset | None,
    memory: bytes | None,
    *,
    listed_first: bool,
) -> MultiPageArticle:
    """The article of pages of which a source lists the first.

    Args:
        pages: as they were fetched.
        item: what its source says of it.
        rules: what is known of its site.
        memory: what was learned of its site.
        listed_first: the source's description counts more than the page's.

    Raises:
        ExtractError: there is no article in the first of them.
    """
    own = article_from_pages(pages, rules, memory)
    article = _fuller(own.article, item)
    by_page = article is own.article
    article = _described(article, item) if listed_first else article
    return MultiPageArticle(article, by_page, own.gap if by_page else "")


def first_page(page: Page, item: Item, *, listed_first: bool) -> Article:
    """What the first page of a listed article gives by itself, without rules.

    As `from_listed_pages` has it.
    """
    return article_from_listed_pages(
        PageSequence((page,), page.url), item, None, None, listed_first=listed_first
    ).article


def article_from_file(path: Path, base: str, rules: Ruleset | None) -> Article:
    """The article of a saved file, dated by the file where it has no date itself.

    Raises:
        ExtractError: there is no article in it, or no file.
    """
    try:
        about = path.stat()
        if about.st_size > _LARGEST_FILE:
            raise ExtractError(f"larger than {_LARGEST_FILE // 1_000_000} MB", str(path))
        body = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    article = limit_fields(saved_files.extract_saved(body, str(path), base=base, rules=rules))
    return replace(article, published=article.published or _changed(about.st_mtime))


def _changed(seconds: float) -> datetime | None:
    """Return when a file was changed; None if its system says a moment that no calendar has."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError):
        return None


def article_from_feed(item: Item) -> Article:
    """The article as its feed gives it. Raises NoContentError where the feed gives none."""
    return limit_fields(extract_fragment(item.html or item.summary, item.url, title=item.title))


def _fuller(article: Article, item: Item) -> Article:
    """The page's article, with the feed's own body where that is plainly the whole one."""
    if not item.html:
        return article
    try:
        own = article_from_feed(item)
    except ExtractError:  # an empty body in the feed: the page's it is
        return article
    if len(article.text) >= _MUCH_LESS * len(own.text):
        return article
    return replace(
        article,
        html=own.html,
        text=own.text,
        summary=own.summary,
        removed=own.removed,
        complete=True,
    )


def _described(article: Article, item: Item) -> Article:
    """The article with its feed's description as the summary, where that is more than the text's first words."""
    language = article.language or item.language
    own = choose_summary(
        item.summary, article.text, title=article.title, site=article.site, language=language
    )
    if not item.summary or own == lead(article.text, title=article.title, language=language):
        return article
    return replace(article, summary=own)
