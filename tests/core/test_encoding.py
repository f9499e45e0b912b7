"""Pages are decoded as browsers do, and wrong declarations are detected."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedpub.core.encoding import decode_html

CYRILLIC = "Привет, мир"
FRENCH = "Où est le café ? « Là-bas »"
JAPANESE = "日本語の記事"


def with_meta(meta: str, text: str, encoding: str) -> bytes:
    return f"<html><head>{meta}<title>{text}</title></head></html>".encode(encoding)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        (CYRILLIC.encode("utf-8"), "utf-8", CYRILLIC),
        (CYRILLIC.encode("koi8-r"), "KOI8-R", CYRILLIC),
        (CYRILLIC.encode("cp1251"), " windows-1251 ", CYRILLIC),
        (FRENCH.encode("latin-1"), "iso-8859-1", FRENCH),
        ("“Euro”: 5 €".encode("cp1252"), "ISO-8859-1", "“Euro”: 5 €"),
        ("“Euro”: 5 €".encode("cp1252"), "us-ascii", "“Euro”: 5 €"),
        (JAPANESE.encode("shift_jis"), "x-sjis", JAPANESE),
        (JAPANESE.encode("euc-jp"), "euc-jp", JAPANESE),
        (JAPANESE.encode("iso-2022-jp"), "iso-2022-jp", JAPANESE),
        ("中文网页".encode("gbk"), "gb2312", "中文网页"),
        ("李㛃的网页".encode("gb18030"), "gb2312", "李㛃的网页"),
        ("李㛃的网页".encode("gb18030"), "GBK", "李㛃的网页"),
        ("中文網頁".encode("big5"), "big5", "中文網頁"),
        ("한국어".encode("euc-kr"), "ks_c_5601-1987", "한국어"),
        (CYRILLIC.encode("utf-16-le"), "utf-16", CYRILLIC),
        (CYRILLIC.encode("utf-16-be"), "utf-16be", CYRILLIC),
    ],
)
def test_charset_of_the_header_is_used(body: bytes, charset: str, text: str) -> None:
    """Labels have their WHATWG meaning: latin1 and ascii mean windows-1252."""
    assert decode_html(body, charset) == text


@pytest.mark.parametrize(
    "meta",
    [
        '<meta charset="windows-1251">',
        "<meta charset=windows-1251>",
        "<META CHARSET='Windows-1251'/>",
        "<meta\ncharset = 'windows-1251' >",
        "<meta/charset=windows-1251>",
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        "<meta content='text/html;charset=\"windows-1251\"' http-equiv=content-type>",
        '<meta name="description" content="charset=utf-8"><meta charset="windows-1251">',
        '<!-- <meta charset="koi8-r"> --><meta charset="windows-1251">',
        '<!--><meta charset="windows-1251">',
        '<meta charset="bogus"><meta charset="windows-1251">',
        '<meta charset="windows-1251"><meta charset="koi8-r">',
        '<meta charset="windows-1251" charset="koi8-r">',
    ],
)
def test_charset_of_the_first_valid_meta_is_used(meta: str) -> None:
    assert CYRILLIC in decode_html(with_meta(meta, CYRILLIC, "cp1251"))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            b'<?xml version="1.0" encoding="windows-1251"?><html>' + CYRILLIC.encode("cp1251"),
            CYRILLIC,
        ),
        (with_meta('<meta charset="utf-16">', CYRILLIC, "utf-8"), CYRILLIC),
        (with_meta('<meta charset="x-user-defined">', FRENCH, "cp1252"), FRENCH),
        (with_meta('<meta name="charset" content="koi8-r">', CYRILLIC, "utf-8"), CYRILLIC),
        (
            with_meta('<meta http-equiv="content-type" content="text/html">', CYRILLIC, "utf-8"),
            CYRILLIC,
        ),
        (
            with_meta('<meta http-equiv="refresh" content="0; charset=koi8-r">', CYRILLIC, "utf-8"),
            CYRILLIC,
        ),
        (with_meta('<metadata charset="koi8-r">', CYRILLIC, "utf-8"), CYRILLIC),
    ],
)
def test_meta_is_interpreted_as_browsers_do(body: bytes, text: str) -> None:
    assert text in decode_html(body)


def test_complete_head_is_searched_and_the_body_is_not() -> None:
    padding = "<script>" + "x" * 5000 + "</script>"
    late = with_meta(padding + '<meta charset="windows-1251">', CYRILLIC, "cp1251")
    assert CYRILLIC in decode_html(late)
    in_body = (
        b"<head></head><body>" + b"x" * 2000 + b"<meta charset=koi8-r>" + CYRILLIC.encode("utf-8")
    )
    assert CYRILLIC in decode_html(in_body)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("charset", [None, "windows-1251", "utf-8", "bogus"])
def test_byte_order_mark_takes_precedence_and_is_removed(
    encoding: str, charset: str | None
) -> None:
    body = with_meta('<meta charset="koi8-r">', CYRILLIC, encoding)
    assert decode_html(body, charset).startswith("<html>")
    assert CYRILLIC in decode_html(body, charset)


def test_header_takes_precedence_over_the_meta() -> None:
    """Proxies recode pages and do not change their metas."""
    assert CYRILLIC in decode_html(
        with_meta('<meta charset="koi8-r">', CYRILLIC, "cp1251"), "windows-1251"
    )


@pytest.mark.parametrize(
    "charset", ["bogus", "", "utf-7", "hz-gb-2312", "replacement", "ütf-8", "x" * 10_000]
)
def test_unknown_charset_is_ignored(charset: str) -> None:
    assert CYRILLIC in decode_html(
        with_meta('<meta charset="windows-1251">', CYRILLIC, "cp1251"), charset
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (CYRILLIC.encode("utf-8"), CYRILLIC),
        (FRENCH.encode("cp1252"), FRENCH),
        (b"plain", "plain"),
        (b"", ""),
    ],
)
def test_undeclared_page_is_utf8_or_windows_1252(body: bytes, text: str) -> None:
    assert decode_html(body) == text


@pytest.mark.parametrize(
    "charset", ["iso-8859-1", "windows-1252", "windows-1251", "koi8-r", "ascii"]
)
def test_declared_one_byte_encoding_is_ignored_for_utf8(charset: str) -> None:
    """Some servers declare the same encoding for every page."""
    assert decode_html(FRENCH.encode("utf-8"), charset) == FRENCH
    assert FRENCH in decode_html(with_meta(f'<meta charset="{charset}">', FRENCH, "utf-8"))


def test_long_valid_utf8_overrides_any_declaration() -> None:
    text = "港の入り口に立つ時計台の鐘が、" * 50
    assert decode_html(f'<meta charset="gb2312">{text}'.encode()).endswith(text)
    assert decode_html(text.encode(), "shift_jis") == text


def test_declared_multi_byte_encoding_is_used_for_a_short_text() -> None:
    """Two characters of GBK can be valid UTF-8."""
    assert decode_html("联通".encode("gbk"), "gbk") == "联通"


@pytest.mark.parametrize(
    ("meta", "encoding"),
    [
        ("", "cp1252"),
        ('<meta charset="windows-1252">', "cp1252"),
        ('<meta charset="utf-8">', "cp1252"),
    ],
)
def test_declared_utf8_is_ignored_for_invalid_utf8(meta: str, encoding: str) -> None:
    """The next declaration is used, and windows-1252 last."""
    assert FRENCH in decode_html(with_meta(meta, FRENCH, encoding), "utf-8")


def test_few_invalid_bytes_do_not_change_the_encoding() -> None:
    body = CYRILLIC.encode("utf-8") + b"\xff" + FRENCH.encode("utf-8")
    assert decode_html(body) == decode_html(body, "utf-8") == f"{CYRILLIC}\ufffd{FRENCH}"


def test_truncated_character_is_replaced() -> None:
    assert decode_html(b"caf" + "é".encode()[:1]) == "caf\ufffd"
    assert decode_html(CYRILLIC.encode("utf-8")[:-1]).startswith(CYRILLIC[:-1])


def test_nuls_are_removed() -> None:
    """Undeclared UTF-16 in Latin script therefore becomes readable."""
    assert decode_html(b"a\0b\0\0c") == "abc"
    assert decode_html("plain".encode("utf-16-le")) == "plain"


@pytest.mark.parametrize("body", [b"\xed\xa0\x80 lone", b"\xd8\x00\x00a"])
def test_text_contains_no_lone_surrogates(body: bytes) -> None:
    for charset in (None, "utf-8", "utf-16be", "utf-16le"):
        decode_html(body, charset).encode("utf-8")


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.none() | st.sampled_from(["utf-8", "gbk", "utf-16", "big5"]) | st.text(max_size=20),
)
def test_any_bytes_are_decoded(body: bytes, charset: str | None) -> None:
    text = decode_html(body, charset)
    assert "\0" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    "piece", [b"<!--", b'<meta a="', b"<meta ", b"a='", b"<?xml ", b"<", b"\xc3"]
)
def test_repeated_openings_are_searched_in_linear_time(piece: bytes) -> None:
    assert decode_html(piece * (1_000_000 // len(piece)))
