"""Prepare a feed's texts and addresses for documents: valid characters, ASCII URLs, real languages.

Every renderer begins with `prepare_feed`. Only the notation changes, not the meaning.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote, urlsplit

from feedpub.builder.titles import display_title
from feedpub.core import languages
from feedpub.core.field_limits import limit_authors, limit_fields
from feedpub.core.models import Enclosure, Entry, Feed, PodcastTag, StoryLink
from feedpub.core.urls import is_web_url

# The start of a tag, a comment or the like in HTML, now or after the text is unescaped once more.
_MARKUP_START = re.compile(r"<(?=[a-z/!?])|&(?=lt;|#0*60\b|#x0*3c\b)", re.IGNORECASE)
_WITH_JOINER = "\\g<0>\N{WORD JOINER}"
_JOINED_MARKUP_START = re.compile(
    _MARKUP_START.pattern.replace("(?=", "\N{WORD JOINER}(?="), re.IGNORECASE
)
_MEDIA_TYPE = re.compile(r"\A[\w.+-]{1,127}/[\w.+-]{1,127}", re.ASCII)
_UNKNOWN_MEDIA_TYPE = "application/octet-stream"
_EMAIL = re.compile(r"<?[A-Za-z0-9_.+-]{1,64}+@[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})+>?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_CACHED_AUTHORS = 1000
_RESERVED = "!$&'()*+,;=:@/?%"


# --- feeds and entries ---


def prepare_feed(feed: Feed) -> Feed:
    """Return the feed in a form that every document can contain, with all of its entries.

    Each entry has a title; see `display_title`.
    """
    title = to_plain_text(feed.title) or feed.name
    base_url = to_uri(feed.base_url)
    return replace(
        feed,
        title=title,
        base_url=base_url,
        link=_web_uri(feed.link) or f"{base_url}{feed.name}.html",
        description=to_plain_text(feed.description),
        language=languages.parse_language_tag(feed.language),
        author=_prepare_author(feed.author or "") or None,
        icon=_web_uri(feed.icon),
        hubs=_distinct(_web_uri(hub) or "" for hub in feed.hubs),
        podcast=tuple(map(_prepare_tag, feed.podcast)),
        entries=tuple(prepare_entry(entry) for entry in feed.entries),
    )


def prepare_entry(entry: Entry) -> Entry:
    """Return an entry in a form that every document can contain."""
    entry = limit_fields(entry)  # an entry of an older state may exceed the limits
    url, text = _web_uri(entry.url) or "", clean_characters(entry.text)
    entry_id, summary = to_single_line(entry.id), to_plain_text(entry.summary)
    title = to_plain_text(entry.title)
    if not title:
        untitled = replace(
            entry, id=entry_id, url=url, title="", summary=summary, text=to_plain_text(text)
        )
        title = to_plain_text(display_title(untitled))
    return replace(
        entry,
        id=entry_id,
        url=url,
        title=title,
        authors=prepare_authors(entry.authors),
        summary=summary,
        html=clean_characters(entry.html).strip(),
        text=text,
        language=languages.parse_language_tag(entry.language),
        image=_web_uri(entry.image),
        categories=_distinct(map(to_plain_text, entry.categories)),
        enclosures=_prepare_enclosures(entry.enclosures),
        source_name=to_plain_text(entry.source_name),
        source_url=_web_uri(entry.source_url) or "",
        rights=_web_uri(entry.rights) or to_plain_text(entry.rights),
        podcast=tuple(map(_prepare_tag, entry.podcast)),
        also_at=tuple(_prepare_story_links(entry.also_at)),
    )


@lru_cache(_MAX_CACHED_AUTHORS)
def prepare_authors(authors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of an entry's authors without their addresses, which stay private."""
    names = [split_mailbox(author)[0] for author in limit_authors(authors)]
    return _distinct(map(to_plain_text, names))


def _prepare_tag(tag: PodcastTag) -> PodcastTag:
    attributes = ((name, to_single_line(value)) for name, value in tag.attributes)
    children = tuple(map(_prepare_tag, tag.children))
    return PodcastTag(tag.name, to_single_line(tag.text), tuple(attributes), children)


def _prepare_story_links(links: Iterable[StoryLink]) -> Iterator[StoryLink]:
    for link in links:
        if url := _web_uri(link.url):
            yield StoryLink(url, to_plain_text(link.site))


def _prepare_author(author: str) -> str:
    name, email = split_mailbox(author)
    return f"{to_plain_text(name)} <{email}>".strip() if email else to_plain_text(name)


def _prepare_enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    prepared: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        if url := _web_uri(enclosure.url):
            is_valid = _MEDIA_TYPE.fullmatch(enclosure.type)
            media_type = enclosure.type if is_valid else _UNKNOWN_MEDIA_TYPE
            prepared.setdefault(url, Enclosure(url, media_type, max(enclosure.length, 0)))
    return tuple(prepared.values())


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    lines = [to_single_line(text) for text in texts]
    return tuple(dict.fromkeys(line for line in lines if line))


# --- texts ---


def _replacements() -> dict[int, str]:
    """Map characters that are invalid in documents, or rejected by validators, to substitutes."""
    controls = [*range(0x20), 0x7F]
    invalid = {code: "" for code in controls if chr(code) not in "\t\n"}
    invalid |= dict.fromkeys(range(0xD800, 0xE000), "")  # surrogates
    invalid |= dict.fromkeys(range(0xFDD0, 0xFDF0), "")
    for plane in range(0, 0x110000, 0x10000):
        invalid |= {plane + 0xFFFE: "", plane + 0xFFFF: ""}
    # These are windows-1252 decoded as Latin-1. Browsers decode them in the same way (HTML,
    # "numeric character reference").
    for code in range(0x80, 0xA0):
        invalid[code] = bytes([code]).decode("cp1252", errors="ignore")
    invalid[0xFFFD] = "?"
    return invalid


_REPLACEMENTS = _replacements()
# Nearly every text is valid, and a search for a few ranges (those above 0xFFFF as one) is much
# faster than a translation.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\U0010ffff]"
)


def clean_characters(text: str) -> str:
    """Remove characters that are invalid in documents, and repair windows-1252 read as Latin-1."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_REPLACEMENTS) if _SUSPECT.search(text) else text


def to_single_line(text: str) -> str:
    """Return the text on one line, with single spaces."""
    return " ".join(clean_characters(text).split())


def to_plain_text(text: str) -> str:
    """Return the text on one line, in a form that cannot be taken for markup.

    Some readers insert titles and names into their page unescaped. "The <b> tag" with an
    invisible joiner in it is displayed unchanged, but no tag begins there any more.
    """
    return _MARKUP_START.sub(_WITH_JOINER, to_single_line(text))


def from_plain_text(text: str) -> str:
    """Reverse `to_plain_text`: remove its joiners, but keep others."""
    return _JOINED_MARKUP_START.sub(lambda found: found[0][:-1], text)


def split_mailbox(person: str) -> tuple[str, str]:
    """Return the name and e-mail address of a person, either of which may be "".

    Both "Jane Roe <jane@example.org>" and "jane@example.org (Jane Roe)" are understood.
    """
    person = to_single_line(person)
    found = _EMAIL.search(person)
    if not found:
        return person, ""
    return _EMAIL.sub("", person).strip(" ,()"), found[0].strip("<>")


# --- addresses ---


def to_uri(address: str) -> str:
    """Convert an address as users and pages write it to a URI (RFC 3986).

    The host is written in ASCII, the rest percent-encoded. User name and password are removed:
    documents are public.
    """
    address = clean_characters(address).strip()
    try:
        parts = urlsplit(address)
        authority = _authority(parts.scheme, parts.hostname or "", parts.port)
    except ValueError:  # the host cannot be written in ASCII, or the port is invalid
        authority = ""
    if not authority:
        return _percent_encode(address, "#")
    path = parts.path or ("/" if parts.query or parts.fragment else "")
    query = f"?{_percent_encode(parts.query)}" if parts.query else ""
    fragment = f"#{_percent_encode(parts.fragment)}" if parts.fragment else ""
    return f"{parts.scheme}://{authority}{_percent_encode(path)}{query}{fragment}"


def _authority(scheme: str, host: str, port: int | None) -> str:
    is_ipv6 = ":" in host and host.isascii()
    name = f"[{host}]" if is_ipv6 else host.encode("idna").decode("ascii")
    return name if port in (None, _DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"


def _percent_encode(text: str, safe: str = "") -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_RESERVED + safe)


def _web_uri(address: str | None) -> str | None:
    """Return an http(s) address as a URI; None for data: and other schemes."""
    uri = to_uri(address or "")
    return uri if is_web_url(uri) else None
