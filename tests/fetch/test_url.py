"""URLs are parsed as browsers do, and normalised so that every component reads them alike."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.core.redact import redact, strip_credentials
from feedpub.fetch.url import RequestTarget, parse_url


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("http://example.org", "http://example.org/"),
        ("HTTP://EXAMPLE.org/A", "http://example.org/A"),
        ("https://example.org:443/", "https://example.org/"),
        ("http://example.org:80", "http://example.org/"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("http://example.org./", "http://example.org/"),
        ("http://example.org/#top", "http://example.org/"),
        ("http://example.org/a#b?c", "http://example.org/a"),
        ("http://example.org?q=1", "http://example.org/?q=1"),
        ("http://example.org/a b", "http://example.org/a%20b"),
        ("http://example.org/ä?ö=ü", "http://example.org/%C3%A4?%C3%B6=%C3%BC"),
        ("http://example.org/%C3%A4", "http://example.org/%C3%A4"),
        ("http://example.org/100%", "http://example.org/100%25"),
        ("http://example.org/100%/%41", "http://example.org/100%25/%41"),
        ("http://example.org/a?b?c", "http://example.org/a?b?c"),
        ('http://example.org/"<>', "http://example.org/%22%3C%3E"),
        ("http://example.org\\a\\b?c\\d", "http://example.org/a/b?c%5Cd"),
        ("http://good.example\\@127.0.0.1/", "http://good.example/@127.0.0.1/"),
        ("  http://example.org/\n", "http://example.org/"),
        ("http://exam\tple.org/a\nb", "http://example.org/ab"),
        ("http://user:pass@example.org/", "http://example.org/"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
        ("http://MÜNCHEN.example/", "http://xn--mnchen-3ya.example/"),
        ("http://faß.example/", "http://xn--fa-hia.example/"),
        ("http://例え。テスト/", "http://xn--r8jz45g.xn--zckzah/"),
        ("http://☕.example/", "http://xn--53h.example/"),
        ("http://a_b.example/", "http://a_b.example/"),
        ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
        ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.1/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://[0:0::1]:8080/", "http://[::1]:8080/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ],
)
def test_url_is_normalised(written: str, sent: str) -> None:
    assert parse_url(written).url == sent


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "news/1",
    ],
)
def test_other_schemes_than_http_and_https_are_forbidden(url: str) -> None:
    with pytest.raises(DisallowedError, match="only http and https"):
        parse_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///path",
        "http://exa mple.org/",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://example.org:x/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://[zz::1]/",
        "http://a..b/",
        "http://.example.org/",
        "http://" + "a" * 64 + ".org/",
        "http://" + "a." * 127 + "org/",
        "http://a%40b/",
        "http://a%00b/",
        "http://℀.example/",
        "http://\ue000.example/",
        "http://*/",
    ],
)
def test_url_without_a_host_is_an_error(url: str) -> None:
    with pytest.raises(FetchError):
        parse_url(url)


def test_url_over_8_kb_is_forbidden() -> None:
    with pytest.raises(DisallowedError, match="longer than 8192 bytes") as caught:
        parse_url("http://example.org/" + "a" * 8192)
    assert len(caught.value.url or "") < 300
    assert len(parse_url("http://example.org/" + "a" * 8000).url) > 8000


def test_user_and_password_are_only_in_auth() -> None:
    target = parse_url("https://an%40na:s%2Fecret@example.org/x")
    assert target.auth == ("an@na", "s/ecret")
    assert "ecret" not in target.url + target.origin + target.server
    assert parse_url("https://anna@example.org/").auth == ("anna", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://anna:secret@[::1/",
        "http://anna:secret@exa mple.org/",
        "ftp://anna:secret@example.org/",
        "//anna:secret@example.org/",
        "http://anna:secret@example.org/" + "a" * 9000,
        " http:\\\\anna:secret@ftp.example:99999/",
        "http://anna:sec@secret@example.org:99999/",
    ],
)
def test_error_about_a_url_has_no_password(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)
    assert "secret" not in strip_credentials(url)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://me:secret@example.org/a?x=1", "https://example.org/a?x=1"),
        ("https://example.org/f?feed_token=secret&a=2", "https://example.org/f?feed_token=…&a=2"),
        ("https://example.org/f?a=2&apiKey=secret#top", "https://example.org/f?a=2&apiKey=…#top"),
        ("https://example.org/?auth=secret", "https://example.org/?auth=…"),
        (
            "https://example.org/.rss?feed=" + "0a" * 20 + "&user=x",
            "https://example.org/.rss?feed=…&user=x",
        ),
        (
            "redirected to https://example.org/?key=secret: HTTP 404",
            "redirected to https://example.org/?key=…: HTTP 404",
        ),
        (
            "https://example.org/?keyword=a&author=b&design=c",
            "https://example.org/?keyword=a&author=b&design=c",
        ),
        ("/srv/me@home/articles", "/srv/me@home/articles"),
    ],
)
def test_redacted_texts_have_no_passwords_and_tokens(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def test_error_about_a_url_is_printable() -> None:
    with pytest.raises(FetchError) as caught:
        parse_url("ftp://a/\x1b[2J\ud800")
    assert str(caught.value).startswith("ftp://a/\ufffd[2J\ufffd: ")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "https://example.org/b"),
        ("c?d", "https://example.org/a/c?d"),
        ("?d", "https://example.org/a/b?d"),
        ("//other.example/x", "https://other.example/x"),
        ("\\\\other.example\\x", "https://other.example/x"),
        ("http://other.example", "http://other.example/"),
        ("../../x", "https://example.org/x"),
        ("", "https://example.org/a/b"),
        ("#part", "https://example.org/a/b"),
    ],
)
def test_location_is_resolved_as_browsers_do(location: str, url: str) -> None:
    assert parse_url("https://example.org/a/b").join(location).url == url


@pytest.mark.parametrize(
    ("home", "hop", "kept"),
    [
        ("https://a.example/", "https://a.example/x", True),
        ("http://a.example/", "https://a.example/", True),
        ("http://a.example:8080/", "http://a.example:8080/x", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://sub.a.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("http://a.example:8080/", "https://a.example/", False),
    ],
)
def test_secrets_stay_with_their_origin_or_its_https_form(home: str, hop: str, kept: bool) -> None:  # noqa: FBT001 -- a table's column
    assert parse_url(hop).may_receive_secrets(parse_url(home)) is kept


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://a.example/", "a.example"),
        ("https://a.example/", "a.example"),
        ("http://a.example:8080/", "a.example:8080"),
        ("https://[2001:db8::1]/", "[2001:db8::1]"),
    ],
)
def test_server_is_a_host_of_any_scheme(url: str, server: str) -> None:
    assert parse_url(url).server == server


@settings(deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=60),
    st.sampled_from(["http://", "https://", "http:", "//", "", "http://a@", "http://[", "x:"]),
)
def test_any_text_is_a_target_or_a_feedpub_error(text: str, start: str) -> None:
    """The URL of a target parses to the same target."""
    try:
        target = parse_url(start + text)
    except FetchError:
        return
    assert target.url.isascii()
    assert not set(target.url) & set(string.whitespace)
    again = parse_url(target.url)
    assert again == RequestTarget(target.scheme, target.host, target.port, target.path)
