"""Addresses of RSS-Bridge.

Those of its bridges for CSS selectors say all that is needed to read the page directly.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from feedpub.cli.importers.documents import read_text
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    ImportedSite,
    Unsupported,
    join_url,
    parse_cookies,
    parse_interval,
    title_from_url,
)
from feedpub.cli.importers.selectors import link_selector, xpath_link_selector
from feedpub.core.errors import ImportFileError
from feedpub.core.selectors import split_outside_brackets
from feedpub.core.urls import bare_host_from_url

_SIMPLE, _COMPLEX, _XPATH = "cssselector", "cssselectorcomplex", "xpath"
_OURS = {
    "action",
    "bridge",
    "format",
    "context",
    "home_page",
    "url_selector",
    "entry_element_selector",
    "limit",
}
_CARRIED = _OURS | {
    "url_pattern",
    "_cache_timeout",
    "cookie",
    "content_selector",
    "content_cleanup",
}
_BY_ITSELF = {
    "title_cleanup": "a site's name is taken out of titles",
    "thumbnail_as_header": "an article's picture stands where the article has it",
    "remove_styling": "no styling is published",
    "time_format": "dates are read in whatever form they are written",
    "token": "was the bridge's own; the page is read directly",
    "_noproxy": "no proxy is used unless the source names one",
    "use_article_pages": "each article is read from its own page",
}
_INSTEAD = {
    "discard_thumbnail": "the article's picture stays",
    "category_selector": "categories are read from each article",
}
_SITE_KEYS = {  # of the complex bridge, and only where it reads the articles' own pages
    "article_page_content_selector": "content",
    "title_selector": "title",
    "author_selector": "author",
    "time_selector": "date",
}


_XPATH_FROM_ARTICLE = {
    "title",
    "content",
    "raw_content",
    "author",
    "timestamp",
    "enclosures",
    "categories",
    "fix_encoding",
}
_XPATH_CARRIED = {"action", "bridge", "format", "context", "url", "item", "uri", "_cache_timeout"}


def is_rssbridge_url(text: str) -> bool:
    """True for an address of an instance of RSS-Bridge."""
    return text.startswith(("http://", "https://")) and "bridge" in _query(text)


def _query(address: str) -> dict[str, str]:
    """The parameters of an address; none of one that cannot be taken apart."""
    try:
        return {
            key: value.strip()
            for key, value in parse_qsl(urlsplit(address).query, max_num_fields=100)
        }
    except ValueError:  # brackets without an IPv6 address in them, or parameters without end
        return {}


def parse_rssbridge(body: bytes, name: str) -> Imported:
    """The addresses in a text, one a line; lines that begin with # are remarks."""
    lines = enumerate(read_text(body, name).splitlines(), 1)
    found = [
        (n, line.strip()) for n, line in lines if line.strip() and not line.lstrip().startswith("#")
    ]
    if not found:
        raise ImportFileError(
            f"{name}:1: no address in it; write the addresses of RSS-Bridge's feeds, one a line"
        )
    return join_url(parse_rssbridge_url(address, f"{name}:{n}") for n, address in found)


def parse_rssbridge_url(address: str, where: str) -> Imported:
    """What one address says. Raises ImportFileError where it is not one of RSS-Bridge."""
    said = _query(address)
    if not is_rssbridge_url(address):
        raise ImportFileError(
            f"{where}: no address of RSS-Bridge, which has bridge= in it; import fetches nothing: save what is there "
            'as a file first, or write the address as a source of type = "page" or "feed"'
        )
    bridge = said["bridge"].lower().removesuffix("bridge")
    if bridge == _XPATH:
        return _import_xpath_bridge(said, where)
    if bridge not in (_SIMPLE, _COMPLEX):
        return _as_feed(address, said["bridge"], where)
    home = said.get("home_page", "")
    if not home:
        raise ImportFileError(
            f"{where}: has no home_page; copy the whole address that RSS-Bridge shows"
        )
    losses = [*_losses(said, where, complex_one=bridge == _COMPLEX)]
    site = _site(said, home, where, complex_one=bridge == _COMPLEX)
    return Imported((_draft(said, home, where, losses),), tuple(losses), site)


def _import_xpath_bridge(said: Mapping[str, str], where: str) -> Imported:
    """Import an address of XPathBridge, which decodes its parameters a second time."""
    url = unquote_plus(said.get("url", ""))
    items = unquote_plus(said.get("item", ""))
    if not url or not items:
        missing = "item" if url else "url"
        raise ImportFileError(
            f"{where}: has no {missing}; copy the whole address that RSS-Bridge shows"
        )
    losses = [
        Unsupported(where, key, "read from each article instead", is_important=False)
        for key in said
        if key in _XPATH_FROM_ARTICLE
    ]
    links = xpath_link_selector(items, unquote_plus(said.get("uri", "")))
    if links is None:
        losses.append(
            Unsupported(where, "uri", "not a path in the item; the item's main link is taken")
        )
        links = link_selector(items)
    unknown = [key for key in said if key not in {*_XPATH_CARRIED, *_XPATH_FROM_ARTICLE}]
    losses.extend(Unsupported(where, key, "unknown to feedpub") for key in unknown)
    feed = ImportedFeed(
        location=where,
        type="page",
        url=url,
        title=title_from_url(url),
        link=url,
        every=_interval(said),
        links=links,
    )
    return Imported((feed,), tuple(losses))


def _interval(said: Mapping[str, str]) -> str:
    """Return `_cache_timeout` as `every` takes it; an invalid one is refused with its text."""
    age = said.get("_cache_timeout", "")
    return parse_interval(int(age)) if re.fullmatch(r"\d{1,8}", age) else age


def _as_feed(address: str, bridge: str, where: str) -> Imported:
    """Any other bridge: its feed is as good a source as any."""
    title = f"{bridge.removesuffix('Bridge')} ({bare_host_from_url(address)})"
    instead = "only CssSelectorBridge, CssSelectorComplexBridge and XPathBridge become pages; this one stays a feed of RSS-Bridge"
    return Imported(
        (ImportedFeed(where, "feed", address, title),), (Unsupported(where, bridge, instead),)
    )


def _draft(
    said: Mapping[str, str], home: str, where: str, losses: list[Unsupported]
) -> ImportedFeed:
    entries = said.get("entry_element_selector", "")
    links = (
        link_selector(entries, said.get("url_selector", ""))
        if entries
        else said.get("url_selector", "")
    )
    return ImportedFeed(
        location=where,
        type="page",
        url=home,
        title=title_from_url(home),
        link=home,
        every=_interval(said),
        limit=_limit(said, where, losses),
        links=links,
        cookies=parse_cookies(said.get("cookie", "")),
        include=(f"re:{said['url_pattern']}",) if said.get("url_pattern") else (),
    )


def _limit(said: Mapping[str, str], where: str, losses: list[Unsupported]) -> int | None:
    limit = said.get("limit", "")
    if limit and not re.fullmatch(r"[1-9]\d{0,3}", limit):
        losses.append(Unsupported(where, f"limit={limit}", "is no number of entries; 50 are kept"))
        return None
    return int(limit) if limit else None


def _site(
    said: Mapping[str, str], home: str, where: str, *, complex_one: bool
) -> tuple[ImportedSite, ...]:
    """Rules for the articles, where the bridge reads their own pages."""
    settings: list[tuple[str, tuple[str, ...]]] = []
    if complex_one and "use_article_pages" in said:
        asked = ((key, said.get(name, "")) for name, key in _SITE_KEYS.items())
        settings += [(key, (selector,)) for key, selector in asked if selector]
    elif not complex_one and said.get("content_selector"):
        settings.append(("content", (said["content_selector"],)))
    if settings and said.get("content_cleanup"):
        settings.append(("remove", tuple(split_outside_brackets(said["content_cleanup"], ","))))
    return (ImportedSite(where, bare_host_from_url(home), tuple(settings)),) if settings else ()


def _losses(said: Mapping[str, str], where: str, *, complex_one: bool) -> Iterator[Unsupported]:
    read_pages = "use_article_pages" in said if complex_one else bool(said.get("content_selector"))
    for key, value in said.items():
        if not value or (key in _SITE_KEYS and complex_one and read_pages):
            continue
        if (key == "content_cleanup" and not read_pages) or (key in _SITE_KEYS and complex_one):
            yield Unsupported(
                where,
                key,
                "was meant for the list; each article is read from its own page",
                is_important=False,
            )
        elif key in _BY_ITSELF:
            yield Unsupported(where, key, _BY_ITSELF[key], is_important=False)
        elif key in _INSTEAD:
            yield Unsupported(where, key, _INSTEAD[key])
        elif key not in _CARRIED:
            yield Unsupported(where, key, "unknown to feedpub")
