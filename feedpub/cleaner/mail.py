"""Extract the article of a mail: choose among its parts, and clean the text or HTML of each.

Pictures in the mail are named by a digest of their content and published next to the entry. Other
attachments are not published: most readers of a feed were never meant to get them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from html import escape
from itertools import groupby
from typing import TypeAlias
from urllib.parse import unquote

from feedpub.cleaner.images import name_picture
from feedpub.core.article_keys import strip_tracking
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.field_limits import limit_fields
from feedpub.core.mail import MAIL_TYPE, MAX_MAIL_BYTES, decode_payload, parse_mail, read_headers
from feedpub.core.models import Article, Removed
from feedpub.core.text import strip_invalid_characters

PATCH_TYPES = ("text/x-diff", "text/x-patch")
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_PICTURES = 100
MAX_SIGNATURE_LINES = 30
MAX_LIST_FOOTER_LINES = 8
MIN_WRAPPED_CHARS = 50  # of a line that was broken because of its length
MAX_QUOTE_DEPTH = 8

MailPart = Message  # as `parse_mail` returns it
_Picture: TypeAlias = tuple["MailPart[str, str]", str, bytes]

_QUOTE = re.compile(r"(?:> ?)+")
_LIST_RULE = re.compile(r"\A[_-]{20,}+\s*+\Z")
_ITEM = re.compile(r"\s{0,3}[*•–-]\s+(?=\S)")
_RULE = re.compile(r"\A\s*+([=_~*#-])\1{2,}+\s*+\Z")
_PATCH = re.compile(r"(?:diff --git |@@ -\d|--- a/|\+\+\+ b/)")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_PUNCTUATION = ".,;:!?)]}'\"»*_"


@dataclass(slots=True)
class _Mail:
    """A parsed mail while it is rendered.

    Attributes:
        base: the address below which its pictures are published.
        names: the names of its senders.
        pictures: the published name of each picture by its Content-ID and its Content-Location.
        used: the names of the pictures that the text shows.
        removed: the removed lines.
    """

    base: str
    names: tuple[str, ...] = ()
    pictures: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    removed: list[Removed] = field(default_factory=list)

    def find_picture(self, address: str) -> str | None:
        """Return the published address of a picture in the mail."""
        key = unquote(address[4:]) if address[:4].lower() == "cid:" else address
        name = self.pictures.get(key)
        if name is None:
            return None
        self.used.add(name)
        return f"{self.base}{name}"


def article_from_mail(body: bytes, base: str) -> Article:
    """Extract the article of a mail.

    Its HTML is empty if the mail has neither text nor pictures that can be read, for instance
    because it is encrypted, or beyond a limit. Its title and date are then all that is known.

    Args:
        body: the mail, up to MAX_MAIL_BYTES.
        base: the address below which its pictures are published, with a trailing slash.
    """
    message = parse_mail(body)
    headers = read_headers(message)
    mail = _Mail(base, headers.authors)
    pictures = list(_iter_pictures(message, is_cut=len(body) >= MAX_MAIL_BYTES))
    for part, name, _ in pictures:
        for header in ("content-id", "content-location"):
            if key := str(part.get(header, "")).strip().strip("<>"):
                mail.pictures.setdefault(key, name)
    html = _render_part(message, mail, 0)
    html += _render_loose_pictures(pictures, mail, has_text=bool(html))
    article = _make_article(html, headers.title)
    return limit_fields(
        replace(
            article,
            url=headers.url,
            title=headers.title,
            authors=headers.authors,
            published=headers.published,
            removed=(*mail.removed, *article.removed),
        )
    )


def pictures_of_mail(body: bytes) -> Mapping[str, bytes]:
    """Return the pictures of a mail by the names under which they are published."""
    is_cut = len(body) >= MAX_MAIL_BYTES
    return {name: content for _, name, content in _iter_pictures(parse_mail(body), is_cut=is_cut)}


def _make_article(html: str, title: str) -> Article:
    from feedpub.cleaner.extract import extract_fragment
    from feedpub.cleaner.metadata.language import language_of_text

    try:
        article = extract_fragment(html, title=title, prune=False)
    except NoContentError:
        return Article()
    except ExtractError as error:
        return Article(removed=(Removed("", error.reason),))
    return replace(article, language=language_of_text(article.text))


# --- parts ---


def _render_part(part: "MailPart[str, str]", mail: _Mail, depth: int) -> str:
    """Return the content of a part as cleaned HTML; "" if it has none to show."""
    kind = part.get_content_type()
    if depth > MAX_DEPTH:
        return ""
    if kind == MAIL_TYPE or (part.is_multipart() and not kind.startswith("multipart/")):
        return "".join([_render_attached(inner, mail, depth) for inner in _children(part)])
    if part.is_multipart():
        return _render_multipart(part, kind, mail, depth)
    is_attached = part.get_content_disposition() == "attachment"
    return "" if is_attached else _render_text(part, kind, mail)


def _render_text(part: "MailPart[str, str]", kind: str, mail: _Mail) -> str:
    if kind == "text/plain":
        return _clean(_render_plain(part, mail), mail)
    if kind in PATCH_TYPES:
        return _preformatted(_text_of(part).splitlines())
    return _clean(_text_of(part), mail) if kind == "text/html" else ""


def _render_multipart(part: "MailPart[str, str]", kind: str, mail: _Mail, depth: int) -> str:
    children = _children(part)
    if kind == "multipart/alternative":
        ranked = sorted(children, key=_rank_alternative)
        rendered = (_render_part(child, mail, depth + 1) for child in ranked)
        return next(filter(None, rendered), "")
    if kind == "multipart/signed":  # the other part is the signature
        children = children[:1]
    return "".join([_render_part(child, mail, depth + 1) for child in children])


def _rank_alternative(part: "MailPart[str, str]") -> int:
    """Return the rank of an alternative: HTML first, with or without its pictures, then text."""
    kind = part.get_content_type()
    if kind == "text/html" or part.is_multipart():
        return 0
    return 1 if kind == "text/plain" else 2


def _render_attached(message: "MailPart[str, str]", mail: _Mail, depth: int) -> str:
    """Render a mail within a mail: forwarded, or part of a digest."""
    html = _render_part(message, mail, depth + 1)
    title = read_headers(message).title
    return f"<h2>{escape(title)}</h2>{html}" if title and html else html


def _children(part: "MailPart[str, str]") -> list["MailPart[str, str]"]:
    payload = part.get_payload()
    if not isinstance(payload, list):
        return []
    return [child for child in payload[:MAX_PARTS] if isinstance(child, Message)]


def _iter_leaves(part: "MailPart[str, str]", depth: int = 0) -> Iterator["MailPart[str, str]"]:
    if depth > MAX_DEPTH:
        return
    if not part.is_multipart():
        yield part
    for child in _children(part):
        yield from _iter_leaves(child, depth + 1)


def _clean(html: str, mail: _Mail) -> str:
    from feedpub.cleaner.mail_html import clean_mail_html

    try:
        cleaned, removed = clean_mail_html(html, mail.find_picture, mail.names)
    except NoContentError:
        return ""
    except ExtractError as error:
        mail.removed.append(Removed("", error.reason))
        return ""
    mail.removed += removed
    return cleaned


def _text_of(part: "MailPart[str, str]") -> str:
    charset = part.get_param("charset")
    label = charset[2] if isinstance(charset, tuple) else charset
    return strip_invalid_characters(decode_html(decode_payload(part), label or None))


# --- pictures ---


def _iter_pictures(message: "MailPart[str, str]", *, is_cut: bool) -> Iterator[_Picture]:
    """Yield each picture that can be published: its part, its name and its content.

    Args:
        message: the mail.
        is_cut: the mail is longer than what was read, so that its last part is incomplete.
    """
    leaves = list(_iter_leaves(message))[:MAX_PARTS]
    if is_cut:
        leaves = leaves[:-1]
    found = 0
    for part in leaves:
        if part.get_content_maintype() not in ("image", "application") or found >= MAX_PICTURES:
            continue
        content = decode_payload(part)
        if name := name_picture(content):
            found += 1
            yield part, name, content


def _render_loose_pictures(pictures: Iterable[_Picture], mail: _Mail, *, has_text: bool) -> str:
    """Render the pictures that no part refers to: those that the sender put below the text."""
    html = []
    for part, name, _ in pictures:
        is_attached = part.get_content_disposition() == "attachment"
        is_inside = bool(mail.used) and bool(part.get("content-id"))
        if name in mail.used or (has_text and (is_attached or is_inside)):
            continue
        mail.used.add(name)
        html.append(f'<p><img src="{escape(mail.base + name)}"></p>')
    return "".join(html)


# --- plain text ---


def _render_plain(part: "MailPart[str, str]", mail: _Mail) -> str:
    """Render plain text: paragraphs, lists, quotations and preformatted lines."""
    lines = _text_of(part).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines, cut = _cut_signature(lines)
    if cut:
        mail.removed.append(Removed("\n".join(cut).strip(), "signature"))
    quoted = [_split_quote(line) for line in lines]
    if str(part.get_param("format", "")).lower() == "flowed":
        delsp = str(part.get_param("delsp", "")).lower() == "yes"
        quoted = list(_join_flowed(quoted, delsp=delsp))
    html, depth = [], 0
    for level, group in groupby(quoted, key=lambda pair: pair[0]):
        html.append("</blockquote>" * (depth - level) + "<blockquote>" * (level - depth))
        html.append(_render_paragraphs([text for _, text in group]))
        depth = level
    return "".join([*html, "</blockquote>" * depth])


def _cut_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines of the text, and those of the signature or the mailing list's footer."""
    start, below = len(lines), 0
    for number in range(len(lines) - 1, -1, -1):
        if below > MAX_SIGNATURE_LINES:
            break
        if _starts_signature(lines, number, below):
            start = number
        below += bool(lines[number].strip())
    return lines[:start], lines[start:]


def _starts_signature(lines: list[str], number: int, below: int) -> bool:
    """Return True if a line is the first one of a signature.

    Args:
        lines: the lines of the text.
        number: of the line.
        below: the number of lines with text below it.
    """
    line = lines[number]
    if line == "-- ":
        return True
    if not 0 < below <= MAX_LIST_FOOTER_LINES:
        return False
    if line == "--":
        return number > 0
    if not _LIST_RULE.match(line):
        return False
    return any("list" in other.lower() or "@" in other for other in lines[number + 1 :])


def _split_quote(line: str) -> tuple[int, str]:
    found = _QUOTE.match(line)
    if not found:
        return 0, line
    return min(found[0].count(">"), MAX_QUOTE_DEPTH), line[found.end() :]


def _join_flowed(lines: list[tuple[int, str]], *, delsp: bool) -> Iterator[tuple[int, str]]:
    """Join the lines of paragraphs (RFC 3676): a line that ends in a space goes on."""
    pending, level_before = "", 0
    for level, line in lines:
        text = line.removeprefix(" ")
        if pending and level != level_before:
            yield level_before, pending
            pending = ""
        pending, level_before = pending + text, level
        if text.endswith(" ") and text != "-- ":
            pending = pending[:-1] if delsp else pending
            continue
        yield level, pending
        pending = ""
    if pending:
        yield level_before, pending


def _render_paragraphs(lines: list[str]) -> str:
    html: list[str] = []
    for is_blank, group in groupby(lines, key=lambda line: not line.strip()):
        if not is_blank:
            html.append(_render_paragraph([line.expandtabs() for line in group]))
    return "".join(html)


def _render_paragraph(lines: list[str]) -> str:
    is_indented = len(lines) > 1 and all(line.startswith("  ") for line in lines)
    if is_indented or _PATCH.match(lines[0]):
        return _preformatted(lines)
    texts = [line for line in lines if not _RULE.match(line)]
    if not texts:
        return "<hr>"
    if len(lines) == 2 and texts == lines[:1]:  # noqa: PLR2004 -- a heading above its rule
        return f"<h2>{_link(lines[0].strip())}</h2>"
    if _ITEM.match(texts[0]):
        return _render_list(texts)
    is_wrapped = all(len(line) >= MIN_WRAPPED_CHARS for line in texts[:-1])
    separator = " " if is_wrapped else "<br>"
    return f"<p>{separator.join([_link(line.strip()) for line in texts])}</p>"


def _preformatted(lines: list[str]) -> str:
    text = escape("\n".join(lines))
    return f"<pre>{text}</pre>"


def _render_list(lines: list[str]) -> str:
    items: list[str] = []
    for line in lines:
        if found := _ITEM.match(line):
            items.append(line[found.end() :].strip())
        else:
            items[-1] += f" {line.strip()}"
    return "<ul>" + "".join([f"<li>{_link(item)}</li>" for item in items]) + "</ul>"


def _link(text: str) -> str:
    """Return a text as HTML, with links at its addresses."""
    html: list[str] = []
    position = 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(_PUNCTUATION)
        html.append(escape(text[position : found.start()]))
        link = escape(strip_tracking(address))
        html.append(f'<a href="{link}">{link}</a>')
        position = found.start() + len(address)
    return "".join([*html, escape(text[position:])])
