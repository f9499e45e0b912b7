"""What became of entries that were made anew, as words for people and data for programs.

Nothing but the command asks for it, which loads it when it is run.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from feedpub import differences
from feedpub.recleaning import Recleaned, Recleaning, Verdict

_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_COUNTED = (Verdict.CHANGED, Verdict.SAME, Verdict.FAILED, Verdict.HELD)


def table(feeds: Iterable[Recleaning]) -> Table:
    """The closing table: how many pages are kept of each feed, and what came of them."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("feed")
    for name in ("pages kept", *_COUNTED, "not kept"):
        shown.add_column(name, justify="right")
    for feed in feeds:
        counts = (len(feed.entries), *(len(feed.of(verdict)) for verdict in _COUNTED), feed.without)
        shown.add_row(escape(feed.feed), *map(str, counts))
    return shown


def problem_lines(feed: Recleaning) -> Iterator[str]:
    """What could not be made anew or was held back, and why, a line each."""
    for verdict in (Verdict.FAILED, Verdict.HELD):
        for entry in feed.of(verdict):
            yield f"{feed.feed}: {verdict}: {entry.before.url or entry.before.title}: {entry.reason}"


def diff(feed: str, entry: Recleaned) -> Iterator[Text]:
    """What differs in an entry, a line each, coloured; nothing where it has no other state."""
    if entry.after is None or entry.verdict == Verdict.SAME:
        return
    held = f" ({entry.verdict}: {entry.reason})" if entry.verdict == Verdict.HELD else ""
    yield Text(f"{feed}: {entry.before.title}{held}", "bold")
    yield from (_line(line) for line in ([entry.before.url] if entry.before.url else []))
    for fact in differences.facts(entry.before, entry.after):
        yield from map(_line, fact.lines)
    text = differences.text(entry.before, entry.after)
    yield from map(_line, text or differences.markup(entry.before, entry.after))
    yield Text("")


def as_data(feed: Recleaning) -> dict[str, Any]:
    """All of it for programs; of entries that are the same, only how many there are."""
    counts = {verdict.value.replace(" ", "_"): len(feed.of(verdict)) for verdict in _COUNTED}
    told = [_entry(entry) for entry in feed.entries if entry.verdict != Verdict.SAME]
    head = {"feed": feed.feed, "ok": feed.ok, "pages_kept": len(feed.entries)}
    return head | counts | {"not_kept": feed.without, "written": feed.written, "entries": told}


def brief(feed: Recleaning) -> Recleaning:
    """The same without the texts: of hundreds of feeds they need not be held until all are done."""
    entries = (replace(e, before=replace(e.before, html="", text=""), after=None) for e in feed.entries)
    return replace(feed, entries=tuple(entries))


def _entry(entry: Recleaned) -> dict[str, Any]:
    before, after = entry.before, entry.after
    head = {"id": before.id, "url": before.url, "title": before.title, "verdict": entry.verdict, "reason": entry.reason}
    facts: Sequence[differences.Difference] = differences.facts(before, after) if after else ()
    text: Sequence[str] = differences.text(before, after) if after else ()
    markup: Sequence[str] = differences.markup(before, after) if after else ()
    return head | {"facts": facts, "text": text, "markup": markup}


def _line(line: str) -> Text:
    return Text(line, _STYLES.get(line[:1], ""))
