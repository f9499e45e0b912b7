"""Check imported feeds against the config: drop what it refuses, and name those that are new."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    ImportedSite,
    Unsupported,
)
from feedpub.config import Config, RemoteSource, check_selector_syntax, validate_feed
from feedpub.config.edit import NameAllocator, Track, track_silently
from feedpub.core.article_keys import url_key
from feedpub.core.urls import bare_host_from_url


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Imported feeds that are new, and those that are configured already.

    Attributes:
        new: feeds to add, each with its name.
        already_configured: feeds whose URL is a source already, each with the name of its feed.
    """

    new: tuple[tuple[str, ImportedFeed], ...]
    already_configured: tuple[tuple[str, ImportedFeed], ...]


def plan_import(drafts: Iterable[ImportedFeed], config: Config) -> ImportPlan:
    """Sort imported feeds; of several with one URL, the first is new."""
    feeds = dict(_sources(config))
    names = NameAllocator(config.feed.names)
    new: list[tuple[str, ImportedFeed]] = []
    known: list[tuple[str, ImportedFeed]] = []
    for draft in drafts:
        key = url_key(draft.url)
        if key in feeds:
            known.append((feeds[key], draft))
            continue
        name = names.claim(_wish(draft))
        feeds[key] = name
        new.append((name, draft))
    return ImportPlan(tuple(new), tuple(known))


def _wish(draft: ImportedFeed) -> str:
    """Return the first of a feed's names that can be written in a-z and 0-9."""
    for wish in (draft.name, draft.title, bare_host_from_url(draft.url)):
        if re.search("[A-Za-z0-9]", unicodedata.normalize("NFKD", wish)):
            return wish
    return "feed"


def _sources(config: Config) -> Iterable[tuple[str, str]]:
    for feed in config.feed:
        for source in feed.source:
            if isinstance(source, RemoteSource):
                yield url_key(source.url), feed.name


_EMPTY: dict[str, object] = {
    "description": "", "language": "", "icon": "", "link": "", "every": "", "limit": None,
    "links": "", "headers": (), "cookies": (), "proxy": "", "include": (), "body": "",
}  # fmt: skip
_AUTOMATIC = {
    "links": "the articles are found by the page's structure",
    "every": 'every = "auto" is used',
}
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*")
_SECRETS = ("authorization", "cookie", "x-api-key")


def check_import(imported: Imported, track: Track = track_silently) -> Imported:
    """Drop what the config would refuse, and report it as unsupported."""
    feeds: list[ImportedFeed] = []
    losses = list(imported.unsupported)
    for draft in track(imported.feeds, "checking"):
        usable, refused = _usable(draft)
        losses += refused
        if usable:
            feeds.append(usable)
            losses += _secrets(usable)
    sites = tuple(_sites(imported.sites, losses))
    return Imported(tuple(feeds), tuple(dict.fromkeys(losses)), sites)


def _usable(draft: ImportedFeed) -> tuple[ImportedFeed | None, list[Unsupported]]:
    """Return a feed without refused settings; None if its URL or title is refused."""
    losses: list[Unsupported] = []
    for path, reason in validate_feed(draft.as_toml_table("draft")):
        selectors = dict(draft.selectors)
        if "source" in path and path[-1] in selectors:
            del selectors[str(path[-1])]
            hint = f"{draft.title}: {reason}; it is found by the page's structure"
            losses.append(Unsupported(draft.location, str(path[-1]), hint))
            draft = replace(draft, selectors=tuple(selectors.items()))
            continue
        keys = [str(part) for part in path if part in _EMPTY]
        if not keys:
            what = str(path[-1]) if path else "feed"
            hint = f"{draft.title}: {reason}; the feed is left out"
            return None, [*losses, Unsupported(draft.location, what, hint)]
        key = keys[0]
        automatic = f"; {_AUTOMATIC[key]}" if key in _AUTOMATIC else ""
        losses.append(Unsupported(draft.location, key, f"{draft.title}: {reason}{automatic}"))
        draft = replace(draft, **{key: _EMPTY[key]})  # type: ignore[arg-type]
    return draft, losses


def _secrets(draft: ImportedFeed) -> Iterator[Unsupported]:
    """Report secrets that should not be readable in the config."""
    names = [name for name, _ in draft.headers if name.lower() in _SECRETS]
    names += [name for name, _ in draft.cookies]
    if names:
        instead = (
            f'{draft.title}: is readable in the config; better write {{ env = "NAME" }} instead'
        )
        yield Unsupported(
            draft.location, f"the value of {', '.join(names)}", instead, is_important=False
        )


def _sites(sites: Iterable[ImportedSite], losses: list[Unsupported]) -> Iterator[ImportedSite]:
    """Yield one site for each host: the first of those that differ, without invalid selectors."""
    kept: dict[str, ImportedSite] = {}
    for draft in sites:
        site = replace(draft, settings=tuple(_selectors(draft, losses)))
        if not _HOST.fullmatch(site.host):
            instead = f"{site.host} is not a host that a file can be named for"
            losses.append(Unsupported(site.location, site.describe(), instead))
            continue
        if not site.settings:
            continue
        first = kept.setdefault(site.host, site)
        if first.settings != site.settings:
            instead = (
                f"{site.host} has other rules from {first.location}; one file holds those of a host"
            )
            losses.append(Unsupported(site.location, site.describe(), instead))
    yield from kept.values()


def _selectors(
    site: ImportedSite, losses: list[Unsupported]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, selectors in site.settings:
        valid: list[str] = []
        for selector in selectors:
            if reason := check_selector_syntax(selector):
                losses.append(Unsupported(site.location, f"{key} of {site.host}", reason))
            else:
                valid.append(selector)
        if valid:
            yield key, tuple(valid)
