"""The value that every format of rules becomes.

Frozen data, plain enough to be sent to another process.
"""

from dataclasses import dataclass, fields, replace
from typing import Self

MAX_PAGES = 20  # of one article


@dataclass(frozen=True, slots=True)
class RuleIssue:
    """A line of a rule file that cannot be used; the rest of the file can."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a person said of a site's pages.

    Attributes:
        command: what it is called where it is written: remove, strip, body.
        written: as it is written: ".promo", "//div[@class='x']", "text:Sponsored by".
        xpath: what it looks for; "" where that is no element but how a block begins.
        file, line: where it is written, for people; "" and 0 where that is not known.
        css: it is a CSS selector: a value is then what its element is there for, as a meta's
            content.
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
    """A link to follow.

    `condition` is an XPath that has to find something first, "" where there is none.
    """

    rule: Rule
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A text of the raw page that is replaced by another before anything is parsed."""

    find: str
    by: str


@dataclass(frozen=True, slots=True)
class WrapRule:
    """Elements around which another one is put."""

    tag: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A page on which the rules must find some texts."""

    url: str
    contains: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All that is said of a site. Lists are in the order in which they are tried.

    Attributes:
        content: where the article is: the first that finds something counts, with all that it
            finds.
        remove: what never belongs to it.
        keep: what always does, whatever the cleaner thinks of it.
        title, date: the first that says something.
        author: the first that says something, with all that it finds.
        next_page, single_page: links to the article's next page, and to a page that has it as a
            whole.
        headers: sent when the site's articles are fetched; names in lower case.
        prune: False where all that `content` finds is the article.
        autodetect: False where a page without `content` has no article.
        json_ld: False where the page's JSON-LD does not tell the truth.
        lazy_source: attributes that hold the true addresses of pictures.
        ads: what stands on pages that are advertisements.
        problems: lines that say nothing that can be used.
        tests: what must hold.
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

    def merged_with(self, other: Self) -> Self:
        """These rules, and after them those of a less specific place.

        Lists are appended, single values stay.
        """
        joined = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, value in joined.items():
            less = getattr(other, name)
            joined[name] = (
                (*value, *less) if isinstance(value, tuple) else less if value is None else value
            )
        known = {name for name, _ in self.headers}
        joined["headers"] = (
            *self.headers,
            *(pair for pair in other.headers if pair[0] not in known),
        )
        return replace(self, **joined)
