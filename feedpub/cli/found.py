"""What `feedpub add` found, on a terminal and for programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from feedpub.counting import count_words, counted

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from feedpub.discovery import Discovery, Ranked, Tried

_BEGINNING = 200  # characters of an article
_MOST_REMOVED = 5  # that are shown of one article


def show(console: "Console", discovery: "Discovery", pick: int, tried: "Sequence[Tried]", now: "datetime") -> None:
    """The candidates as a numbered table, then the articles of the one that is picked."""
    console.print(_table(discovery.candidates, pick, now))
    for each in tried:
        console.print()
        for line in _lines(each):
            console.print(line, markup=False, highlight=False)
    console.print()


def document(discovery: "Discovery", pick: int, tried: "Sequence[Tried]") -> dict[str, Any]:
    """The same for programs."""
    return {
        "url": discovery.url,
        "candidates": [_described(number, each) for number, each in enumerate(discovery.candidates, 1)],
        "picked": pick,
        "articles": [_tried(each) for each in tried],
    }


def _table(candidates: "Sequence[Ranked]", pick: int, now: "datetime") -> Table:
    from feedpub.fetch import discreet
    from feedpub.overview import relative

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("kind", "entries", "newest", "address, and what speaks for and against it"):
        table.add_column(name, justify="right" if name == "entries" else "left", overflow="fold")
    for number, each in enumerate(candidates, 1):
        candidate = each.candidate
        newest = relative(each.newest, now) if each.newest else ""
        about = f"{escape(discreet(candidate.url))}\n[dim]{escape('; '.join(each.evidence))}[/]"
        style = "bold" if number == pick else ""
        table.add_row(f"{number}.", candidate.kind, str(len(candidate.items)), newest, about, style=style)
    return table


def _lines(tried: "Tried") -> list[str]:
    """One article as a reader would get it; or why it could not be read."""
    article = tried.article
    if article is None:
        return [tried.url, f"  could not be read: {tried.reason}"]
    when = f"{article.published:%Y-%m-%d %H:%M %Z}" if article.published else "no date"
    who = ", ".join(article.authors) or "no author"
    removed = [f"  removed: {_one_line(each.text, 60)} ({each.reason})" for each in article.removed[:_MOST_REMOVED]]
    more = len(article.removed) - len(removed)
    return [
        article.title or tried.url,
        f"  {when} · {who} · {counted(count_words(article.text), 'word')}",
        f"  {_one_line(article.text, _BEGINNING)}",
        *removed,
        *([f"  and {more} more removed"] if more > 0 else ()),
    ]


def _one_line(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _described(number: int, ranked: "Ranked") -> dict[str, Any]:
    candidate = ranked.candidate
    return {
        "number": number,
        "kind": candidate.kind,
        "url": candidate.url,
        "entries": len(candidate.items),
        "whole": candidate.whole,
        "newest": ranked.newest,
        "score": ranked.score,
        "evidence": list(ranked.evidence),
        "settings": dict(candidate.settings),
    }


def _tried(tried: "Tried") -> dict[str, Any]:
    article = tried.article
    if article is None:
        return {"url": tried.url, "reason": tried.reason}
    return {
        "url": tried.url,
        "title": article.title,
        "published": article.published,
        "authors": list(article.authors),
        "words": count_words(article.text),
        "beginning": _one_line(article.text, _BEGINNING),
        "removed": [{"reason": each.reason, "text": each.text} for each in article.removed],
    }
