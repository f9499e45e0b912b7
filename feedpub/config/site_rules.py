"""Define the rules for a site, in a feed's `[feed.rules]` or in the site's own file."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from feedpub.config.base import ConfigModel
from feedpub.config.types import (
    CONTROL_CHARACTERS,
    ConfigPath,
    Removal,
    Selector,
    ValueSelector,
    WebAddress,
    quote_for_message,
)

RULE_HEADERS = frozenset({"accept", "accept-language", "cookie", "dnt", "referer", "user-agent"})
"""The headers that a rule can set, in lower case; they only describe the client and its wishes."""


def _check_header(name: str) -> str:
    if name.lower() not in RULE_HEADERS:
        allowed = ", ".join(sorted(RULE_HEADERS))
        raise ValueError(
            f"{quote_for_message(name)} is not a header that a rule can set; allowed: {allowed}"
        )
    return name.lower()


def _check_header_value(value: str) -> str:
    if not value.strip() or CONTROL_CHARACTERS.search(value):
        raise ValueError("not a valid header value; write one line of text")
    return value.strip()


def _require_search_text(value: str) -> str:
    if not value:
        raise ValueError("empty; write the text to find")
    return value


_Headers = dict[
    Annotated[str, AfterValidator(_check_header)],
    Annotated[str, AfterValidator(_check_header_value)],
]
_Selectors = tuple[Selector, ...]


class Replace(ConfigModel):
    """A text in the source of a page, and its replacement."""

    find: Annotated[
        str,
        AfterValidator(_require_search_text),
        WithJsonSchema({"type": "string", "minLength": 1}),
    ] = Field(
        description="The text to find, exactly as it is in the page's source.",
        examples=["<br><br>"],
    )
    by: str = Field(default="", description="The replacement.", examples=["<p>"])


class SiteRules(ConfigModel):
    """Rules for the cleaner: how to find the article, and what never belongs to it."""

    content: Selector | None = Field(
        default=None,
        description="Selector of the article's body: CSS, or XPath after xpath:. Default: found "
        "automatically.",
        examples=["article .body", "xpath://article/div[last()]"],
    )
    remove: tuple[Removal, ...] = Field(
        default=(),
        description="Elements that never belong to an article: selectors, or text: and the "
        "beginning of a block.",
        examples=[["aside.promo", "text:Sponsored by"]],
    )
    keep: _Selectors = Field(
        default=(),
        description="Selectors of elements that always belong to the article.",
        examples=[[".score-table"]],
    )
    title: ValueSelector | None = Field(
        default=None,
        description="Selector of the headline. Default: found automatically.",
        examples=["h1.head"],
    )
    author: ValueSelector | None = Field(
        default=None,
        description="Selector of the authors' names, one element each.",
        examples=[".byline a"],
    )
    date: ValueSelector | None = Field(
        default=None,
        description="Selector of the publication date.",
        examples=["time.published"],
    )
    next_page: ValueSelector | None = Field(
        default=None,
        description="Selector of the link to an article's next page.",
        examples=[".pager a.next"],
    )
    single_page: ValueSelector | None = Field(
        default=None,
        description="Selector of the link to a page that has the complete article.",
        examples=["a.print"],
    )
    headers: _Headers = Field(
        default={},
        description="HTTP headers for the site's articles: Accept, Accept-Language, Cookie, DNT, "
        "Referer or User-Agent.",
        examples=[{"Referer": "https://example.org/"}],
    )
    replace: tuple[Replace, ...] = Field(
        default=(),
        description="Texts to replace in a page's source before it is parsed.",
        examples=[[{"find": "<br><br>", "by": "<p>"}]],
    )


class SiteTest(ConfigModel):
    """A page of the site, and texts that its article must contain."""

    url: WebAddress = Field(description="URL of the page.", examples=["https://example.org/story"])
    contains: tuple[str, ...] = Field(
        default=(),
        description="Texts that the article must contain.",
        examples=[["The first words"]],
    )


class SiteFile(SiteRules):
    """The file of a site: its rules, and pages to test them on."""

    test: tuple[SiteTest, ...] = Field(default=(), description="Pages to test the rules on.")


class RuleFiles(ConfigModel):
    """The location of site rules."""

    sites: ConfigPath = Field(
        default=Path("sites"),
        validate_default=True,
        description="The folder with site rules, one file a host: example.org.toml.",
        examples=["sites"],
    )
    ftr_site_config: ConfigPath | None = Field(
        default=None,
        description="A checkout of ftr-site-config, for sites without a file in `sites`.",
        examples=["../ftr-site-config"],
    )
