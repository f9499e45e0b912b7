"""Pages whose bytes do not match their declared encoding.

The published text must be the text that a browser shows.
"""

from functools import partial
from typing import Any

from tests.catalogue.answers import answer
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import contains
from tests.catalogue.press import NEW, body, story
from tests.catalogue.stage import Stage
from tests.support.newsroom import path

WORDS = "Über die Straße zum Café: naïve Gäste, 40 € für „Brötchen“ – und mehr."
_PLAIN = "The harbour master hopes"
_GARBLED = "Ã|â€|\ufffd|ï»¿|\x00"


def _page(charset_in_page: str | None, words: str = WORDS) -> str:
    """Return the new story's page with these words and this declared charset."""
    page = story(NEW, text=f"<p>{words}</p>{body(NEW)}")
    meta = f'<meta charset="{charset_in_page}">' if charset_in_page else ""
    return page.replace('<meta charset="utf-8">', meta)


def _serve(content: bytes, content_type: str, stage: Stage) -> None:
    stage.site[path(NEW)] = answer("200 OK", content, f"Content-Type: {content_type}")


def _case(name: str, content: bytes, content_type: str, *words: str, **more: Any) -> Case:
    right = contains(*(words or (WORDS,)), _PLAIN, without=_GARBLED)
    return Case(name, partial(_serve, content, content_type), right=right, **more)


_CUT = (
    _page("utf-8", words="The café is open again, and Gäste came.")
    .encode()
    .replace("é".encode(), b"\xc3", 1)
)

CASES = (
    _case("no-charset", _page(None).encode(), "text/html"),
    _case("bogus-charset", _page("x-nonsense").encode(), "text/html; charset=x-nonsense"),
    _case("header-vs-meta", _page("utf-8").encode("cp1252"), "text/html; charset=windows-1252"),
    _case(
        "bom-conflict",
        b"\xef\xbb\xbf" + _page("iso-8859-1").encode(),
        "text/html; charset=iso-8859-1",
    ),
    _case("utf16", b"\xff\xfe" + _page(None).encode("utf-16-le"), "text/html"),
    _case(
        "nul",
        _page("utf-8", WORDS.replace("Café", "C\0af\0é")).encode(),
        "text/html; charset=utf-8",
    ),
    Case(
        "lone-surrogate",
        partial(
            _serve,
            _page("utf-8", "A moon &#xD800; and \\ud83d rose").encode() + b"<p>\xed\xa0\x80</p>",
            "text/html",
        ),
        right=contains("A moon", "rose", _PLAIN, without="[\ud800-\udfff]"),
    ),
    Case(
        "mid-character-cut",
        partial(_serve, _CUT, "text/html; charset=utf-8"),
        right=contains("Gäste came", _PLAIN),
    ),
    # --- further cases ---
    _case("latin1-called-utf8", _page("utf-8").encode("cp1252"), "text/html; charset=utf-8"),
    _case("utf8-called-latin1", _page("iso-8859-1").encode(), "text/html; charset=iso-8859-1"),
    _case("utf16-be-without-mark", _page(None).encode("utf-16-be"), "text/html; charset=utf-16be"),
    _case("utf32", _page(None).encode("utf-8"), "text/html; charset=utf-32"),
    Case(
        "utf7-script",
        partial(
            _serve,
            _page("utf-7", "+ADw-script+AD4-alert(1)+ADw-/script+AD4- stays text").encode(),
            "text/html",
        ),
        right=contains(_PLAIN, without="<script"),
    ),
    _case(
        "shift-jis",
        _page("shift_jis", "港町の議会は新しい桟橋を建設することを決めた。").encode("shift_jis"),
        "text/html",
        "港町の議会は新しい桟橋を建設することを決めた",
    ),
    _case(
        "bidi-override",
        _page("utf-8", "Right \u202eto left\u202c, they say").encode(),
        "text/html",
        "they say",
    ),
)
