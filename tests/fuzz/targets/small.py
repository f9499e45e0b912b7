"""Small readers of small texts: dates, patterns, summaries, rhythm, characters."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from feedpub.cleaner.metadata import dates as page_dates
from feedpub.decode import decode_html
from feedpub.patterns import REGEX, compile_pattern, matches, matches_url
from feedpub.scheduler.describe import describe
from feedpub.scheduler.rhythm import LONGEST, SHORTEST, next_check
from feedpub.sources.dates import date_in_path, find_date, parse_date
from feedpub.summary import choose, lead, summarize
from tests.fuzz.oracle import NOW, check_moment
from tests.fuzz.target import WORDS, Target, fields, text, texts

LANGUAGES = ("en", "de", "en-US", "th", "ja", "ar", "fr-CA", "x", "")
CHARSETS = ("utf-8", "utf-16", "windows-1252", "gbk", "gb18030", "iso-2022-jp", "shift_jis", "big5", "x-user-defined")
MINUTES = NOW.timestamp() / 60


def dates(data: bytes) -> None:
    """A date in a feed, an address or a page."""
    written, language = texts(data, 2)
    for moment in (parse_date(written), find_date(written), date_in_path(written)):
        check_moment(moment)
        assert moment is None or (moment.tzinfo is UTC and moment.microsecond == 0)
    page_dates.label(written, language or None)
    for found in (page_dates.parse(written, language or None), page_dates.in_address(written)):
        if found is not None:
            found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _dates() -> Iterator[bytes]:
    yield from (
        b"2024-05-17T08:30:00Z",
        b"2024-05-17 08:30:00.123+0200",
        b"Fri, 17 May 2024 08:30:00 GMT",
        b"/2024/05/17/story",
        b"1715934600",
        b"1715934600123",
        b"17 mai 2024 \xc3\xa0 10h30\xfffr",
        b"17. Mai 2024, 10:30 Uhr\xffde",
        "2024年5月17日 10時30分\xff".encode("utf-8", "replace"),
        b"\xe0\xb9\x91\xe0\xb9\x97 \xe0\xb8\x9e\xe0\xb8\xa4\xe0\xb8\xa9\xe0\xb8\xa0\xe0\xb8\xb2\xe0\xb8\x84\xe0\xb8\xa1 2567\xffth",
        b"May 17, 2024 at 10:30 p.m. EST\xffen-US",
        b"Updated: 3/4/2024\xffen-GB",
        b"31 February 2024",
        b"0001-01-01T00:00:00+23:59",
        b"9999-12-31T23:59:59-23:59",
    )


def patterns(data: bytes) -> None:
    """An include or exclude rule, over a title and an address."""
    pattern, subject = texts(data, 2)
    try:
        compile_pattern(pattern)
    except (ValueError, OverflowError, RecursionError):  # the config's own messages are made of these
        return
    if not pattern.startswith(REGEX) and pattern.count("*") < 4:  # whoever writes the config may write slow rules
        matches(pattern, subject)
        matches_url(pattern, subject)


def summaries(data: bytes) -> None:
    """A text and its title, and what stands for it."""
    language, title, described, body = texts(data, 4)
    for made in (summarize, lead):
        for most in (300, 40):
            found = made(body, title=title, language=language or None, max_chars=most)
            assert len(found) <= most, f"{len(found)} characters"
            found.encode()
    choose(described, body, title=title, site=title[:10], language=language or None).encode()


def _summaries() -> Iterator[bytes]:
    prose = (
        "The harbour of Lindby is closed until Friday, Mr. Olsen said. A crane fell into the basin at 4.30 a.m.; "
        "nobody was hurt.\nShips wait outside. “We have never seen this,” the pilot said…\n• One\n• Two\n"
    )
    for language in ("en", "de", "fr", "ja"):
        yield b"\xff".join((language.encode(), b"Harbour closed", b"What happened at <b>Lindby</b>.", prose.encode()))
    yield b"ja\xff\xff\xff" + "港は閉鎖された。船は外で待つ。「初めてだ」と水先人は言った。".encode()


def charsets(data: bytes) -> None:
    """Bytes with a charset beside them, to text."""
    charset, body = fields(data, 2)
    decoded = decode_html(body, text(charset) or None)
    assert "\0" not in decoded
    decoded.encode()


def _charsets() -> Iterator[bytes]:
    for charset in CHARSETS:
        yield charset.encode() + b"\xff<meta charset=" + charset.encode() + b">caf\xc3\xa9 \x82\xb1 \x1b$B$3 \xfe\xff"
    yield b'\xff<?xml version="1.0" encoding="koi8-r"?><!-- <meta charset="x"> --><meta http-equiv=content-type '


def rhythm(data: bytes) -> None:
    """When a source published: each two bytes are the minutes since it did so last."""
    moments, moment = [], MINUTES - 60 * 24 * 365
    for low, high in zip(data[::2], data[1::2], strict=False):
        moment += low + 256 * high
        moments.append(moment)
    for now in (MINUTES, 0.0, moment, moment + 1e7):
        assert SHORTEST <= next_check(now, moments, now - 10, 1.0) <= LONGEST
        assert describe(moments, now)


def _rhythm() -> Iterator[bytes]:
    yield b"\x3c\x00" * 30
    yield b"\xa0\x05" * 30
    yield b"\x00\x00\x00\x00\xff\xff" * 8


TARGETS = (
    Target(
        "dates",
        dates,
        _dates,
        tuple(
            word.encode() for word in re.findall(r"\w+|\S", "T Z + - : / . , 2024 12 31 00 2400 Mon Fri, GMT UTC EST")
        )
        + tuple("Jan janv. Mai März 年 月 日 년 uhr 0000 9999 ٣ ² １ a.m. pm st th de".encode().split())
        + tuple(language.encode() for language in LANGUAGES),
        longest=160,
    ),
    Target(
        "patterns",
        patterns,
        lambda: (
            b"sport*\xffSports of all sorts",
            b"*/news/*\xffhttps://example.org/news/1",
            b"re:^(a|b)[c-e]{2,3}?$\xffacd",
            b"/news/\xffhttps://example.org/news/",
            "日本*\xff日本語".encode(),
        ),
        (b"re:", b"*", b"(", b")", b"[", b"]", b"{2,}", b"(?i)", b"(?P<a>", b"\\", b"|", b"^", b"$", b"://", b"/"),
        longest=400,
    ),
    Target("rhythm", rhythm, _rhythm, (b"\x00\x00", b"\xff\xff", b"\x3c\x00"), longest=256),
    Target(
        "charsets",
        charsets,
        _charsets,
        (
            *(charset.encode() for charset in CHARSETS),
            b"<meta ",
            b"charset=",
            b"http-equiv",
            b"content=",
            b"<!--",
            b"-->",
        )
        + (b"<?xml", b"encoding=", b"</head", b"<body", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1b$B"),
    ),
    Target(
        "summaries",
        summaries,
        _summaries,
        (b". ", b"! ", b"? ", b"\n", "“".encode(), "”".encode(), "。".encode(), "…".encode(), b"Mr. ", b"(AP) - ")
        + (b"\xffen", b"\xffja", b"\xffth", b"LONDON, ", b"By ", b": ", b"1. ", "• ".encode(), b"<b>", b"&amp;"),
        WORDS,
    ),
)
