"""Define the sources of a feed: `[[feed.source]]`."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, TypeAdapter, model_validator

from feedpub.config.base import ConfigModel
from feedpub.config.secrets import BasicAuth, HttpValues, Proxy
from feedpub.config.types import (
    ConfigPath,
    Glob,
    JsonPath,
    JsonText,
    MailServer,
    Pattern,
    Selector,
    Title,
    ValueSelector,
    WebAddress,
)
from feedpub.core.redact import strip_credentials

HOW_TO_RENDER = (
    "set render = true on the source (needs Chromium and pip install 'feedpub[browser]')"
)

MAX_LISTING_PAGES = 100

_Pages = Annotated[
    int,
    Field(
        ge=1,
        le=MAX_LISTING_PAGES,
        strict=True,
        description="How many pages of the listing to read when the feed is first built. The "
        "links to the next page are followed. Later runs read the first page.",
        examples=[5],
    ),
]
_HEADLINES_ONLY = (
    "Fetch each article for its full text. false publishes the title, the date and the teaser of "
    "the listing, and makes no request for each article."
)


class RemoteSource(ConfigModel):
    """The settings of all sources on the network."""

    url: WebAddress = Field(
        description="URL of the page, feed or sitemap.", examples=["https://example.org/news"]
    )
    headers: HttpValues = Field(
        default={},
        description="HTTP headers for this source's own host.",
        examples=[{"Accept-Language": "de"}],
    )
    cookies: HttpValues = Field(
        default={},
        description="Cookies for this source's own host.",
        examples=[{"session": {"file": "session.txt"}}],
    )
    auth: BasicAuth | None = Field(
        default=None,
        description="User name and password for HTTP basic authentication.",
        examples=[{"username": "reader", "password": {"env": "FEED_PASSWORD"}}],
    )
    proxy: Proxy | None = Field(
        default=None,
        description="HTTP proxy for this source. Proxies from the environment are not used.",
        examples=["http://proxy.example.org:3128"],
    )
    render: bool = Field(
        default=False,
        strict=True,
        description="Run the scripts of the listing page and of each article in a browser.",
        examples=[True],
    )


class PageSource(RemoteSource):
    """A listing page whose links lead to articles."""

    type: Literal["page"] = Field(
        description="page: a listing page, such as a front page, a section or a blog's start page."
    )
    links: Selector | None = Field(
        default=None,
        description="Selector of the article links: CSS, or XPath after xpath:. Default: found "
        "by the "
        "page's structure.",
        examples=["main h2 a", "xpath://main//h2/a"],
    )
    fetch: bool = Field(default=True, strict=True, description=_HEADLINES_ONLY, examples=[False])
    pages: _Pages = 1


class FeedSource(RemoteSource):
    """An RSS, Atom or JSON feed, or the JSON API of a WordPress site."""

    type: Literal["feed"] = Field(
        description="feed: RSS, Atom, JSON Feed, or the posts of a WordPress site "
        "(/wp-json/wp/v2/posts)."
    )
    fetch: bool = Field(
        default=True,
        strict=True,
        description="Fetch each article for its full text. false keeps the feed's own content.",
        examples=[False],
    )


class SitemapSource(RemoteSource):
    """A sitemap, a sitemap index or a news sitemap, also compressed."""

    type: Literal["sitemap"] = Field(
        description="sitemap: a sitemap, a sitemap index or a news sitemap."
    )
    include: tuple[Pattern, ...] = Field(
        default=(),
        description="Patterns of URLs to read. Default: all.",
        examples=[["*/news/*"]],
    )
    exclude: tuple[Pattern, ...] = Field(
        default=(),
        description="Patterns of URLs to leave out.",
        examples=[["*/tag/*", "re:/page/[0-9]+$"]],
    )
    fetch: bool = Field(
        default=True,
        strict=True,
        description="Fetch each article for its full text. false publishes the title and the date "
        "of the sitemap, and makes no request for each article.",
        examples=[False],
    )


class ItemsSource(RemoteSource):
    """The entries of one page: a changelog, notices, events, a table."""

    type: Literal["items"] = Field(
        description="items: the entries of one page, such as a changelog, notices, events "
        "or the rows of a table."
    )
    item: Selector | None = Field(
        default=None,
        description="Selector of the items: CSS, or XPath after xpath:. Default: found by the "
        "page's headings, dates and repeated blocks.",
        examples=["section.release", "xpath://table[2]//tr[td]"],
    )
    title: ValueSelector | None = Field(
        default=None,
        description="Selector of the title in an item; XPath may select an attribute or a text. "
        "Default: its heading.",
        examples=["h2", "xpath:.//img/@alt"],
    )
    link: ValueSelector | None = Field(
        default=None,
        description="Selector of the link in an item. Default: its permalink, the link of its "
        "heading, or its #anchor. An item without a link gets a page of its own.",
        examples=["a.permalink"],
    )
    date: ValueSelector | None = Field(
        default=None,
        description="Selector of the date in an item. Default: its first date.",
        examples=["time", "xpath:@data-date"],
    )
    content: ValueSelector | None = Field(
        default=None,
        description="Selector of the content in an item. Default: the item without its title and "
        "date.",
        examples=[".body"],
    )
    image: ValueSelector | None = Field(
        default=None,
        description="Selector of the image in an item. Default: its first image.",
        examples=["img.cover"],
    )
    fetch: bool = Field(
        default=False,
        strict=True,
        description="Fetch each item's link for its full text, as an article.",
        examples=[True],
    )
    pages: _Pages = 1


class JsonSource(RemoteSource):
    """A JSON API, or the JSON state of a page."""

    type: Literal["json"] = Field(
        description="json: a JSON API, or the JSON in a script of a page. The expressions are "
        "JMESPath."
    )
    items: JsonPath | None = Field(
        default=None,
        description="Expression of the list of items. Default: the document if it is a list, or "
        "else its only list of objects.",
        examples=["data.posts[]"],
    )
    title: JsonPath | None = Field(
        default=None,
        description="Expression of an item's title. Default: one of the usual keys.",
        examples=["title.rendered"],
    )
    link: JsonPath | None = Field(
        default=None,
        description="Expression of an item's link, which may be relative. Default: one of the "
        "usual keys. An item without a link gets a page of its own.",
        examples=["permalink", "join('', ['/posts/', slug])"],
    )
    date: JsonPath | None = Field(
        default=None,
        description="Expression of an item's date: RFC 3339, Unix time in seconds or "
        "milliseconds, or a text. Default: one of the usual keys.",
        examples=["published_at"],
    )
    content: JsonPath | None = Field(
        default=None,
        description="Expression of an item's content: HTML or plain text.",
        examples=["body_html"],
    )
    id: JsonPath | None = Field(
        default=None,
        description='Expression of an item\'s id. Default: the key "id", "guid" or "uuid".',
        examples=["id"],
    )
    image: JsonPath | None = Field(
        default=None, description="Expression of an item's image.", examples=["cover.url"]
    )
    author: JsonPath | None = Field(
        default=None,
        description="Expression of an item's author: a name, an object with a name, or a list of "
        "them. Default: one of the usual keys.",
        examples=["user.name", "authors[].name"],
    )
    body: JsonText | None = Field(
        default=None,
        description="JSON that is sent with POST. Default: none, the request is a GET.",
        examples=['{"limit": 20}'],
    )
    next: JsonPath | None = Field(
        default=None,
        description="Expression of the next page's URL, for `pages`.",
        examples=["meta.next"],
    )
    script: Selector | None = Field(
        default=None,
        description="Selector of the script that contains the JSON, if the URL is of an HTML page.",
        examples=["#__NEXT_DATA__"],
    )
    fetch: bool | None = Field(
        default=None,
        strict=True,
        description="Fetch each item's link for its full text. Default: false if `content` is "
        "given, else true.",
        examples=[False],
    )
    pages: _Pages = 1


class FolderSource(ConfigModel):
    """A folder of saved articles: .txt, .md, .html and .htm."""

    type: Literal["folder"] = Field(description="folder: a folder of saved articles.")
    path: ConfigPath = Field(
        description="The folder, relative to the config file.", examples=["articles"]
    )
    glob: Glob = Field(
        default="**/*",
        description="Which of its files to read.",
        examples=["*.md", "2025/**/*.html"],
    )


class MailSource(ConfigModel):
    """Newsletters and other mails: on disk, or in a mailbox on an IMAP server."""

    type: Literal["mail"] = Field(
        description="mail: newsletters in a Maildir, an mbox, .eml files or an IMAP mailbox."
    )
    path: ConfigPath | None = Field(
        default=None,
        description="A Maildir, an mbox, a folder of .eml files, or one .eml file, relative to the "
        "config file.",
        examples=["Maildir"],
    )
    server: MailServer | None = Field(
        default=None,
        description="The mailbox on an IMAP server, instead of `path`: imaps://, or imap:// for "
        "STARTTLS. The default mailbox is INBOX.",
        examples=["imaps://mail.example.org/INBOX"],
    )
    auth: BasicAuth | None = Field(
        default=None,
        description="User name and password on the IMAP server.",
        examples=[{"username": "reader", "password": {"env": "FEED_PASSWORD"}}],
    )
    from_: tuple[Title, ...] = Field(
        default=(),
        alias="from",
        description="Addresses of senders, with `*` for any characters. If `from` or `list_id` is "
        "given, only mails that match one of their patterns are read.",
        examples=[["news@example.org", "*@example.net"]],
    )
    list_id: tuple[Title, ...] = Field(
        default=(),
        description="Ids of mailing lists (`List-Id`), with `*` for any characters.",
        examples=[["weekly.example.org"]],
    )
    mark_read: bool = Field(
        default=False,
        strict=True,
        description="Mark mails on the server as read after their entries are stored.",
        examples=[True],
    )
    delete: bool = Field(
        default=False,
        strict=True,
        description="Delete mails from the server after their entries are stored.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        """Check that either a path or a server is given, with the settings that belong to it."""
        if (self.path is None) == (self.server is None):
            raise ValueError(
                "requires either path or server; write for example "
                'path = "Maildir" or server = "imaps://mail.example.org/INBOX"'
            )
        if self.server is not None and self.auth is None:
            raise ValueError(
                "server requires a login; write "
                'auth = { username = "reader", password = { env = "FEED_PASSWORD" } }'
            )
        if self.server is None:
            for name in ("auth", "mark_read", "delete"):
                if getattr(self, name):
                    raise ValueError(f"{name} is only for mails on a server; remove it")
        return self

    @property
    def address(self) -> str:
        """Return the path, or the URL of the mailbox."""
        return self.server or str(self.path)


class WatchSource(RemoteSource):
    """A page that changes: each change is an entry."""

    type: Literal["watch"] = Field(
        description="watch: one page that changes. Each change is an entry that shows the "
        "difference."
    )
    content: Selector | None = Field(
        default=None,
        description="Selector of the part to watch: CSS, or XPath after xpath:. Default: the "
        "cleaned page.",
        examples=["main", "#opening-hours"],
    )
    ignore: tuple[Pattern, ...] = Field(
        default=(),
        description="Patterns of lines to leave out, such as counters and clocks.",
        examples=[["re:^Visitors: [0-9]+$", "last updated"]],
    )
    min_words: int = Field(
        default=1,
        ge=1,
        le=1000,
        strict=True,
        description="The smallest change that is published, in words. Smaller ones add up.",
        examples=[5],
    )


ListedSource: TypeAlias = (
    PageSource | FeedSource | SitemapSource | ItemsSource | JsonSource | FolderSource | MailSource
)
"""A source that lists articles."""

Source = Annotated[ListedSource | WatchSource, Field(discriminator="type")]


_LATER_SETTINGS = {"render", "pages", "fetch"}


@cache
def _source_adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Source)


def make_source(values: Mapping[str, object]) -> Source:
    """Return the source with the given settings.

    Raises:
        ValueError: a setting is not valid.
    """
    source: Source = _source_adapter().validate_python(dict(values))
    return source


def source_key(source: Source) -> str:
    """Return a source's name in messages and in the store: URL without credentials, or path."""
    if isinstance(source, FolderSource):
        return str(source.path)
    if isinstance(source, MailSource):
        return source.address
    return strip_credentials(source.url)


def source_fingerprint(source: Source) -> str:
    """Return a digest that changes when any setting of the source changes."""
    # Settings that were introduced later only count if they are used: known sources stay known.
    later = {"render", "pages"} if isinstance(source, FeedSource) else _LATER_SETTINGS
    fields = type(source).model_fields
    unused = {name for name in later & fields.keys() if _is_default(source, name)}
    settings = source.model_dump_json(exclude=unused)
    return hashlib.sha256(settings.encode()).hexdigest()[:16]


def _is_default(source: Source, name: str) -> bool:
    return bool(getattr(source, name) == type(source).model_fields[name].default)


def is_rendered(source: Source) -> bool:
    """Return True if the pages of a source's articles are rendered in a browser."""
    return isinstance(source, RemoteSource) and source.render


def fetches_articles(source: Source) -> bool:
    """Return True if each article of a source is read from its own page or file."""
    match source:
        case FolderSource() | MailSource():
            return True
        case WatchSource():
            return False
        case JsonSource(fetch=None):
            return source.content is None
        case _:
            return bool(source.fetch)


def describes_articles(source: Source) -> bool:
    """Return True if a source's titles, dates and authors take precedence over the pages'."""
    return isinstance(source, FeedSource | ItemsSource | JsonSource | MailSource | WatchSource)
