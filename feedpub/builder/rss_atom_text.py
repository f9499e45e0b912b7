"""A feed as every document may hold it: sound characters, addresses in ASCII, languages that there are.

Every renderer begins here, so none of them has to doubt a character. Changes how things are
written, never what they say; asks no clock and no network.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, urlsplit

from feedpub.core import languages
from feedpub.core.field_limits import limit_fields
from feedpub.core.models import Enclosure, Entry, Feed
from feedpub.core.text import shorten

_TITLE_LENGTH = 80
# Where a parser of HTML begins a tag, a comment or the like, or would if the text were unescaped
# once more.
_MARKUP = re.compile(r"<(?=[a-z/!?])|&(?=lt;|#0*60\b|#x0*3c\b)", re.IGNORECASE)
_PARTED = "\\g<0>\N{WORD JOINER}"
_JOINED = re.compile(_MARKUP.pattern.replace("(?=", "\N{WORD JOINER}(?="), re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"\A[\w.+-]{1,127}/[\w.+-]{1,127}", re.ASCII)
_ANY_TYPE = "application/octet-stream"
_EMAIL = re.compile(r"<?[A-Za-z0-9_.+-]{1,64}+@[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})+>?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_RESERVED = "!$&'()*+,;=:@/?%"


def _unfit() -> dict[int, str]:
    """Characters that a document cannot hold or a validator calls bad → what stands there instead."""
    controls = {c: "" for c in (*range(0x20), 0x7F) if chr(c) not in "\t\n"}
    surrogates = dict.fromkeys(range(0xD800, 0xE000), "")
    plane_ends = {plane + end for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)}
    no_characters = dict.fromkeys({*range(0xFDD0, 0xFDF0), *plane_ends}, "")
    # 0x80 to 0x9F are windows-1252 taken for Latin-1: browsers show them so, too (HTML, "numeric
    # character reference")
    windows = {c: bytes([c]).decode("cp1252", errors="ignore") for c in range(0x80, 0xA0)}
    return {**controls, **surrogates, **no_characters, **windows, 0xFFFD: "?"}


_UNFIT = _unfit()
# Nearly every text is fit, and a search for few ranges (those beyond 0xFFFF as one) is far quicker
# than a translation.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\U0010ffff]"
)


def prepare_feed(feed: Feed) -> Feed:
    """The same feed, fit to be written down. No entry is left out, whatever its text holds."""
    title = to_plain_text(feed.title) or feed.name
    base_url = to_uri(feed.base_url)
    return replace(
        feed,
        title=title,
        base_url=base_url,
        link=_web(feed.link) or f"{base_url}{feed.name}.html",
        description=to_plain_text(feed.description),
        language=languages.parse_language_tag(feed.language),
        author=_author(feed.author or "") or None,
        icon=_web(feed.icon),
        hubs=_distinct(_web(hub) or "" for hub in feed.hubs),
        entries=tuple(_entry(entry) for entry in feed.entries),
    )


def _entry(entry: Entry) -> Entry:
    entry = limit_fields(entry)  # one of an older state may have more
    url, text, summary = (
        _web(entry.url) or "",
        clean_characters(entry.text),
        to_plain_text(entry.summary),
    )
    return replace(
        entry,
        id=to_single_line(entry.id),
        url=url,
        title=to_plain_text(entry.title)
        or shorten(summary or to_plain_text(text), _TITLE_LENGTH)
        or url
        or to_single_line(entry.id),
        authors=_distinct(
            to_plain_text(split_mailbox(author)[0]) for author in entry.authors
        ),  # nobody's address is spread
        summary=summary,
        html=clean_characters(entry.html).strip(),
        text=text,
        language=languages.parse_language_tag(entry.language),
        image=_web(entry.image),
        categories=_distinct(map(to_plain_text, entry.categories)),
        enclosures=_enclosures(entry.enclosures),
    )


def clean_characters(text: str) -> str:
    """The text without what no document can hold; windows-1252 read as Latin-1 is put right."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_UNFIT) if _SUSPECT.search(text) else text


def to_single_line(text: str) -> str:
    """The text on one line, each run of white space a single space."""
    return " ".join(clean_characters(text).split())


def to_plain_text(text: str) -> str:
    """The text on one line, with nothing in it that anybody could take for markup.

    Readers exist that put titles and names into their page as they are. "The <b> tag" looks the
    same with an invisible joiner in it, and no tag begins there any more.
    """
    return _MARKUP.sub(_PARTED, to_single_line(text))


def from_plain_text(text: str) -> str:
    """What `plain` was given, as far as it was one line.

    Its joiners are taken out again, and no other ones.
    """
    return _JOINED.sub(lambda found: found[0][:-1], text)


def split_mailbox(person: str) -> tuple[str, str]:
    """Name and e-mail address of "Jane Roe <jane@example.org>" or "jane@example.org (Jane Roe)".

    Either may be "".
    """
    person = to_single_line(person)
    found = _EMAIL.search(person)
    return (_EMAIL.sub("", person).strip(" ,()"), found[0].strip("<>")) if found else (person, "")


def to_uri(address: str) -> str:
    """An address as people and pages write it → a URI (RFC 3986): host in ASCII, the rest percent-encoded.

    A name and password in it are left out: documents are read by everybody.
    """
    address = clean_characters(address).strip()
    try:
        parts = urlsplit(address)
        host = _authority(parts.scheme, parts.hostname or "", parts.port)
    except ValueError:  # no host that could be written in ASCII, or no port: encoded as it stands
        return _quoted(address, "#")
    if not host:
        return _quoted(address, "#")
    path = parts.path or ("/" if parts.query or parts.fragment else "")
    query = f"?{_quoted(parts.query)}" if parts.query else ""
    fragment = f"#{_quoted(parts.fragment)}" if parts.fragment else ""
    return f"{parts.scheme}://{host}{_quoted(path)}{query}{fragment}"


def _authority(scheme: str, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host and host.isascii() else host.encode("idna").decode("ascii")
    return name if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"


def _quoted(text: str, safe: str = "") -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_RESERVED + safe)


def _web(address: str | None) -> str | None:
    """The address as a URI where it is one on the web: no data: image, no local file, no script."""
    found = to_uri(address or "")
    return found if found.startswith(("http://", "https://")) else None


def _author(person: str) -> str:
    name, email = split_mailbox(person)
    return f"{to_plain_text(name)} <{email}>".strip() if email else to_plain_text(name)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in map(to_single_line, texts) if text))


def _enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    found: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        if url := _web(enclosure.url):
            media_type = enclosure.type if _MEDIA_TYPE.fullmatch(enclosure.type) else _ANY_TYPE
            found.setdefault(url, Enclosure(url, media_type, max(enclosure.length, 0)))
    return tuple(found.values())
