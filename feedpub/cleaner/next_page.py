"""Where an article goes on: the address of its next page, or of a page that has it as a whole.

A link to a next page is believed where its address is that of the article's first page with the
page's number in it, and the page itself calls it the next one or counts it in a row of numbers:
what a blog calls next is another article.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.apply_rules import RuleApplication, apply_rules
from feedpub.cleaner.metadata.elements import collect_elements
from feedpub.cleaner.metadata.titles import compact_title
from feedpub.cleaner.rules import Ruleset

MOST_LINKS = 3000  # of a page that are looked at
LONGEST = 8192  # characters of an address
_WORDS = "page|p|pg|pageno|pagenum|paged|seite|pagina|página|pagine|side|sida|sivu|strana|strona|sayfa|halaman|trang"
_WORD = re.compile(_WORDS, re.IGNORECASE)
_IN_PATH = re.compile(
    rf"[/,_-](?:(?:{_WORDS})[/=,_-]?)?(\d{{1,3}})(\.[a-z]{{3,5}})?/?", re.IGNORECASE
)
_OF_COMMENTS = re.compile("comment|kommentar|reply|replies", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")
_ENDING = re.compile(r"(?:\.[a-z]{3,5})?/?$", re.IGNORECASE)
_PAGE_IN_TITLE = re.compile(
    rf"(?:\b(?:{_WORDS})\b\W*+|(?<!\W)\W++|)\d+(?:\s*(?:/|of|von|de|di|av|af)\s*\d+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NextPage:
    """Where a page leads.

    Attributes:
        whole: the address of a page with the whole article; "" where there is none.
        after: the address of the next page; "" where this is the last one.
        ruled: a rule says so.
        titles: what the page is called, for comparison.
    """

    complete_copies: str = ""
    following: str = ""
    by_rule: bool = False
    titles: frozenset[str] = frozenset()


def find_next_page(
    html: str, url: str, rules: Ruleset, first: str = "", number: int = 1
) -> NextPage:
    """Where a page leads.

    Args:
        html: the page.
        url: where it was found.
        rules: of its site.
        first: the address of the article's first page; left out, this is the first one.
        number: which of the article's pages this is.

    Raises:
        ExtractError: the page cannot be read.
    """
    ruling = RuleApplication(apply_rules(html, url, rules), rules)
    parts = collect_elements(ruling.tree)
    base = next((urljoin(url, href) for each in parts["base"] if (href := each.get("href"))), url)
    whole = _address(base, ruling.select_address(rules.single_page)) if not first else ""
    if rules.next_page:
        after = _address(base, ruling.select_address(rules.next_page))
    else:
        after = _found(ruling.tree, base, first or url, number)
    titles = frozenset(
        _named(["".join(each.itertext()) for each in (*parts["title"][:1], *parts["h1"])])
    )
    return NextPage(whole, after, bool(rules.next_page), titles)


def is_page(url: str, first: str, number: int) -> bool:
    """Whether an address is that of an article's page of a number, by the address of its first page."""
    try:
        one, other = urlsplit(first), urlsplit(url)
    except ValueError:
        return False
    if _host(one.netloc) != _host(other.netloc) or _OF_COMMENTS.search(
        f"{other.path}?{other.query}"
    ):
        return False
    known, asked = dict(parse_qsl(one.query)), dict(parse_qsl(other.query))
    if one.path.rstrip("/") == other.path.rstrip("/"):
        changed = {key: value for key, value in asked.items() if known.get(key) != value}
        counted = [value for key, value in changed.items() if _WORD.fullmatch(key)]
        return len(changed) == len(counted) == 1 and counted[0] in (str(number), str(number - 1))
    stem = _ENDING.sub("", one.path)
    marker = (
        _IN_PATH.fullmatch(other.path[len(stem) :])
        if len(stem) > 1 and other.path.startswith(stem)
        else None
    )
    return marker is not None and int(marker[1]) == number and known == asked


def _found(tree: HtmlElement, base: str, first: str, number: int) -> str:
    """The next page that the page itself calls so, or counts among its pages.

    "" where there is none.
    """
    for href in (*_called_next(tree), *_counted(tree, number)):
        address = _address(base, href)
        if address and is_page(address, first, number + 1):
            return address
    return ""


def _called_next(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter("link", "a"):
        if "next" in (element.get("rel") or "").lower().split():
            yield element.get("href") or ""


def _counted(tree: HtmlElement, number: int) -> Iterator[str]:
    """Links that say the next number, in a row in which this one's number stands, too."""
    for at, link in enumerate(tree.iter("a")):
        if at >= MOST_LINKS:
            return
        if _digits(link.text_content()) == str(number + 1) and str(number) in _row(link):
            yield link.get("href") or ""


def _row(link: HtmlElement) -> Iterable[str]:
    """The numbers beside a link, as far as hardly anything else stands there."""
    own = _squashed(link)
    row = next((around for around in link.iterancestors() if _squashed(around) != own), None)
    text = "" if row is None else _squashed(row)
    return _NUMBER.findall(text) if len(text) <= 400 else ()  # noqa: PLR2004 -- characters of a row of numbers


def _squashed(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _digits(text: str) -> str:
    found = _NUMBER.findall(text) if len(text) <= 40 else []  # noqa: PLR2004 -- "Go to page 2"
    return found[0] if len(found) == 1 else ""


def _address(base: str, href: str) -> str:
    """The absolute web address of a link, without a fragment; "" where it leads nowhere else."""
    if not href or len(href) > LONGEST or href.startswith("#"):
        return ""
    try:
        address = urldefrag(urljoin(base, href))[0]
        parts = urlsplit(address)
        on_the_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return address if on_the_web else ""


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower().removeprefix("www.")


def _named(titles: Iterable[str]) -> Iterator[str]:
    for title in titles:
        if name := compact_title(_PAGE_IN_TITLE.sub(" ", title[:300])):
            yield name
