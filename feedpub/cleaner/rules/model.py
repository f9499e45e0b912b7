"""The common form of all rules: frozen data that can be sent to another process."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

MAX_PAGES = 20  # of one article


@dataclass(frozen=True, slots=True)
class RuleIssue:
    """An unusable line of a rule file; the other lines of the file are used."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector with its purpose.

    Attributes:
        command: its name in the rule file: remove, strip, body.
        source: the selector as written: ".promo", "//div[@class='x']", "text:Sponsored by".
        xpath: the selector as XPath; "" if it selects blocks by the beginning of their text.
        file, line: its place in the rule file; "" and 0 if unknown.
        css: it is a CSS selector. The value of an element is then its machine-readable value, such
            as a meta element's content.
    """

    command: str
    source: str
    xpath: str
    file: str = ""
    line: int = 0
    css: bool = False

    def __str__(self) -> str:
        place = f" ({self.file}:{self.line})" if self.file else ""
        return f"rule {self.command} '{self.source}'{place}"


@dataclass(frozen=True, slots=True)
class FollowLink:
    """A link to follow if the page matches `condition`, an XPath; "" matches every page."""

    rule: Rule
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A replacement in the raw page before it is parsed."""

    find: str
    by: str


@dataclass(frozen=True, slots=True)
class WrapRule:
    """Elements to wrap in another element."""

    tag: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A page, and texts that its article must contain."""

    url: str
    contains: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The rules of a site. Lists are in the order in which they are tried.

    Attributes:
        content: selects the article. The first rule that matches is used, with all its matches.
        remove: selects elements that are never part of the article.
        keep: selects elements that always are.
        title, date: the first rule that gives a text is used.
        author: the first rule that gives a text is used, with all its matches.
        next_page, single_page: links to the article's next page, and to a page with the complete
            article.
        headers: sent with requests for the site's articles; names in lower case.
        prune: False if everything that `content` selects is part of the article.
        autodetect: False if a page that `content` does not match has no article.
        json_ld: False if the page's JSON-LD is wrong.
        lazy_source: attributes that hold the URLs of lazily loaded images.
        ads: selects elements that mark a page as an advertisement.
        issues: unusable lines.
        tests: pages with texts that their articles must contain.
    """

    content: tuple[Rule, ...] = ()
    remove: tuple[Rule, ...] = ()
    keep: tuple[Rule, ...] = ()
    title: tuple[Rule, ...] = ()
    author: tuple[Rule, ...] = ()
    date: tuple[Rule, ...] = ()
    next_page: tuple[FollowLink, ...] = ()
    single_page: tuple[FollowLink, ...] = ()
    wrap: tuple[WrapRule, ...] = ()
    ads: tuple[Rule, ...] = ()
    replace: tuple[Replacement, ...] = ()
    lazy_source: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    prune: bool | None = None
    autodetect: bool | None = None
    json_ld: bool | None = None
    issues: tuple[RuleIssue, ...] = ()
    tests: tuple[RuleTest, ...] = ()

    def merged_with(self, general: Self) -> Self:
        """Return these rules followed by more general ones.

        Lists are joined. A single value or a header that is set here takes precedence.
        """
        merged: dict[str, Any] = {}
        for field in fields(self):
            own, other = getattr(self, field.name), getattr(general, field.name)
            if isinstance(own, tuple):
                merged[field.name] = (*own, *other)
            else:
                merged[field.name] = other if own is None else own
        own_headers = {name for name, _ in self.headers}
        other_headers = [header for header in general.headers if header[0] not in own_headers]
        merged["headers"] = (*self.headers, *other_headers)
        return replace(self, **merged)
