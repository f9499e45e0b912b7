"""Parse published documents: no information is lost; rendering again gives the same bytes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.builder import render_atom, render_json, render_rss
from feedpub.builder.ids import day_from_id, host_from_id, key_digest_from_id
from feedpub.builder.parse_published import (
    FORMATS,
    Links,
    UnknownDocumentError,
    parse_published,
    read_links,
)
from feedpub.builder.rss_atom_text import from_plain_text, to_plain_text, to_single_line
from feedpub.core.models import Enclosure, Entry, Feed, PodcastTag, StoryLink
from tests.builder.full import ARCHIVE, FEED

RENDERERS: dict[str, Callable[[Feed], bytes]] = {
    "rss": render_rss,
    "atom": render_atom,
    "json": render_json,
}
NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def with_real_ids(feed: Feed) -> Feed:
    """Return the feed with ids as feedpub makes them."""
    return replace(
        feed, entries=tuple(replace(e, id=e.id.ljust(len(e.id) + 14, "0")) for e in feed.entries)
    )


def round_trip(feed: Feed, kind: str) -> bytes:
    """Render a feed, parse the document, and render its entries again."""
    entries = parse_published(RENDERERS[kind](feed), kind, feed.name)
    texts = {
        entry.id: entry.text for entry in feed.entries
    }  # the one thing that is read from elsewhere
    return RENDERERS[kind](
        replace(feed, entries=tuple(replace(entry, text=texts[entry.id]) for entry in entries))
    )


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "feed", [FEED, ARCHIVE, replace(FEED, summary_only=True)], ids=["live", "archive", "summary"]
)
def test_parsed_document_is_rendered_to_the_same_bytes(kind: str, feed: Feed) -> None:
    assert round_trip(with_real_ids(feed), kind) == RENDERERS[kind](with_real_ids(feed))


@pytest.mark.parametrize("kind", FORMATS)
def test_parsed_entry_has_all_fields_of_the_document(kind: str) -> None:
    feed = with_real_ids(FEED)
    for entry, before in zip(
        parse_published(RENDERERS[kind](feed), kind, feed.name), feed.entries, strict=True
    ):
        for name in (
            "id",
            "url",
            "slug",
            "title",
            "published",
            "updated",
            "authors",
            "html",
            "image",
            "enclosures",
        ):
            assert getattr(entry, name) == getattr(before, name), name
        assert (entry.categories, entry.summary) == (before.categories, before.summary)
        assert entry.language == (before.language or (None if kind == "json" else "en-GB"))


@pytest.mark.parametrize("kind", FORMATS)
def test_links_are_own_address_and_previous_archive(kind: str) -> None:
    base = "https://feeds.example.org/"
    links = read_links(RENDERERS[kind](replace(ARCHIVE, archive=3, previous=2)), kind)
    assert links == Links(
        f"{base}{ARCHIVE.name}-archive-3.{kind}", f"{base}{ARCHIVE.name}-archive-2.{kind}"
    )
    assert links.base == base
    assert read_links(RENDERERS[kind](FEED), kind) == Links(f"{base}{FEED.name}.{kind}")


@pytest.mark.parametrize("kind", FORMATS)
def test_links_are_read_from_the_head_alone(kind: str) -> None:
    whole = RENDERERS[kind](ARCHIVE)
    for tail in (b"", b"<item>", whole[-100:]):
        cut = whole[: whole.index(b"A note") - 10] + tail
        assert read_links(cut, kind) == read_links(whole, kind)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "document", [b"", b"<", b"{}", b"[]", b'{"feed_url": 1}', b"<rss><channel/></rss>", b"<feed/>"]
)
def test_document_without_own_address_is_rejected(kind: str, document: bytes) -> None:
    with pytest.raises(UnknownDocumentError):
        read_links(document, kind)


def test_id_contains_host_of_base_url() -> None:
    assert host_from_id(f"tag:feeds.example.org,2026-01-02:f/{'0' * 20}") == "feeds.example.org"
    assert not host_from_id("https://example.org/1")


PODCAST = (
    PodcastTag("itunes:duration", "36:45"),
    PodcastTag("itunes:explicit", "false"),
    PodcastTag(
        "podcast:transcript", "", (("url", "https://a.example/1.vtt"), ("type", "text/vtt"))
    ),
    PodcastTag("podcast:person", "Ann & <Bo>", (("role", "guest"),)),
    PodcastTag(
        "psc:chapters",
        attributes=(("version", "1.2"),),
        children=(PodcastTag("psc:chapter", attributes=(("start", "00:00"), ("title", 'A "b"'))),),
    ),
)
_texts = st.text(
    st.sampled_from("ab <>&;!/?#lt60x3c\N{WORD JOINER}'\"é\t\n\x00\ud800"), max_size=12
)
_addresses = st.sampled_from(
    ["https://a.example/1", "https://bücher.example/ä?q=a&b", "http://a.example/x#y"]
)


@st.composite
def feeds(draw: st.DrawFn) -> Feed:
    def entry(number: int) -> Entry:
        updated = NOW - number * SECOND
        return Entry(
            id=f"tag:feeds.example.net,2025-11-20:f/{number:020x}",
            url=draw(_addresses),
            title=draw(_texts),
            first_seen=NOW,
            published=updated - draw(st.sampled_from([timedelta(), timedelta(days=400)])),
            updated=updated,
            authors=tuple(draw(st.lists(_texts, max_size=2))),
            summary=draw(_texts),
            html=f"<p>{escape(draw(_texts))}</p>" if draw(st.booleans()) else "",
            language=draw(st.sampled_from([None, "en", "de-CH", "nonsense"])),
            image=draw(st.none() | _addresses),
            categories=tuple(draw(st.lists(_texts, max_size=2))),
            enclosures=tuple(
                draw(
                    st.lists(
                        st.builds(
                            Enclosure,
                            _addresses,
                            st.sampled_from(["audio/mpeg", "?", "image/png"]),
                            st.integers(0, 9),
                        ),
                        max_size=2,
                    )
                )
            ),
            rank=number,
            source_name=draw(_texts),
            source_url=draw(st.just("") | _addresses),
            rights=draw(_texts | _addresses),
            also_at=tuple(draw(st.lists(st.builds(StoryLink, _addresses, _texts), max_size=2))),
            podcast=draw(st.sampled_from([(), PODCAST])),
        )

    entries = tuple(entry(number) for number in range(draw(st.integers(0, 3))))
    return replace(FEED, name="f", entries=entries, summary_only=draw(st.booleans()))


@given(feeds(), st.sampled_from(FORMATS))
def test_any_parsed_document_is_rendered_to_the_same_bytes(feed: Feed, kind: str) -> None:
    assert round_trip(feed, kind) == RENDERERS[kind](feed)


@given(_texts)
def test_joiners_of_plain_text_are_removed(text: str) -> None:
    joined = from_plain_text(to_plain_text(text))
    assert to_plain_text(joined) == to_plain_text(text)
    if "\N{WORD JOINER}" not in text:
        assert joined == to_single_line(text)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.99])
def test_truncated_document_is_rejected(kind: str, part: float) -> None:
    document = RENDERERS[kind](with_real_ids(FEED))
    with pytest.raises(UnknownDocumentError, match="the document is damaged"):
        parse_published(document[: int(len(document) * part)], kind, "harbour")


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("json", b"[" * 100_000),
        ("json", b"[]"),
        ("json", b'{"feed_url": 1, "items": []}'),
        ("json", b'{"feed_url": "https://a.example/f.json", "items": [null]}'),
        ("json", b"\xff\xfe"),
        ("atom", b"<feed/>"),
        ("atom", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><feed>&e;</feed>'),
        ("rss", b"<rss/>"),
        ("rss", b"<rss><channel><item/></channel></rss>"),
    ],
)
def test_foreign_document_is_rejected(kind: str, document: bytes) -> None:
    with pytest.raises(UnknownDocumentError):
        parse_published(document, kind, "f")


@pytest.mark.parametrize("kind", FORMATS)
def test_ids_of_another_feed_are_rejected(kind: str) -> None:
    with pytest.raises(UnknownDocumentError, match="is not an id of this feed"):
        parse_published(RENDERERS[kind](with_real_ids(FEED)), kind, "other")


def test_value_of_wrong_type_is_rejected() -> None:
    document = json.loads(render_json(with_real_ids(FEED)))
    document["items"][0]["title"] = 7
    with pytest.raises(UnknownDocumentError):
        parse_published(json.dumps(document).encode(), "json", "harbour")


def test_id_contains_day_and_digest_of_key() -> None:
    id_ = "tag:feeds.example.net,2025-11-20:f/0123456789abcdef0123"
    assert (day_from_id(id_), key_digest_from_id(id_)) == (
        datetime(2025, 11, 20, tzinfo=UTC),
        "0123456789abcdef0123",
    )
