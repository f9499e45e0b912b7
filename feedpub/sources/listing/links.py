"""Which addresses could be an article's at all, and how much they look like it."""

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from feedpub.core.urls import site_domain
from feedpub.sources.listing.text import ARCHIVES, FILE_SUFFIXES, PAGE_NAMES, QUERIES, SHARING

DATE = re.compile(r"/(?:19|20)\d\d[/-]?(?:0[1-9]|1[0-2])(?:[/-]?[0-3]\d)?(?=\D|$)")
NUMBER = re.compile(r"\d{4,}")
CODE = re.compile(r"(?<![0-9a-z])(?=[a-z]*+\d)[0-9a-z]{8,}+$", re.IGNORECASE)
_PAGE_OR_LANGUAGE = re.compile(r"page-?\d+|[a-z]{2}([-_][a-z]{2})?")


def may_be_article(url: str, listing: str = "") -> bool:
    """False for addresses that are never an article's: home pages, archives by tag, sign-in, share buttons, files.

    Args:
        url: the address.
        listing: the page that links to it; what it links to on its own site is no share button.
    """
    parts = urlsplit(url)
    segments = _segments(parts)
    if not segments and not parts.query:
        return False
    if ARCHIVES.intersection(segments) or (segments and not parts.query and _is_page(segments)):
        return False
    if site_domain(url) in SHARING - {site_domain(listing)} or QUERIES.intersection(
        key.lower() for key, _ in parse_qsl(parts.query)
    ):
        return False
    return not segments or segments[-1].rpartition(".")[2] not in FILE_SUFFIXES


def _is_page(segments: list[str]) -> bool:
    last = segments[-1].removesuffix(".html").removesuffix(".php")
    paged = len(segments) > 1 and segments[-2] in ("page", "seite") and last.isdigit()
    return last in PAGE_NAMES or paged or _PAGE_OR_LANGUAGE.fullmatch(last) is not None


def address_score(url: str, listing: str) -> float:
    """How much an address looks like an article's, from 0 to 2.5."""
    parts = urlsplit(url)
    segments = _segments(parts)
    score = 0.0
    if any(len(re.findall(r"[-_]", segment)) > 2 for segment in segments[-2:]):  # noqa: PLR2004
        score += 1.0
    if DATE.search(parts.path):
        score += 1.0
    elif NUMBER.search(parts.path + parts.query) or CODE.search(parts.path):
        score += 0.5
    if url.startswith(listing.partition("?")[0].rstrip("/") + "/") and len(
        _segments(urlsplit(listing))
    ):
        score += 0.5
    return score


def address_pattern(url: str) -> str:
    """The shape of an address: equal for articles that one system addresses in one way."""
    parts = urlsplit(url)
    shapes = [_shape(segment) for segment in _segments(parts)]
    keys = ",".join(sorted(key for key, _ in parse_qsl(parts.query)))
    return f"{site_domain(url)}/{'/'.join(shapes)}?{keys}"


def _shape(segment: str) -> str:
    if segment.isdigit():
        return "#"
    return "~" if re.search(r"[-_\d]", segment) else segment


def _segments(parts: SplitResult) -> list[str]:
    return [unquote(segment).lower() for segment in parts.path.split("/") if segment]
