"""An article from where its source has it: a page, a saved file, or the feed's own content.

Owns which of two texts is taken where there are two. Fetches nothing but the one page that is asked for by its address.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from feedpub import cleaner
from feedpub.cleaner import SiteMemory
from feedpub.config import FeedConfig, SiteRules
from feedpub.decode import decode_html
from feedpub.errors import ExtractError
from feedpub.fetch import Fetcher
from feedpub.gathering import Listed
from feedpub.model import Article, Item, Page
from feedpub.summary import choose, lead
from feedpub.tools import Tools

HTML = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")
# A feed's own content is taken instead of its page's where the page gives this much less: a paywall, a consent wall.
_MUCH_LESS = 0.6
_LARGEST_FILE = 20_000_000  # bytes of a saved article


def page_at(url: str, fetcher: Fetcher) -> Page:
    """The page at an address. Raises SourceError."""
    answer = fetcher.get(url)
    assert isinstance(answer, Page)  # noqa: S101 -- nothing was asked conditionally
    return answer


def from_page(page: Page, rules: SiteRules | None = None, memory: SiteMemory | None = None) -> Article:
    """The article of a fetched page. Raises ExtractError."""
    if page.content_type not in HTML:
        raise ExtractError(f"not a web page but {page.content_type}", page.url)
    return cleaner.extract(decode_html(page.body, page.charset), page.url, rules=rules, memory=memory)


def from_file(feed: FeedConfig, listed: Listed, tools: Tools) -> Article:
    """The article of a saved file, dated by the file where it has no date itself. Raises ExtractError."""
    path = Path(listed.item.path or "")
    try:
        about = path.stat()
        if about.st_size > _LARGEST_FILE:
            raise ExtractError(f"larger than {_LARGEST_FILE // 1_000_000} MB", str(path))
        body = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    folder = path.relative_to(listed.folder or path.parent).parent.as_posix()
    base = f"{tools.settings.base_url}{feed.name}/{'' if folder == '.' else folder + '/'}"
    article = cleaner.extract_saved(body, str(path), base=base, rules=feed.rules)
    return replace(article, published=article.published or datetime.fromtimestamp(int(about.st_mtime), UTC))


def from_feed(item: Item) -> Article:
    """The article as its feed gives it. Raises NothingFound where the feed gives none."""
    return cleaner.extract_fragment(item.html or item.summary, item.url, title=item.title)


def fuller(article: Article, item: Item) -> Article:
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


def described(article: Article, item: Item) -> Article:
    """The article with its feed's description as the summary, where that is more than the text's first words."""
    language = article.language or item.language
    own = choose(item.summary, article.text, title=article.title, site=article.site, language=language)
    if not item.summary or own == lead(article.text, title=article.title, language=language):
        return article
    return replace(article, summary=own)
