"""Import addresses of RSS-Bridge.

Those of its bridges for CSS selectors and XPath contain all that is needed to read a page directly.
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
    combine_imports,
    parse_cookies,
    parse_interval,
    title_from_url,
)
from feedpub.cli.importers.selectors import (
    link_selector,
    stands_on_page,
    xpath_item_selectors,
    xpath_link_selector,
)
from feedpub.core.errors import ImportFileError
from feedpub.core.selectors import split_outside_brackets
from feedpub.core.urls import bare_host_from_url, is_web_url

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
    "thumbnail_as_header": "an article's picture stays at its place",
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
_SITE_KEYS = {  # of the complex bridge, and only location it reads the articles' own pages
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
_XPATH_FIELDS = {  # settings of an items source, by their names in the bridge
    "title": "title", "content": "content", "timestamp": "date", "enclosures": "image",
    "uri": "link",
}  # fmt: skip
_XPATH_CARRIED = {"action", "bridge", "format", "context", "url", "item", "uri", "_cache_timeout"}


def is_rssbridge_url(text: str) -> bool:
    """Return True for an address of an RSS-Bridge instance."""
    return is_web_url(text) and "bridge" in _query(text)


def _query(address: str) -> dict[str, str]:
    """Return the parameters of an address; none if it is broken."""
    try:
        pairs = parse_qsl(urlsplit(address).query, max_num_fields=100)
    except ValueError:  # a broken IPv6 address, or too many parameters
        return {}
    return {key: value.strip() for key, value in pairs}


def parse_rssbridge(body: bytes, name: str) -> Imported:
    """Import the addresses in a text, one a line; lines with # are comments."""
    found: list[Imported] = []
    for number, line in enumerate(read_text(body, name).splitlines(), 1):
        address = line.strip()
        if address and not address.startswith("#"):
            found.append(parse_rssbridge_url(address, f"{name}:{number}"))
    if not found:
        raise ImportFileError(
            f"{name}:1: no address in it; write the addresses of RSS-Bridge's feeds, one a line"
        )
    return combine_imports(found)


def parse_rssbridge_url(address: str, location: str) -> Imported:
    """Import one address. Raises ImportFileError if it is not one of RSS-Bridge."""
    settings = _query(address)
    if not is_rssbridge_url(address):
        raise ImportFileError(
            f"{location}: no address of RSS-Bridge, which has bridge= in it; "
            "import fetches nothing: "
            "save the document as a file first, or write the address as a source of "
            'type = "page" or "feed"'
        )
    bridge = settings["bridge"].lower().removesuffix("bridge")
    if bridge == _XPATH:
        return _import_xpath_bridge(settings, location)
    if bridge not in (_SIMPLE, _COMPLEX):
        return _as_feed(address, settings["bridge"], location)
    home = settings.get("home_page", "")
    if not home:
        raise ImportFileError(
            f"{location}: has no home_page; copy the complete address that RSS-Bridge shows"
        )
    is_complex = bridge == _COMPLEX
    losses = list(_losses(settings, location, is_complex=is_complex))
    site = _site(settings, home, location, is_complex=is_complex)
    return Imported((_draft(settings, home, location, losses),), tuple(losses), site)


def _import_xpath_bridge(settings: Mapping[str, str], location: str) -> Imported:
    """Import an address of XPathBridge, which decodes its parameters a second time."""
    url = unquote_plus(settings.get("url", ""))
    items = unquote_plus(settings.get("item", ""))
    if not url or not items:
        missing = "item" if url else "url"
        raise ImportFileError(
            f"{location}: has no {missing}; copy the complete address that RSS-Bridge shows"
        )
    address = unquote_plus(settings.get("uri", ""))
    on_page = stands_on_page(items, address)
    from_article: list[Unsupported] = []
    unknown: list[Unsupported] = []
    for key in settings:
        if on_page and key in _XPATH_FIELDS:
            continue
        if key in _XPATH_FROM_ARTICLE:
            hint = "read from each article instead"
            from_article.append(Unsupported(location, key, hint, is_important=False))
        elif key not in _XPATH_CARRIED:
            unknown.append(Unsupported(location, key, "unknown to feedpub"))
    links = "" if on_page else xpath_link_selector(items, address) or ""
    fields = {key: unquote_plus(settings.get(name, "")) for name, key in _XPATH_FIELDS.items()}
    feed = ImportedFeed(
        location=location,
        type="items" if on_page else "page",
        url=url,
        title=title_from_url(url),
        link=url,
        every=_interval(settings),
        links=links,
        selectors=xpath_item_selectors(items, fields) if on_page else (),
        fetch=on_page and bool(address),
    )
    return Imported((feed,), (*from_article, *unknown))


def _interval(settings: Mapping[str, str]) -> str:
    """Return `_cache_timeout` as `every` takes it; an invalid one is refused with its text."""
    age = settings.get("_cache_timeout", "")
    return parse_interval(int(age)) if re.fullmatch(r"\d{1,8}", age) else age


def _as_feed(address: str, bridge: str, location: str) -> Imported:
    """Keep the feed of any other bridge as a source."""
    title = f"{bridge.removesuffix('Bridge')} ({bare_host_from_url(address)})"
    instead = (
        "only CssSelectorBridge, CssSelectorComplexBridge and XPathBridge become pages; "
        "this one stays a feed of RSS-Bridge"
    )
    return Imported(
        (ImportedFeed(location, "feed", address, title),), (Unsupported(location, bridge, instead),)
    )


def _draft(
    settings: Mapping[str, str], home: str, location: str, losses: list[Unsupported]
) -> ImportedFeed:
    links = settings.get("url_selector", "")
    if entries := settings.get("entry_element_selector"):
        links = link_selector(entries, links)
    pattern = settings.get("url_pattern")
    return ImportedFeed(
        location=location,
        type="page",
        url=home,
        title=title_from_url(home),
        link=home,
        every=_interval(settings),
        limit=_limit(settings, location, losses),
        links=links,
        cookies=parse_cookies(settings.get("cookie", "")),
        include=(f"re:{pattern}",) if pattern else (),
    )


def _limit(settings: Mapping[str, str], location: str, losses: list[Unsupported]) -> int | None:
    limit = settings.get("limit", "")
    if not limit:
        return None
    if not re.fullmatch(r"[1-9]\d{0,3}", limit):
        hint = "is not a number of entries; 50 are kept"
        losses.append(Unsupported(location, f"limit={limit}", hint))
        return None
    return int(limit)


def _site(
    settings: Mapping[str, str], home: str, location: str, *, is_complex: bool
) -> tuple[ImportedSite, ...]:
    """Return rules for the articles, if the bridge reads their own pages."""
    names = _SITE_KEYS if is_complex else {"content_selector": "content"}
    rules: list[tuple[str, tuple[str, ...]]] = []
    if _reads_pages(settings, is_complex=is_complex):
        for name, key in names.items():
            if selector := settings.get(name):
                rules.append((key, (selector,)))
    if not rules:
        return ()
    if cleanup := settings.get("content_cleanup"):
        rules.append(("remove", tuple(split_outside_brackets(cleanup, ","))))
    return (ImportedSite(location, bare_host_from_url(home), tuple(rules)),)


def _reads_pages(settings: Mapping[str, str], *, is_complex: bool) -> bool:
    """Return True if the bridge reads the articles' own pages."""
    if is_complex:
        return "use_article_pages" in settings
    return bool(settings.get("content_selector"))


def _losses(
    settings: Mapping[str, str], location: str, *, is_complex: bool
) -> Iterator[Unsupported]:
    reads_pages = _reads_pages(settings, is_complex=is_complex)
    page_settings = {"content_cleanup", *_SITE_KEYS} if is_complex else {"content_cleanup"}
    carried = _CARRIED | page_settings if reads_pages else _CARRIED - page_settings
    for key, value in settings.items():
        if not value or key in carried:
            continue
        if key in page_settings:
            hint = "was meant for the list; each article is read from its own page"
            yield Unsupported(location, key, hint, is_important=False)
        elif key in _BY_ITSELF:
            yield Unsupported(location, key, _BY_ITSELF[key], is_important=False)
        else:
            yield Unsupported(location, key, _INSTEAD.get(key, "unknown to feedpub"))
