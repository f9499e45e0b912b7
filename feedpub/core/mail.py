"""Read mails: the headers that name author, date, list and identity, and the content of a part.

Headers of newsletters break every rule: bytes that are not ASCII, unknown charsets, encoded words
within quotes, dates without a zone. None of them raises an error; an unusable value is empty.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime

from feedpub.core.dates import as_item_date, parse_date
from feedpub.core.encoding import decode_html
from feedpub.core.text import strip_invalid_characters

HEADER_NAMES = ("Message-ID", "From", "Subject", "Date", "List-Id", "Archived-At")
"""The headers that `parse_mail_headers` reads."""

MAIL_TYPE = "message/rfc822"
MAX_MAIL_BYTES = 10_000_000
"""The number of bytes of a mail that are read; the rest is ignored."""

MAX_HEADER_CHARS = 4000  # of one header
_MAX_ID_CHARS = 500
_ID = re.compile(r"<([^<>\s]++)>")
_IN_BRACKETS = re.compile(r"<([^<>]++)>")
_VIA_LIST = re.compile(r"(?<!\s)\s++(?:via|über|par|через)\s.*", re.IGNORECASE | re.DOTALL)
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _BoundedHeaders(Compat32):
    """Cut headers while they are parsed: the time grows with the square of their length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name[:MAX_HEADER_CHARS], value[:MAX_HEADER_CHARS]


@dataclass(frozen=True, slots=True)
class MailHeaders:
    """The headers of a mail, decoded.

    Attributes:
        message_id: its Message-ID without brackets, else a digest of its date, sender and subject.
        title: its subject.
        authors: the names of its senders; the domain of an address without a name.
        addresses: the addresses of its senders, in lower case.
        list_id: the id of its mailing list in lower case, or "".
        list_name: the name of its mailing list, or "".
        published: its date in UTC, in full seconds.
        url: the address at which it is archived on the web.
    """

    message_id: str
    title: str = ""
    authors: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    list_id: str = ""
    list_name: str = ""
    published: datetime | None = None
    url: str | None = None


def parse_mail_headers(head: bytes) -> MailHeaders:
    """Return the headers of a mail.

    Args:
        head: the mail, or its beginning; the headers end at the first empty line.
    """
    return read_headers(BytesHeaderParser(policy=_BoundedHeaders()).parsebytes(head))


def parse_mail(body: bytes) -> "Message[str, str]":
    """Parse a mail, up to MAX_MAIL_BYTES; only its headers if its parts are nested too deeply."""
    try:
        return BytesParser(policy=_BoundedHeaders()).parsebytes(body[:MAX_MAIL_BYTES])
    except RecursionError:
        return BytesHeaderParser(policy=_BoundedHeaders()).parsebytes(body[:MAX_MAIL_BYTES])


def read_headers(message: "Message[str, str]") -> MailHeaders:
    """Return the headers of a parsed mail."""
    values: dict[str, str] = {}
    for name, value in message.raw_items():
        values.setdefault(name.lower(), str(value)[:MAX_HEADER_CHARS])
    list_id = _text_in_brackets(values.get("list-id", ""))
    senders = list(_parse_senders(values.get("from", ""), is_list=bool(list_id)))
    archived = _text_in_brackets(values.get("archived-at", ""))
    is_web_address = archived.lower().startswith(("https://", "http://"))
    return MailHeaders(
        message_id=_find_id(values),
        title=decode_header_text(values.get("subject", "")),
        authors=tuple(dict.fromkeys(name for name, _ in senders if name)),
        addresses=tuple(address for _, address in senders if address),
        list_id=list_id.lower(),
        list_name=_text_before_brackets(values.get("list-id", "")),
        published=_parse_mail_date(values.get("date", "")),
        url=archived if is_web_address else None,
    )


def decode_header_text(value: str) -> str:
    """Return the text of a header on one line, with its encoded words decoded (RFC 2047)."""
    text = _decode_bytes(value)
    if "=?" in text:
        try:
            parts = decode_header(text)
        except (HeaderParseError, ValueError):  # broken base64
            parts = [(text, None)]
        text = "".join([_decode_part(*part) for part in parts])
    return " ".join(strip_invalid_characters(_NOT_SHOWN.sub(" ", text)).split())


def _decode_part(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    if charset is None:  # the text between encoded words
        return part.decode("raw-unicode-escape", "replace")
    return decode_html(part, charset.partition("*")[0])


def _decode_bytes(value: str) -> str:
    """Decode the bytes beyond ASCII, which the parser has replaced by surrogates."""
    if value.isascii():
        return value
    return decode_html(value.encode("utf-8", "surrogateescape"))


def _text_in_brackets(value: str) -> str:
    """Return the text in angle brackets, or else all of it."""
    text = decode_header_text(value)
    found = _IN_BRACKETS.search(text)
    return (found[1] if found else text).strip()


def _text_before_brackets(value: str) -> str:
    name, bracket, _ = decode_header_text(value).partition("<")
    return name.strip("\"' ") if bracket else ""


def _parse_senders(value: str, *, is_list: bool) -> Iterator[tuple[str, str]]:
    """Yield the name and the address of each sender."""
    try:
        pairs = getaddresses([_decode_bytes(value)])
    except (RecursionError, ValueError, IndexError):  # nested comments
        return
    for name, address in pairs:
        text = decode_header_text(name)
        if is_list:
            text = _VIA_LIST.sub("", text).strip("'\" ")
        plain = decode_header_text(address).lower()
        yield text or plain.rpartition("@")[2], plain


def _parse_mail_date(value: str) -> datetime | None:
    """Return a date with its zone to the second; without a zone, it counts as UTC."""
    text = decode_header_text(value)
    moment: datetime | None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        moment = parse_date(text)
    try:
        return as_item_date(moment)
    except OverflowError:
        return None


def _find_id(values: dict[str, str]) -> str:
    text = decode_header_text(values.get("message-id", ""))
    found = _ID.search(text)
    id_ = found[1] if found else text.strip("<> ")
    if not id_:
        known = "\0".join([values.get(name, "") for name in ("date", "from", "subject")])
        return f"{hashlib.sha256(known.encode('utf-8', 'replace')).hexdigest()[:32]}@no-id"
    if len(id_) > _MAX_ID_CHARS:
        return f"{id_[:_MAX_ID_CHARS]}{hashlib.sha256(id_.encode()).hexdigest()[:32]}"
    return id_


def decode_payload(part: "Message[str, str]") -> bytes:
    """Return the content of a part that has no parts of its own, without its transfer encoding."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
