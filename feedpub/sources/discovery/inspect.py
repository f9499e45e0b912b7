"""What one document has to say about what a site lists.

Called in other processes: plain data in and out.
"""

from dataclasses import dataclass

from feedpub.core.errors import NoContentError
from feedpub.core.models import Item, Page
from feedpub.sources import feed, rss_atom
from feedpub.sources import listing_page as listing
from feedpub.sources.document import HtmlDocument, parse_document
from feedpub.sources.listing.embedded_json import items_in_jsonld, items_in_state
from feedpub.sources.markup import to_text
from feedpub.sources.sniff import FEED, GZIP, HTML, JSON, SITEMAP, TEXT, detect_type

WHOLE = 1000  # characters; a text of a feed that is shorter is mostly a teaser
_CUT_OFF = ("…", "...", "[…]", "[...]", "[&#8230;]", "…]")
_API = "https://api.w.org/"


@dataclass(frozen=True, slots=True)
class ListingPreview:
    """What a document lists.

    Attributes:
        title: what it calls itself.
        how: by what the articles are told, for people.
        whole: how many of the items come with their whole text.
        nothing: why it lists nothing; "" where it does.
    """

    title: str = ""
    found_by: str = ""
    items: tuple[Item, ...] = ()
    full_text_items: int = 0
    why_empty: str = ""


@dataclass(frozen=True, slots=True)
class PageInspection:
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
    document_type: str
    title: str = ""
    listing: ListingPreview = ListingPreview()
    feeds: tuple[str, ...] = ()
    api: str | None = None

    @property
    def is_feed(self) -> bool:
        return self.document_type in (FEED, JSON)

    @property
    def is_sitemap(self) -> bool:
        return self.document_type in (SITEMAP, GZIP, TEXT)


def inspect_page(page: Page) -> PageInspection:
    """What a document is, and what it names.

    Raises ExtractError where it is a page that cannot be read.
    """
    what = detect_type(page)
    if what != HTML:
        return PageInspection(page.url, what)
    document = parse_document(page)
    return PageInspection(
        page.url, what, document.title, _listing(document), document.feeds, _api(document)
    )


def feed_listing(page: Page, *, limit: int) -> ListingPreview:
    """What a feed lists. Raises ExtractError."""
    items = feed.parse_items(page, limit=limit)
    return ListingPreview(rss_atom.feed_title(page), "", items, sum(map(_is_whole, items)))


def _listing(document: HtmlDocument) -> ListingPreview:
    try:
        items = listing.listing_items(document)
    except NoContentError as error:
        return ListingPreview(document.title, why_empty=error.reason)
    return ListingPreview(document.title, _how(items, document), items)


def _how(items: tuple[Item, ...], document: HtmlDocument) -> str:
    data = items_in_jsonld(document.data, document.base)
    if items == tuple(data.values()):
        return "in the page's JSON-LD"
    if items == items_in_state(document.state, document.base):
        return "in the page's JSON state"
    also = " and its JSON-LD" if sum(item.url in data for item in items) * 2 > len(items) else ""
    return f"by the page's structure{also}"


def _is_whole(item: Item) -> bool:
    text = to_text(item.html) if item.html else ""
    return len(text) >= WHOLE and not text.endswith(_CUT_OFF)


def _api(document: HtmlDocument) -> str | None:
    return next(
        (
            a
            for link in document.tree.iter("link")
            if link.get("rel") == _API and (a := link.get("href"))
        ),
        None,
    )
