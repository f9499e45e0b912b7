"""What one document has to say about what a site lists. Called in other processes: plain data in and out."""

from dataclasses import dataclass

from feedpub.errors import NothingFound
from feedpub.model import Item, Page
from feedpub.sources import feed, head
from feedpub.sources import page as listing
from feedpub.sources.html import Document, parse
from feedpub.sources.kinds import FEED, GZIP, HTML, JSON, SITEMAP, TEXT, kind
from feedpub.sources.listing.state import stated
from feedpub.sources.listing.structured import listed
from feedpub.sources.markup import to_text

WHOLE = 1000  # characters; a text of a feed that is shorter is mostly a teaser
_CUT_OFF = ("…", "...", "[…]", "[...]", "[&#8230;]", "…]")
_API = "https://api.w.org/"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a document lists.

    Attributes:
        title: what it calls itself.
        how: by what the articles are told, for people.
        whole: how many of the items come with their whole text.
        nothing: why it lists nothing; "" where it does.
    """

    title: str = ""
    how: str = ""
    items: tuple[Item, ...] = ()
    whole: int = 0
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """The document at the address that was asked about.

    Attributes:
        url: where it was found in the end.
        what: its kind, as `sources.kinds` has it.
        title: what it calls itself.
        listing: the articles that it lists, where it is a page.
        feeds: the feeds that it names.
        api: where its WordPress answers, if it is of one.
    """

    url: str
    what: str
    title: str = ""
    listing: Listing = Listing()
    feeds: tuple[str, ...] = ()
    api: str | None = None

    @property
    def is_feed(self) -> bool:
        return self.what in (FEED, JSON)

    @property
    def is_sitemap(self) -> bool:
        return self.what in (SITEMAP, GZIP, TEXT)


def survey(page: Page) -> Survey:
    """What a document is, and what it names. Raises ExtractError where it is a page that cannot be read."""
    what = kind(page)
    if what != HTML:
        return Survey(page.url, what)
    document = parse(page)
    return Survey(page.url, what, document.title, _listing(document), document.feeds, _api(document))


def feed_listing(page: Page, *, limit: int) -> Listing:
    """What a feed lists. Raises ExtractError."""
    items = feed.items_in(page, limit=limit)
    return Listing(head.title_of(page), "", items, sum(map(_is_whole, items)))


def _listing(document: Document) -> Listing:
    try:
        items = listing.items_of(document)
    except NothingFound as error:
        return Listing(document.title, nothing=error.reason)
    return Listing(document.title, _how(items, document), items)


def _how(items: tuple[Item, ...], document: Document) -> str:
    data = listed(document.data, document.base)
    if items == tuple(data.values()):
        return "in the page's JSON-LD"
    if items == stated(document.state, document.base):
        return "in the page's JSON state"
    also = " and its JSON-LD" if sum(item.url in data for item in items) * 2 > len(items) else ""
    return f"by the page's structure{also}"


def _is_whole(item: Item) -> bool:
    text = to_text(item.html) if item.html else ""
    return len(text) >= WHOLE and not text.endswith(_CUT_OFF)


def _api(document: Document) -> str | None:
    return next((a for link in document.tree.iter("link") if link.get("rel") == _API and (a := link.get("href"))), None)
