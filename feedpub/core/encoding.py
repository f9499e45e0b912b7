"""Decode the bytes of a page as browsers do.

The encoding is, in this order: the one of a byte order mark, the charset of the HTTP header, the
one that the page declares, UTF-8 if the bytes are valid UTF-8, and windows-1252. Labels have the
meaning of the WHATWG encoding standard ("latin1" means windows-1252, gb2312 and gbk are decoded as
gb18030, and utf-16 in a `<meta>` means utf-8). Unknown labels are ignored.

Browsers follow a declaration even if the bytes contradict it. feedpub does not in two cases that
are common and certain:

- The declaration names a one-byte encoding and the bytes are UTF-8. Text in a one-byte encoding is
  practically never valid UTF-8.
- The declaration names UTF-8 and the bytes contain more invalid than valid sequences.

A multi-byte encoding is trusted for a short text, because such a text can look like UTF-8.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator

import webencodings
from webencodings import Encoding

# A text with this many non-ASCII characters and no error is UTF-8, regardless of its declaration.
MIN_CERTAIN_CHARS = 200
_MAX_HEAD_BYTES = 1 << 16
_MIN_HEAD_BYTES = 1024
_END_OF_HEAD = re.compile(rb"</head|<body", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--(?:-?>|.*?(?:-->|\Z))", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^<>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"(?<![^\s=\"'/])([^\s=\"'/]++)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_XML = re.compile(rb"\A\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"'>]+)[\"']", re.IGNORECASE)

_WINDOWS_1252 = webencodings.lookup("windows-1252") or webencodings.UTF8
_GB18030 = webencodings.lookup("gb18030") or webencodings.UTF8
_MULTI_BYTE = frozenset(
    {
        "utf-16le",
        "utf-16be",
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
    """Return the text of a page without NULs; never fails.

    Bytes that are invalid in the page's encoding become U+FFFD.

    Args:
        body: the page.
        charset: as the Content-Type header names it.
    """
    if body.startswith(_BYTE_ORDER_MARKS):
        encoding = webencodings.UTF8
    else:
        encoding = _detect_encoding(body, charset)
    text, _ = webencodings.decode(body, encoding)  # a byte order mark takes precedence
    return text.replace("\0", "")


def _detect_encoding(body: bytes, charset: str | None) -> Encoding:
    characters, errors = _count_utf8(body)
    if characters >= MIN_CERTAIN_CHARS and not errors:
        return webencodings.UTF8
    for declared in _find_declarations(body, charset):
        if declared is webencodings.UTF8:
            is_contradicted = errors > characters
        else:
            is_contradicted = declared.name not in _MULTI_BYTE and characters > errors
        if not is_contradicted:
            return declared
    if errors and errors >= characters:
        return _WINDOWS_1252
    return webencodings.UTF8


def _count_utf8(body: bytes) -> tuple[int, int]:
    """Return the numbers of non-ASCII characters and of invalid bytes in UTF-8.

    A character that is cut off at the end counts as neither. If there is no error, the first
    number is a lower bound, because an exact count would be slow.
    """
    if body.isascii():
        return 0, 0
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = getincrementaldecoder("utf-8")("replace").decode(body)
    else:
        return 1 + (len(body) - len(text)) // 3, 0
    errors = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    non_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return non_ascii - errors, errors


def _find_declarations(body: bytes, charset: str | None) -> Iterator[Encoding]:
    """Yield the encodings that the header and the page name, in order of precedence."""
    if header := _look_up((charset or "").encode("ascii", "replace")):
        yield header
    head = _COMMENT.sub(b"", _cut_head(body))
    metas = [meta[1] for meta in _META.finditer(head) if b"charset" in meta[1].lower()]
    labels = list(map(_meta_label, metas))
    if xml := _XML.match(head):
        labels.append(xml[1])
    for label in labels:
        if found := _look_up(label):
            yield _meaning_in_markup(found)
            return


def _cut_head(body: bytes) -> bytes:
    """Return the part that browsers search: the head, and at least its first 1024 bytes."""
    end = _END_OF_HEAD.search(body, 0, _MAX_HEAD_BYTES)
    if end is None:
        return body[:_MAX_HEAD_BYTES]
    return body[: max(end.start(), _MIN_HEAD_BYTES)]


def _meta_label(attributes: bytes) -> bytes:
    """Return the label in a `<meta charset>` or `<meta http-equiv=content-type>`, or b""."""
    values: dict[bytes, bytes] = {}
    for found in _ATTRIBUTE.finditer(attributes):
        value = next(filter(None, found.group(2, 3, 4)), b"")
        values.setdefault(found[1].lower(), value)
    if b"charset" in values:
        return values[b"charset"]
    if values.get(b"http-equiv", b"").lower() != b"content-type":
        return b""
    charset = _CHARSET.search(values.get(b"content", b""))
    return charset[1] if charset else b""


def _look_up(label: bytes) -> Encoding | None:
    """Return the encoding of a label; None if it is unknown, or if browsers do not decode it."""
    found = webencodings.lookup(label.decode("latin-1"))
    if found is None or found.name == "replacement":
        return None
    return _GB18030 if found.name == "gbk" else found


def _meaning_in_markup(encoding: Encoding) -> Encoding:
    """Return the encoding that a declaration within the page means.

    The declaration was read as ASCII, so the page cannot be UTF-16.
    """
    if encoding.name.startswith("utf-16"):
        return webencodings.UTF8
    return _WINDOWS_1252 if encoding.name == "x-user-defined" else encoding
