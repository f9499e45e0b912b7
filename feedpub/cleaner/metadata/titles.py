"""Choose the article's title among the page's own statements of it.

A title is cut at a separator only if the text cut off is known to be the site's name, or looks like
one and the page has no better title.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from feedpub.core.urls import bare_host_from_url

_MAX_TITLE_CHARS = 300
_MAX_STATED_CHARS = 1000  # read of a title in the head
_MIN_OVERLAP = 0.35  # of the words of two texts, for them to be variants of one title
_SURE_OVERLAP = 0.8  # the same for an h2
_MIN_TITLE_WORDS = 4  # that make a page's only h1 the title, whatever the head states
_MAX_KICKER_WORDS = 5
_MAX_DATELINE_WORDS = 8  # of a dateline within a headline
_MAX_SITE_WORDS = 5  # of a site's name after a bar

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
        text: the title.
        headline: the index of the visible headline that it is taken from, or None.
        sure: that headline agrees with the head.
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
    """Return the article's title.

    Args:
        headlines: the visible ones, in document order.
        stated: titles in the head, the most trusted first.
        site: names of the site.
        url: of the page; its host is another name of the site.
    """
    names = (*site, *_names_from_host(bare_host_from_url(url)))
    site_names = set(map(compact_title, names)) - {""}
    shortened = [without_site(text[:_MAX_STATED_CHARS], site_names) for text in stated]
    titles = list(filter(None, shortened))
    visible: list[tuple[int, TitleCandidate]] = []
    best_score, best_index = 0.0, 0
    for index, headline in enumerate(headlines):
        if not _can_be_title(headline.text, site_names):
            continue
        visible.append((index, headline))
        score = _rate_headline(headline, titles)
        if score > best_score:
            best_score, best_index = score, index
    if best_score > 0:
        text = without_site(headlines[best_index].text, site_names)
        return Title(_align_kicker(text, titles), best_index, best_score >= _SURE_OVERLAP)
    return _choose_without_agreement(visible, titles)


def _choose_without_agreement(
    visible: Sequence[tuple[int, TitleCandidate]], titles: Sequence[str]
) -> Title:
    """Choose the only h1 that reads like a title, or else the first title in the head."""
    first_level = [(index, headline.text) for index, headline in visible if headline.level == 1]
    if first_level:
        index, text = first_level[0]
        plausible = {text for _, text in first_level if _reads_like_title(text)}
        if not titles or plausible == {text}:
            return Title(text, index)
    if not titles:
        return Title("")
    return Title(_without_last_part(titles[0]))


def without_site(title: str, site: Iterable[str]) -> str:
    """Return a title without the site's names (in compact form) at either end."""
    title, site_names = " ".join(title.split()), set(site)
    while shorter := _cut_site(title, site_names):
        title = shorter
    return title


@lru_cache(maxsize=1000)  # a page states its title many times
def compact_title(text: str) -> str:
    """Reduce a text to its letters and digits, for comparisons that ignore spaces."""
    return _WORDS.sub("", text.casefold()).replace("_", "")


@lru_cache(maxsize=1000)
def squash(text: str) -> str:
    """Reduce a text to its words, for comparisons that ignore punctuation."""
    return _WORDS.sub(" ", text.casefold()).strip()


def _names_from_host(host: str) -> Iterable[str]:
    """Return the names that a host gives its site: example.co.uk, example."""
    labels = host.split(".")
    return (host, labels[0], ".".join(labels[:-1]), *labels[-2:-1], ".".join(labels[-2:]))


def _cut_site(title: str, site_names: set[str]) -> str:
    """Cut a site's name off the end of a title, with the text after it, or off its start.

    Returns "" if the title does not contain one.
    """
    separators = list(_SEPARATOR.finditer(title))
    for separator in reversed(separators):
        if compact_title(title[separator.end() :]) in site_names:
            return title[: separator.start()].strip()
    for separator in separators:
        if compact_title(title[: separator.start()]) in site_names:
            return title[separator.end() :].strip()
    for separator, following in pairwise(separators):
        head, tail = title[: separator.start()].strip(), title[following.end() :]
        name = title[separator.end() : following.start()]
        if compact_title(name) in site_names and len(head) > len(tail):
            return head
    return ""


def _without_last_part(title: str) -> str:
    """Cut off the text after a title's last bar if it is short enough for a site's name."""
    bars = list(_BAR.finditer(title))
    if not bars:
        return title
    head, tail = title[: bars[-1].start()], title[bars[-1].end() :]
    max_words = min(_MAX_SITE_WORDS, len(head.split()))
    return head if len(tail.split()) <= max_words else title


def _can_be_title(text: str, site_names: set[str]) -> bool:
    if len(text) > _MAX_TITLE_CHARS:
        return False
    compact = compact_title(text)
    return compact != "" and compact not in site_names


def _reads_like_title(text: str) -> bool:
    if text.endswith(":") or len(text) > _MAX_TITLE_CHARS / 2:
        return False
    return len(text.split()) >= _MIN_TITLE_WORDS


def _rate_headline(headline: TitleCandidate, titles: Iterable[str]) -> float:
    """Rate how well a visible headline agrees with the head's titles: 0, or up to 1."""
    overlap = max([_overlap(headline.text, title) for title in titles], default=0.0)
    if overlap >= _SURE_OVERLAP:
        return overlap
    if headline.level > 1:
        return 0.0
    text = squash(headline.text)
    if any(text in _first_and_last_part(title) for title in titles):
        return _SURE_OVERLAP
    return overlap if overlap >= _MIN_OVERLAP else 0.0


@lru_cache(maxsize=500)
def _first_and_last_part(title: str) -> tuple[str, ...]:
    parts = _SEPARATOR.split(title)
    return squash(parts[0]), squash(parts[-1])


def _overlap(one: str, other: str) -> float:
    """Return the share of the words of two texts that both have."""
    first, second = _words(one), _words(other)
    return len(first & second) / max(1, len(first | second))


@lru_cache(maxsize=500)  # each headline is compared with each stated title
def _words(text: str) -> frozenset[str]:
    return frozenset(squash(text).split())


def _align_kicker(headline: str, titles: Sequence[str]) -> str:
    """Add the kicker that the head gives a headline, and remove text that the head lacks."""
    words, own_rest = squash(headline), _after_kicker(headline)
    for title in titles:
        title_words, rest = squash(title), _after_kicker(title)
        if title_words == words:
            return headline
        if rest and squash(rest) == words:
            return title
        if _is_title_with_extras(words, title_words):
            return title
        # Two different kickers: neither is part of the title.
        if own_rest and rest and squash(own_rest) == squash(rest):
            return own_rest
    return headline


def _is_title_with_extras(headline: str, title: str) -> bool:
    """Return True for the head's title after a kicker, or with a dateline around it."""
    if not title or title not in headline:
        return False
    before, _, after = headline.partition(title)
    extra = f"{before} {after}".split()
    is_at_end = not after and before.endswith(" ")
    if is_at_end and len(extra) <= _MAX_KICKER_WORDS:
        return True
    has_year = any(map(_YEAR.fullmatch, extra))
    return has_year and len(extra) <= _MAX_DATELINE_WORDS


def _after_kicker(title: str) -> str:
    """Return the text after a title's kicker ("Kenya: Nairobi from below"), or ""."""
    found = _KICKER_END.search(title)
    if not found:
        return ""
    kicker = title[: found.start()]
    return title[found.end() :] if len(kicker.split()) <= _MAX_KICKER_WORDS else ""
