"""What FreshRSS adds to OPML: where its items are in a page, by XPath, and how it asks for them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from feedpub.builder.source_opml import FRESHRSS, LINK_AROUND
from feedpub.importing.model import FeedDraft, Imported, Loss, Pairs, SiteDraft, cookies_of, every_of, host_of
from feedpub.importing.selectors import links_in, split
from feedpub.importing.xpath import to_css, to_css_within

PREFIX = f"{{{FRESHRSS}}}"

_PAGE = "html+xpath"
_FEEDS = ("", "rss", "atom", "rdf", "rss1", "rss2", "jsonfeed", "link", "pie")
_FOUND = "the articles are found by the page's structure"
_ANY_LINK = re.compile(
    r"(?:\.//|descendant(?:-or-self)?::|\./descendant::)?a(?:\[@href\]|\[string-length\(@href\)>0\])?"
)
_OFF = ("0", "false")
_FIRST = re.compile(r"\[(?:1|position\(\)\s*=\s*1)\]$")
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


def applied(draft: FeedDraft, kind: str, told: Mapping[str, str]) -> Imported:
    """A feed of an OPML file with what FreshRSS was told about it, by the names of its attributes."""
    said = {name.removeprefix(PREFIX): value for name, value in told.items()}
    where = draft.where
    if kind.lower() not in (*_FEEDS, _PAGE):
        return Imported(losses=(Loss(where, kind, f"{draft.title}: feedpub reads no such source; left out"),))
    if said.get("CURLOPT_POST", "0").lower() not in _OFF or "CURLOPT_POSTFIELDS" in said:
        return Imported(losses=(Loss(where, "CURLOPT_POST", f"{draft.title}: feedpub only asks by GET; left out"),))
    losses = list(_losses(said, where, draft.title))
    draft = replace(
        draft,
        every=every_of(int(ttl)) if re.fullmatch(r"[1-9]\d{0,8}", ttl := said.get("ttl", "")) else "",
        headers=_headers(said),
        cookies=cookies_of(said.get("CURLOPT_COOKIE", "")),
        proxy=said.get("CURLOPT_PROXY", ""),
    )
    if kind.lower() == _PAGE:
        links = _links(said.get("xPathItem", ""), said.get("xPathItemUri", ""))
        if links is None:
            losses.append(Loss(where, "xPathItem", f"{draft.title}: CSS cannot say this XPath; {_FOUND}"))
        draft = replace(draft, type="page", links=links or "")
    return Imported((draft,), tuple(losses), _site(said, draft))


def _links(items: str, address: str) -> str | None:
    """The selector of the links; None where CSS cannot say what the XPath says."""
    found = to_css(items)
    if not found:
        return None
    if address == LINK_AROUND:  # as feedpub itself exports it
        return found
    element = address.strip().removesuffix("@href").removesuffix("/").strip()
    if not address.strip() or element in ("", ".") or _ANY_LINK.fullmatch(_FIRST.sub("", element)):
        return found
    if not address.rstrip().endswith("/@href"):
        return None
    inner = to_css_within(element) or to_css_within(_FIRST.sub("", element))
    return links_in(found, inner) if inner else None


def _headers(said: Mapping[str, str]) -> Pairs:
    lines = (line.partition(":") for line in said.get("CURLOPT_HTTPHEADER", "").splitlines() if ":" in line)
    pairs = [(name.strip(), value.strip()) for name, _, value in lines]
    agent = said.get("CURLOPT_USERAGENT", "")
    return (*pairs, *((("User-Agent", agent),) if agent else ()))


def _site(said: Mapping[str, str], draft: FeedDraft) -> tuple[SiteDraft, ...]:
    """Rules for the articles of the feed's site: of its pages where they are known, else of the feed's own host."""
    settings: list[tuple[str, tuple[str, ...]]] = []
    if "cssFullContent" in said:
        settings.append(("content", (said["cssFullContent"],)))
    if "cssContentFilter" in said:
        settings.append(("remove", tuple(split(said["cssContentFilter"]))))
    return (SiteDraft(draft.where, host_of(draft.link or draft.url), tuple(settings)),) if settings else ()


def _losses(said: Mapping[str, str], where: str, title: str) -> Iterator[Loss]:
    if found := [name for name in _FROM_ARTICLE if name in said]:
        yield Loss(where, ", ".join(found), f"{title}: read from each article instead", matters=False)
    if said.get("ttl", "").startswith("-"):
        yield Loss(where, "ttl", f"{title}: was muted; feedpub looks at every feed that is in its config")
    for name in said:
        if name in _READER:
            yield Loss(where, name, f"{title}: {_READER[name]}", matters=False)
        elif name == "filtersActionRead":
            yield Loss(where, name, f"{title}: feedpub marks nothing as read; see [feed.exclude] to leave articles out")
        elif name == "cssFullContentConditions":
            yield Loss(where, name, f"{title}: every article is read in full")
        elif name not in _CARRIED and name not in _FROM_ARTICLE:
            yield Loss(where, name, f"{title}: unknown to feedpub")
