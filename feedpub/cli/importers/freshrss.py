"""Import what FreshRSS adds to OPML: XPath of items in a page, and settings of requests."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from feedpub.builder.opml import FRESHRSS_NAMESPACE
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    ImportedSite,
    KeyValues,
    Unsupported,
    parse_cookies,
    parse_interval,
)
from feedpub.cli.importers.selectors import xpath_link_selector
from feedpub.core.selectors import XPATH_PREFIX, anchor_xpath, split_outside_brackets
from feedpub.core.urls import bare_host_from_url

FRESHRSS_PREFIX = f"{{{FRESHRSS_NAMESPACE}}}"

_PAGE = "html+xpath"
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
    "CURLOPT_POST": "feedpub asks by GET",
    "CURLOPT_PROXYTYPE": "a proxy speaks HTTP",
}
_INSTEAD = {
    "filtersActionRead": (
        "feedpub marks nothing as read; see [feed.exclude] to leave articles out"
    ),
    "cssFullContentConditions": "every article is read in full",
}
_CARRIED = {
    "xPathItem", "xPathItemUri", "cssFullContent", "cssContentFilter", "ttl",
    "CURLOPT_COOKIE", "CURLOPT_HTTPHEADER", "CURLOPT_USERAGENT", "CURLOPT_PROXY",
}  # fmt: skip


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
    losses = list(_losses(settings, feed.location, feed.title))
    ttl = settings.get("ttl", "")
    feed = replace(
        feed,
        every=parse_interval(int(ttl)) if _TTL.fullmatch(ttl) else "",
        headers=_headers(settings),
        cookies=parse_cookies(settings.get("CURLOPT_COOKIE", "")),
        proxy=settings.get("CURLOPT_PROXY", ""),
    )
    if kind.lower() == _PAGE:
        items = settings.get("xPathItem", "")
        links = xpath_link_selector(items, settings.get("xPathItemUri", "")) if items else ""
        if links is None:
            hint = f"{feed.title}: not a path in the item; its main link is taken"
            losses.append(Unsupported(feed.location, "xPathItemUri", hint))
            links = f"{XPATH_PREFIX}{anchor_xpath(items)}"
        feed = replace(feed, type="page", links=links)
    return Imported((feed,), tuple(losses), _site(settings, feed))


def _find_obstacle(
    feed: ImportedFeed, kind: str, settings: Mapping[str, str]
) -> Unsupported | None:
    """Return the reason to leave out a feed, if feedpub cannot read it."""
    if kind.lower() not in (*_FEEDS, _PAGE):
        hint = f"{feed.title}: feedpub reads no such source; left out"
        return Unsupported(feed.location, kind, hint)
    is_post = settings.get("CURLOPT_POST", "0").lower() not in _OFF
    if is_post or "CURLOPT_POSTFIELDS" in settings:
        hint = f"{feed.title}: feedpub only asks by GET; left out"
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


def _losses(settings: Mapping[str, str], location: str, title: str) -> Iterator[Unsupported]:
    if found := [name for name in _FROM_ARTICLE if name in settings]:
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
