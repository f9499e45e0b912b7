"""Judge by a URL if it can be an article's, and how much it looks like one."""

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from feedpub.core.urls import site_domain
from feedpub.sources.listing.text import ARCHIVES, FILE_SUFFIXES, PAGE_NAMES, QUERIES, SHARING

MIN_SLUG_SEPARATORS = 3  # an article's name has at least four words

_DATE = re.compile(r"/(?:19|20)\d\d[/-]?(?:0[1-9]|1[0-2])(?:[/-]?[0-3]\d)?(?=\D|$)")
_NUMBER = re.compile(r"\d{4,}")
_CODE = re.compile(r"(?<![0-9a-z])(?=[a-z]*+\d)[0-9a-z]{8,}+$", re.IGNORECASE)
_PAGE_OR_LANGUAGE = re.compile(r"page-?\d+|[a-z]{2}([-_][a-z]{2})?")


def may_be_article(url: str, listing: str = "") -> bool:
    """Return False for home pages, archives by tag, sign-in, share buttons and files.

    Args:
        url: the link's.
        listing: the page with the link; a link to its own site is not a share button.
    """
    parts = urlsplit(url)
    segments = _segments(parts)
    if not ARCHIVES.isdisjoint(segments):
        return False
    if not parts.query and _is_page(segments):
        return False
    if site_domain(url) in SHARING - {site_domain(listing)}:
        return False
    if not QUERIES.isdisjoint(map(str.lower, _parameters(parts))):
        return False
    suffix = segments[-1].rpartition(".")[2] if segments else ""
    return suffix not in FILE_SUFFIXES


def _is_page(segments: list[str]) -> bool:
    """Return True for the path of a home page, a page such as "about", or the page of a listing."""
    if not segments:
        return True
    last = segments[-1].removesuffix(".html").removesuffix(".php")
    if last in PAGE_NAMES or _PAGE_OR_LANGUAGE.fullmatch(last):
        return True
    return len(segments) > 1 and segments[-2] in ("page", "seite") and last.isdigit()


def address_score(url: str, listing: str) -> float:
    """Return how much a URL looks like an article's, from 0 to 2.5."""
    parts = urlsplit(url)
    score = 1.0 if any(map(_is_slug, _segments(parts)[-2:])) else 0.0
    if _DATE.search(parts.path):
        score += 1.0
    elif _NUMBER.search(parts.path + parts.query) or _CODE.search(parts.path):
        score += 0.5
    folder = listing.partition("?")[0].rstrip("/") + "/"
    if url.startswith(folder) and _segments(urlsplit(listing)):
        score += 0.5
    return score


def _is_slug(segment: str) -> bool:
    """Return True for a name of several words, such as an article's."""
    return segment.count("-") + segment.count("_") >= MIN_SLUG_SEPARATORS


def address_pattern(url: str) -> str:
    """Return the pattern of a URL, which is the same for all articles of one system."""
    parts = urlsplit(url)
    path = "/".join(map(_segment_pattern, _segments(parts)))
    keys = ",".join(sorted(_parameters(parts)))
    return f"{site_domain(url)}/{path}?{keys}"


def _segment_pattern(segment: str) -> str:
    if segment.isdigit():
        return "#"
    return "~" if re.search(r"[-_\d]", segment) else segment


def _segments(parts: SplitResult) -> list[str]:
    return [unquote(segment).lower() for segment in parts.path.split("/") if segment]


def _parameters(parts: SplitResult) -> list[str]:
    """Return the names of the parameters of an address's query."""
    return [name for name, _ in parse_qsl(parts.query)]
