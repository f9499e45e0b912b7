"""Clean the HTML of a newsletter: keep its content, remove the frame of the mail around it.

Removed are pictures that count readers, hidden texts, links to the copy on the web, links to social
networks, and the footer with its links and addresses. Tables that only place their content become
paragraphs. A newsletter has no other page to compare it with, so each line is judged alone.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import chain, islice
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.html import Element, HtmlElement, tostring

from feedpub.cleaner import phrases
from feedpub.cleaner.images import MAX_ICON_PIXELS
from feedpub.core.article_keys import strip_tracking
from feedpub.core.html import parse_html
from feedpub.core.loading import load_toml
from feedpub.core.models import Removed
from feedpub.core.urls import is_web_url

MAX_LINES = 10_000  # a longer mail is not a newsletter, and nothing is cut
MAX_LINE_CHARS = 700  # a longer line is content
MAX_BROWSER_CHARS = 300
MAX_TRACKER_PIXELS = 3
MAX_TAIL_SHARE = 0.35  # of the words below the line that begins the footer
MIN_TAIL_WORDS = 120  # up to this number of words, a footer may have a larger share
MAX_ICON_CHARS = 2  # of a link that stands for an icon
MIN_CONTENT_WORDS = 12  # of a line, to end the part above the content
MAX_LINES_ABOVE = 8  # of the footer above its unsubscribe line
MAX_ADDRESS_WORDS = 25
MIN_DATA_ROWS = 2  # with several cells, of a table that shows data
MIN_DATA_ROW_SHARE = 0.6  # of all rows
MAX_DATA_CELL_WORDS = 12  # on average

LINK_OUT = "unsubscribe link"
NOTICE = "unsubscribe notice"
FOOTER = "footer"

_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt fieldset figcaption figure "  # noqa: SIM905 -- words
    "footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th "
    "thead tr ul".split()
)
_BOXES = ("article", "blockquote", "div", "footer", "header", "main", "p", "section")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CONTENT_TAGS = _HEADINGS | {"table", "pre"}
_BUTTONS = frozenset({"comments", "follow", "login", "newsletter", "share", "support"})
_TABLE_PARTS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th"})
_STRUCTURE = ("table", "h1", "h2", "h3", "ul", "ol", "blockquote", "img")
_NOT_SHOWN = frozenset({"script", "style", "title", "template", "noscript", "meta", "link"})
_HIDDEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|$|!)|opacity\s*:\s*0(?:\.0{1,3})?\s*(?:;|$|!))",
    re.IGNORECASE,
)
_TINY = re.compile(
    r"(?:^|;)\s*font-size\s*:\s*[01](?:\.\d{1,3})?(?:px|pt)?\s*(?:;|$|!)", re.IGNORECASE
)
_PREHEADER = re.compile(r"\b(?:pre-?header|preview-?text)\b", re.IGNORECASE)
_SIZE = re.compile(r"(?:^|;)\s*(?:max-)?(?:width|height)\s*:\s*(\d{1,5})", re.IGNORECASE)
_NUMBER = re.compile(r"\A\s*+(\d{1,5})")
_FILLERS = r"\u00ad\u034f\u061c\u180e\u200b-\u200f\u2007\u2060\ufeff"
_FILLER = re.compile(rf"[{_FILLERS}][{_FILLERS}\s]{{4,}}+")
_POSTAL = re.compile(r"\b\d{4,6}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")


@dataclass(frozen=True, slots=True)
class _Line:
    """An innermost block with its text, and the kind of what it is: "" if it is content."""

    element: HtmlElement
    text: str
    kind: str = ""

    @property
    def words(self) -> int:
        return len(self.text.split())


def clean_mail_html(
    html: str, find_picture: Callable[[str], str | None], names: Sequence[str] = ()
) -> tuple[str, tuple[Removed, ...]]:
    """Return the content of a newsletter as HTML, and the removed lines.

    Args:
        html: the HTML part of the mail.
        find_picture: returns the published address of a picture in the mail, by the address in its
            `src`; None for other addresses.
        names: the names of its senders, for their logos.

    Raises:
        NoContentError: it has no markup.
        ExtractError: it is beyond a limit.
    """
    tree = parse_html(html)
    body = tree.find("body")
    root = tree if body is None else body
    _remove_hidden(root)
    _place_pictures(root, find_picture)
    _simplify_links(root)
    _dissolve_layout_tables(root)
    _box_loose_texts(root)
    removed = tuple(_remove_frame(root, {name.casefold() for name in names}))
    if not _has_picture(root) and not root.text_content().strip():
        return "", removed
    return "".join([escape(root.text or ""), *map(_render, root)]), removed


def _render(element: HtmlElement) -> str:
    return str(tostring(element, encoding="unicode"))


# --- hidden texts, pictures, links ---


def _remove_hidden(root: HtmlElement) -> None:
    for element in list(root.iter()):
        if element is root or element.getparent() is None:
            continue
        if element.tag in _NOT_SHOWN or _is_hidden(element):
            element.drop_tree()
    for element in root.iter():
        element.text = _FILLER.sub("", element.text) if element.text else None
        element.tail = _FILLER.sub("", element.tail) if element.tail else None


def _is_hidden(element: HtmlElement) -> bool:
    style = element.get("style", "")
    if element.get("hidden") is not None or _HIDDEN.search(style):
        return True
    if _PREHEADER.search(f"{element.get('class', '')} {element.get('id', '')}"):
        return len(element.text_content()) <= MAX_LINE_CHARS
    if not _TINY.search(style) or _has_picture(element):
        return False
    # Templates set a size of 0 on the cells around visible texts, which have a size of their own.
    return not any("font-size" in inner.get("style", "") for inner in element.iterdescendants())


def _place_pictures(root: HtmlElement, find_picture: Callable[[str], str | None]) -> None:
    """Give pictures in the mail their published address, and remove pictures that count readers."""
    for image in list(root.iter("img")):
        address = image.get("src", "").strip()
        if published := find_picture(address):
            image.set("src", published)
            if next(image.iterancestors("a"), None) is None:
                # A picture in the mail is not an icon even if it is small.
                _drop_attributes(image, "width", "height")
        elif _is_shown(image, address.lower()):
            image.set("src", _strip_tracking(address))
            _drop_attributes(image, "srcset", "data-src")
        else:
            image.drop_tree()


def _is_shown(image: HtmlElement, address: str) -> bool:
    """Return False for a picture that counts readers, or is not on the web."""
    if not is_web_url(address) or _is_tiny(image):
        return False
    return not any(text in address for text in _data()["trackers"])


def _drop_attributes(element: HtmlElement, *names: str) -> None:
    for name in names:
        element.attrib.pop(name, None)


def _is_tiny(image: HtmlElement) -> bool:
    sizes = [image.get("width", ""), image.get("height", "")]
    sizes += _SIZE.findall(image.get("style", ""))
    found = [_NUMBER.match(size) for size in sizes if not size.strip().endswith("%")]
    return any(number and int(number[1]) <= MAX_TRACKER_PIXELS for number in found)


def _simplify_links(root: HtmlElement) -> None:
    """Remove tracking from links, and lead past counters that state the target in their address."""
    for link in root.iter("a"):
        address = link.get("href", "").strip()
        if address:
            link.set("href", _strip_tracking(_find_target(address)))


def _strip_tracking(address: str) -> str:
    try:
        return strip_tracking(address)
    except ValueError:
        return address


def _find_target(address: str) -> str:
    """Return the address that a counter redirects to, if a parameter states it."""
    try:
        parameters = parse_qsl(urlsplit(address).query, max_num_fields=50)
    except ValueError:
        return address
    for name, value in parameters:
        if name.lower() in _data()["targets"] and value.startswith(("https://", "http://")):
            return value
    return address


# --- layout ---


def _dissolve_layout_tables(root: HtmlElement) -> None:
    """Turn tables that only place their content into paragraphs and boxes."""
    for table in reversed(list(root.iter("table"))):  # inner tables first
        if _is_data_table(table):
            continue
        for element in list(table.iter(*_TABLE_PARTS)):
            owner = next(element.iterancestors("table"), None)
            if element is table or owner is table:
                element.tag = "div"
    for element in root.iter("center"):
        element.tag = "div"


def _is_data_table(table: HtmlElement) -> bool:
    """Return True if a table shows data: several rows with several short cells."""
    if table.get("role", "").lower() in ("presentation", "none") or _has_inside(table, "table"):
        return False
    rows = [list(row.iterchildren("td", "th")) for row in table.iter("tr")]
    with_several = [row for row in rows if _count_filled(row) > 1]
    if len(with_several) < max(MIN_DATA_ROWS, len(rows) * MIN_DATA_ROW_SHARE):
        return False
    return _are_data_cells(list(chain.from_iterable(rows)))


def _count_filled(cells: Sequence[HtmlElement]) -> int:
    texts = [cell.text_content().strip() for cell in cells]
    return len(texts) - texts.count("")


def _are_data_cells(cells: Sequence[HtmlElement]) -> bool:
    """Return True if one is a header, or all are short and without a structure of their own."""
    if "th" in [cell.tag for cell in cells]:
        return True
    words = 0
    for cell in cells:
        if _has_inside(cell, *_STRUCTURE):
            return False
        words += len(cell.text_content().split())
    return words <= MAX_DATA_CELL_WORDS * len(cells)


def _has_inside(element: HtmlElement, *tags: str) -> bool:
    return next(element.iterdescendants(*tags), None) is not None


def _box_loose_texts(root: HtmlElement) -> None:
    """Put texts next to blocks, and between empty lines, into boxes of their own."""
    for element in [root, *root.iter(*_BOXES)]:
        if element.tag == "p" and _has_blocks(element):
            element.tag = "div"
        runs = list(filter(_is_filled, _split_runs(element)))
        if len(runs) > 1:
            tag = "p" if element.tag == "p" else "div"
            _replace_children(element, [_box(run, tag) for run in runs])
            if element.tag == "p":
                element.tag = "div"


def _split_runs(element: HtmlElement) -> Iterator[Sequence[HtmlElement | str]]:
    """Divide the nodes of an element at blocks and at empty lines; a block is a run of its own."""
    nodes: list[HtmlElement | str] = [element.text or ""]
    for child in element:
        nodes += [child, child.tail or ""]
    run: list[HtmlElement | str] = []
    breaks = 0
    for node in nodes:
        breaks = _count_breaks(node, breaks)
        if _is_block(node):
            yield run
            yield [node]
            run = []
        elif breaks > 1:
            yield run
            run = []
        else:
            run.append(node)
    yield run


def _count_breaks(node: HtmlElement | str, before: int) -> int:
    """Return the number of line breaks in a row up to a node; white space may be between them."""
    if isinstance(node, str):
        return 0 if node.strip() else before
    return before + 1 if node.tag == "br" else 0


def _is_block(node: HtmlElement | str) -> bool:
    return not isinstance(node, str) and (node.tag in _BLOCKS or _has_blocks(node))


def _is_filled(run: Sequence[HtmlElement | str]) -> bool:
    """Return True for a run with more than white space and line breaks."""
    for node in run:
        is_filled = bool(node.strip()) if isinstance(node, str) else node.tag != "br"
        if is_filled:
            return True
    return False


def _box(run: Sequence[HtmlElement | str], tag: str) -> HtmlElement:
    first = run[0]
    if len(run) == 1 and not isinstance(first, str) and first.tag in _BLOCKS:
        return first
    box = Element(tag)
    _replace_children(box, run)
    return box


def _replace_children(element: HtmlElement, nodes: Sequence[HtmlElement | str]) -> None:
    for child in list(element):
        element.remove(child)
    for node in nodes:
        if not isinstance(node, str):
            node.tail = None
    element.text = None
    last: HtmlElement | None = None
    for node in nodes:
        if not isinstance(node, str):
            element.append(node)
            last = node
        elif last is None:
            element.text = (element.text or "") + node
        else:
            last.tail = (last.tail or "") + node


# --- the frame of the mail ---


def _remove_frame(root: HtmlElement, names: Collection[str]) -> Iterator[Removed]:
    """Remove the lines around the content, unless nothing would be left."""
    elements = list(islice(_iter_lines(root), MAX_LINES + 1))
    if len(elements) > MAX_LINES:
        return
    lines = [_judge(element) for element in elements]
    reasons = {**_find_frame(lines), **_find_head(lines, names)}
    kept = [line for number, line in enumerate(lines) if number not in reasons]
    if not any(line.text or _has_picture(line.element) for line in kept):
        return
    text_lines = 0
    for number, line in enumerate(lines):
        if number not in reasons:
            text_lines += bool(line.text)
            continue
        if line.text:
            yield Removed(line.text, reasons[number], text_lines)
        _drop(line.element, root)


def _iter_lines(root: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the innermost blocks. A data table is one line."""
    pending = [root]
    while pending:
        element = pending.pop()
        if element.tag == "table" or not _has_blocks(element):
            yield element
        else:
            pending += reversed([child for child in element if isinstance(child.tag, str)])


def _has_blocks(element: HtmlElement) -> bool:
    return not _BLOCKS.isdisjoint(inner.tag for inner in element.iterdescendants())


def _has_picture(element: HtmlElement) -> bool:
    return next(element.iter("img"), None) is not None


def _judge(element: HtmlElement) -> _Line:
    text = " ".join(" ".join(element.itertext()).split())
    is_content = len(text) > MAX_LINE_CHARS or element.tag in _CONTENT_TAGS
    return _Line(element, text, "" if is_content else _find_kind(element, text))


def _find_kind(element: HtmlElement, text: str) -> str:
    """Return the kind of a short line; "" if it is content."""
    lowered = text.casefold()
    links = [element] if element.tag == "a" else list(element.iter("a"))
    if _has_phrase(lowered, "unsubscribe") or _links_to_list(links):
        return LINK_OUT if links else NOTICE
    if len(text) <= MAX_BROWSER_CHARS and _has_phrase(lowered, "browser"):
        return "link to the copy on the web"
    if links and _links_to_networks(links, lowered):
        return "links to social networks"
    if (links and _is_button(element, text)) or _has_phrase(lowered, "subscribe"):
        return "request to subscribe or to share"
    return FOOTER if _has_phrase(lowered, "footer") else ""


def _has_phrase(lowered: str, kind: str) -> bool:
    """Return True if a text has one of the known phrases of a kind."""
    return any(phrase in lowered for phrase in _data()[kind])


def _is_button(element: HtmlElement, text: str) -> bool:
    """Return True if a line is a link to subscribe, share or comment, or a row of icons."""
    if not text:
        return _has_picture(element) and all(map(_is_icon, element.iter("img")))
    phrase = phrases.find_phrases(text)
    return phrase is not None and phrase.kind in _BUTTONS


def _is_icon(image: HtmlElement) -> bool:
    width = _NUMBER.match(image.get("width", ""))
    return width is not None and int(width[1]) <= MAX_ICON_PIXELS


def _links_to_list(links: Sequence[HtmlElement]) -> bool:
    return any("unsubscribe" in unquote(link.get("href", "")).lower() for link in links)


def _links_to_networks(links: Sequence[HtmlElement], text: str) -> bool:
    """Return True if a line only consists of links to networks."""
    linked = " ".join(" ".join([link.text_content() for link in links]).casefold().split())
    if len(text) - len(linked) > 3 * len(links) + 12:  # separators, or "Follow us:"
        return False
    return all(map(_is_network, links))


def _is_network(link: HtmlElement) -> bool:
    names = {link.text_content().strip().casefold()}
    names |= {image.get("alt", "").strip().casefold() for image in link.iter("img")}
    if max(map(len, names)) > MAX_ICON_CHARS:
        return names <= set(_data()["network_names"])
    # An icon without a name; posts and videos on networks have longer addresses than profiles.
    address = link.get("href", "")
    path = address.partition("://")[2].partition("/")[2].strip("/")
    return path.count("/") <= 1 and _is_host_of_network(address)


def _is_host_of_network(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return f".{host}".endswith(tuple(f".{name}" for name in _data()["networks"]))


def _find_head(lines: Sequence[_Line], names: Collection[str]) -> Mapping[int, str]:
    """Return the lines above the content that introduce the mail: logos, senders, notices."""
    reasons: dict[int, str] = {}
    for number, line in enumerate(lines):
        if line.kind == FOOTER:
            reasons[number] = "notice above the text"
        if _is_logo(line, names):
            reasons[number] = "logo"
        elif line.text and any(line.text.casefold() in name for name in names):
            reasons[number] = "byline"
        elif line.words >= MIN_CONTENT_WORDS and not line.kind:
            break
    return reasons


def _is_logo(line: _Line, names: Collection[str]) -> bool:
    """Return True for pictures that are described by the names of the senders alone."""
    images = list(line.element.iter("img"))
    alts = {image.get("alt", "").strip().casefold().removesuffix(" logo") for image in images}
    return bool(images) and not line.text and alts <= set(names)


def _find_frame(lines: Sequence[_Line]) -> Mapping[int, str]:
    """Return the numbers of the lines that go, each with the reason."""
    if any(line.kind == LINK_OUT for line in lines):  # then texts about it are content
        lines = [replace(line, kind="") if line.kind == NOTICE else line for line in lines]
    start = _find_footer(lines)
    footer = [*_find_above_footer(lines, start), *range(start, len(lines))]
    reasons = {number: lines[number].kind or FOOTER for number in footer}
    for number, line in enumerate(lines):
        if line.kind not in ("", FOOTER, NOTICE):
            reasons[number] = line.kind
    return reasons


def _find_above_footer(lines: Sequence[_Line], start: int) -> Iterator[int]:
    """Yield the lines that belong to a footer though they are above the line that begins it."""
    for number in range(start - 1, max(0, start - MAX_LINES_ABOVE) - 1, -1):
        line = lines[number]
        if not _may_be_footer(line):
            return
        if line.text or not _has_picture(line.element):
            yield number


def _find_footer(lines: Sequence[_Line]) -> int:
    """Return the number of the line at which the footer begins."""
    words = [line.words for line in lines]
    total, below = sum(words), 0
    start = len(lines)
    for number in range(len(lines) - 1, -1, -1):
        below += words[number]
        is_short = below <= max(MAX_TAIL_SHARE * total, min(MIN_TAIL_WORDS, total / 2))
        if not is_short:
            break
        if lines[number].kind in (LINK_OUT, NOTICE):
            start = number
    if start < len(lines):
        return start
    while start and lines[start - 1].kind == FOOTER:
        start -= 1
    return start


def _may_be_footer(line: _Line) -> bool:
    """Return True if a line next to a footer belongs to it."""
    if line.kind or not line.text:
        return True
    if line.element.tag in _HEADINGS or line.words > MAX_ADDRESS_WORDS:
        return False
    return "," in line.text and _POSTAL.search(line.text) is not None


def _drop(element: HtmlElement, root: HtmlElement) -> None:
    """Remove an element, and the boxes around it that are then empty."""
    while element is not root:
        parent = element.getparent()
        if parent is None:
            return
        element.drop_tree()
        if len(parent) or (parent.text or "").strip():
            return
        element = parent


@cache
def _data() -> Mapping[str, Sequence[str]]:
    return load_toml("feedpub.cleaner", "data/mail.toml")
