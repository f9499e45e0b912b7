"""Broken files and unknown formats: an error has the file, the line, and the next step."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.cli.importers import FORMATS, parse_import, parse_import_address
from feedpub.cli.importers.documents import MAX_FILE_BYTES, MAX_YAML_CHARS
from feedpub.core.errors import ImportFileError

OPML = (
    b'<opml version="2.0"><body><outline text="a" xmlUrl="https://a.example.org/"/></body></opml>'
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "f:1: empty"),
        (b"\xef\xbb\xbf  \n", "f:1: empty"),
        (b"<opml>\n<body>\n<outline></body></opml>", "f:3: not well-formed XML"),
        (b"\n\n<opml><body></opml>", "f:3: not well-formed XML"),
        (b'<!DOCTYPE opml [\n<!ENTITY a "b">]><opml/>', "f:2: declares entities"),
        (b'<rss version="2.0"><channel/></rss>', "f:1: a feed itself"),
        (b"<!DOCTYPE html><html><title>Log in</title></html>", "f:1: a web page"),
        (b"<note>hello</note>", "f:1: XML, but no OPML"),
        (b'[[feed]]\nname = "a"\n[[feed.source]]\n', "f:1: a config of feedpub itself"),
        (
            b'[tool]\nname = "x"\n',
            "f:1: a TOML file, and not of rsspls; say what it is with --from opml",
        ),
        (b"hello\nworld\n", "f:1: of no kind that is known"),
        (b"channel:\n  url: [unfinished\n", "f:3: not YAML"),
        (b"channel: x\nfeeds: \xff\n", "f:2: not UTF-8"),
        (b"[rsspls]\noutput = \n", "f:2: not TOML"),
        (b"[rsspls]\nfeed = 3\n", "f:1: no config of rsspls"),
        (b"https://example.org/\n", "f:1: no address of RSS-Bridge"),
        (b"https://b.example.org/?bridge=CssSelector&url_selector=a", "f:1: has no home_page"),
        (b"#\n\nhttps://[::/?bridge=x\n", "f:3: no address of RSS-Bridge"),
    ],
)
def test_broken_file_is_an_error_with_its_line(body: bytes, message: str) -> None:
    """Nothing is imported."""
    with pytest.raises(ImportFileError) as caught:
        parse_import(body, "f")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"strategy: faraday\n", "html2rss", "f:1: no config of html2rss"),
        (b"- a\n- b\n", "html2rss", "f:1: no config of html2rss"),
        (b"# nothing\n", "rss-bridge", "f:1: no address in it"),
        (b"<other/>", "opml", "f:1: no OPML: the document is a <other>"),
        (b"[" * 1000, "html2rss", "f:1: nested without end"),
        (b"a = " + b"[" * 3000, "rsspls", "f:1: not TOML that can be read"),
        (b"a" * (MAX_FILE_BYTES + 1), "rsspls", "f: larger than 8 MB"),
        (b"<" * (MAX_FILE_BYTES + 1), "freshrss", "f: larger than 8 MB"),
        (b"a" * (MAX_YAML_CHARS + 1), "html2rss", "f: larger than 1 MB"),
    ],
)
def test_file_of_another_format_than_stated_is_an_error(
    body: bytes, kind: str, message: str
) -> None:
    """The user states the format."""
    with pytest.raises(ImportFileError) as caught:
        parse_import(body, "f", kind)
    assert str(caught.value).startswith(message)


def test_other_address_is_not_fetched() -> None:
    """The error names an alternative."""
    with pytest.raises(ImportFileError, match="import fetches nothing"):
        parse_import_address("https://example.org/subscriptions.opml")


def test_opml_is_read_in_the_encoding_that_it_declares() -> None:
    """Old readers wrote Latin-1."""
    body = '<?xml version="1.0" encoding="ISO-8859-1"?><opml><body><outline text="Fähre" xmlUrl="https://a.example.org/"/>'
    (draft,) = parse_import(f"{body}</body></opml>".encode("latin-1"), "f").feeds
    assert draft.title == "Fähre"


def test_outline_over_several_lines_has_its_first_line() -> None:
    """Blank lines above the document count, too."""
    body = (
        b'\n\n<opml>\n<body><outline\n text="x"\n xmlUrl="https://a.example.org/"\n/></body></opml>'
    )
    (draft,) = parse_import(body, "f").feeds
    assert draft.location == "f:4"


@pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/hostname"', '"https://a.example.org/"'])
def test_entities_are_refused_in_whatever_encoding_they_hide(entity: str) -> None:
    """Nothing is looked up, and nothing blows up."""
    start = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE opml [<!ENTITY a {entity}>]>'
    body = f'{start}<opml><body><outline text="x" xmlUrl="https://a.example.org/">&a;</outline></body></opml>'
    with pytest.raises(ImportFileError, match="f:1: declares entities"):
        parse_import(body.encode("utf-16"), "f")


@given(
    st.binary(max_size=200)
    | st.sampled_from([OPML]).flatmap(lambda b: st.integers(0, len(b)).map(lambda n: b[:n]))
)
def test_no_bytes_crash_any_reader(body: bytes) -> None:
    """They are feeds, or an error of ours."""
    for kind in (None, *FORMATS):
        with suppress(ImportFileError):
            parse_import(body, "f", kind)
