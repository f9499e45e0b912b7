from typing import Any

import pytest
from lxml import etree

from feedpub.builder.rss_atom_text import (
    clean_characters,
    prepare_feed,
    split_mailbox,
    to_plain_text,
    to_single_line,
    to_uri,
)
from feedpub.core.models import Enclosure
from feedpub.core.text import shorten
from tests.support.feedcheck import values
from tests.support.feeds import entry, feed


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("plain", "plain"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("nul\x00 bell\x07 delete\x7f", "nul bell delete"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("no character \ufffe\uffff\U0010ffff\ufdd0.", "no character ."),
        ("\x93windows\x94 \x80 5", "“windows” € 5"),
        ("unassigned \x81 there", "unassigned  there"),
        ("lost\ufffd", "lost?"),
        ("]]> & <b>", "]]> & <b>"),
        ("👩‍👩‍👧 日本語", "👩‍👩‍👧 日本語"),
    ],
)
def test_invalid_characters_are_removed(text: str, fit: str) -> None:
    assert clean_characters(text) == fit


def test_every_code_point_is_valid_after_cleaning() -> None:
    for character in map(
        chr, [*range(0x3000), *range(0xD700, 0x10100), 0x1FFFD, 0x1FFFE, 0x1FFFF, 0x10FFFF]
    ):
        fit = clean_characters(character)
        assert clean_characters(fit) == fit
        assert not list(values.characters(fit))
        etree.Element("x").text = fit
        if character.isprintable() and character != "\ufffd":
            assert fit == character


def test_single_line_has_single_spaces() -> None:
    assert to_single_line("  a\tb\n\n c\u00a0\u3000d\u2028e ") == "a b c d e"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("https://example.org", "https://example.org"),
        ("https://example.org?q=1", "https://example.org/?q=1"),
        ("HTTPS://Example.ORG:443/A", "https://example.org/A"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("https://bücher.example/ä b", "https://xn--bcher-kva.example/%C3%A4%20b"),
        ("https://example.org/a%20b%zz100%", "https://example.org/a%20b%25zz100%25"),
        ("https://example.org/?a=1&b=ü#über", "https://example.org/?a=1&b=%C3%BC#%C3%BCber"),
        ("https://example.org/a[1]|{2}", "https://example.org/a%5B1%5D%7C%7B2%7D"),
        ("https://jane:secret@example.org/a", "https://example.org/a"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        (" https://example.org/\n", "https://example.org/"),
        ("https://" + "a" * 70 + ".example/ä", "https://" + "a" * 70 + ".example/%C3%A4"),
        ("http://[broken/a", "http://%5Bbroken/a"),
        ("mailto:jane@example.org", "mailto:jane@example.org"),
        ("", ""),
    ],
)
def test_address_becomes_a_uri(address: str, expected: str) -> None:
    assert to_uri(address) == expected
    assert to_uri(expected) == expected


@pytest.mark.parametrize(
    ("person", "name", "email"),
    [
        ("Jane Roe", "Jane Roe", ""),
        ("Jane Roe <jane@example.org>", "Jane Roe", "jane@example.org"),
        ("jane@example.org (Jane Roe)", "Jane Roe", "jane@example.org"),
        ("Jane Roe, jane.roe+news@mail.example.org", "Jane Roe", "jane.roe+news@mail.example.org"),
        ("jane@example.org", "", "jane@example.org"),
        ("@jane", "@jane", ""),
        ("", "", ""),
    ],
)
def test_mailbox_is_split_into_name_and_email(person: str, name: str, email: str) -> None:
    assert split_mailbox(person) == (name, email)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("one two three four", "one two…"),
        ("unbrokenunbroken", "unbrokenu…"),
        ("無" * 20, "無" * 9 + "…"),
    ],
)
def test_shortened_line_ends_between_words(text: str, expected: str) -> None:
    assert shorten(text, 10) == expected


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"title": " A \x00 title "}, "A title"),
        ({"title": "", "summary": "What it is about.", "text": "…"}, "What it is about."),
        (
            {"title": "", "summary": "", "text": "First line.\nSecond line."},
            "First line. Second line.",
        ),
        ({"title": "", "summary": "The editor says.", "text": "It is so."}, "It is so."),
        ({"title": "", "summary": "", "text": "word " * 50}, "word " * 15 + "word…"),
        ({"title": "", "summary": "", "text": ""}, "https://example.org/articles/1"),
        (
            {"title": "", "summary": "", "text": "", "url": ""},
            "tag:feeds.example.org,2025-11-20:news/1",
        ),
    ],
)
def test_every_entry_has_a_title(changes: dict[str, Any], title: str) -> None:
    assert prepare_feed(feed(entry(**changes))).entries[0].title == title


def test_only_web_addresses_are_linked() -> None:
    prepared = prepare_feed(
        feed(
            entry(
                url="javascript:alert(1)",
                slug="own",
                image="data:image/png;base64,AA",
                enclosures=(
                    Enclosure("/relative.mp3", "audio/mpeg"),
                    Enclosure("https://example.org/ä.mp3", "audio", -1),
                    Enclosure("https://example.org/%C3%A4.mp3", "audio/mpeg", 7),
                ),
            ),
            link="file:///etc/passwd",
            icon="icon.png",
        )
    )
    assert (prepared.link, prepared.icon) == ("https://feeds.example.org/news.html", None)
    first = prepared.entries[0]
    assert (prepared.entry_url(first), first.image) == (
        "https://feeds.example.org/news/own.html",
        None,
    )
    assert first.enclosures == (
        Enclosure("https://example.org/%C3%A4.mp3", "application/octet-stream", 0),
    )


def test_names_are_distinct_and_without_email() -> None:
    first = prepare_feed(
        feed(
            entry(
                authors=("A <a@example.org>", " A ", "", "b@example.org", "C"),
                categories=("x", " ", "x ", "y"),
            )
        )
    ).entries[0]
    assert (first.authors, first.categories) == (("A", "C"), ("x", "y"))


def test_feed_without_title_uses_its_name() -> None:
    assert prepare_feed(feed(title="\x00 ")).title == "news"


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("1 < 2 and 3 <4", "1 < 2 and 3 <4"),
        ("AT&T, R&D &amp; more", "AT&T, R&D &amp; more"),
        ("The <b> tag", "The <|b> tag"),
        ("</p> and <!-- and <?x", "<|/p> and <|!-- and <|?x"),
        ("<IMG src=x onerror=y>", "<|IMG src=x onerror=y>"),
        ("&lt;b&gt; &#60;b &#x3C;b &#060;b", "&|lt;b&gt; &|#60;b &|#x3C;b &|#060;b"),
    ],
)
def test_plain_text_contains_no_start_of_markup(text: str, reported: str) -> None:
    assert to_plain_text(text) == reported.replace("|", "\N{WORD JOINER}")
    assert to_plain_text(to_plain_text(text)) == to_plain_text(text)
