"""Bytes of a page → text, as browsers decide it. Knows nothing of HTTP and nothing of HTML but where a charset stands.

In this order: a byte order mark; the charset of the HTTP header; the one that the page itself
declares; UTF-8, if that
is what the bytes are; windows-1252. Labels are read as the WHATWG's encoding standard has them
("latin1" means windows-1252, utf-16 in a `<meta>` means utf-8), and unknown ones are passed over.

Browsers believe a declaration even where the bytes belie it. feedpub does not, in the two cases
that are common and certain: windows-1252 or another one-byte encoding is declared and the bytes are
UTF-8 (text in a one-byte encoding practically never is, by accident), or UTF-8 is declared and the
bytes hold more that cannot be UTF-8 than what can. Encodings with several bytes a character are
believed of short texts: these can look like UTF-8 by accident.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator

import webencodings
from webencodings import Encoding

CERTAIN = 200  # characters beyond ASCII: so many without an error are UTF-8, whatever is declared
_HEAD_LIMIT = 1 << 16
_HEAD_MINIMUM = 1024
_END_OF_HEAD = re.compile(rb"</head|<body", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--(?:-?>|.*?(?:-->|\Z))", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^<>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"(?<![^\s=\"'/])([^\s=\"'/]++)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_XML = re.compile(rb"\A\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"'>]+)[\"']", re.IGNORECASE)

_WINDOWS_1252 = webencodings.lookup("windows-1252") or webencodings.UTF8
_SEVERAL_BYTES = frozenset(
    {
        "utf-16le",
        "utf-16be",
        "gbk",
        "gb18030",
        "big5",
        "euc-jp",
        "iso-2022-jp",
        "shift_jis",
        "euc-kr",
    }
)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def decode_html(body: bytes, charset: str | None = None) -> str:
    """The text of a page, without NULs; bytes that mean nothing become U+FFFD. Never fails.

    Args:
        body: the page.
        charset: as the Content-Type header names it.
    """
    encoding = webencodings.UTF8 if body.startswith(_BYTE_ORDER_MARKS) else _encoding(body, charset)
    text, _ = webencodings.decode(body, encoding)  # a byte order mark wins in there
    return text.replace("\0", "")


def _encoding(body: bytes, charset: str | None) -> Encoding:
    characters, errors = _as_utf8(body)
    if characters >= CERTAIN and not errors:
        return webencodings.UTF8
    for declared in _declared(body, charset):
        belied = (
            errors > characters
            if declared is webencodings.UTF8
            else _is_one_byte(declared) and characters > errors
        )
        if not belied:
            return declared
    return webencodings.UTF8 if characters > errors or not errors else _WINDOWS_1252


def _is_one_byte(encoding: Encoding) -> bool:
    return encoding.name not in _SEVERAL_BYTES


def _as_utf8(body: bytes) -> tuple[int, int]:
    """Read as UTF-8: how many characters beyond ASCII there are, and how many bytes that mean nothing.

    A character cut off at the end counts as neither. Where nothing is wrong, which is nearly
    always, they are not counted one by one: there are at least so many.
    """
    if body.isascii():
        return 0, 0
    if (text := _utf8(body)) is not None:
        return 1 + (len(body) - len(text)) // 3, 0
    text = getincrementaldecoder("utf-8")("replace").decode(body)
    errors = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii - errors, errors


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _declared(body: bytes, charset: str | None) -> Iterator[Encoding]:
    """The encodings that the header and the page name, in order."""
    if header := _lookup((charset or "").encode("ascii", "replace")):
        yield header
    head = _COMMENT.sub(b"", _head(body))
    labels = [
        _meta_label(match[1]) for match in _META.finditer(head) if b"charset" in match[1].lower()
    ]
    if xml := _XML.match(head):
        labels.append(xml[1])
    for label in labels:
        if found := _lookup(label):
            yield _as_meta_means(found)
            return


def _head(body: bytes) -> bytes:
    """Where browsers look: the head, and 1024 bytes at least."""
    end = _END_OF_HEAD.search(body, 0, _HEAD_LIMIT)
    return body[: max(end.start(), _HEAD_MINIMUM) if end else _HEAD_LIMIT]


def _meta_label(attributes: bytes) -> bytes:
    """The label in a `<meta charset=…>` or `<meta http-equiv=content-type content=…>`.

    Empty where there is none.
    """
    values = {
        m[1].lower(): m[2] or m[3] or m[4] or b""
        for m in reversed(list(_ATTRIBUTE.finditer(attributes)))
    }
    if b"charset" in values:
        return values[b"charset"]
    if values.get(b"http-equiv", b"").lower() != b"content-type":
        return b""
    charset = _CHARSET.search(values.get(b"content", b""))
    return charset[1] if charset else b""


def _lookup(label: bytes) -> Encoding | None:
    """None for a label that nobody knows, or that browsers refuse to decode."""
    found = webencodings.lookup(label.decode("latin-1"))
    return None if found is None or found.name == "replacement" else found


def _as_meta_means(encoding: Encoding) -> Encoding:
    """A page that could be read so far is not UTF-16, whatever it says."""
    if encoding.name.startswith("utf-16"):
        return webencodings.UTF8
    return _WINDOWS_1252 if encoding.name == "x-user-defined" else encoding
