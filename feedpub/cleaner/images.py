"""Images and their captions: which of them belong to the article, and the address of each.

An image has no text to be judged by. It stays if the text around it stays, and a caption stays with
its image.
"""

import hashlib
import re
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape
from itertools import accumulate, islice
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from lxml.html import Element, HtmlElement

from feedpub.cleaner.layout import PLACES, Block, Layout

MIN_SURROUNDING_WORDS = 25  # of the box that decides whether an image stays
MIN_KEPT_SHARE = 0.5  # of those words
TEASER_REACH_BLOCKS = 3  # from an image to the link of its teaser
CAPTION, FIGURE, TABLE = PLACES["figcaption"], PLACES["figure"], PLACES["table"]

MAX_ICON_PIXELS = 48  # a smaller image is an icon, a portrait or a tracking pixel
MAX_PIXELS_WIDE = 2000  # the widest candidate up to this is used
MAX_SOURCES = 20  # of one image
MIN_TITLE_WORDS = 3  # of a picture's title; a shorter one is a file name or a label
_LAZY_ATTRIBUTES = tuple(
    "data-src data-original data-lazy-src data-lazy data-original-src "  # noqa: SIM905 -- words
    "data-orig-file data-hi-res-src data-full-src data-image data-url data-img-url data-echo "
    "data-flickity-lazyload data-pin-media".split(),
)
_SET_ATTRIBUTES = ("data-srcset", "data-lazy-srcset", "srcset")
_ADDRESSEE_HEADERS = frozenset({"to", "cc", "bcc"})  # in the query of a mailto address
_PLACEHOLDER = re.compile(
    r"^data:|(?:blank|spacer|placeholder|pixel|transparent|1x1|lazy|loading)[\w-]{0,200}"
    r"\.(?:gif|png|svg)",
    re.IGNORECASE,
)
_SUFFIXES = (  # by the first bytes of a picture
    (re.compile(rb"\A\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\A\xff\xd8\xff"), "jpg"),
    (re.compile(rb"\AGIF8[79]a"), "gif"),
    (re.compile(rb"\ARIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"\A....ftypavif", re.DOTALL), "avif"),
)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}")
_CANDIDATE = re.compile(r"(?<![^\s,])([^\s,]\S*[^\s,])(?:\s+([\d.]+)([wx]))?\s*(?:,|$)")


def is_caption(layout: Layout, block: Block) -> bool:
    """Return whether a block is the caption of an image."""
    box = layout.boxes[block.box]
    if box.place & CAPTION:
        return True
    if box.place & TABLE:
        return False
    if _is_caption_name(box.name) or _is_caption_name(block.wrapper):
        return True
    return _is_caption_name(layout.boxes[box.parent].name)


@lru_cache(maxsize=10_000)  # the boxes of a page share their names
def _is_caption_name(name: str) -> bool:
    """Return whether a name is that of a caption.

    Utility classes ("[&_figcaption]:mt-1") refer to other elements.
    """
    if "caption" not in name.lower():
        return False
    return any("caption" in part and "[" not in part for part in name.lower().split())


def find_images(
    layout: Layout,
    word_counts: Sequence[int],
    kept: Sequence[bool],
    ignored: Collection[int] = (),
) -> frozenset[int]:
    """Return the blocks whose images stay, for their own text or for the text around them.

    Args:
        layout: the page.
        word_counts: of each block.
        kept: for each block, whether its text stays.
        ignored: blocks that do not count as removed text: title, byline, credit.
    """
    pictures = [index for index, block in enumerate(layout.blocks) if block.pictures]
    if not pictures:
        return frozenset()
    surroundings = _Surroundings(layout, word_counts, kept, ignored)
    found: set[int] = set()
    for index in pictures:
        if layout.blocks[index].text:
            if kept[index]:
                found.add(index)
        elif surroundings.are_kept(index) and not _is_teaser(layout, index, kept):
            found.add(index)
    return frozenset(found)


class _Surroundings:
    """The numbers of words, and of kept words, in the boxes around images."""

    def __init__(
        self,
        layout: Layout,
        word_counts: Sequence[int],
        kept: Sequence[bool],
        ignored: Collection[int],
    ) -> None:
        self._layout = layout
        counts: list[int] = []
        kept_counts: list[int] = []
        for index, block in enumerate(layout.blocks):
            is_caption_text = layout.boxes[block.box].place & CAPTION
            words = 0 if is_caption_text or index in ignored else word_counts[index]
            counts.append(words)
            kept_counts.append(words if kept[index] else 0)
        self._words = [0, *accumulate(counts)]  # up to each block
        self._kept_words = [0, *accumulate(kept_counts)]

    def are_kept(self, index: int) -> bool:
        """Return whether most of the text around an image stays."""
        boxes = self._layout.boxes
        box = boxes[self._layout.blocks[index].box]
        words = self._words[box.last] - self._words[box.first]
        while box.place & FIGURE or (box is not boxes[0] and words < MIN_SURROUNDING_WORDS):
            box = boxes[box.parent]
            words = self._words[box.last] - self._words[box.first]
        kept_words = self._kept_words[box.last] - self._kept_words[box.first]
        return kept_words >= MIN_KEPT_SHARE * words > 0


def _is_teaser(layout: Layout, index: int, kept: Sequence[bool]) -> bool:
    """Return whether an image has the same link as a text next to it that is removed."""
    links = set(layout.blocks[index].links)
    if not links:
        return False
    start = max(0, index - TEASER_REACH_BLOCKS)
    end = min(len(kept), index + TEASER_REACH_BLOCKS + 1)
    for near in range(start, end):
        if near != index and not kept[near] and not links.isdisjoint(layout.blocks[near].links):
            return True
    return False


def find_captions(layout: Layout, images: Iterable[int], removed: Container[int]) -> Iterator[int]:
    """Yield the captions of images that stay: in the same figure, or else in the next block.

    Args:
        layout: the page.
        images: the blocks of the images.
        removed: blocks that go for another reason.
    """
    near: set[int] = set()
    boxes, blocks = layout.boxes, layout.blocks
    figures: set[int] = set()
    for index in images:
        box = blocks[index].box
        if not boxes[box].place & FIGURE:
            near.update((index, index + 1))
            continue
        while boxes[boxes[box].parent].place & FIGURE:
            box = boxes[box].parent
        figures.add(box)
    for figure in figures:
        near.update(range(boxes[figure].first, boxes[figure].last))
    for index in sorted(near):
        if index >= len(blocks) or index in removed or not blocks[index].text:
            continue
        if is_caption(layout, blocks[index]):
            yield index


def show_titles(tree: HtmlElement) -> None:
    """Give each picture whose `title` is a sentence of its own a caption with that sentence.

    Web comics have a part of the joke there, and many readers do not show it.
    """
    text = " ".join(tree.text_content().split())
    is_short = len(text.split()) < MIN_SURROUNDING_WORDS
    for picture in list(tree.iter("img")):
        title = " ".join(picture.get("title", "").split())
        if len(title.split()) < MIN_TITLE_WORDS or title in text:
            continue
        if title != picture.get("alt", "").strip() or is_short:
            _add_caption(picture, title)


def _add_caption(picture: HtmlElement, text: str) -> None:
    """Put a picture into a figure with a caption, together with the link that it is alone in."""
    inner = picture
    around = inner.getparent()
    while around is not None and around.tag in ("a", "span", "picture"):
        if around.text_content().strip() or len(around.findall(".//img")) > 1:
            break
        inner, around = around, around.getparent()
    if around is None:
        return
    figure, caption = Element("figure"), Element("figcaption")
    figure.tail, inner.tail = inner.tail, None
    around.replace(inner, figure)
    caption.text = text
    figure.extend([inner, caption])


def render_image(element: HtmlElement, base: str | None) -> str:
    """Return the `<img>` for an image element, with an absolute address.

    Returns:
        "" if the element has no image for readers.
    """
    if element.tag == "noscript":
        inner = element.find(".//img")
        return "" if inner is None else render_image(inner, base)
    if _is_icon(element):
        return ""
    address = resolve_first(find_image_addresses(element), base)
    if address is None:
        return ""
    alt = escape(element.get("alt", "").strip())
    return f'<img src="{escape(address)}" alt="{alt}"{_render_size(element)}>'


def find_image_addresses(element: HtmlElement) -> Iterator[str]:
    """Yield the addresses of an image, the best first, without placeholders."""
    lazy = [element.get(name, "") for name in _LAZY_ATTRIBUTES]
    candidates = lazy + [_largest(element.get(name, "")) for name in _SET_ATTRIBUTES]
    picture = next(element.iterancestors("picture"), None)
    if picture is not None:
        for source in islice(picture.iterfind(".//source"), MAX_SOURCES):
            candidates.append(_largest(source.get("srcset") or source.get("data-srcset", "")))
    own = element.get("src", "")
    if not any(lazy):  # the page's own choice comes first if nothing is loaded lazily
        candidates.insert(0, own)
    candidates.append(own)
    for candidate in candidates:
        address = candidate.strip()
        if address and not _PLACEHOLDER.search(address):
            yield address


def resolve_first(addresses: Iterable[str], base: str | None) -> str | None:
    """Return the first of some addresses that is usable, as an absolute address."""
    for address in addresses:
        if resolved := resolve_link(address, base):
            return resolved
    return None


def resolve_link(address: str, base: str | None) -> str | None:
    """Return the absolute address of a link that is safe and useful in an article.

    Returns:
        An http or https address, or a mailto or tel address with an addressee; None for any other.
    """
    try:
        joined = urljoin(base or "", address.strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https")
    usable = bool(parts.netloc) if is_web else has_addressee(joined)
    return joined.replace(" ", "%20") if usable else None


def has_addressee(address: str) -> bool:
    """Return whether a mailto or tel address has an addressee; False for other schemes."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() not in ("mailto", "tel"):
        return False
    path, _, query = rest.partition("?")
    if unquote(path).strip(" /"):
        return True
    return scheme.lower() == "mailto" and bool(parse_qs(query).keys() & _ADDRESSEE_HEADERS)


def _is_icon(element: HtmlElement) -> bool:
    if _is_described_paragraph(element):
        return False
    for name in ("width", "height"):
        pixels = _parse_pixels(element.get(name))
        if pixels is not None and pixels <= MAX_ICON_PIXELS:
            return True
    return False


def _is_described_paragraph(element: HtmlElement) -> bool:
    """Return whether an image is a paragraph of its own, with a description."""
    parent = element.getparent()
    if parent is None or parent.tag != "p" or len(parent) > 1:
        return False
    text_around = f"{parent.text or ''}{element.tail or ''}".strip()
    return text_around == "" and len(element.get("alt", "").split()) > 1


def _render_size(element: HtmlElement) -> str:
    width = _parse_pixels(element.get("width"))
    height = _parse_pixels(element.get("height"))
    return f' width="{width}" height="{height}"' if width and height else ""


def _parse_pixels(value: str | None) -> int | None:
    """Return a width or height in pixels; None for "auto" and percentages."""
    number = (value or "").strip().removesuffix("px")
    return int(number) if number.isascii() and number.isdigit() else None


def _largest(srcset: str) -> str:
    """Return the address of the widest candidate of a `srcset` up to `MAX_PIXELS_WIDE`."""
    found: list[tuple[float, str]] = []
    for address, size, unit in _CANDIDATE.findall(srcset):
        number = float(size) if _NUMBER.fullmatch(size) else 1.0
        found.append((number if unit == "w" else number * 1000, address))
    fitting = [each for each in found if each[0] <= MAX_PIXELS_WIDE]
    return max(fitting or found, default=(0.0, ""))[1]


def name_picture(content: bytes) -> str:
    """Return the name under which a picture in a mail or a saved page is published.

    It is a digest of the content with a suffix; "" for other content.
    """
    for start, suffix in _SUFFIXES:
        if start.match(content):
            return f"{hashlib.sha256(content).hexdigest()[:20]}.{suffix}"
    return ""
