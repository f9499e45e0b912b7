"""Find the entry with the same story as a new article: agency copy, cross-posts, repetitions.

Two texts are compared by their shingles, four words each: the shorter one has to share most of its
shingles with the longer one. A threshold alone would merge series that share a template, such as
weekly notices and release notes, and sites whose boilerplate was not removed. Therefore

- both texts have a minimum length, and neither is much longer than the other; a digest, whose title
  is about something else than one of its stories, is none of them;
- both were published within a few days;
- numbers and months that differ in the titles count against it, and so do different numbers at the
  same places of the texts;
- articles of one host also have the same title, nearly the same text, and about the same time;
- media files are the same: an episode's notes may be those of the one before.

The index is exact. `tests/benchmarks/similar.py` measures it; signatures such as MinHash would not
find more, and an index of 500 entries takes 0.3 seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from feedpub.builder.text_compare import significant_words
from feedpub.core import dates
from feedpub.core.models import Enclosure
from feedpub.core.text import count_words, separate_characters
from feedpub.core.urls import bare_host_from_url, site_domain

DEFAULT_THRESHOLD = 0.6
MAX_TIME_APART = timedelta(days=5)  # less than a week, the interval of most series
MAX_ENTRIES = 500  # of a feed, that new articles are compared with
MIN_SHINGLES = 60  # of a text: shorter ones may share a template
MIN_LENGTH_RATIO = 0.33  # of the shorter text to the longer one; a digest contains many stories
# Below this ratio, the longer text may be a digest, unless its title is about the shorter one.
_MIN_UNTITLED_RATIO = 0.75
_MIN_TITLE_SHARE = 0.4  # of the words in the longer text's title
_STEM_CHARS = 4  # words with the same beginning are the same; shorter ones do not count
MAX_CHANGED_NUMBERS = 0.25  # of the numbers that both texts have at the same places
# Hosts of one domain often share boilerplate; articles of one host share a template, too.
_MIN_SAME_DOMAIN_OVERLAP = 0.9
_MIN_SAME_HOST_OVERLAP = 0.95
_MIN_SAME_HOST_RATIO = 0.8
_MAX_SAME_HOST_TIME_APART = timedelta(hours=12)  # a daily column may repeat title and text
MIN_FULLER_RATIO = 1.1  # of the words of a version that replaces another one
_SHINGLE_WORDS = 4
# Only one of four shingles is indexed, those divisible by it, and only of the beginning of a text.
# They find candidates, which are then compared exactly.
_INDEXED_SHARE = 4
_INDEXED_CHARS = 4000
_MAX_CANDIDATES = 10  # that one article is compared with


@dataclass(frozen=True, slots=True)
class Story:
    """An article as it is compared with others.

    Attributes:
        id: of its entry; "" if it has none yet.
        url: its address.
        published: aware, or the time when it was first seen.
        media: the addresses of its media files except images.
    """

    id: str
    url: str
    title: str
    text: str
    published: datetime
    media: frozenset[str] = frozenset()


def is_fuller(text: str, other: str) -> bool:
    """Return True if a text is so much longer than another one that it should replace it."""
    return count_words(text) > MIN_FULLER_RATIO * count_words(other)


def media_addresses(enclosures: Iterable[Enclosure]) -> frozenset[str]:
    """Return the addresses of media files except images, which are often only illustrations."""
    return frozenset(each.url for each in enclosures if not each.type.startswith("image/"))


class StoryIndex:
    """The recent stories of a feed, found by the shingles of their texts.

    Args:
        now: the time of the run, which is the date of undated items.
        stories: the stories of existing entries.
        threshold: the minimum share of the shorter text's shingles, 0 to 1.
    """

    def __init__(
        self,
        now: datetime,
        stories: Iterable[Story] = (),
        threshold: float = DEFAULT_THRESHOLD,
    ) -> None:
        self.now = now
        self._threshold = threshold
        self._stories: dict[str, Story] = {}
        self._ids_by_shingle: dict[int, list[str]] = defaultdict(list)
        for story in stories:
            self.add(story)

    def add(self, story: Story) -> None:
        """Add a story, or replace the one with its id."""
        shingles = _shingles(_words(story.text[:_INDEXED_CHARS]))
        if len(shingles) < MIN_SHINGLES:
            return
        self._stories[story.id] = story
        for shingle in shingles:
            if shingle % _INDEXED_SHARE == 0:
                self._ids_by_shingle[shingle].append(story.id)

    def find(self, story: Story) -> str:
        """Return the id of the entry with the same story; "" if there is none.

        If several do, it is the one that shares the most shingles.
        """
        shingles = _shingles(_words(story.text))
        if len(shingles) < MIN_SHINGLES:
            return ""
        shared: Counter[str] = Counter()
        for shingle in shingles:
            shared.update(self._ids_by_shingle.get(shingle, ()))
        # Half of the threshold, because the indexed shingles are only a sample.
        enough = self._threshold * MIN_SHINGLES / _INDEXED_SHARE / 2
        for id_, count in shared.most_common(_MAX_CANDIDATES):
            if count >= enough and is_same_story(self._stories[id_], story, self._threshold):
                return id_
        return ""


def is_same_story(one: Story, other: Story, threshold: float = DEFAULT_THRESHOLD) -> bool:
    """Return True if two articles are the same story in the same words.

    Args:
        one: a story.
        other: another one.
        threshold: the minimum share of the shorter text's shingles, 0 to 1.
    """
    if abs(one.published - other.published) > MAX_TIME_APART or one.media != other.media:
        return False
    shorter, longer = sorted((_Text(one), _Text(other)), key=lambda text: len(text.words))
    if len(shorter.shingles) < MIN_SHINGLES:
        return False
    if _is_digest(longer, shorter) or _titles_conflict(one, other):
        return False
    overlap = len(shorter.shingles & longer.shingles) / len(shorter.shingles)
    hosts = {bare_host_from_url(one.url), bare_host_from_url(other.url)}
    if len(hosts) == 1:
        threshold = max(threshold, _MIN_SAME_HOST_OVERLAP)
        return overlap >= threshold and _is_repetition(shorter, longer)
    if len({site_domain(one.url), site_domain(other.url)}) == 1:
        threshold = max(threshold, _MIN_SAME_DOMAIN_OVERLAP)
        if not _is_about(one.title, significant_words(other.title)):
            return False
    return overlap >= threshold and not _numbers_conflict(shorter.words, longer.words)


def may_be_same_story(one: Story, others: Iterable[Story]) -> bool:
    """Return True if a story may be one of some others, whatever their texts.

    It is what `is_same_story` requires apart from the texts, so that only few texts are compared.
    """
    return any(_may_be_same(one, other) for other in others)


def _may_be_same(one: Story, other: Story) -> bool:
    apart = abs(one.published - other.published)
    if apart > MAX_TIME_APART or one.media != other.media:
        return False
    if bare_host_from_url(one.url) != bare_host_from_url(other.url):
        return True
    is_near = apart <= _MAX_SAME_HOST_TIME_APART
    return is_near and significant_words(one.title) == significant_words(other.title)


class _Text:
    """A story with the words and shingles of its text."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.words = _words(story.text)
        self.shingles = _shingles(self.words)


def _is_repetition(shorter: _Text, longer: _Text) -> bool:
    """Return True if an article of a host repeats another one, which any series resembles."""
    one, other = shorter.story, longer.story
    return (
        len(shorter.words) >= _MIN_SAME_HOST_RATIO * len(longer.words)
        and abs(one.published - other.published) <= _MAX_SAME_HOST_TIME_APART
        and significant_words(one.title) == significant_words(other.title)
        and _numbers(shorter.words) == _numbers(longer.words)
    )


def _is_digest(longer: _Text, shorter: _Text) -> bool:
    """Return True if the longer text is likely to contain other stories besides the shorter one."""
    ratio = len(shorter.words) / len(longer.words)
    if ratio >= _MIN_UNTITLED_RATIO:
        return False
    return ratio < MIN_LENGTH_RATIO or not _is_about(longer.story.title, shorter.words)


# --- words ---


def _words(text: str) -> list[str]:
    return significant_words(separate_characters(text))


def _shingles(words: Sequence[str]) -> set[int]:
    """Return the hashes of all runs of four words. They are valid in this process only."""
    last = len(words) - _SHINGLE_WORDS + 1
    return {hash(tuple(words[start : start + _SHINGLE_WORDS])) for start in range(last)}


def _is_about(title: str, text: Sequence[str]) -> bool:
    """Return True if a text has most words of a title, or the title has no words that count."""
    stems = {word[:_STEM_CHARS] for word in significant_words(title) if len(word) >= _STEM_CHARS}
    found = stems & {word[:_STEM_CHARS] for word in text}
    return len(found) >= _MIN_TITLE_SHARE * len(stems)


# --- numbers ---


def _titles_conflict(one: Story, other: Story) -> bool:
    """Return True if titles name different numbers or months: issues of a series.

    Editors choose different numbers of one text for their headlines.
    """
    ours, theirs = significant_words(one.title), significant_words(other.title)
    our_numbers = [word for word in ours if _counts(word)]
    their_numbers = [word for word in theirs if _counts(word)]
    if our_numbers == their_numbers:
        return False
    our_words = [word for word in ours if not _counts(word)]
    if our_words == [word for word in theirs if not _counts(word)]:
        return True
    return not (
        set(our_numbers).issubset([*theirs, *_words(other.text)])
        or set(their_numbers).issubset([*ours, *_words(one.text)])
    )


def _numbers_conflict(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Return True if two texts have different numbers at the same places, as a template has."""
    numbers_by_place: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for place, number in _numbers_with_places(longer):
        numbers_by_place[place].add(number)
    kept = changed = 0
    for place, number in _numbers_with_places(shorter):
        if place in numbers_by_place:
            kept += number in numbers_by_place[place]
            changed += number not in numbers_by_place[place]
    return changed > MAX_CHANGED_NUMBERS * (kept + changed)


def _numbers_with_places(words: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each number and month with the words around it, in which others are masked."""
    masked = ["#" if _counts(word) else word for word in words]
    for position, word in enumerate(words):
        if masked[position] == "#":
            yield tuple(masked[max(0, position - 2) : position + 3]), word


def _numbers(words: Iterable[str]) -> set[str]:
    return {word for word in words if any(map(str.isdigit, word))}


def _counts(word: str) -> bool:
    return any(map(str.isdigit, word)) or word in _month_names()


@cache
def _month_names() -> frozenset[str]:
    return frozenset(dates.months(None))
