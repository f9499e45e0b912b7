"""Find the next page of an article, or a page with all of it.

A link to a next page is followed if two conditions hold. Its address must be that of the article's
first page with the number of the page in it. And the page must mark the link as the next page, or
list it in a row of page numbers. The "next" link of a blog leads to another article.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.apply_rules import RuleApplication, parse_with_rules
from feedpub.cleaner.metadata.elements import HeadElements, collect_elements
from feedpub.cleaner.metadata.titles import compact_title
from feedpub.cleaner.pagination import NextPage
from feedpub.cleaner.rules import Ruleset
from feedpub.core.urls import bare_netloc

MAX_LINKS = 3000  # of a page
MAX_ADDRESS_CHARS = 8192
MAX_TITLE_CHARS = 300
MAX_ROW_CHARS = 400  # of a row of page numbers
MAX_LINK_TEXT_CHARS = 40  # "Go to page 2"
_WORDS = (
    "page|p|pg|pageno|pagenum|paged|seite|pagina|página|pagine|side|sida|sivu|strana|strona|sayfa"
    "|halaman|trang"
)
_PAGE_PARAMETER = re.compile(_WORDS, re.IGNORECASE)
_PAGE_IN_PATH = re.compile(
    rf"[/,_-](?:(?:{_WORDS})[/=,_-]?)?(\d{{1,3}})(\.[a-z]{{3,5}})?/?", re.IGNORECASE
)
_COMMENTS = re.compile("comment|kommentar|reply|replies", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")
_SUFFIX = re.compile(r"(?:\.[a-z]{3,5})?/?$", re.IGNORECASE)
_PAGE_IN_TITLE = re.compile(
    rf"(?:\b(?:{_WORDS})\b\W*+|(?<!\W)\W++|)\d+(?:\s*(?:/|of|von|de|di|av|af)\s*\d+)?",
    re.IGNORECASE,
)


def find_next_page(
    html: str, url: str, rules: Ruleset, first_url: str = "", number: int = 1
) -> NextPage:
    """Find the pages that a page of an article leads to.

    Args:
        html: the page.
        url: the page's URL.
        rules: the site's rules.
        first_url: the article's first page; "" if this is the first page.
        number: the number of this page in the article.

    Raises:
        ExtractError: the page cannot be read.
    """
    applied = RuleApplication(parse_with_rules(html, url, rules), rules)
    elements = collect_elements(applied.tree)
    base = _find_base(elements, url)
    complete_url = ""
    if not first_url:
        complete_url = _resolve(base, applied.select_address(rules.single_page))
    if rules.next_page:
        next_url = _resolve(base, applied.select_address(rules.next_page))
    else:
        next_url = _find_next_url(applied.tree, base, first_url or url, number)
    return NextPage(complete_url, next_url, bool(rules.next_page), _find_titles(elements))


def _find_base(elements: HeadElements, url: str) -> str:
    for element in elements["base"]:
        href: str | None = element.get("href")
        if href:
            return urljoin(url, href)
    return url


def _find_titles(elements: HeadElements) -> frozenset[str]:
    titles: set[str] = set()
    for element in (*elements["title"][:1], *elements["h1"]):
        title = "".join(element.itertext())[:MAX_TITLE_CHARS]
        titles.add(compact_title(_PAGE_IN_TITLE.sub(" ", title)))
    return frozenset(titles - {""})


def _find_next_url(tree: HtmlElement, base: str, first_url: str, number: int) -> str:
    """Return the next page that the page marks as such, or lists among its pages, or ""."""
    for href in (*_marked_links(tree), *_numbered_links(tree, number)):
        address = _resolve(base, href)
        if address and is_page_url(address, first_url, number + 1):
            return address
    return ""


def _marked_links(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter("link", "a"):
        if "next" in element.get("rel", "").lower().split():
            yield element.get("href", "")


def _numbered_links(tree: HtmlElement, number: int) -> Iterator[str]:
    """Yield links with the next page's number, in a row that contains this page's number."""
    own_number, next_number = str(number), str(number + 1)
    for link in islice(tree.iter("a"), MAX_LINKS):
        if _only_number(link.text_content()) == next_number and own_number in _row(link):
            yield link.get("href", "")


def _only_number(text: str) -> str:
    """Return the number in a link's text if it has exactly one, else ""."""
    if len(text) > MAX_LINK_TEXT_CHARS:
        return ""
    found = _NUMBER.findall(text)
    return found[0] if len(found) == 1 else ""


def _row(link: HtmlElement) -> Iterable[str]:
    """Return the numbers next to a link, if there is hardly any other text."""
    own = _collapsed_text(link)
    for ancestor in link.iterancestors():
        text = _collapsed_text(ancestor)
        if text != own:
            return _NUMBER.findall(text) if len(text) <= MAX_ROW_CHARS else ()
    return ()


def _collapsed_text(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def is_page_url(url: str, first_url: str, number: int) -> bool:
    """Return whether a URL is that of a page of an article, judged by the first page's URL."""
    try:
        first, other = urlsplit(first_url), urlsplit(url)
    except ValueError:
        return False
    if bare_netloc(first.netloc) != bare_netloc(other.netloc):
        return False
    if _COMMENTS.search(f"{other.path}?{other.query}"):
        return False
    first_query, other_query = dict(parse_qsl(first.query)), dict(parse_qsl(other.query))
    if first.path.rstrip("/") == other.path.rstrip("/"):
        return _adds_page_number(first_query, other_query, number)
    if first_query != other_query:
        return False
    return _has_page_number(other.path, _SUFFIX.sub("", first.path), number)


def _adds_page_number(
    first_query: Mapping[str, str], other_query: Mapping[str, str], number: int
) -> bool:
    changed = dict(other_query.items() - first_query.items())
    if len(changed) != 1:
        return False
    ((key, value),) = changed.items()
    is_number = value in (str(number), str(number - 1))  # some sites count from 0
    return is_number and bool(_PAGE_PARAMETER.fullmatch(key))


def _has_page_number(path: str, stem: str, number: int) -> bool:
    if len(stem) <= 1 or not path.startswith(stem):
        return False
    marker = _PAGE_IN_PATH.fullmatch(path[len(stem) :])
    return marker is not None and int(marker[1]) == number


def _resolve(base: str, href: str) -> str:
    """Return the absolute web address of a link without its fragment, or ""."""
    if not href or len(href) > MAX_ADDRESS_CHARS or href.startswith("#"):
        return ""
    try:
        address = urldefrag(urljoin(base, href))[0]
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return address if is_web else ""
