"""The article's headline, out of what the page calls itself in several places.

Owns the cutting of site names off titles and the choice among headlines. A title is cut at a
separator only where what is cut off is known to be the site's name, or looks like one and the page
has nothing better.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urlsplit

LONGEST = 300  # characters of a headline
MOST = 1000  # characters of a title that are looked at
ENOUGH = 0.35  # of the words of two texts that are shared, for them to be forms of one headline
HEADLINE = 4  # words that make a page's only h1 a headline, whatever the head says
SURE = 0.8  # the same for an h2
KICKER = 5  # words before a headline, at most, that are its kicker
DATELINE = 8  # words of a dateline within a headline, at most
SITE = 5  # words of a site's name behind a bar, at most

_SEPARATOR = re.compile(
    r"(?<!\s)\s++(?:(?:[|»«·•\u2013\u2014:/\\~\u2039\u203a<>-]|--|::)\s+|[|\uff5c]\s*)"
    r"|[|\uff5c]\s*|(?<=\S): |(?<=\S)[\u2013\u2014]\s|_|--"
)
_BAR = re.compile(r"(?<!\s)\s++(?:[|\uff5c]\s*|[»\u203a]\s+)|[|\uff5c]\s*")
_KICKER_END = re.compile(r"\s?:\s+|\s[\u2013\u2014-]\s")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORDS = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class TitleCandidate:
    """A visible headline: the text of an h1 or h2."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Title:
    """A chosen title.

    Attributes:
        headline: the place of the visible headline that it comes from, or None.
        sure: whether that headline says what the head says.
    """

    text: str
    headline: int | None = None
    sure: bool = False


def choose_title(
    headlines: Sequence[TitleCandidate],
    stated: Sequence[str],
    *,
    site: Iterable[str] = (),
    url: str | None = None,
) -> Title:
    """The headline.

    Args:
        headlines: the visible ones, in order.
        stated: what the head says, most trusted first.
        site: names of the site.
        url: of the page; its host is one more name of the site.
    """
    known = {compact_title(name) for name in (*site, *_hosts(url)) if compact_title(name)}
    bare = [text for title in stated if (text := without_site(title[:MOST], known))]
    visible = [
        (place, line) for place, line in enumerate(headlines) if _can_be_headline(line.text, known)
    ]
    best = max(((_likeness(line, bare), -place) for place, line in visible), default=(0.0, 0))
    if best[0] > 0:
        headline = without_site(headlines[-best[1]].text, known)
        return Title(_as_told(headline, bare), -best[1], best[0] >= SURE)
    first = [(place, line.text) for place, line in visible if line.level == 1]
    telling = {text for _, text in first if _reads_like_headline(text)}
    if first and (not bare or telling == {first[0][1]}):
        return Title(first[0][1], first[0][0])
    return Title(_behind_bar(bare)) if bare else Title("")


def without_site(title: str, site: Iterable[str]) -> str:
    """A title without the site's names (compacted) at either end."""
    title, known = " ".join(title.split()), set(site)
    while cut := _cut(title, known):
        title = cut
    return title


@lru_cache(maxsize=1000)  # a page says its title many times over
def compact_title(text: str) -> str:
    """A text for comparison where spaces do not count."""
    return _WORDS.sub("", text.casefold()).replace("_", "")


@lru_cache(maxsize=1000)
def squash(text: str) -> str:
    """A text for comparison: words only."""
    return _WORDS.sub(" ", text.casefold()).strip()


def _cut(title: str, known: set[str]) -> str:
    """A title less one site's name at its end, with what follows it, or at its beginning.

    "" where there is none.
    """
    separators = list(_SEPARATOR.finditer(title))
    for separator in reversed(separators):
        if compact_title(title[separator.end() :]) in known:
            return title[: separator.start()].strip()
    for separator in separators:
        if compact_title(title[: separator.start()]) in known:
            return title[separator.end() :].strip()
    for separator, after in pairwise(separators):
        head, tail = title[: separator.start()].strip(), title[after.end() :]
        if compact_title(title[separator.end() : after.start()]) in known and len(head) > len(tail):
            return head
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
    return bool(compact_title(text)) and compact_title(text) not in known and len(text) <= LONGEST


def _reads_like_headline(text: str) -> bool:
    return len(text.split()) >= HEADLINE and len(text) <= LONGEST / 2 and not text.endswith(":")


def _likeness(line: TitleCandidate, bare: Iterable[str]) -> float:
    """How much a visible headline is like what the head says, 0 … 1; 0 where it is another text."""
    likeness = max((_shared(line.text, text) for text in bare), default=0.0)
    if (
        line.level == 1
        and likeness < SURE
        and any(squash(line.text) in _ends(text) for text in bare)
    ):
        return SURE
    return likeness if likeness >= (ENOUGH if line.level == 1 else SURE) else 0.0


@lru_cache(maxsize=500)
def _ends(title: str) -> tuple[str, ...]:
    """The first and the last part of a title between its separators."""
    parts = _SEPARATOR.split(title)
    return squash(parts[0]), squash(parts[-1])


def _shared(one: str, other: str) -> float:
    """The share of the words of two texts that both have."""
    first, second = _words(one), _words(other)
    return len(first & second) / max(1, len(first | second))


@lru_cache(maxsize=500)  # each headline is compared with each stated title
def _words(text: str) -> frozenset[str]:
    return frozenset(squash(text).split())


def _as_told(headline: str, bare: Sequence[str]) -> str:
    """A visible headline with the kicker that the head gives it, and without what the head does not have."""
    wanted, own = squash(headline), _behind_kicker(headline)
    for text in bare:
        words, behind = squash(text), _behind_kicker(text)
        if words == wanted:
            return headline
        if behind and squash(behind) == wanted:
            return text
        if _only_adds(wanted, words):
            return text
        if (
            own and behind and squash(own) == squash(behind)
        ):  # two kickers: neither is part of the headline
            return own
    return headline


def _only_adds(headline: str, title: str) -> bool:
    """Whether a visible headline is the head's title with a kicker before it, or with a dateline around it."""
    before, found, behind = headline.partition(title) if title else ("", "", "")
    extra = f"{before} {behind}".split()
    return bool(found) and (
        (not behind and before.endswith(" ") and len(extra) <= KICKER)
        or (len(extra) <= DATELINE and any(_YEAR.fullmatch(word) for word in extra))
    )


def _behind_kicker(title: str) -> str:
    """What follows a title's kicker ("Kenya: Nairobi from below"), or "" where it has none."""
    found = _KICKER_END.search(title)
    return title[found.end() :] if found and len(title[: found.start()].split()) <= KICKER else ""


def _hosts(url: str | None) -> Iterable[str]:
    """The names that a page's host gives its site: example.co.uk, example."""
    host = (urlsplit(url or "").hostname or "").removeprefix("www.")
    labels = host.split(".")
    return (host, labels[0], ".".join(labels[:-1]), *labels[-2:-1], ".".join(labels[-2:]))
