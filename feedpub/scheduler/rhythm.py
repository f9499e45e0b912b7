"""Learn the rhythm of a source from its publications, so that a check reads no entries.

A rhythm is learned when the entries of its source change, and stored with the plan of the check
that found the change. Until then it gives the wait before each check and the reason for it.

All times are in minutes since 1970 UTC.
"""

import json
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct

from feedpub.scheduler.describe import PublishingPattern, describe_schedule, find_pattern
from feedpub.scheduler.publishing_rate import (
    MAX_FRESH,
    MAX_MOMENTS,
    MODEL,
    WEEK,
    SourceRates,
    count_settled,
    publication_times,
)
from feedpub.store import PublicationDates, SourceId, Store, StoredRhythm

MAX_KEPT_MOMENTS = MAX_MOMENTS + MAX_FRESH
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

_NUMBER = Struct("<I")  # for the checksum of the rest, and the number of moments
_WEEK_BYTES, _MOMENT_BYTES = 4 * WEEK, 8
# Rhythms have other checksums with other parameters of the model, in another format, or on a
# machine with another byte order.
_FORMAT = zlib.crc32(f"1 {sys.byteorder} {astuple(MODEL.weights)}".encode())


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A source's newest publications, and what was learned from them.

    Attributes:
        moments: Times of the newest publications, ascending.
        earlier: Number of publications before these.
        known: Number of `moments` that had passed when the rest was learned.
        settled: Number of `moments` until the last one that `rates` were learned from.
        rates: Learned rates of the settled publications.
        pattern: Pattern of the known publications.
    """

    moments: "array[float]"
    earlier: int
    known: int
    settled: int
    rates: SourceRates
    pattern: PublishingPattern

    def at(self, now: float) -> "Rhythm":
        """Return the rhythm at a time: itself, unless something was published in between."""
        known = bisect_right(self.moments, now)
        return self if known == self.known else _learn(self.moments, self.earlier, known, self)

    def minutes_until_check(self, now: float, scale: float) -> float:
        """Return how long to wait before the next check, from one second to one year.

        Args:
            now: Current time; the rhythm is the one at that time.
            scale: Factor of the wait.
        """
        fresh = self.moments[self.settled : self.known]
        return MODEL.wait(self.rates, fresh, now, scale)

    def describe(self, now: float) -> str:
        """Describe when the source publishes: "publishes about 9 a day, mostly 7–18 h UTC"."""
        return describe_schedule(self.moments, now, self.pattern)


@dataclass(frozen=True, slots=True)
class LoadedRhythms:
    """The rhythms of some sources.

    Attributes:
        by_source: The rhythm of each source at the time of its check.
        learned: Those of them that are not stored yet.
    """

    by_source: Mapping[SourceId, Rhythm]
    learned: tuple[StoredRhythm, ...] = ()


def learn_rhythm(dates: PublicationDates, now: float, former: Rhythm | None = None) -> Rhythm:
    """Learn a source's rhythm.

    Args:
        dates: Dates of its newest entries, up to `MAX_KEPT_MOMENTS`.
        now: Current time.
        former: Rhythm before the latest change of its entries. Its rates are kept as long as few
            publications are newer.
    """
    moments = array("d", publication_times(dates.newest, dates.first_check))
    return _learn(moments, dates.earlier, bisect_right(moments, now), former)


def _learn(moments: "array[float]", earlier: int, known: int, former: Rhythm | None) -> Rhythm:
    settled = max(0, count_settled(earlier + known) - earlier)
    learned_from = _select_settled(moments, settled)
    if former and learned_from == _select_settled(former.moments, former.settled):
        rates = former.rates
    else:
        rates = MODEL.learn(learned_from)
    return Rhythm(moments, earlier, known, settled, rates, find_pattern(moments[:known]))


def _select_settled(moments: "array[float]", settled: int) -> "array[float]":
    return moments[max(0, settled - MAX_MOMENTS) : settled]


NO_PUBLICATIONS = _learn(array("d"), 0, 0, None)


def load_rhythms(
    store: Store,
    checks: Mapping[SourceId, datetime],
    stored: Mapping[SourceId, StoredRhythm] | None = None,
) -> LoadedRhythms:
    """Load the rhythms of sources, and learn those whose entries have changed.

    Args:
        store: The state.
        checks: When each source was checked, aware.
        stored: Stored rhythms, if they were loaded already.

    Raises:
        StoreError: The state cannot be read.
    """
    stored = store.rhythms.load(checks.keys()) if stored is None else stored
    former = {source: unpack_rhythm(each.data) for source, each in stored.items()}
    current = {source for source, each in stored.items() if each.covered == each.changes}
    outdated = [source for source in checks if source not in current or not former[source]]
    dates = store.rhythms.read_dates(outdated, MAX_KEPT_MOMENTS) if outdated else {}
    by_source, learned = {}, []
    for source, checked in checks.items():
        now, before = to_minutes(checked), former.get(source)
        if before and source in current:
            rhythm = before.at(now)
        else:
            rhythm = learn_rhythm(dates.get(source, PublicationDates()), now, before)
        by_source[source] = rhythm
        if rhythm is not before:
            covered = stored[source].changes if source in stored else 0
            learned.append(StoredRhythm(*source, covered, pack_rhythm(rhythm)))
    return LoadedRhythms(by_source, tuple(learned))


def to_minutes(time: datetime) -> float:
    """Return an aware time in minutes since 1970 UTC."""
    return (time - _EPOCH) / _MINUTE


def pack_rhythm(rhythm: Rhythm) -> bytes:
    """Return a rhythm as bytes: about 1 kB, and 8 bytes for each of its moments."""
    values = {
        "earlier": rhythm.earlier,
        "known": rhythm.known,
        "settled": rhythm.settled,
        "last": rhythm.rates.last,
        "rates": rhythm.rates.rates,
        "pattern": astuple(rhythm.pattern),
    }
    count = _NUMBER.pack(len(rhythm.moments))
    arrays = rhythm.rates.week.tobytes() + rhythm.moments.tobytes()
    body = count + arrays + json.dumps(values).encode()
    return _NUMBER.pack(zlib.crc32(body, _FORMAT)) + body


def unpack_rhythm(data: bytes) -> Rhythm | None:
    """Return a packed rhythm; None if it is damaged or made with other parameters."""
    body = memoryview(data)[_NUMBER.size :]
    if data[: _NUMBER.size] != _NUMBER.pack(zlib.crc32(body, _FORMAT)):
        return None
    (count,) = _NUMBER.unpack_from(body)
    start = _NUMBER.size + _WEEK_BYTES
    end = start + count * _MOMENT_BYTES
    week, moments = array("f"), array("d")
    week.frombytes(body[_NUMBER.size : start])
    moments.frombytes(body[start:end])
    values = json.loads(body[end:].tobytes())
    return Rhythm(
        moments,
        values["earlier"],
        values["known"],
        values["settled"],
        SourceRates(values["last"], tuple(values["rates"]), week),
        PublishingPattern(*values["pattern"]),
    )
