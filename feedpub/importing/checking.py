"""Drafts as the config would take them: what it would refuse is left out, and said."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from feedpub.config import problems, selector_problem
from feedpub.config.writing import Track, untracked
from feedpub.importing.model import FeedDraft, Imported, Loss, SiteDraft

_EMPTY: dict[str, object] = {
    "description": "", "language": "", "icon": "", "link": "", "every": "", "limit": None, "links": "",
    "headers": (), "cookies": (), "proxy": "", "include": (),
}  # fmt: skip
_AUTOMATIC = {"links": "the articles are found by the page's structure", "every": 'every = "auto" is used'}
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*")
_SECRETS = ("authorization", "cookie", "x-api-key")


def checked(imported: Imported, track: Track = untracked) -> Imported:
    """Only what the config takes, and a loss for whatever it does not."""
    feeds: list[FeedDraft] = []
    losses = list(imported.losses)
    for draft in track(imported.feeds, "checking"):
        usable, refused = _usable(draft)
        losses += refused
        if usable:
            feeds.append(usable)
            losses += _secrets(usable)
    sites = tuple(_sites(imported.sites, losses))
    return Imported(tuple(feeds), tuple(dict.fromkeys(losses)), sites)


def _usable(draft: FeedDraft) -> tuple[FeedDraft | None, list[Loss]]:
    """The draft without its settings that are refused; None where its address or title is."""
    losses: list[Loss] = []
    for path, reason in problems(draft.table("draft")):
        key = next((str(part) for part in path if part in _EMPTY), None)
        if key is None:
            what = str(path[-1]) if path else "feed"
            return None, [*losses, Loss(draft.where, what, f"{draft.title}: {reason}; the feed is left out")]
        automatic = f"; {_AUTOMATIC[key]}" if key in _AUTOMATIC else ""
        losses.append(Loss(draft.where, key, f"{draft.title}: {reason}{automatic}"))
        draft = replace(draft, **{key: _EMPTY[key]})  # type: ignore[arg-type]
    return draft, losses


def _secrets(draft: FeedDraft) -> Iterator[Loss]:
    """What should not stay in the config in plain sight."""
    names = [name for name, _ in draft.headers if name.lower() in _SECRETS] + [name for name, _ in draft.cookies]
    if names:
        instead = f'{draft.title}: stands in the config for everybody to read; better write {{ env = "NAME" }} for it'
        yield Loss(draft.where, f"the value of {', '.join(names)}", instead, matters=False)


def _sites(sites: Iterable[SiteDraft], losses: list[Loss]) -> Iterator[SiteDraft]:
    """One draft a host: of several that differ the first is taken, and what is no selector is not."""
    kept: dict[str, SiteDraft] = {}
    for draft in sites:
        site = replace(draft, settings=tuple(_selectors(draft, losses)))
        if not _HOST.fullmatch(site.host):
            losses.append(Loss(site.where, site.said(), f"{site.host} is no host that a file could be named for"))
        elif site.settings and kept.setdefault(site.host, site).settings != site.settings:
            instead = f"{site.host} has other rules from {kept[site.host].where}; one file holds those of a host"
            losses.append(Loss(site.where, site.said(), instead))
    yield from kept.values()


def _selectors(site: SiteDraft, losses: list[Loss]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, selectors in site.settings:
        reasons = {selector: selector_problem(selector) for selector in selectors}
        losses += [Loss(site.where, f"{key} of {site.host}", reason) for reason in reasons.values() if reason]
        if good := tuple(selector for selector in selectors if not reasons[selector]):
            yield key, good
