"""Label the blocks of a page that are in its gold text, to train the cleaner's model."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

GRAM = 4
COMMON = 8  # a gram with more places than this in the gold text identifies no place
ENOUGH = 0.5  # of a block's words
MOVED = 0.7  # of a block's grams, for one that is elsewhere in the gold text
LONG = 8  # words

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")


def tokens(text: str) -> list[str]:
    """Split a text into words, and into characters for scripts without spaces."""
    return _TOKEN.findall(text.lower())


def align(blocks: Sequence[str], gold: str) -> tuple[list[bool], float]:
    """Return for each block whether it is in the gold text, in its order.

    Return also the share of the gold text that was found.
    """
    own = [tokens(block) for block in blocks]
    wanted = tokens(gold)
    page = [word for block in own for word in block]
    matched = [False] * len(page)
    used = [False] * len(wanted)
    place: list[int] = [-1] * len(page)
    for at, there in _chain(page, wanted):
        for step in range(min(GRAM, len(page) - at, len(wanted) - there)):
            matched[at + step] = used[there + step] = True
            place[at + step] = there + step
    labels, start = [], 0
    for words in own:
        end = start + len(words)
        labels.append(bool(words) and sum(matched[start:end]) >= ENOUGH * len(words))
        start = end
    _add_short(own, labels, place, wanted, used)
    _add_moved(own, labels, wanted, used)
    return labels, sum(used) / max(1, len(used))


def _chain(page: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest run of equal grams that is in order in both.

    Each pair is a position in the page and one in the gold text.
    """
    places = _grams(wanted)
    pairs = [
        (at, there)
        for at in range(len(page) - GRAM + 1)
        for there in reversed(places.get(tuple(page[at : at + GRAM]), ()))
    ]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, there) in enumerate(pairs):
        where = bisect_left(tails, there)
        before.append(ends[where - 1] if where else -1)
        if where == len(tails):
            tails.append(there)
            ends.append(number)
        else:
            tails[where], ends[where] = there, number
    chain, number = [], ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _grams(wanted: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for there in range(len(wanted) - GRAM + 1):
        places[tuple(wanted[there : there + GRAM])].append(there)
    return {gram: found for gram, found in places.items() if len(found) <= COMMON}


def _add_short(
    own: Sequence[Sequence[str]],
    labels: list[bool],
    place: Sequence[int],
    wanted: Sequence[str],
    used: list[bool],
) -> None:
    """Add short blocks found in the gap between the positions of their neighbours."""
    spans = list(_gaps(own, place, len(wanted)))
    for number, (words, (low, high)) in enumerate(zip(own, spans, strict=True)):
        if labels[number] or not words or len(words) >= LONG:
            continue
        for there in range(low, high - len(words) + 1):
            window = slice(there, there + len(words))
            if list(wanted[window]) == list(words) and not any(used[window]):
                labels[number] = True
                used[window] = [True] * len(words)
                break


def _gaps(
    own: Sequence[Sequence[str]], place: Sequence[int], size: int
) -> Iterator[tuple[int, int]]:
    """Yield for each block the range of the gold text between its neighbours' positions."""
    following, nearest = [size] * (len(place) + 1), size
    for at in range(len(place) - 1, -1, -1):
        nearest = place[at] if place[at] >= 0 else nearest
        following[at] = nearest
    start, last = 0, 0
    for words in own:
        end = start + len(words)
        yield last, following[end] if end < len(following) else size
        last = max([last, *(there + 1 for there in place[start:end])])
        start = end


def _add_moved(
    own: Sequence[Sequence[str]], labels: list[bool], wanted: Sequence[str], used: list[bool]
) -> None:
    """Add long blocks that the gold text has in another order."""
    places = _grams(wanted)
    for number, words in enumerate(own):
        if labels[number] or len(words) < LONG:
            continue
        found = [
            places.get(tuple(words[at : at + GRAM]), []) for at in range(len(words) - GRAM + 1)
        ]
        free = [there[0] for there in found if there and not used[there[0]]]
        if len(free) >= MOVED * len(found):
            labels[number] = True
            for there in free:
                used[there : there + GRAM] = [True] * GRAM


def segments(
    blocks: Sequence[str], must: Sequence[str], must_not: Sequence[str]
) -> dict[int, bool]:
    """Return the labels of the few blocks that wanted and unwanted segments identify."""
    plain = [" ".join(block.split()) for block in blocks]
    labels: dict[int, bool] = {}
    for segment in must_not:
        labels |= dict.fromkeys(_blocks_with(plain, segment), False)
    for segment in must:
        holding = _blocks_with(plain, segment)
        if len(holding) == 1:
            labels[holding[0]] = True
        else:
            for number in holding:
                labels.pop(number, None)
    return labels


def _blocks_with(blocks: Sequence[str], segment: str) -> list[int]:
    wanted = " ".join(segment.split())
    return [number for number, block in enumerate(blocks) if wanted and wanted in block]
