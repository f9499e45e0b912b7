"""The article's headline, out of what the page calls itself in several places.

Owns the cutting of site names off titles and the choice among headlines. A title is cut at a separator only where
what is cut off is known to be the site's name, or looks like one and the page has nothing better.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST = 300  # characters of a headline
ENOUGH = 0.35  # of the words of two texts that are shared, for them to be forms of one headline
KICKER = 5  # words before a headline, at most, that are its kicker
SITE = 5  # words of a site's name behind a bar, at most

_SEPARATOR = re.compile(
    r"\s+(?:[|»«·•\u2013\u2014:/\\~\u2039\u203a<>-]|--|::)\s+|\s*[|\uff5c]\s*|(?<=\S): |(?<=\S)[\u2013\u2014]\s|_|--"
)
_BAR = re.compile(r"\s*[|\uff5c]\s*|\s+[»\u203a]\s+")
_WORDS = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Title:
    """A chosen title and the place of the visible headline that it comes from, or None."""

    text: str
    headline: int | None = None


def choose(
    headlines: Sequence[str], stated: Sequence[str], *, site: Iterable[str] = (), url: str | None = None
) -> Title:
    """The headline.

    Args:
        headlines: the visible ones (h1), in order.
        stated: what the head says, most trusted first.
        site: names of the site.
        url: of the page; its host is one more name of the site.
    """
    known = {compact(name) for name in (*site, *_hosts(url)) if compact(name)}
    bare = [text for title in stated if (text := without_site(title, known))]
    visible = [(place, text) for place, text in enumerate(headlines) if _can_be_headline(text, known)]
    likeness = [(max((_shared(text, other) for other in bare), default=0.0), -place) for place, text in visible]
    if visible and (max(likeness)[0] >= ENOUGH or not bare):
        place = -max(likeness)[1]
        return Title(_without_kicker(headlines[place], bare), place)
    if bare:
        return Title(_behind_bar(bare))
    return Title("")


def without_site(title: str, site: Iterable[str]) -> str:
    """A title without the site's names (compacted) at either end."""
    title, known = " ".join(title.split()), set(site)
    while cut := _cut(title, known):
        title = cut
    return title


def compact(text: str) -> str:
    """A text for comparison where spaces do not count."""
    return _WORDS.sub("", text.casefold()).replace("_", "")


def squash(text: str) -> str:
    """A text for comparison: words only."""
    return _WORDS.sub(" ", text.casefold()).strip()


def _cut(title: str, known: set[str]) -> str:
    """A title less one site's name at its end or its beginning, or ""."""
    separators = list(_SEPARATOR.finditer(title))
    for separator in reversed(separators):
        if compact(title[separator.end() :]) in known:
            return title[: separator.start()].strip()
    for separator in separators:
        if compact(title[: separator.start()]) in known:
            return title[separator.end() :].strip()
    return ""


def _behind_bar(bare: Sequence[str]) -> str:
    """The first of some titles, less what stands behind its last bar and is short enough for a site's name."""
    title = bare[0]
    bars = list(_BAR.finditer(title))
    if not bars:
        return title
    head, tail = title[: bars[-1].start()], title[bars[-1].end() :]
    return head if len(tail.split()) <= min(SITE, len(head.split())) else title


def _can_be_headline(text: str, known: set[str]) -> bool:
    return bool(compact(text)) and compact(text) not in known and len(text) <= LONGEST


def _shared(one: str, other: str) -> float:
    """The share of the words of two texts that both have."""
    first, second = set(squash(one).split()), set(squash(other).split())
    return len(first & second) / max(1, len(first | second))


def _without_kicker(headline: str, bare: Iterable[str]) -> str:
    """A visible headline without a short line before it that the head does not count as part of it."""
    for text in bare:
        before = len(headline) - len(text)
        words = len(headline[:before].split())
        if before > 0 and words <= KICKER < len(text.split()) + 2 and squash(headline).endswith(squash(text)):
            return headline[before:].strip() if headline.endswith(text) else text
    return headline


def _hosts(url: str | None) -> Iterable[str]:
    """The names that a page's host gives its site: example.co.uk, example."""
    host = (urlsplit(url or "").hostname or "").removeprefix("www.")
    labels = host.split(".")
    return (host, labels[0], ".".join(labels[:-1]), *labels[-2:-1], ".".join(labels[-2:]))
