"""Fuzz small parsers: dates, patterns, summaries, rhythm, characters."""

from datetime import UTC

from feedpub.cleaner.summary import choose_summary, lead, summarize
from feedpub.core import dates as page_dates
from feedpub.core.dates import date_in_path, find_date, parse_date
from feedpub.core.encoding import decode_html
from feedpub.core.patterns import REGEX, compile_pattern, matches_pattern, matches_url
from feedpub.scheduler.describe import describe_schedule
from feedpub.scheduler.publishing_rate import (
    MAX_WAIT_MINUTES,
    MIN_WAIT_MINUTES,
    minutes_until_check,
)
from tests.fuzz.oracle import NOW, check_moment
from tests.fuzz.target import BYTES, WORDS, Target, fields, text, texts

MINUTES = NOW.timestamp() / 60


def dates(data: bytes) -> None:
    """Find a date in a feed, an address or a page."""
    written, language = texts(data, 2)
    for moment in (parse_date(written), find_date(written), date_in_path(written)):
        check_moment(moment)
        assert moment is None or (moment.tzinfo is UTC and moment.microsecond == 0)
    page_dates.find_date_label(written, language or None)
    for found in (
        page_dates.parse_page_date(written, language or None),
        page_dates.date_in_address(written),
    ):
        if found is not None:
            found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def patterns(data: bytes) -> None:
    """Match an include or exclude rule against a title and an address."""
    pattern, subject = texts(data, 2)
    try:
        compile_pattern(pattern)
    except (ValueError, OverflowError, RecursionError):  # the config reports these
        return
    # Skip slow rules, which the operator may write.
    if not pattern.startswith(REGEX) and pattern.count("*") < 4:
        matches_pattern(pattern, subject)
        matches_url(pattern, subject)


def summaries(data: bytes) -> None:
    """Summarise a text with its title."""
    language, title, described, body = texts(data, 4)
    for function in (summarize, lead):
        for most in (300, 40):
            found = function(body, title=title, language=language or None, max_chars=most)
            assert len(found) <= most, f"{len(found)} characters"
            found.encode()
    choose_summary(
        described, body, title=title, site=title[:10], language=language or None
    ).encode()


def charsets(data: bytes) -> None:
    """Decode bytes with a declared charset."""
    charset, body = fields(data, 2)
    decoded = decode_html(body, text(charset) or None)
    assert "\0" not in decoded
    decoded.encode()


def rhythm(data: bytes) -> None:
    """Predict a source's rhythm: each two bytes are the minutes since its last publication."""
    moments, moment = [], MINUTES - 60 * 24 * 365
    for low, high in zip(data[::2], data[1::2], strict=False):
        moment += low + 256 * high
        moments.append(moment)
    for now in (MINUTES, 0.0, moment, moment + 1e7):
        assert (
            MIN_WAIT_MINUTES <= minutes_until_check(now, moments, now - 10, 1.0) <= MAX_WAIT_MINUTES
        )
        assert describe_schedule(moments, now)


TARGETS = (
    Target("patterns", patterns, "patterns", WORDS, 400),
    Target("charsets", charsets, "charsets", WORDS, 4096),
    Target("rhythm", rhythm, "numbers", BYTES, 256),
    Target("dates", dates, "dates", WORDS, 160),
    Target("summaries", summaries, "summaries", WORDS, 4096),
)
