"""Make an article of its source: a fetched page, a saved file, or the source's own content.

It only fetches the pages of a single article, by its URL. All other functions can run in another
process: they take and return plain data, and import the extractor, which only that process needs.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from feedpub.cleaner import pagination
from feedpub.cleaner.access import MAX_TEASER_WORDS, PAYWALL
from feedpub.cleaner.choose import OWN_CONTENT, TITLE_ALONE, choose_content
from feedpub.cleaner.pagination import HTML_TYPES, PageSequence, join_pages
from feedpub.cleaner.phrases import strip_origin
from feedpub.cleaner.rules import Ruleset, SiteRuleSet
from feedpub.cleaner.site_memory import load_site_memory
from feedpub.cleaner.summary import choose_summary, lead
from feedpub.core.dates import date_in_path
from feedpub.core.document_types import document_type_of_page
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.field_limits import limit_fields
from feedpub.core.languages import translations_for
from feedpub.core.models import Article, Item, Page
from feedpub.core.process_pool import Executor
from feedpub.core.text import count_words
from feedpub.core.warc import is_web_archive

if TYPE_CHECKING:
    from feedpub.cleaner.annotate import AnnotatedPage
    from feedpub.fetch import Fetcher

_MAX_FILE_BYTES = 20_000_000
MAX_FOLDER_FILES = 50_000  # among which embedded files are searched
MAX_ARTICLE_BYTES = 8_000_000  # of all pages of an article; a source's document may be larger


def fetch_page(url: str, fetcher: "Fetcher", site_rules: SiteRuleSet | None = None) -> Page:
    """Fetch a page with the request headers of its site's rules.

    Raises:
        SourceError: the page cannot be fetched.
    """
    from feedpub.fetch import RequestOptions

    headers = site_rules.rules_for(url).headers if site_rules else ()
    options = RequestOptions().for_url(url, headers)
    response = fetcher.get(url, options=options, max_bytes=MAX_ARTICLE_BYTES)
    assert isinstance(response, Page)  # noqa: S101 -- the request was not conditional
    return response


def fetch_pages(
    url: str, fetcher: "Fetcher", site_rules: SiteRuleSet, executor: Executor
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
    from feedpub.cleaner.documents import article_from_document
    from feedpub.cleaner.extract import extract

    if document_type_of_page(page):
        return limit_fields(article_from_document(page))
    html = _decode_page(page)
    known = load_site_memory(memory) if memory else None
    return limit_fields(extract(html, page.url, rules=rules, memory=known))


def read_document(page: Page) -> Article:
    """Extract the article of a PDF or another document.

    Raises:
        ExtractError: it has no text, or cannot be read.
    """
    from feedpub.cleaner.documents import article_from_document

    article = limit_fields(article_from_document(page))
    if not article.text:
        raise NoContentError(article.content_reason, page.url)
    return article


def annotate_page(
    page: Page, rules: Ruleset | None = None, memory: bytes | None = None
) -> "AnnotatedPage":
    """Render a fetched page with the removed text in place.

    Arguments and errors are those of `article_from_page`.
    """
    from feedpub.cleaner.annotate import annotate

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
    return _join(article_from_page(pages.pages[0], rules, memory), pages, rules, memory)


def _join(
    first: Article, pages: PageSequence, rules: Ruleset | None, memory: bytes | None
) -> MultiPageArticle:
    """Return the article that begins with that of the first page."""
    first_page, *other_pages = pages.pages
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
    """Extract the article of an item that a source lists, with the best content that is known.

    An article for which there is no content has the page's metadata alone.

    Args:
        pages: the article's pages.
        item: the item.
        rules: the site's rules.
        memory: the serialised memory of the site.
        listed_first: prefer the source's description to the page's.

    Raises:
        ExtractError: the page is not a web page, or exceeds a limit.
        InterstitialError: the page is an error, challenge, consent or login page.
    """
    if document_type_of_page(pages.pages[0]):
        return _article_from_listed_document(pages, item)
    first = _article_from_listed_page(pages.pages[0], item, rules, memory)
    found = _join(first, pages, rules, memory) if first.html else MultiPageArticle(first)
    own = _own_content(item)
    if not found.article.html:
        return _without_page(found.article, own, item)
    if not (listed_first or item.html):  # the text next to a link on a listing is not content
        own = None
    article = choose_content(found.article, own, is_post=listed_first and not item.title)
    by_page = not article.content_reason.startswith(OWN_CONTENT)
    if listed_first:
        article = _with_listed_summary(article, item)
    gap = found.gap if by_page else ""
    is_teaser = by_page or count_words(article.text) < MAX_TEASER_WORDS
    if first.content_reason == PAYWALL and is_teaser:
        article, gap = replace(article, complete=False), PAYWALL
    return MultiPageArticle(article, by_page, gap)


def _article_from_listed_document(pages: PageSequence, item: Item) -> MultiPageArticle:
    """Return the article of a document, with the source's own content if it has no text."""
    from feedpub.cleaner.documents import article_from_document

    document = limit_fields(article_from_document(pages.pages[0], item))
    article = replace(document, url=pages.url)
    own = _own_content(item) if item.html else None
    if not article.html and own:
        reason = f"{OWN_CONTENT}: {document.content_reason}"
        article = replace(article, html=own.html, text=own.text, content_reason=reason)
    return MultiPageArticle(article, by_page=bool(document.text))


def _without_page(page: Article, own: Article | None, item: Item) -> MultiPageArticle:
    """Return the article of an item whose page has no content.

    It is incomplete if the source has only a description, which may be a teaser.
    """
    page = replace(page, title=item.title or page.title)  # of an application, not of its view
    article = choose_content(page, own or _lead_picture(item))
    if own and item.html:
        return MultiPageArticle(article, by_page=False)
    cause = page.content_reason.removeprefix(f"{TITLE_ALONE}: ")
    summary = article.summary or strip_origin(item.summary)
    article = replace(article, summary=summary, complete=False)
    return MultiPageArticle(article, by_page=False, gap=cause)


def _article_from_listed_page(
    page: Page, item: Item, rules: Ruleset | None, memory: bytes | None
) -> Article:
    from feedpub.cleaner.extract import extract_listed

    html = _decode_page(page)
    known = load_site_memory(memory) if memory else None
    place = urlsplit(item.url or "").fragment
    url = urljoin(page.url, f"#{place}") if place else page.url
    return limit_fields(extract_listed(html, url, rules=rules, memory=known))


def first_page(page: Page, item: Item, *, listed_first: bool) -> Article:
    """Extract the article of an item's first page, without rules.

    See `article_from_listed_pages`.

    Raises:
        NoContentError: the page has no content.
    """
    pages = PageSequence((page,), page.url)
    found = article_from_listed_pages(pages, item, None, None, listed_first=listed_first)
    if found.gap and not found.by_page:
        raise NoContentError(found.gap, page.url)
    return found.article


def article_from_file(
    path: Path, folder: Path, base: str, rules: Ruleset | None, url: str = ""
) -> Article:
    """Extract the article of a saved file, or of a page in a web archive.

    Without a date of its own, it has that of the file's name, or else of the file.

    Args:
        path: the file.
        folder: the folder of saved articles that it belongs to.
        base: the URL under which that folder is published, with a trailing slash.
        rules: the site's rules.
        url: the page's URL in a web archive; "" for other files.

    Raises:
        ExtractError: the file cannot be read, is too large or has no article.
    """
    from feedpub.cleaner.archived_pages import extract_archived, read_archived_page
    from feedpub.cleaner.saved_files import extract_saved

    below = path.relative_to(folder).parent.as_posix()
    files_base = base if below == "." else f"{base}{below}/"
    if is_web_archive(path):
        return limit_fields(extract_archived(read_archived_page(path, url), files_base, rules))
    try:
        stat = path.stat()
        if stat.st_size > _MAX_FILE_BYTES:
            raise ExtractError(f"larger than {_MAX_FILE_BYTES // 1_000_000} MB", str(path))
        body = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    article = extract_saved(
        body,
        str(path),
        base=files_base,
        rules=rules,
        find_file=_FileFinder(path, folder, base).find,
    )
    published = article.published or _date_of_file(path, stat.st_mtime)
    return limit_fields(replace(article, published=published))


@dataclass(slots=True)
class _FileFinder:
    """Finds the pictures that a note embeds by name: next to it, or anywhere in its folder.

    Attributes:
        note: the note.
        folder: the folder of saved articles.
        base: the URL under which the folder is published.
        names: name in lower case → path of each file in the folder, once it was needed.
    """

    note: Path
    folder: Path
    base: str
    names: dict[str, Path] | None = None

    def find(self, name: str) -> str | None:
        """Return the address under which a file is published; None if there is none."""
        for candidate in (self.note.parent / name, self.folder / name):
            path = Path(os.path.normpath(candidate))
            if path.is_relative_to(self.folder) and path.is_file():
                return self._address_of(path)
        if self.names is None:
            self.names = self._list_names()
        found = self.names.get(PurePath(name).name.lower())
        return self._address_of(found) if found else None

    def _address_of(self, path: Path) -> str:
        return f"{self.base}{quote(path.relative_to(self.folder).as_posix())}"

    def _list_names(self) -> dict[str, Path]:
        names: dict[str, Path] = {}
        for path in islice(self.folder.rglob("*.*"), MAX_FOLDER_FILES):
            names.setdefault(path.name.lower(), path)
        return names


def _date_of_file(path: Path, modified: float) -> datetime | None:
    """Return the day in a file's name, or the time of its last change, which may be exacter."""
    changed = _modification_time(modified)
    day = date_in_path(f"/{path.name}")
    return changed if day is None or (changed and changed.date() == day.date()) else day


def _modification_time(seconds: float) -> datetime | None:
    """Return a file's modification time, or None if it is out of the calendar's range."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError):
        return None


def article_from_feed(item: Item) -> Article:
    """Make an article of the source's own data, at last of its title and link.

    Raises:
        NoContentError: the source has neither a text, a title, a picture nor a file.
    """
    if own := _own_content(item) or _lead_picture(item):
        return own
    if not (item.title or item.url or item.enclosures):
        raise NoContentError("there is no text in it", item.url)
    reason = TITLE_ALONE if item.url else "title alone"
    return Article(url=item.url, title=item.title, content_reason=reason)


def article_from_change(item: Item) -> Article:
    """Make an article of a change of a page, which has nothing to remove.

    Raises:
        NoContentError: there is no text in it.
    """
    from feedpub.cleaner.extract import extract_fragment

    article = extract_fragment(item.html, item.url, prune=False)
    summary = choose_summary(None, article.text, title=item.title, language=item.language)
    return limit_fields(replace(article, title=item.title, language=item.language, summary=summary))


def _own_content(item: Item) -> Article | None:
    """Return the article of the source's own content or description; None if it has neither."""
    for html in (item.html, escape(strip_origin(item.summary), quote=False)):
        if article := _article_from_fragment(html, item):
            return article
    return None


def _lead_picture(item: Item) -> Article | None:
    """Return an article that consists of the item's picture; None if it has no picture."""
    picture = f'<img src="{escape(item.image)}" alt="">' if item.image else ""
    return _article_from_fragment(picture, item)


def _article_from_fragment(html: str, item: Item) -> Article | None:
    from feedpub.cleaner.extract import extract_fragment

    with suppress(ExtractError):  # the next candidate is used
        return limit_fields(extract_fragment(html, item.url, title=item.title))
    return None


def _with_listed_summary(article: Article, item: Item) -> Article:
    """Return the article with the source's description, unless that only repeats the text."""
    language = article.language or item.language
    listed = strip_origin(item.summary)
    summary = choose_summary(
        listed, article.text, title=article.title, site=article.site, language=language
    )
    if not listed or summary == lead(article.text, title=article.title, language=language):
        return article
    return replace(article, summary=summary)
