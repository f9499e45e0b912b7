"""A run's pieces → inline HTML. Owns which inline elements mean something to a reader."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

from lxml.html import HtmlElement

from feedpub.cleaner.blocks import BREAK, INLINE, PICTURES
from feedpub.cleaner.embeds import embed
from feedpub.cleaner.layout import Block
from feedpub.cleaner.pictures import absolute, picture

KEPT = frozenset(
    "a abbr bdi bdo cite code del dfn em ins kbd mark q rp rt ruby s samp small "  # noqa: SIM905 -- words
    "strong sub sup u var".split(),
)
RENAMED = {"b": "strong", "i": "em", "strike": "s", "tt": "code"}
TITLED = frozenset({"abbr", "dfn"})

_SPACE = re.compile(r"[ \t\n\r\f]+")
_SOURCE = re.compile(r'src="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Writing:
    """What the writing of an article's HTML depends on, beside its blocks.

    Attributes:
        base: what relative addresses are completed with.
        language: of the page; what is in the same one need not say so.
        direction: of the page: "rtl", "ltr" or "" where it does not say.
        anchors: the ids in the article that it links to itself.
    """

    base: str | None = None
    language: str = ""
    direction: str = ""
    anchors: frozenset[str] = frozenset()

    def address(self, href: str) -> str | None:
        """A link's address in the article; one to the article's own footnote stays inside."""
        if self.anchors and (name := fragment(href, self.base)) in self.anchors:
            return f"#{name}"
        return absolute(href, self.base)

    def attributes(self, element: HtmlElement) -> dict[str, str]:
        """What of an element's attributes stays on any tag: the id that is linked to, language and direction."""
        kept: dict[str, str] = {}
        if self.anchors and (name := element.get("id") or element.get("name")) in self.anchors:
            kept["id"] = name
        if (language := element.get("lang")) and language.lower() != self.language:
            kept["lang"] = language
        if (direction := (element.get("dir") or "").lower()) and direction != (self.direction or "ltr"):
            kept["dir"] = direction
        return kept


def fragment(href: str, base: str | None) -> str:
    """The id on the page itself that a link leads to, "" where it leads elsewhere."""
    page, _, name = href.partition("#")
    return unquote(name) if name and (not page or page == (base or "").partition("#")[0]) else ""


def inline(block: Block, writing: Writing, *, pre: bool) -> str:
    """The inline HTML of a run; in a `<pre>` the white space is as it was."""
    written: list[str] = []
    ends: list[str] = []
    for piece in block.pieces:
        if piece is None:
            written.append(ends.pop())
        elif isinstance(piece, str):
            written.append(_written(piece, pre=pre))
        elif piece.tag in INLINE:
            start, end = _tags(piece, writing)
            written.append(start)
            ends.append(end)
        elif piece.tag in PICTURES:
            written.append(picture(piece, writing.base))
        elif link := embed(piece, writing.base):
            written.append(f"<br>{link}")
    html = "".join(written if block.pictures < 2 else _once(written))  # noqa: PLR2004 -- two may be the same
    if pre:
        return html.strip("\n")
    return _without_outer_breaks(html)


def _without_outer_breaks(html: str) -> str:
    """Drop blank lines at both ends, and the white space before each line break."""
    *lines, last = html.split("<br>")
    lines = [*map(str.rstrip, lines), last]
    full = [number for number, line in enumerate(lines) if line.strip()]
    return "<br>".join(lines[full[0] : full[-1] + 1]).strip() if full else ""


def _once(written: Sequence[str]) -> Iterator[str]:
    """Without the second of two equal pictures: one is for browsers that do not load lazily."""
    last = ""
    for part in written:
        if source := part.startswith("<img") and _SOURCE.search(part):
            if source[1] == last:
                continue
            last = source[1]
        yield part


def _written(piece: str, *, pre: bool) -> str:
    if piece == BREAK:
        return "\n" if pre else "<br>"
    if not pre and ("\n" in piece or "  " in piece or "\t" in piece):
        piece = _SPACE.sub(" ", piece)
    return escape(piece, quote=False)


def _tags(element: HtmlElement, writing: Writing) -> tuple[str, str]:
    """How an inline element begins and ends in the article; "" where it means nothing to a reader."""
    tag = RENAMED.get(element.tag, element.tag)
    attributes = writing.attributes(element)
    if tag == "a":
        href = element.get("href")
        if href and (address := writing.address(href)):
            attributes["href"] = address
        else:
            tag = "span"
    elif tag in TITLED and (title := element.get("title")):
        attributes["title"] = title
    if not attributes:
        return (f"<{tag}>", f"</{tag}>") if tag in KEPT else ("", "")
    tag = tag if tag in KEPT else "span"
    written = "".join([f' {name}="{escape(value)}"' for name, value in attributes.items()])
    return f"<{tag}{written}>", f"</{tag}>"
