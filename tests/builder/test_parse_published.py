"""Documents that were published, read back.

Nothing that they say is lost, and they are written again byte for byte.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.builder import render_atom, render_json, render_rss
from feedpub.builder.parse_published import (
    FORMATS,
    Links,
    UnknownDocumentError,
    day_from_id,
    host_from_id,
    key_digest_from_id,
    parse_published,
    read_links,
)
from feedpub.builder.rss_atom_text import from_plain_text, to_plain_text, to_single_line
from feedpub.core.models import Enclosure, Entry, Feed
from tests.builder.full import ARCHIVE, FEED

RENDERERS: dict[str, Callable[[Feed], bytes]] = {
    "rss": render_rss,
    "atom": render_atom,
    "json": render_json,
}
NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def minted(feed: Feed) -> Feed:
    """The feed with ids of the length that they are minted with."""
    return replace(
        feed, entries=tuple(replace(e, id=e.id.ljust(len(e.id) + 14, "0")) for e in feed.entries)
    )


def again(feed: Feed, kind: str) -> bytes:
    """A document written, read, and written again."""
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
def test_a_document_is_written_again_as_it_was(kind: str, feed: Feed) -> None:
    """To the last byte, whatever is in it."""
    assert again(minted(feed), kind) == RENDERERS[kind](minted(feed))


@pytest.mark.parametrize("kind", FORMATS)
def test_what_an_entry_says_comes_back(kind: str) -> None:
    """All that a document can say of it."""
    feed = minted(FEED)
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
def test_a_document_names_its_place_and_the_archive_before_it(kind: str) -> None:
    """A live document without archives names none."""
    base = "https://feeds.example.org/"
    links = read_links(RENDERERS[kind](replace(ARCHIVE, archive=3, previous=2)), kind)
    assert links == Links(
        f"{base}{ARCHIVE.name}-archive-3.{kind}", f"{base}{ARCHIVE.name}-archive-2.{kind}"
    )
    assert links.base == base
    assert read_links(RENDERERS[kind](FEED), kind) == Links(f"{base}{FEED.name}.{kind}")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "document", [b"", b"<", b"{}", b"[]", b'{"feed_url": 1}', b"<rss><channel/></rss>", b"<feed/>"]
)
def test_a_document_without_a_place_is_not_ours(kind: str, document: bytes) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(UnknownDocumentError):
        read_links(document, kind)


def test_an_id_tells_the_host_that_it_was_minted_for() -> None:
    """An id of another form tells none."""
    assert host_from_id(f"tag:feeds.example.org,2026-01-02:f/{'0' * 20}") == "feeds.example.org"
    assert not host_from_id("https://example.org/1")


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
        )

    entries = tuple(entry(number) for number in range(draw(st.integers(0, 3))))
    return replace(FEED, name="f", entries=entries, summary_only=draw(st.booleans()))


@given(feeds(), st.sampled_from(FORMATS))
def test_any_document_is_written_again_as_it_was(feed: Feed, kind: str) -> None:
    """Titles that look like markup, addresses beyond ASCII, characters that no document holds."""
    assert again(feed, kind) == RENDERERS[kind](feed)


@given(_texts)
def test_what_was_parted_is_joined_again(text: str) -> None:
    """The joiners that were put in come out, those of the text itself stay.

    And it is published as before.
    """
    joined = from_plain_text(to_plain_text(text))
    assert to_plain_text(joined) == to_plain_text(text)
    if "\N{WORD JOINER}" not in text:
        assert joined == to_single_line(text)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.99])
def test_a_document_that_breaks_off_is_refused(kind: str, part: float) -> None:
    """It is told, and nothing of it is taken."""
    document = RENDERERS[kind](minted(FEED))
    with pytest.raises(UnknownDocumentError, match="it is not what was written"):
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
def test_foreign_documents_are_refused(kind: str, document: bytes) -> None:
    """Whatever stands there."""
    with pytest.raises(UnknownDocumentError):
        parse_published(document, kind, "f")


@pytest.mark.parametrize("kind", FORMATS)
def test_ids_that_were_not_minted_for_the_feed_are_refused(kind: str) -> None:
    """Another feed's document under this one's name."""
    with pytest.raises(UnknownDocumentError, match="is no id of this feed"):
        parse_published(RENDERERS[kind](minted(FEED)), kind, "other")


def test_an_entry_of_another_kind_of_value_is_refused() -> None:
    """A number where a text belongs would be found out only when it is published."""
    document = json.loads(render_json(minted(FEED)))
    document["items"][0]["title"] = 7
    with pytest.raises(UnknownDocumentError):
        parse_published(json.dumps(document).encode(), "json", "harbour")


def test_an_id_tells_the_day_and_the_digest() -> None:
    """Of its minting, and of the key that it was minted for."""
    id_ = "tag:feeds.example.net,2025-11-20:f/0123456789abcdef0123"
    assert (day_from_id(id_), key_digest_from_id(id_)) == (
        datetime(2025, 11, 20, tzinfo=UTC),
        "0123456789abcdef0123",
    )
