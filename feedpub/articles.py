"""An article from where its source has it: a page, a saved file, or the feed's own content.

Owns which of two texts is taken where there are two. Fetches nothing but the one page that is asked for by its address.
All but that can be called in another process: what it takes and gives is plain data.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from feedpub import cleaner
from feedpub.config import SiteRules
from feedpub.decode import decode_html
from feedpub.errors import ExtractError
from feedpub.fetch import Fetcher
from feedpub.learning import remembered
from feedpub.model import Article, Item, Page
from feedpub.summary import choose, lead

HTML = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")
# A feed's own content is taken instead of its page's where the page gives this much less: a paywall, a consent wall.
_MUCH_LESS = 0.6
_LARGEST_FILE = 20_000_000  # bytes of a saved article


def page_at(url: str, fetcher: Fetcher) -> Page:
    """The page at an address. Raises SourceError."""
    answer = fetcher.get(url)
    assert isinstance(answer, Page)  # noqa: S101 -- nothing was asked conditionally
    return answer


def from_page(page: Page, rules: SiteRules | None = None, memory: bytes | None = None) -> Article:
    """The article of a fetched page; `memory` is what is known of its site. Raises ExtractError."""
    if page.content_type not in HTML:
        raise ExtractError(f"not a web page but {page.content_type}", page.url)
    known = remembered(memory) if memory else None
    return cleaner.extract(decode_html(page.body, page.charset), page.url, rules=rules, memory=known)


def from_listed_page(
    page: Page, item: Item, rules: SiteRules | None, memory: bytes | None, *, listed_first: bool
) -> tuple[Article, bool]:
    """The article of a page that a source lists, and whether its text is the page's own.

    Args:
        page: as it was fetched.
        item: what its source says of it.
        rules: what the config says of its site.
        memory: what is known of its site.
        listed_first: the source's description counts more than the page's.

    Raises:
        ExtractError: there is no article in it.
    """
    own = from_page(page, rules, memory)
    article = _fuller(own, item)
    by_page = article is own
    return (_described(article, item) if listed_first else article), by_page


def from_file(path: Path, base: str, rules: SiteRules | None) -> Article:
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
    article = cleaner.extract_saved(body, str(path), base=base, rules=rules)
    return replace(article, published=article.published or datetime.fromtimestamp(int(about.st_mtime), UTC))


def from_feed(item: Item) -> Article:
    """The article as its feed gives it. Raises NothingFound where the feed gives none."""
    return cleaner.extract_fragment(item.html or item.summary, item.url, title=item.title)


def _fuller(article: Article, item: Item) -> Article:
    """The page's article, with the feed's own body where that is plainly the whole one."""
    if not item.html:
        return article
    try:
        own = from_feed(item)
    except ExtractError:  # an empty body in the feed: the page's it is
        return article
    if len(article.text) >= _MUCH_LESS * len(own.text):
        return article
    return replace(article, html=own.html, text=own.text, summary=own.summary, removed=own.removed)


def _described(article: Article, item: Item) -> Article:
    """The article with its feed's description as the summary, where that is more than the text's first words."""
    language = article.language or item.language
    own = choose(item.summary, article.text, title=article.title, site=article.site, language=language)
    if not item.summary or own == lead(article.text, title=article.title, language=language):
        return article
    return replace(article, summary=own)
