"""The headers of mails: who wrote them, when, and how they are identified."""

from datetime import UTC, datetime

import pytest

from feedpub.core.mail import decode_header_text, parse_mail_headers

HEAD = b"""\
From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <News@Example.org>
To: reader@example.net
Subject: =?UTF-8?B?V29jaGVuYmVyaWNodCDigJQg?=
 =?UTF-8?B?S1cgNDc=?=
Date: Mon, 23 Nov 2026 18:05:09 +0100
Message-ID: <abc.123@mail.example.org>
List-Id: The weekly <Weekly.Example.org>

"""


def test_headers_of_a_newsletter_are_decoded() -> None:
    found = parse_mail_headers(HEAD)
    assert found.title == "Wochenbericht — KW 47"
    assert found.authors == ("Jörg Müller",)
    assert found.addresses == ("news@example.org",)
    assert found.list_id == "weekly.example.org"
    assert found.list_name == "The weekly"
    assert found.message_id == "abc.123@mail.example.org"
    assert found.published == datetime(2026, 11, 23, 17, 5, 9, tzinfo=UTC)
    assert found.url is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Plain words", "Plain words"),
        ("Folded\r\n over lines", "Folded over lines"),
        ("=?iso-8859-1?Q?Caf=E9_=26_co?=", "Café & co"),
        ("=?windows-1251?B?z/Do4uXy?=", "Привет"),
        ("=?gb2312?B?1tDOxA==?=", "中文"),
        ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?utf-8*en?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?x-nowhere?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?Q?one?= =?utf-8?Q?two?= and three", "onetwo and three"),
        ("=?utf-8?B?bm90IGJhc2U2N?=", "=?utf-8?B?bm90IGJhc2U2N?="),
        ("=?utf-8?Q?split_=C3?= =?utf-8?Q?=A9?=", "split é"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
    ],
)
def test_header_text_is_decoded_whatever_its_charset(value: str, text: str) -> None:
    assert decode_header_text(value) == text


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        ("Привет, мир".encode(), "Привет, мир"),
    ],
)
def test_raw_bytes_in_a_header_are_decoded(raw: bytes, title: str) -> None:
    assert parse_mail_headers(b"Subject: " + raw + b"\n\n").title == title


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 23 Nov 2026 18:05:09 -0800", datetime(2026, 11, 24, 2, 5, 9, tzinfo=UTC)),
        ("23 Nov 2026 18:05:09 GMT", datetime(2026, 11, 23, 18, 5, 9, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 18:05:09 -0000", datetime(2026, 11, 23, 18, 5, 9, tzinfo=UTC)),
        ("Mon, 23 Nov 26 18:05 +0100 (CET)", datetime(2026, 11, 23, 17, 5, tzinfo=UTC)),
        ("2026-11-23T18:05:09+01:00", datetime(2026, 11, 23, 17, 5, 9, tzinfo=UTC)),
        ("Mon, 31 Feb 2026 25:05:09 +0100", None),
        ("", None),
    ],
)
def test_date_is_read_to_the_second_with_its_zone(date: str, expected: datetime | None) -> None:
    assert parse_mail_headers(f"Date: {date}\n\n".encode()).published == expected


@pytest.mark.parametrize(
    ("sender", "authors"),
    [
        ("news@example.org", ("example.org",)),
        ('"Doe, Jane" <jane@example.org>', ("Doe, Jane",)),
        ("Jane <jane@example.org>, Bob <bob@example.org>", ("Jane", "Bob")),
        ("'Jane Doe' via Quay <quay@example.org>", ("'Jane Doe' via Quay",)),
        ("(" * 3000, ()),
        ("", ()),
    ],
)
def test_authors_are_the_names_of_the_senders(sender: str, authors: tuple[str, ...]) -> None:
    assert parse_mail_headers(f"From: {sender}\n\n".encode()).authors == authors


def test_author_of_a_list_is_not_the_list() -> None:
    head = b"From: 'Jane Doe' via Quay <quay@example.org>\nList-Id: <quay.example.org>\n\n"
    assert parse_mail_headers(head).authors == ("Jane Doe",)


def test_mail_without_an_id_is_identified_by_its_date_sender_and_subject() -> None:
    one = parse_mail_headers(b"Subject: a\nFrom: b@example.org\nX-Seen: 1\n\n").message_id
    again = parse_mail_headers(b"From: b@example.org\nSubject: a\n\nWords").message_id
    other = parse_mail_headers(b"From: b@example.org\nSubject: c\n\n").message_id
    assert one == again != other


def test_archived_copy_is_the_address_only_if_it_is_on_the_web() -> None:
    web = b"Archived-At: <https://lists.example.org/m/1>\n\n"
    assert parse_mail_headers(web).url == "https://lists.example.org/m/1"
    assert parse_mail_headers(b"Archived-At: <javascript:alert(1)>\n\n").url is None
    assert parse_mail_headers(b"List-Archive: <https://lists.example.org/>\n\n").url is None
