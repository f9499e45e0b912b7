"""Read pages that were saved with their pictures: by SingleFile, as MHTML, or in a web archive.

Pictures are named by a digest of their content and published next to the entry. This module reads
no file but web archives, which are too large for the memory.
"""

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from pathlib import Path

from lxml.html import HtmlElement, tostring

from feedpub.cleaner.images import name_picture
from feedpub.cleaner.rules import Ruleset
from feedpub.core import warc
from feedpub.core.dates import as_item_date, parse_date
from feedpub.core.encoding import decode_html
from feedpub.core.errors import ExtractError
from feedpub.core.html import parse_html
from feedpub.core.mail import decode_header_text, decode_payload
from feedpub.core.models import Article
from feedpub.core.text import strip_invalid_characters
from feedpub.core.urls import absolute_url, resolve_link

MHTML_SUFFIXES = (".mhtml", ".mht")
MAX_PARTS = 2_000  # of an MHTML file
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_SINGLEFILE = re.compile(
    r"<!--\s{0,20}Page saved with SingleFile\s{1,20}url:[ \t]{0,20}(\S{1,8192})\s{1,20}"
    r"saved date:[ \t]{0,20}([^\n]{1,200})"
)
_SAVED_DATE = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{1,2} \d{4} \d\d:\d\d:\d\d) GMT([+-]\d{4})"
)
_DATA_ADDRESS = re.compile(
    r"data:(?:[a-z]{1,20}/[a-z0-9.+-]{1,60})?(?:;[a-z]{1,20}=[\w-]{1,40}){0,3};base64,"
    r"([A-Za-z0-9+/=]*+)",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"--(sf-img-\d{1,6})\s{0,5}:\s{0,5}url\(\s{0,5}[\"']?([^\"')\s]{1,500})")
_USES_VARIABLE = re.compile(r"var\(--(sf-img-\d{1,6})\)")
_MEDIA = ("img", "source", "video", "audio")
_OTHER_ADDRESSES = ("srcset", "data-src", "data-srcset", "data-original", "data-lazy-src")

Part = Message  # of email.policy.compat32, whose parser never raises


@dataclass(frozen=True, slots=True)
class ArchivedPage:
    """A page with the pictures that were saved with it.

    Attributes:
        html: its HTML.
        url: its address; "" if unknown.
        title: as the archive states it.
        saved: when it was saved.
        pictures: address → name of each picture.
    """

    html: str
    url: str = ""
    title: str = ""
    saved: datetime | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)


def extract_archived(page: ArchivedPage, base: str | None, rules: Ruleset | None) -> Article:
    """Extract the article of an archived page, at last its title and link.

    Args:
        page: the page.
        base: the URL below which its pictures are published.
        rules: the site's rules.

    Raises:
        ExtractError: the page exceeds a limit, or is an error or login page.
    """
    from feedpub.cleaner.extract import extract_listed

    tree = parse_html(page.html, page.url or None)
    show_pictures(tree, page, base or "")
    html = tostring(tree, encoding="unicode")
    article = extract_listed(html, page.url or base, rules=rules)
    url = page.url or (None if article.url == base else article.url)
    return replace(
        article,
        url=url or None,
        title=article.title or page.title,
        published=article.published or page.saved,
    )


def show_pictures(tree: HtmlElement, page: ArchivedPage, base: str) -> None:
    """Replace the addresses of saved pictures by those under which they are published."""
    for element in tree.iter(*_MEDIA):
        address = element.get("src", "").strip()
        name = page.pictures.get(address)
        if name is None and (absolute := absolute_url(address, page.url)):
            name = page.pictures.get(absolute)
        if name:
            element.set("src", f"{base}{name}")
            for other in _OTHER_ADDRESSES:
                element.attrib.pop(other, None)


# --- pictures in the HTML itself ---


def read_html_with_pictures(text: str) -> ArchivedPage:
    """Return a saved page whose pictures are in its HTML, as SingleFile saves them.

    Its address is "" if SingleFile did not save it.
    """
    pictures: dict[str, str] = {}

    def name_data(found: re.Match[str]) -> str:
        name = name_picture(_decode_base64(found[1]))
        pictures[name] = name
        return name or "data:,"

    html = _DATA_ADDRESS.sub(name_data, text)
    variables = dict(_VARIABLE.findall(html))
    if variables:
        html = _fill_variables(html, variables)
    note = _SINGLEFILE.search(text[:20_000])
    pictures.pop("", None)
    url = _web_address(note[1]) if note else ""
    return ArchivedPage(html, url, saved=_saved_date(note[2]) if note else None, pictures=pictures)


def _fill_variables(html: str, variables: Mapping[str, str]) -> str:
    """Give each picture that SingleFile keeps in a style sheet its own address."""
    tree = parse_html(html)
    for image in tree.iter("img"):
        used = _USES_VARIABLE.search(image.get("style", "")[:2000])
        if used and used[1] in variables:
            image.set("src", variables[used[1]])
    return str(tostring(tree, encoding="unicode"))


def _web_address(text: str) -> str:
    return resolve_link(text.strip(), "") or ""


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _saved_date(text: str) -> datetime | None:
    """Return the time that JavaScript writes as "Sat Oct 04 2025 10:12:33 GMT+0200 (…)"."""
    found = _SAVED_DATE.search(text)
    return parse_date(f"{found[1]} {found[2]}") if found else parse_date(text)


# --- MHTML ---


def read_mhtml(body: bytes) -> ArchivedPage:
    """Return the page of an MHTML file.

    Raises:
        ExtractError: there is none in it.
    """
    try:
        message = BytesParser(policy=compat32).parsebytes(body)
    except RecursionError as error:
        raise ExtractError("its parts are nested too deeply") from error
    parts = list(_iter_parts(message))
    page = next((part for part in parts if part.get_content_type() in _PAGE_TYPES), None)
    if page is None:
        raise ExtractError("it contains no page")
    pictures: dict[str, str] = {}
    for part in parts:
        if part.get_content_maintype() == "image" and (name := name_picture(decode_payload(part))):
            pictures |= dict.fromkeys(_addresses_of(part), name)
    url = str(message.get("Snapshot-Content-Location") or page.get("Content-Location") or "")
    charset = page.get_param("charset")
    html = decode_html(decode_payload(page), charset if isinstance(charset, str) else None)
    return ArchivedPage(
        strip_invalid_characters(html),
        _web_address(url),
        title=decode_header_text(str(message.get("Subject", ""))),
        saved=_header_date(str(message.get("Date", ""))),
        pictures=pictures,
    )


def _iter_parts(message: "Part[str, str]") -> Iterator["Part[str, str]"]:
    for number, part in enumerate(message.walk()):
        if number == MAX_PARTS:
            return
        if not part.is_multipart():
            yield part


def _addresses_of(part: "Part[str, str]") -> Iterator[str]:
    if location := str(part.get("Content-Location", "")).strip():
        yield location
    if name := str(part.get("Content-ID", "")).strip().strip("<>"):
        yield f"cid:{name}"


def _header_date(text: str) -> datetime | None:
    try:
        return as_item_date(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError):  # the date is not one
        return None


# --- web archives ---


def read_archived_page(path: Path, url: str) -> ArchivedPage:
    """Return a page of a web archive; of several with its address, the last one.

    Raises:
        ExtractError: the archive cannot be read, or does not have the page.
    """
    found: warc.ArchivedResponse | None = None
    pictures: dict[str, str] = {}
    for response in warc.iter_responses(path):
        if not response.is_web_page:
            pictures[response.page.url] = name_picture(response.page.body)
        elif response.page.url == url:
            found = response
    if found is None and not url:
        raise ExtractError("the web archive has no page with status 200, or is damaged", str(path))
    if found is None:
        raise ExtractError(f"the page {url} is not in the web archive any more", str(path))
    html = decode_html(found.page.body, found.page.charset)
    return ArchivedPage(html, url, saved=parse_date(found.date), pictures=pictures)


# --- the pictures themselves ---


def pictures_of_file(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Return the pictures in a saved file by name, those that are wanted.

    Raises:
        ExtractError: the file cannot be read.
    """
    found: dict[str, bytes] = {}
    for content in _iter_pictures(path):
        name = name_picture(content)
        if name in names:
            found[name] = content
    return found


def _iter_pictures(path: Path) -> Iterator[bytes]:
    if warc.is_web_archive(path):
        responses = (each for each in warc.iter_responses(path) if not each.is_web_page)
        yield from (response.page.body for response in responses)
        return
    try:
        body = path.read_bytes()
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    if path.suffix.lower() in MHTML_SUFFIXES:
        parts = _iter_parts(BytesParser(policy=compat32).parsebytes(body))
        yield from map(decode_payload, parts)
    else:
        for data in _DATA_ADDRESS.finditer(decode_html(body)):
            yield _decode_base64(data[1])
