"""Import OPML: the subscriptions of a reader, and the scraping settings of FreshRSS.

FreshRSS adds the XPath of items in a page, and settings of requests.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from lxml import etree

from feedpub.builder.opml import FRESHRSS_NAMESPACE
from feedpub.cli.importers import rssbridge
from feedpub.cli.importers.documents import line_number, parse_xml_root
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    ImportedSite,
    KeyValues,
    Unsupported,
    combine_imports,
    parse_cookies,
    parse_interval,
    title_from_url,
)
from feedpub.cli.importers.selectors import (
    stands_on_page,
    xpath_item_selectors,
    xpath_link_selector,
)
from feedpub.core.errors import ImportFileError
from feedpub.core.selectors import XPATH_PREFIX, anchor_xpath, split_outside_brackets
from feedpub.core.urls import bare_host_from_url, is_web_url

FRESHRSS_PREFIX = f"{{{FRESHRSS_NAMESPACE}}}"

_PAGE = "html+xpath"
_KINDS_OF_JSON = ("json+dotnotation", "html+xpath+json+dotnotation")
_FEEDS = ("", "rss", "atom", "rdf", "rss1", "rss2", "jsonfeed", "link", "pie")
_OFF = ("0", "false")
_TTL = re.compile(r"[1-9]\d{0,8}")
_FROM_ARTICLE = (
    "xPathItemTitle", "xPathItemContent", "xPathItemAuthor", "xPathItemTimestamp",
    "xPathItemTimeFormat", "xPathItemThumbnail", "xPathItemCategories", "xPathItemUid",
)  # fmt: skip
_READER = {
    "priority": "is the reader's business",
    "unicityCriteria": "an article is known by its address",
    "unicityCriteriaForced": "an article is known by its address",
    "CURLOPT_FOLLOWLOCATION": "redirects are followed, each checked",
    "CURLOPT_MAXREDIRS": "redirects are followed, each checked",
    "CURLOPT_IPRESOLVE": "both kinds of addresses are tried",
    "CURLOPT_PROXYTYPE": "a proxy speaks HTTP",
}
_INSTEAD = {
    "filtersActionRead": (
        "feedpub marks nothing as read; see [feed.exclude] to leave articles out"
    ),
    "cssFullContentConditions": "every article is read in full",
}
_ITEM_FIELDS = {  # settings of an items source, by their names in FreshRSS
    "xPathItemTitle": "title", "xPathItemContent": "content", "xPathItemTimestamp": "date",
    "xPathItemThumbnail": "image", "xPathItemUri": "link",
}  # fmt: skip
_JSON_FIELDS = {
    "jsonItem": "items", "jsonItemTitle": "title", "jsonItemContent": "content",
    "jsonItemUri": "link", "jsonItemAuthor": "author", "jsonItemTimestamp": "date",
    "jsonItemThumbnail": "image", "jsonItemUid": "id",
}  # fmt: skip
_NUMBERED = re.compile(r"\.(\d+)(?=[.\[]|$)")
_NAME = re.compile(r'[^.\[\]"]+')
_CARRIED = {
    *_JSON_FIELDS, "jsonItemTimeFormat", "xPathToJson", "CURLOPT_POST", "CURLOPT_POSTFIELDS",
    "xPathItem", "xPathItemUri", "cssFullContent", "cssContentFilter", "ttl",
    "CURLOPT_COOKIE", "CURLOPT_HTTPHEADER", "CURLOPT_USERAGENT", "CURLOPT_PROXY",
}  # fmt: skip
_READERS = (
    "text",
    "title",
    "type",
    "xmlUrl",
    "htmlUrl",
    "description",
    "language",
    "version",
    "created",
    "category",
)


def apply_freshrss(feed: ImportedFeed, kind: str, attributes: Mapping[str, str]) -> Imported:
    """Apply the settings of FreshRSS to a feed of an OPML file.

    Args:
        feed: the feed.
        kind: its type in FreshRSS.
        attributes: the settings by the names of their attributes.
    """
    settings = {name.removeprefix(FRESHRSS_PREFIX): value for name, value in attributes.items()}
    if left_out := _find_obstacle(feed, kind, settings):
        return Imported(unsupported=(left_out,))
    losses = list(_scraping_losses(settings, feed.location, feed.title))
    ttl = settings.get("ttl", "")
    feed = replace(
        feed,
        every=parse_interval(int(ttl)) if _TTL.fullmatch(ttl) else "",
        headers=_headers(settings),
        cookies=parse_cookies(settings.get("CURLOPT_COOKIE", "")),
        proxy=settings.get("CURLOPT_PROXY", ""),
    )
    if kind.lower() == _PAGE:
        feed = _as_page(feed, settings)
    elif kind.lower() in _KINDS_OF_JSON:
        body = settings.get("CURLOPT_POSTFIELDS", "") or ("{}" if _is_post(settings) else "")
        feed = replace(feed, type="json", selectors=_json_selectors(settings), body=body)
    return Imported((feed,), tuple(losses), _site(settings, feed))


def _as_page(feed: ImportedFeed, settings: Mapping[str, str]) -> ImportedFeed:
    """Return a feed of the articles that a page links to, or of its items."""
    items, address = settings.get("xPathItem", ""), settings.get("xPathItemUri", "")
    if stands_on_page(items, address):
        fields = {key: settings.get(name, "") for name, key in _ITEM_FIELDS.items()}
        selectors = xpath_item_selectors(items, fields)
        return replace(feed, type="items", selectors=selectors, fetch=bool(address))
    links = xpath_link_selector(items, address) if items else ""
    return replace(feed, type="page", links=links or "")


def _json_selectors(settings: Mapping[str, str]) -> KeyValues:
    """Return the expressions of a JSON source, and the selector of its script."""
    found: list[tuple[str, str]] = []
    for name, key in _JSON_FIELDS.items():
        if path := settings.get(name):
            found.append((key, _jmespath(path)))
    if script := settings.get("xPathToJson"):
        found.append(("script", f"{XPATH_PREFIX}{anchor_xpath(script)}"))
    return tuple(found)


def _jmespath(path: str) -> str:
    """Return a path in dot notation (`$.data.0.the-title`) as JMESPath; texts with & are joined."""
    terms = split_outside_brackets(path, "&")
    if len(terms) > 1:
        joined: list[str] = []
        for term in terms:
            is_text = term[0] in "'\""
            joined.append(f"'{term[1:-1]}'" if is_text else f"to_string({_jmespath(term)})")
        return f"join('', [{', '.join(joined)}])"
    path = path.strip().removeprefix("$").removeprefix(".")
    return _NAME.sub(_quote_name, _NUMBERED.sub(r"[\1]", path)) or "@"


def _quote_name(found: re.Match[str]) -> str:
    name = found[0]
    is_plain = re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) or name.isdecimal() or name == "*"
    return name if is_plain else f'"{name}"'


def _is_post(settings: Mapping[str, str]) -> bool:
    return settings.get("CURLOPT_POST", "0").lower() not in _OFF


def _find_obstacle(
    feed: ImportedFeed, kind: str, settings: Mapping[str, str]
) -> Unsupported | None:
    """Return the reason to leave out a feed, if feedpub cannot read it."""
    if kind.lower() in _KINDS_OF_JSON:
        return None
    if kind.lower() not in (*_FEEDS, _PAGE):
        hint = f"{feed.title}: feedpub reads no such source; left out"
        return Unsupported(feed.location, kind, hint)
    if _is_post(settings) or "CURLOPT_POSTFIELDS" in settings:
        hint = f"{feed.title}: only JSON is requested by POST; left out"
        return Unsupported(feed.location, "CURLOPT_POST", hint)
    return None


def _headers(settings: Mapping[str, str]) -> KeyValues:
    headers: list[tuple[str, str]] = []
    for line in settings.get("CURLOPT_HTTPHEADER", "").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers.append((name.strip(), value.strip()))
    if agent := settings.get("CURLOPT_USERAGENT"):
        headers.append(("User-Agent", agent))
    return tuple(headers)


def _site(settings: Mapping[str, str], feed: ImportedFeed) -> tuple[ImportedSite, ...]:
    """Return rules for the articles of the feed's site, or of its own host if it names none."""
    rules: list[tuple[str, tuple[str, ...]]] = []
    if "cssFullContent" in settings:
        rules.append(("content", (settings["cssFullContent"],)))
    if "cssContentFilter" in settings:
        rules.append(("remove", tuple(split_outside_brackets(settings["cssContentFilter"], ","))))
    if not rules:
        return ()
    host = bare_host_from_url(feed.link or feed.url)
    return (ImportedSite(feed.location, host, tuple(rules)),)


def _scraping_losses(
    settings: Mapping[str, str], location: str, title: str
) -> Iterator[Unsupported]:
    on_page = stands_on_page(settings.get("xPathItem", ""), settings.get("xPathItemUri", ""))
    read = [name for name in _FROM_ARTICLE if not (on_page and name in _ITEM_FIELDS)]
    if found := [name for name in read if name in settings]:
        hint = f"{title}: read from each article instead"
        yield Unsupported(location, ", ".join(found), hint, is_important=False)
    if settings.get("ttl", "").startswith("-"):
        hint = f"{title}: was muted; feedpub fetches each feed in its config"
        yield Unsupported(location, "ttl", hint)
    for name in settings:
        if name in _CARRIED or name in _FROM_ARTICLE:
            continue
        if name in _READER:
            yield Unsupported(location, name, f"{title}: {_READER[name]}", is_important=False)
        else:
            hint = f"{title}: {_INSTEAD.get(name, 'unknown to feedpub')}"
            yield Unsupported(location, name, hint)


def parse_opml(body: bytes, name: str, *, scraping: bool = True) -> Imported:
    """Import a file.

    Args:
        body: its content.
        name: its name, for messages.
        scraping: read the settings of FreshRSS as well.

    Raises:
        ImportFileError: it is not OPML.
    """
    root = parse_xml_root(body, name, {"frss": FRESHRSS_NAMESPACE})
    if etree.QName(root).localname.lower() != "opml":
        raise ImportFileError(
            f"{name}:{root.sourceline}: no OPML: the document is a <{etree.QName(root).localname}>"
        )
    lines = body.split(b"\n")
    imported: list[Imported] = []
    for outline in root.iter("outline"):
        location = f"{name}:{line_number(outline, lines)}"
        imported.append(_outline(outline, location, scraping=scraping))
    return combine_imports(imported)


def _outline(outline: etree._Element, location: str, *, scraping: bool) -> Imported:
    values: dict[str, str] = {}
    attributes: dict[str, str] = {}  # those of FreshRSS
    for key, value in outline.attrib.items():
        name, text = str(key), str(value).strip()
        if not text:
            continue
        values[name] = text
        if scraping and name.startswith(FRESHRSS_PREFIX):
            attributes[name] = text
    if "xmlUrl" not in values:
        return Imported(unsupported=tuple(_folder(outline, values, attributes, location)))
    feed = _draft(values, location)
    losses = tuple(_losses(values, location))
    if not scraping:
        return Imported((feed,), losses)
    applied = apply_freshrss(feed, values.get("type", ""), attributes)
    return combine_imports([Imported(unsupported=losses), applied])


def _draft(values: dict[str, str], location: str) -> ImportedFeed:
    link = values.get("htmlUrl", "")
    title = values.get("title") or values.get("text") or title_from_url(values["xmlUrl"])
    return ImportedFeed(
        location=location,
        type="feed",
        url=values["xmlUrl"],
        title=" ".join(title.split()),
        description=" ".join(values.get("description", "").split()),
        language=values.get("language", ""),
        link=link if is_web_url(link) else "",
    )


def _losses(values: dict[str, str], location: str) -> Iterator[Unsupported]:
    if "category" in values:
        yield Unsupported(
            location,
            f"category {values['category']}",
            "feedpub has no folders of feeds",
            is_important=False,
        )
    if rssbridge.is_rssbridge_url(values["xmlUrl"]):
        yield Unsupported(
            location,
            "RSS-Bridge",
            "the feed still comes from it; import its address alone to read the page directly",
            is_important=False,
        )
    for key in values:
        if key not in _READERS and not key.startswith("{"):
            yield Unsupported(location, key, "unknown to feedpub")


def _folder(
    outline: etree._Element, values: dict[str, str], attributes: dict[str, str], location: str
) -> Iterator[Unsupported]:
    """Report an outline that is not a feed: a folder, a list elsewhere, or a link."""
    title = values.get("text") or values.get("title") or "outline"
    if f"{FRESHRSS_PREFIX}opmlUrl" in attributes or values.get("type") == "include":
        yield Unsupported(location, title, "is a list elsewhere; save it as a file and import that")
    elif len(outline):
        yield Unsupported(
            location,
            f"folder {title}",
            "feedpub has no folders of feeds; its feeds are taken",
            is_important=False,
        )
    else:
        yield Unsupported(
            location, title, 'has no xmlUrl; if it is a page, write it as a source of type = "page"'
        )
