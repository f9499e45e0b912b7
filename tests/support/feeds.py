"""Feeds to render.

There is a plain one to change, and hypothesis strategies for unusual ones.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from hypothesis import strategies as st

from feedpub import builder
from feedpub.core.models import Enclosure, Entry, Feed

NOW = datetime(2025, 11, 21, 12, 0, tzinfo=UTC)
RENDERERS: dict[str, Callable[[Feed], bytes]] = {
    "rss": builder.render_rss,
    "atom": builder.render_atom,
    "json": builder.render_json,
}


def entry(number: int = 1, **changes: Any) -> Entry:
    """Return a complete entry. Higher numbers are older."""
    moment = NOW - timedelta(hours=number)
    plain = Entry(
        id=f"tag:feeds.example.org,2025-11-20:news/{number}",
        url=f"https://example.org/articles/{number}",
        title=f"Article {number}",
        first_seen=moment,
        published=moment,
        updated=moment,
        authors=("Mara Lindqvist",),
        summary=f"What article {number} is about.",
        html=f"<p>What article {number} is about.</p><p>And the rest of it.</p>",
        text=f"What article {number} is about.\nAnd the rest of it.",
    )
    return replace(plain, **changes)


def feed(*entries: Entry, **changes: Any) -> Feed:
    """Return a feed of these entries."""
    plain = Feed(
        name="news",
        title="News",
        base_url="https://feeds.example.org/",
        link="https://example.org/news",
        updated=max((entry.updated for entry in entries), default=NOW),
        entries=entries,
        description="What happens.",
        language="en",
        ttl=30,
    )
    return replace(plain, **changes)


_TROUBLE = st.sampled_from(
    [
        "]]>",
        "<![CDATA[",
        "\x00\x01\x0b\x1f\x7f",
        "\ud800",
        "\udfff\ud83d",
        "\ufffe\uffff\U0001ffff\ufdd0",
        "\ufffd",
        "\x80\x93quoted\x94\x85",
        "caf\xc3\xa9",
        "AT&T",
        "R&Delta",
        "&amp;",
        "&#38;",
        "&lt;b&gt;",
        "<b>bold</b>",
        "</p>",
        "<script>alert(1)</script>",
        "a < b > c",
        "\"quoted\" 'twice'",
        "<!-- comment -->",
        "\r\n\t two  spaces",
        "\u2028\u2029\u00a0\u3000",
        "\u202eright to left\u202c",
        "日本語の見出し",
        "كل المقالات",
        "👩‍👩‍👧 family",
        "<jane@example.org>",
        "word " * 80,
        "無" * 200,
    ]
)
TEXT = st.lists(
    _TROUBLE | st.text(st.characters(exclude_categories=()), max_size=12), max_size=4
).map("".join)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
_LANGUAGE = st.sampled_from(
    ["en", "de_AT", "EN-us", "zh-hans", "ar-EG", "he", "ja", "jp", "xx", "x-mine", "und", "", None]
)
_HOST = st.sampled_from(
    [
        "example.org",
        "Example.ORG",
        "bücher.example",
        "例え.テスト",
        "127.0.0.1",
        "[2001:db8::1]",
        "localhost",
    ]
)
_PATH = st.lists(
    st.sampled_from("aZ09-_.~") | st.sampled_from(" %äé日[]{}|^\\\"<>'()&=+,;:@!$*"), max_size=12
).map("".join)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Generate URLs as pages write them."""
    port = draw(st.sampled_from(["", "", ":80", ":443", ":8080"]))
    query = draw(st.sampled_from(["", "?a=1&b=ü", "?q=%zz#frag", "#top"]))
    return f"{draw(st.sampled_from(['http', 'https']))}://{draw(_HOST)}{port}/{draw(_PATH)}{query}"


ENCLOSURES = st.builds(
    Enclosure,
    addresses() | st.sampled_from(["", "ftp://example.org/a.mp3", "javascript:alert(1)"]),
    st.sampled_from(
        ["audio/mpeg", "video/mp4", "image/png", "application/octet-stream", "", "audio", "a b/c"]
    ),
    st.integers(-1, 10**10),
)
_IMAGE = st.none() | addresses() | st.sampled_from(["data:image/png;base64,AAAA", "/relative.png"])


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Generate an article's body as the cleaner returns it: complete, safe HTML with any text."""
    blocks = st.sampled_from(
        [
            "<p>{}</p>",
            "<h2>{}</h2>",
            "<ul><li>{}</li></ul>",
            '<p><a href="https://example.org/x?a=1&amp;b=2" title="{}">link</a><br>{}</p>',
            (
                '<figure><img src="https://example.org/i.jpg" '
                'alt="{}"><figcaption>{}</figcaption></figure>'
            ),
            "<blockquote><p>{}</p></blockquote>",
            "<pre><code>{}</code></pre>",
            "<table><tbody><tr><td>{}</td></tr></tbody></table>",
        ]
    )
    text = TEXT.map(lambda text: escape(text).replace("{", "").replace("}", ""))
    return "".join(block.replace("{}", draw(text)) for block in draw(st.lists(blocks, max_size=4)))


@st.composite
def entries(draw: st.DrawFn, number: int) -> Entry:
    """Generate an entry with unusual values in every field; `number` makes it unique."""
    updated = NOW - timedelta(hours=number, seconds=draw(st.integers(0, 3000)))
    own_page = draw(st.booleans())
    text = draw(TEXT)
    return entry(
        number,
        url="" if own_page else draw(addresses()),
        slug=f"page-{number}" if own_page else "",
        title=draw(TEXT),
        published=updated - timedelta(seconds=draw(st.sampled_from([0, 1, 10**6, 10**9]))),
        updated=updated,
        authors=tuple(draw(st.lists(TEXT, max_size=2))),
        summary=draw(st.just(text) | TEXT),
        html=draw(bodies()),
        text=text,
        language=draw(_LANGUAGE),
        image=draw(_IMAGE),
        categories=tuple(draw(st.lists(TEXT, max_size=3))),
        enclosures=tuple(draw(st.lists(ENCLOSURES, max_size=3))),
    )


@st.composite
def feeds(draw: st.DrawFn) -> Feed:
    """Generate a feed with unusual values in every field."""
    count = draw(st.integers(0, 3))
    some = tuple(draw(entries(number)) for number in range(1, count + 1))
    hubs = st.lists(addresses(), max_size=2).map(tuple)
    live = st.fixed_dictionaries({"hubs": hubs, "previous": st.sampled_from([None, 3])})
    return feed(
        *some,
        title=draw(TEXT),
        description=draw(TEXT),
        link=draw(addresses()),
        base_url=draw(
            st.sampled_from(
                [
                    "https://feeds.example.org/",
                    "http://127.0.0.1:8080/",
                    "https://Bücher.example/f/",
                ]
            )
        ),
        language=draw(_LANGUAGE),
        author=draw(
            st.none()
            | TEXT
            | st.just("Jane (the) Roe <jane@example.org>")
            | st.just("jane@example.org")
        ),
        icon=draw(
            _IMAGE
            | st.sampled_from(["https://example.org/icon.svg", "https://example.org/icon.png"])
        ),
        summary_only=draw(st.booleans()),
        ttl=draw(st.sampled_from([None, 0, 1, 7, 30, 45, 60, 61, 1440, 10**6])),
        **draw(st.sampled_from([{"archive": 1}, {"archive": 4, "previous": 3}]) | live),
    )
