"""What a page embeds from elsewhere → the link that takes its place. Owns what the link says and where it leads.

Known players, posts and maps: `data/embeds.toml`; frames that are never part of an article:
`data/frames.toml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.images import resolve_image_address
from feedpub.cleaner.phrases import find_phrases
from feedpub.core.data_files import load_toml

TINY = 48  # pixels; a frame that is not higher or wider counts visits
LONGEST = 100  # characters of a label
POSTS = frozenset(
    {
        "instagram-media",
        "tiktok-embed",
        "fb-xfbml-parse-ignore",
        "imgur-embed-pub",
        "reddit-embed-bq",
    }
)
"""Classes of quotations that a script turns into a post.

What they say without it is about the app.
"""

_BETWEEN = re.compile(r"[./?&=-]+")
_FILES = {"video": "Video", "audio": "Audio"}


class Embed(NamedTuple):
    """What is embedded from one service.

    Its name, and where its page for people and a picture of it are.
    """

    label: str
    part: re.Pattern[str]
    page: str
    picture: str

    def address_of(self, frame: str) -> str:
        """The address for people of what a frame shows."""
        found = self.part.search(frame) if self.page else None
        if found is None:
            return frame
        page = found.expand(self.page)
        return unquote(page) if page.startswith(("https%3A", "http%3A")) else page

    def thumbnail(self, frame: str) -> str:
        """The address of a picture of what a frame shows; "" where none is known."""
        found = self.part.search(frame) if self.picture else None
        return found.expand(self.picture) if found else ""


class Frames(NamedTuple):
    """Frames that are no part of an article.

    By host or a domain above it, by a word in the address, by file name.
    """

    hosts: Sequence[str]
    words: frozenset[str]
    files: frozenset[str]


def is_post(element: HtmlElement) -> bool:
    """Whether a quotation stands for a post that a script would show, and says nothing of it by itself."""
    classes = (element.get("class") or "").split()
    if not POSTS.isdisjoint(classes):
        return True
    return "twitter-tweet" in classes and not "".join(element.itertext()).strip()


def convert_embed(element: HtmlElement, base: str | None) -> str:
    """A link to what an element embeds; "" for what is no part of an article."""
    address = next(
        (found for each in _sources(element) if (found := resolve_image_address(each, base))), None
    )
    if (
        address is None
        or _is_unseen(element)
        or urlsplit(address).path.rpartition("/")[2] in _frames().files
    ):
        return ""
    title = " ".join((element.get("title") or element.get("aria-label") or "").split())
    if known := _known(address):
        return _link(known.address_of(address), title or known.label, known.thumbnail(address))
    if element.tag in _FILES:
        poster = (
            resolve_image_address(element.get("poster") or "", base)
            if element.get("poster")
            else None
        )
        return _link(address, title or _FILES[element.tag], poster or "")
    if not title or find_phrases(title) or _is_no_content(address):
        return ""
    return _link(address, f"{title} ({_host(address)})")


def _link(address: str, label: str, thumbnail: str = "") -> str:
    picture = (
        f'<img src="{escape(thumbnail)}" alt=""><br>'
        if thumbnail.startswith(("http://", "https://"))
        else ""
    )
    label = label if len(label) <= LONGEST else f"{label[: LONGEST - 1].rstrip()}…"
    return f'<a href="{escape(address)}">{picture}{escape(label)}</a>'


def _sources(element: HtmlElement) -> Iterator[str]:
    """Where what an element embeds may be, best first."""
    for name in ("data-instgrm-permalink", "cite", "src", "data-src", "data-lazy-src", "data"):
        if value := element.get(name):
            yield value
    yield from (source.get("src") or "" for source in element.iterfind(".//source"))
    yield from (link.get("href") or "" for link in element.iterfind(".//a"))


def _is_unseen(element: HtmlElement) -> bool:
    sizes = [(element.get(name) or "").removesuffix("px") for name in ("width", "height")]
    style = (element.get("style") or "").replace(" ", "")
    tiny = element.tag == "iframe" and any(
        size.isdecimal() and int(size[:9]) <= TINY for size in sizes
    )
    return tiny or "display:none" in style or "visibility:hidden" in style


def _known(address: str) -> Embed | None:
    """What the host of an address is known for; "google.com/maps" counts as a host."""
    hosts = embeds()
    host = _host(address)
    if host.startswith("google.") and urlsplit(address).path.startswith("/maps"):
        return hosts["google.com/maps"]
    labels = host.split(".")
    return next(
        (hosts[name] for n in range(len(labels) - 1) if (name := ".".join(labels[n:])) in hosts),
        None,
    )


def _is_no_content(address: str) -> bool:
    """Whether a frame of an unknown host is an advertisement, a form or a counter by its address."""
    frames, host = _frames(), _host(address)
    if any(host == each or host.endswith(f".{each}") for each in frames.hosts):
        return True
    return not frames.words.isdisjoint(_BETWEEN.split(f"{host}/{urlsplit(address).path.lower()}"))


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


@cache
def embeds() -> Mapping[str, Embed]:
    """What feedpub knows, by host."""
    listed = load_toml("feedpub.cleaner", "data/embeds.toml")
    known = {
        says: (
            Embed(
                says,
                re.compile(entry.get("part", "")),
                entry.get("page", ""),
                entry.get("picture", ""),
            ),
            entry["hosts"],
        )
        for says, entry in listed.items()
    }
    return {host: each for each, hosts in known.values() for host in hosts}


@cache
def _frames() -> Frames:
    listed = load_toml("feedpub.cleaner", "data/frames.toml")
    return Frames(listed["hosts"], frozenset(listed["words"]), frozenset(listed["files"]))
