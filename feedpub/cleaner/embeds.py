"""Embedded frames, players and posts, each replaced by a link.

Known players, posts and maps are in `data/embeds.toml`. Frames that never belong to an article are
in `data/frames.toml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.images import resolve_first
from feedpub.cleaner.phrases import find_phrases
from feedpub.core.loading import load_toml
from feedpub.core.urls import bare_host_from_url, is_web_url

MAX_TRACKER_PIXELS = 48  # a smaller frame counts visits
MAX_LABEL_CHARS = 100
POST_CLASSES = frozenset(
    {
        "instagram-media",
        "tiktok-embed",
        "fb-xfbml-parse-ignore",
        "imgur-embed-pub",
        "reddit-embed-bq",
    }
)
"""Classes of quotations that a script turns into a post.

Their own text is about the app.
"""

_SEPARATOR = re.compile(r"[./?&=-]+")
_MEDIA_LABELS = {"video": "Video", "audio": "Audio"}
_ADDRESS_ATTRIBUTES = ("data-instgrm-permalink", "cite", "src", "data-src", "data-lazy-src", "data")


class Embed(NamedTuple):
    """A service whose content is embedded.

    Attributes:
        label: the service's name.
        part: the pattern that `page` and `picture` are expanded from.
        page: template of the address of the user-facing page, or "".
        picture: template of the address of a preview image, or "".
    """

    label: str
    part: re.Pattern[str]
    page: str
    picture: str

    def page_address(self, frame: str) -> str:
        """Return the address of the user-facing page, or the frame's own address."""
        found = self.part.search(frame) if self.page else None
        if found is None:
            return frame
        page = found.expand(self.page)
        return unquote(page) if page.startswith(("https%3A", "http%3A")) else page

    def thumbnail_address(self, frame: str) -> str:
        """Return the address of a preview image, or ""."""
        found = self.part.search(frame) if self.picture else None
        return found.expand(self.picture) if found else ""


class ExcludedFrames(NamedTuple):
    """Frames that never belong to an article.

    Attributes:
        hosts: hosts and parent domains.
        words: words in a host name or path.
        files: file names, which also exclude frames of known services.
    """

    hosts: Sequence[str]
    words: frozenset[str]
    files: frozenset[str]


def is_post(element: HtmlElement) -> bool:
    """Return whether a quotation is a placeholder for a post that a script would show."""
    classes = element.get("class", "").split()
    if not POST_CLASSES.isdisjoint(classes):
        return True
    return "twitter-tweet" in classes and not "".join(element.itertext()).strip()


def convert_embed(element: HtmlElement, base: str | None) -> str:
    """Return a link to the content that an element embeds, or "" if it is not an article's."""
    address = resolve_first(_address_candidates(element), base)
    if address is None or _is_invisible(element) or _is_excluded_file(address):
        return ""
    title = " ".join((element.get("title") or element.get("aria-label") or "").split())
    if service := _find_service(address):
        page = service.page_address(address)
        return _render_link(page, title or service.label, service.thumbnail_address(address))
    if element.tag in _MEDIA_LABELS:
        thumbnail = resolve_first(filter(None, [element.get("poster")]), base)
        return _render_link(address, title or _MEDIA_LABELS[element.tag], thumbnail or "")
    if not title or find_phrases(title) or _is_excluded(address):
        return ""
    return _render_link(address, f"{title} ({bare_host_from_url(address)})")


def _address_candidates(element: HtmlElement) -> Iterator[str]:
    """Yield the possible addresses of embedded content, the best first."""
    for name in _ADDRESS_ATTRIBUTES:
        if value := element.get(name):
            yield value
    for source in element.iterfind(".//source"):
        yield source.get("src", "")
    for link in element.iterfind(".//a"):
        yield link.get("href", "")


def _render_link(address: str, label: str, thumbnail: str = "") -> str:
    picture = ""
    if is_web_url(thumbnail):
        picture = f'<img src="{escape(thumbnail)}" alt=""><br>'
    if len(label) > MAX_LABEL_CHARS:
        label = f"{label[: MAX_LABEL_CHARS - 1].rstrip()}…"
    return f'<a href="{escape(address)}">{picture}{escape(label)}</a>'


def _is_invisible(element: HtmlElement) -> bool:
    style = element.get("style", "").replace(" ", "")
    if "display:none" in style or "visibility:hidden" in style:
        return True
    if element.tag != "iframe":
        return False
    for name in ("width", "height"):
        size = element.get(name, "").removesuffix("px")
        if size.isdecimal() and int(size[:9]) <= MAX_TRACKER_PIXELS:
            return True
    return False


def _find_service(address: str) -> Embed | None:
    """Return the known service of an address; "google.com/maps" counts as a host."""
    services = load_embeds()
    host = bare_host_from_url(address)
    if host.startswith("google.") and urlsplit(address).path.startswith("/maps"):
        return services["google.com/maps"]
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if service := services.get(".".join(labels[start:])):
            return service
    return None


def _is_excluded_file(address: str) -> bool:
    return urlsplit(address).path.rpartition("/")[2] in _load_excluded_frames().files


def _is_excluded(address: str) -> bool:
    """Return whether the address of a frame is that of an advertisement, a form or a counter."""
    frames, host = _load_excluded_frames(), bare_host_from_url(address)
    if any(host == each or host.endswith(f".{each}") for each in frames.hosts):
        return True
    words = _SEPARATOR.split(f"{host}/{urlsplit(address).path.lower()}")
    return not frames.words.isdisjoint(words)


@cache
def load_embeds() -> Mapping[str, Embed]:
    """Load the known services by host."""
    services: dict[str, Embed] = {}
    for label, entry in load_toml("feedpub.cleaner", "data/embeds.toml").items():
        part = re.compile(entry.get("part", ""))
        service = Embed(label, part, entry.get("page", ""), entry.get("picture", ""))
        services |= dict.fromkeys(entry["hosts"], service)
    return services


@cache
def _load_excluded_frames() -> ExcludedFrames:
    listed = load_toml("feedpub.cleaner", "data/frames.toml")
    words, names = frozenset(listed["words"]), frozenset(listed["files"])
    return ExcludedFrames(listed["hosts"], words, names)
