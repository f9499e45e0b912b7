"""What FreshRSS adds to OPML: where its items are in a page, by XPath, and how it asks for them."""

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
_FROM_ARTICLE = (
    "xPathItemTitle", "xPathItemContent", "xPathItemAuthor", "xPathItemTimestamp", "xPathItemTimeFormat",
    "xPathItemThumbnail", "xPathItemCategories", "xPathItemUid",
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
_CARRIED = {
    "xPathItem", "xPathItemUri", "cssFullContent", "cssContentFilter", "ttl", "CURLOPT_COOKIE", "CURLOPT_HTTPHEADER",
    "CURLOPT_USERAGENT", "CURLOPT_PROXY",
}  # fmt: skip


def apply_freshrss(draft: ImportedFeed, kind: str, told: Mapping[str, str]) -> Imported:
    """A feed of an OPML file with what FreshRSS was told about it, by the names of its attributes."""
    said = {name.removeprefix(FRESHRSS_PREFIX): value for name, value in told.items()}
    where = draft.location
    if kind.lower() not in (*_FEEDS, _PAGE):
        return Imported(
            unsupported=(
                Unsupported(where, kind, f"{draft.title}: feedpub reads no such source; left out"),
            )
        )
    if said.get("CURLOPT_POST", "0").lower() not in _OFF or "CURLOPT_POSTFIELDS" in said:
        return Imported(
            unsupported=(
                Unsupported(
                    where, "CURLOPT_POST", f"{draft.title}: feedpub only asks by GET; left out"
                ),
            )
        )
    losses = list(_losses(said, where, draft.title))
    draft = replace(
        draft,
        every=parse_interval(int(ttl))
        if re.fullmatch(r"[1-9]\d{0,8}", ttl := said.get("ttl", ""))
        else "",
        headers=_headers(said),
        cookies=parse_cookies(said.get("CURLOPT_COOKIE", "")),
        proxy=said.get("CURLOPT_PROXY", ""),
    )
    if kind.lower() == _PAGE:
        items = said.get("xPathItem", "")
        links = xpath_link_selector(items, said.get("xPathItemUri", "")) if items else ""
        if links is None:
            losses.append(
                Unsupported(
                    where,
                    "xPathItemUri",
                    f"{draft.title}: not a path in the item; its main link is taken",
                )
            )
            links = f"{XPATH_PREFIX}{anchor_xpath(items)}"
        draft = replace(draft, type="page", links=links)
    return Imported((draft,), tuple(losses), _site(said, draft))


def _headers(said: Mapping[str, str]) -> KeyValues:
    lines = (
        line.partition(":")
        for line in said.get("CURLOPT_HTTPHEADER", "").splitlines()
        if ":" in line
    )
    pairs = [(name.strip(), value.strip()) for name, _, value in lines]
    agent = said.get("CURLOPT_USERAGENT", "")
    return (*pairs, *((("User-Agent", agent),) if agent else ()))


def _site(said: Mapping[str, str], draft: ImportedFeed) -> tuple[ImportedSite, ...]:
    """Rules for the articles of the feed's site.

    Of its pages where they are known, else of the feed's own host.
    """
    settings: list[tuple[str, tuple[str, ...]]] = []
    if "cssFullContent" in said:
        settings.append(("content", (said["cssFullContent"],)))
    if "cssContentFilter" in said:
        settings.append(("remove", tuple(split_outside_brackets(said["cssContentFilter"], ","))))
    return (
        (
            ImportedSite(
                draft.location, bare_host_from_url(draft.link or draft.url), tuple(settings)
            ),
        )
        if settings
        else ()
    )


def _losses(said: Mapping[str, str], where: str, title: str) -> Iterator[Unsupported]:
    if found := [name for name in _FROM_ARTICLE if name in said]:
        yield Unsupported(
            where, ", ".join(found), f"{title}: read from each article instead", is_important=False
        )
    if said.get("ttl", "").startswith("-"):
        yield Unsupported(
            where, "ttl", f"{title}: was muted; feedpub looks at every feed that is in its config"
        )
    for name in said:
        if name in _READER:
            yield Unsupported(where, name, f"{title}: {_READER[name]}", is_important=False)
        elif name == "filtersActionRead":
            yield Unsupported(
                where,
                name,
                f"{title}: feedpub marks nothing as read; see [feed.exclude] to leave articles out",
            )
        elif name == "cssFullContentConditions":
            yield Unsupported(where, name, f"{title}: every article is read in full")
        elif name not in _CARRIED and name not in _FROM_ARTICLE:
            yield Unsupported(where, name, f"{title}: unknown to feedpub")
