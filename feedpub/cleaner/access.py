"""Recognise pages that a site serves in place of an article, and those that show only a part.

Error, challenge, consent and login pages have known titles. A login page is also recognised by its
address, or by a form with a password field and no article. A paywall is recognised by
`isAccessibleForFree` in JSON-LD or by the markup of membership software.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.core.loading import load_toml
from feedpub.core.text import count_words

LOGIN_PAGE = "login page: set cookies or auth"
PAYWALL = (
    "paywall: only a part can be read without a subscription; if you have one, set cookies or auth"
)
MAX_LOGIN_WORDS = 60  # around a login form; with more, the form is below an article
MAX_TEASER_WORDS = 150  # of a closed page whose closed part is not known
MAX_LONG_TEASER_WORDS = 300  # of a closed page that lacks its closed part
MAX_OPENING_LINES = 2  # of a text that may begin with the sentence of a login page
MIN_CLOSED_WORDS = 20  # of the closed part in the article; with fewer, it was left out

_CLASS_SELECTOR = re.compile(r"\.(-?[A-Za-z_][\w-]{0,80})\s*\Z")
_MINOR_PLACE = re.compile(
    r"(?:^|[-_ ])(?:header|nav|navbar|menu|top|side|sidebar|widget|footer|modal|popup|dialog"
    r"|overlay|drawer|dropdown|comments?|respond|replies)(?:$|[-_ ])",
    re.IGNORECASE,
)
_MINOR_TAGS = frozenset({"header", "nav", "aside", "footer", "dialog", "template", "noscript"})
_MINOR_ROLES = frozenset({"dialog", "navigation", "banner"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_STATUS = re.compile(r"\A(?:(?:http|error)\s)*[45]\d\d\s")
_SEPARATOR = re.compile(r"[|–—·:»!.…?]+|\s-\s")


@dataclass(frozen=True, slots=True)
class _KnownNames:
    login_segments: frozenset[str]
    login_hosts: frozenset[str]
    paywall: re.Pattern[str]


@cache
def _load_names() -> _KnownNames:
    listed = load_toml("feedpub.cleaner", "data/access.toml")
    login, paywall = listed["login"], listed["paywall"]
    words, notices = ("|".join(map(re.escape, paywall[key])) for key in ("words", "notices"))
    pattern = rf"(?:^|[-_ ])(?:{words})(?:$|[-_ ])|(?:^| )(?:{notices})(?:$| )"
    return _KnownNames(
        frozenset(login["segments"]),
        frozenset(login["hosts"]),
        re.compile(pattern, re.IGNORECASE),
    )


def is_login_address(url: str) -> bool:
    """Return True if a URL is that of a login page."""
    parts, names = urlsplit(url), _load_names()
    if (parts.hostname or "").partition(".")[0] in names.login_hosts:
        return True
    for segment in parts.path.casefold().split("/"):
        if PurePosixPath(segment).stem in names.login_segments:
            return True
    return False


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """The signs that a page is closed, read before anything is removed from it.

    Attributes:
        login_text: the text around the page's main password field; None if it has none.
        is_declared: JSON-LD states that a part of the article is closed.
        closed_text: the text of that part; None if the page has none, or does not say which it is.
        names_part: JSON-LD says which part of the page that is.
        has_notice: the page has the markup of a paywall.
    """

    login_text: str | None = None
    is_declared: bool = False
    closed_text: str | None = None
    names_part: bool = False
    has_notice: bool = False

    def is_login_page(self, text: str) -> bool:
        """Return True if all text of the article is around the password field, or there is none."""
        if self.login_text is None or count_words(text) > MAX_LOGIN_WORDS:
            return False
        return all(line in self.login_text for line in text.split("\n"))

    def is_paywalled(self, text: str) -> bool:
        """Return True if the text of the article is only its free part."""
        words = count_words(text)
        if self.closed_text is not None:
            lines = [line for line in text.split("\n") if line in self.closed_text]
            if count_words(" ".join(lines)) < MIN_CLOSED_WORDS:
                return True
        elif self.names_part:
            return words < MAX_LONG_TEASER_WORDS
        elif self.is_declared:
            return words < MAX_TEASER_WORDS
        return self.has_notice and words < MAX_TEASER_WORDS


def find_access_limits(
    tree: HtmlElement, scripts: Iterable[str], url: str | None, title: str
) -> AccessLimits:
    """Return the signs that a page is closed.

    Args:
        tree: the complete page.
        scripts: the texts of its JSON-LD scripts.
        url: the page's URL.
        title: its title. Both distinguish its article from others in the same data.
    """
    from feedpub.cleaner.metadata.schema_org import read_closed_parts

    selectors = read_closed_parts(scripts, url, title)
    closed = None
    if selectors:
        names = {match[1] for each in selectors if (match := _CLASS_SELECTOR.match(each))}
        closed = _text_of_classes(tree, names)
    return AccessLimits(
        login_text=_find_login_text(tree),
        is_declared=selectors is not None,
        closed_text=closed,
        names_part=bool(selectors),
        has_notice=_has_notice(tree),
    )


def _find_login_text(tree: HtmlElement) -> str | None:
    """Return the text around the first password field that is not in a header, menu or the like."""
    for field in tree.iter("input"):
        if field.get("type", "").strip().lower() != "password" or _is_minor(field):
            continue
        form = next(field.iterancestors("form"), field.getparent())
        around = form.getparent()
        if around is None or around.tag in ("body", "html"):
            around = form
        return _collapse(around.text_content())
    return None


def _is_minor(element: HtmlElement) -> bool:
    """Return True if an element or one above it is hidden or not in the main content."""
    for each in (element, *element.iterancestors()):
        if each.tag in _MINOR_TAGS or each.get("role") in _MINOR_ROLES:
            return True
        if each.tag in ("body", "html"):
            return False
        if _hides(each) or each.get("aria-hidden") == "true":
            return True
        if _MINOR_PLACE.search(f"{each.get('class', '')} {each.get('id', '')}"):
            return True
    return False


def _hides(element: HtmlElement) -> bool:
    """Return True if an element hides its content by an attribute."""
    return "hidden" in element.attrib or _HIDDEN_STYLE.search(element.get("style", "")) is not None


def _text_of_classes(tree: HtmlElement, names: set[str]) -> str | None:
    found = [each for each in tree.iter("*") if not names.isdisjoint(each.classes)]
    return _collapse(" ".join([each.text_content() for each in found])) if found else None


def _has_notice(tree: HtmlElement) -> bool:
    """Return True if the page has the notice of a paywall: a short text in known markup."""
    pattern = _load_names().paywall
    for element in tree.iter("div", "section", "aside", "p"):
        if not pattern.search(f"{element.get('class', '')} {element.get('id', '')}"):
            continue
        words = count_words(element.text_content())
        if 0 < words < MAX_TEASER_WORDS and not _is_hidden(element):
            return True
    return False


def _is_hidden(element: HtmlElement) -> bool:
    for each in (element, *element.iterancestors()):
        if each.tag in ("template", "noscript", "dialog") or _hides(each):
            return True
    return False


def _collapse(text: str) -> str:
    return " ".join(text.split())


def _fold(text: str) -> str:
    return _collapse(text).casefold()


@dataclass(frozen=True, slots=True)
class Interstitials:
    """The titles and first sentences of such pages.

    Attributes:
        titles: in lower case, each with a message about the page. A page's title may have the
            number of the status before one of them.
        openings: the beginnings of first sentences, in the same form.
        max_words: a page with more text is an article about such pages.
    """

    titles: dict[str, str]
    openings: dict[str, str]
    max_words: int

    def find(self, titles: Iterable[str], words: int) -> str | None:
        """Return a message about a page that is not an article, or None.

        Args:
            titles: the page's title and first-level headings.
            words: number of words of its text.
        """
        if words > self.max_words:
            return None
        for title in titles:
            for part in _SEPARATOR.split(title):
                folded = _fold(part)
                message = self.titles.get(folded) or self.titles.get(_STATUS.sub("", folded))
                if message:
                    return message
        return None

    def find_in_text(self, text: str) -> str | None:
        """Return a message about a page that is not an article, by its first lines; or None.

        Args:
            text: paragraphs separated by newlines. A heading may be above the first.
        """
        if count_words(text) > self.max_words:
            return None
        for line in text.split("\n", MAX_OPENING_LINES)[:MAX_OPENING_LINES]:
            folded = _fold(line)
            for opening, message in self.openings.items():
                if folded.startswith(opening):
                    return message
        return None


@cache
def load_interstitials() -> Interstitials:
    """Load the titles and sentences that feedpub ships."""
    listed = load_toml("feedpub.cleaner", "data/interstitials.toml")
    max_words = listed.pop("max_words")
    titles: dict[str, str] = {}
    openings: dict[str, str] = {}
    for kind in listed.values():
        for title in kind["titles"]:
            titles[title.casefold()] = kind["message"]
        for opening in kind.get("openings", ()):
            openings[opening.casefold()] = kind["message"]
    return Interstitials(titles, openings, max_words)
