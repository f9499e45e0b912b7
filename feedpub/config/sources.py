"""Define the sources of a feed: `[[feed.source]]`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from feedpub.config.base import ConfigModel
from feedpub.config.secrets import BasicAuth, HttpValues, Proxy
from feedpub.config.types import (
    ConfigPath,
    Glob,
    MailServer,
    Pattern,
    Selector,
    Title,
    WebAddress,
)
from feedpub.core.redact import strip_credentials

HOW_TO_RENDER = (
    "set render = true on the source (needs Chromium and pip install 'feedpub[browser]')"
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


Source = Annotated[
    PageSource | FeedSource | SitemapSource | FolderSource | MailSource,
    Field(discriminator="type"),
]


def source_key(source: Source) -> str:
    """Return a source's name in messages and in the store: URL without credentials, or path."""
    if isinstance(source, FolderSource):
        return str(source.path)
    if isinstance(source, MailSource):
        return source.address
    return strip_credentials(source.url)
