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
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.html import Element, HtmlElement, tostring

from feedpub.cleaner import phrases
from feedpub.cleaner.images import MAX_ICON_PIXELS
from feedpub.core.article_keys import strip_tracking
from feedpub.core.data_files import load_toml
from feedpub.core.html import parse_html
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
_STRUCTURE = frozenset({"table", "h1", "h2", "h3", "ul", "ol", "blockquote", "p", "img"})
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
_ENDS_SENTENCE = re.compile(r"[.!?…。！？]\W*$")


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
    trackers = _data()["trackers"]
    for image in list(root.iter("img")):
        address = image.get("src", "").strip()
        if published := find_picture(address):
            image.set("src", published)
            if not any(True for _ in image.iterancestors("a")):
                _drop_size(image)
            continue
        is_remote = is_web_url(address.lower())
        if not is_remote or _is_tiny(image) or any(text in address.lower() for text in trackers):
            image.drop_tree()
            continue
        image.set("src", _strip_tracking(address))
        for name in ("srcset", "data-src"):
            image.attrib.pop(name, None)


def _drop_size(image: HtmlElement) -> None:
    """Drop the size of a picture in the mail, which is not an icon even if it is small."""
    for name in ("width", "height"):
        image.attrib.pop(name, None)


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
    """Return True if a table shows data: several rows with the same number of short cells."""
    if table.get("role", "").lower() in ("presentation", "none"):
        return False
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    if any(True for _ in table.iterdescendants("table")) or len(rows) < 2:  # noqa: PLR2004
        return False
    filled = [sum([bool(cell.text_content().strip()) for cell in row]) for row in rows]
    with_several = sum([count > 1 for count in filled])
    if with_several < max(2, len(rows) * 0.6):
        return False
    cells = [cell for row in rows for cell in row]
    if any(cell.tag == "th" for cell in cells):
        return True
    if any(True for cell in cells for _ in cell.iterdescendants(*_STRUCTURE - {"p"})):
        return False
    words = sum([len(cell.text_content().split()) for cell in cells])
    return words <= 12 * len(cells)


def _box_loose_texts(root: HtmlElement) -> None:
    """Put texts next to blocks, and between empty lines, into boxes of their own."""
    for element in [root, *root.iter(*_BOXES)]:
        if element.tag == "p" and _has_blocks(element):
            element.tag = "div"
        runs = [run for run in _split_runs(element) if _is_filled(run)]
        if len(runs) > 1:
            tag = "p" if element.tag == "p" else "div"
            _replace_children(element, [_box(run, tag) for run in runs])
            element.tag = "div" if element.tag == "p" else element.tag


def _split_runs(element: HtmlElement) -> Iterator[Sequence[HtmlElement | str]]:
    """Divide the nodes of an element at blocks and at empty lines; a block is a run of its own."""
    nodes: list[HtmlElement | str] = [element.text or ""]
    for child in element:
        nodes += [child, child.tail or ""]
    run: list[HtmlElement | str] = []
    breaks = 0
    for node in nodes:
        if isinstance(node, str):
            breaks = 0 if node.strip() else breaks
        elif node.tag == "br":
            breaks += 1
        else:
            breaks = 0
        is_block = not isinstance(node, str) and (node.tag in _BLOCKS or _has_blocks(node))
        if is_block or breaks > 1:
            yield run
            run = []
        if is_block:
            yield [node]
        elif breaks < 2:  # noqa: PLR2004
            run.append(node)
    yield run


def _is_filled(run: Sequence[HtmlElement | str]) -> bool:
    for node in run:
        if isinstance(node, str):
            if node.strip():
                return True
        elif node.tag != "br":
            return True
    return False


def _box(run: Sequence[HtmlElement | str], tag: str) -> HtmlElement:
    if len(run) == 1 and not isinstance(run[0], str) and run[0].tag in _BLOCKS:
        return run[0]
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
        if number in reasons:
            if line.text:
                yield Removed(line.text, reasons[number], text_lines)
            _drop(line.element, root)
        else:
            text_lines += bool(line.text)


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
    return any(True for _ in element.iterdescendants(*_BLOCKS))


def _has_picture(element: HtmlElement) -> bool:
    return element.tag == "img" or any(True for _ in element.iterdescendants("img"))


def _judge(element: HtmlElement) -> _Line:
    text = " ".join(" ".join(element.itertext()).split())
    is_content = len(text) > MAX_LINE_CHARS or element.tag in _CONTENT_TAGS
    return _Line(element, text, "" if is_content else _find_kind(element, text))


def _find_kind(element: HtmlElement, text: str) -> str:
    """Return the kind of a short line; "" if it is content."""
    lowered, data = text.casefold(), _data()
    links = [element] if element.tag == "a" else list(element.iter("a"))
    if any(phrase in lowered for phrase in data["unsubscribe"]) or _links_to_list(links):
        return LINK_OUT if links else NOTICE
    if len(text) <= MAX_BROWSER_CHARS and any(phrase in lowered for phrase in data["browser"]):
        return "link to the copy on the web"
    if links and _links_to_networks(links, lowered):
        return "links to social networks"
    if (links and _is_button(element, text)) or any(each in lowered for each in data["subscribe"]):
        return "request to subscribe or to share"
    return FOOTER if any(phrase in lowered for phrase in data["footer"]) else ""


def _is_button(element: HtmlElement, text: str) -> bool:
    """Return True if a line is a link to subscribe, share or comment, or a row of icons."""
    if not text:
        return _has_picture(element) and all(_is_icon(image) for image in element.iter("img"))
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
    return all(_is_network(link) for link in links)


def _is_network(link: HtmlElement) -> bool:
    try:
        host = (urlsplit(link.get("href", "")).hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    path = link.get("href", "").partition("://")[2].partition("/")[2].strip("/")
    names = {link.text_content().strip().casefold()}
    names |= {image.get("alt", "").strip().casefold() for image in link.iter("img")}
    if any(len(name) > MAX_ICON_CHARS for name in names):
        return names <= set(_data()["network_names"])
    # An icon without a name; posts and videos on networks have longer addresses than profiles.
    return any(host == name or host.endswith(f".{name}") for name in _data()["networks"]) and (
        path.count("/") <= 1
    )


def _find_head(lines: Sequence[_Line], names: Collection[str]) -> Mapping[int, str]:
    """Return the lines above the content that introduce the mail: logos, senders, notices."""
    reasons: dict[int, str] = {}
    for number, line in enumerate(lines):
        if line.kind == FOOTER:
            reasons[number] = "notice above the text"
        images = list(line.element.iter("img"))
        alts = {image.get("alt", "").strip().casefold().removesuffix(" logo") for image in images}
        if images and not line.text and alts <= set(names):
            reasons[number] = "logo"
        elif line.text and any(line.text.casefold() in name for name in names):
            reasons[number] = "byline"
        elif line.words >= MIN_CONTENT_WORDS and not line.kind:
            break
    return reasons


def _find_frame(lines: Sequence[_Line]) -> Mapping[int, str]:
    """Return the numbers of the lines that go, each with the reason."""
    if any(line.kind == LINK_OUT for line in lines):  # then texts about it are content
        lines = [replace(line, kind="") if line.kind == NOTICE else line for line in lines]
    reasons: dict[int, str] = {}
    for number, line in enumerate(lines):
        if line.kind and line.kind not in (FOOTER, NOTICE):
            reasons[number] = line.kind
    start = _find_footer(lines)
    for number in range(start, len(lines)):
        reasons.setdefault(number, lines[number].kind or FOOTER)
    number = start - 1
    while number >= max(0, start - MAX_LINES_ABOVE) and _may_be_footer(lines[number]):
        if lines[number].text or not _has_picture(lines[number].element):
            reasons.setdefault(number, lines[number].kind or FOOTER)
        number -= 1
    return reasons


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
    if _ENDS_SENTENCE.search(line.text) and not _POSTAL.search(line.text):
        return False
    return bool(_POSTAL.search(line.text)) and "," in line.text


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
