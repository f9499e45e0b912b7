"""Pictures and their captions: which belong to the article. They have no text of their own to be judged by.

A picture goes with the text around it; a caption goes with its picture.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from itertools import accumulate, islice
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.layout import PLACES, Block, Layout

SURROUNDINGS = 25  # words of the box that decides whether a picture belongs to the article
MOST_OF_IT = 0.5  # of those words
REACH = 3  # blocks before and behind, in which a teaser's link may stand
CAPTION, FIGURE, TABLE = PLACES["figcaption"], PLACES["figure"], PLACES["table"]


def is_caption(layout: Layout, block: Block) -> bool:
    """Whether a block's text belongs to a picture."""
    box = layout.boxes[block.box]
    if box.place & CAPTION:
        return True
    if box.place & TABLE:
        return False
    return any(
        _names_caption(name) for name in (box.name, layout.boxes[box.parent].name, block.wrapper)
    )


@lru_cache(maxsize=10_000)  # the boxes of a page share their names
def _names_caption(name: str) -> bool:
    """Whether a box is called a caption.

    Utility classes ("[&_figcaption]:mt-1") speak of others.
    """
    return "caption" in name.lower() and any(
        "caption" in part and "[" not in part for part in name.lower().split()
    )


def find_images(
    layout: Layout, sizes: Sequence[int], kept: Sequence[bool], told: Collection[int] = ()
) -> frozenset[int]:
    """The blocks with pictures that are kept for their text or, without any, for the kept text around them.

    Args:
        layout: the page.
        sizes: of each block, in words.
        kept: of each block, whether its text stays.
        told: blocks that go and say nothing of a picture beside them: title, byline, credit.
    """
    found = [index for index, block in enumerate(layout.blocks) if block.pictures]
    if not found:
        return frozenset()
    places = [layout.boxes[block.box].place for block in layout.blocks]
    counted = [0 if place & CAPTION else size for place, size in zip(places, sizes, strict=True)]
    for index in told:
        counted[index] = 0
    total = [0, *accumulate(counted)]
    good = [
        0,
        *accumulate([size if stays else 0 for size, stays in zip(counted, kept, strict=True)]),
    ]

    def among_kept(index: int) -> bool:
        box = layout.boxes[layout.blocks[index].box]
        while box.place & FIGURE or (
            box is not layout.boxes[0] and total[box.last] - total[box.first] < SURROUNDINGS
        ):
            box = layout.boxes[box.parent]
        return (
            good[box.last] - good[box.first]
            >= MOST_OF_IT * (total[box.last] - total[box.first])
            > 0
        )

    return frozenset(
        index
        for index in found
        if (
            kept[index]
            if layout.blocks[index].text
            else among_kept(index) and not _is_teaser(layout, index, kept)
        )
    )


def _is_teaser(layout: Layout, index: int, kept: Sequence[bool]) -> bool:
    """Whether a picture leads where a link beside it leads that goes."""
    links = set(layout.blocks[index].links)
    if not links:
        return False
    around = range(max(0, index - REACH), min(len(kept), index + REACH + 1))
    return any(
        not kept[each] and not links.isdisjoint(layout.blocks[each].links)
        for each in around
        if each != index
    )


def find_captions(
    layout: Layout, chosen: Collection[int], gone: Mapping[int, str]
) -> Iterator[int]:
    """The captions of chosen pictures, as far as they are not gone.

    In the same figure, else right behind.
    """
    near: set[int] = set()
    boxes = layout.boxes
    outermost: set[int] = set()
    for index in chosen:
        box = layout.blocks[index].box
        if not boxes[box].place & FIGURE:
            near.update((index, index + 1))
            continue
        while boxes[boxes[box].parent].place & FIGURE:
            box = boxes[box].parent
        outermost.add(box)
    for box in outermost:
        near.update(range(boxes[box].first, boxes[box].last))
    blocks = layout.blocks
    for index in sorted(near):
        if (
            index < len(blocks)
            and index not in gone
            and blocks[index].text
            and is_caption(layout, blocks[index])
        ):
            yield index


# SECTION: Pictures of a page → addresses. Owns how lazy loading is undone and what an address for
# a feed is.

SMALL = 48  # pixels; up to here a picture is an icon, a portrait or a counter
WIDEST = 2000  # pixels; of a set of sizes the largest up to this is taken
MOST_SOURCES = 20  # of one picture
_LAZY = tuple(
    "data-src data-original data-lazy-src data-lazy data-original-src data-orig-file"  # noqa: SIM905 -- words
    " data-hi-res-src data-full-src data-image data-url data-img-url data-echo "
    "data-flickity-lazyload data-pin-media".split(),
)
_ADDRESSEES = frozenset({"to", "cc", "bcc"})  # headers that a mailto address may have in its query
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_PLACEHOLDER = re.compile(
    r"^data:|(?:blank|spacer|placeholder|pixel|transparent|1x1|lazy|loading)[\w-]{0,200}\.(?:gif|png|svg)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}")
_CANDIDATE = re.compile(r"(?<![^\s,])([^\s,]\S*[^\s,])(?:\s+([\d.]+)([wx]))?\s*(?:,|$)")


def best_image(element: HtmlElement, base: str | None) -> str:
    """The `<img>` that an image element stands for, with an absolute address.

    "" where it is none for readers.
    """
    if element.tag == "noscript":
        inner = element.find(".//img")
        return best_image(inner, base) if inner is not None else ""
    if _is_small(element):
        return ""
    address = next(
        (found for each in addresses(element) if (found := resolve_image_address(each, base))), None
    )
    if address is None:
        return ""
    alt = f' alt="{escape(element.get("alt", "").strip())}"'
    return f'<img src="{escape(address)}"{alt}{_size(element)}>'


def addresses(element: HtmlElement) -> Iterator[str]:
    """The addresses that an image may be had from, best first; placeholders are none."""
    candidates = [element.get(name, "") for name in _LAZY]
    candidates += [_largest(element.get(name, "")) for name in _SETS]
    if (around := next(element.iterancestors("picture"), None)) is not None:
        sources = islice(around.iterfind(".//source"), MOST_SOURCES)
        candidates += [
            _largest(source.get("srcset") or source.get("data-srcset") or "") for source in sources
        ]
    own = element.get("src", "")
    if not any(candidates[: len(_LAZY)]):  # nothing is lazy here: the page's own choice comes first
        candidates.insert(0, own)
    candidates.append(own)
    return (
        address
        for candidate in candidates
        if (address := candidate.strip()) and not _PLACEHOLDER.search(address)
    )


def resolve_image_address(address: str, base: str | None) -> str | None:
    """An absolute http or https address, or a mailto or tel one that somebody can be reached at.

    None for others.
    """
    try:
        joined = urljoin(base or "", address.strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    usable = bool(parts.netloc) if parts.scheme in ("http", "https") else has_addressee(joined)
    return joined.replace(" ", "%20") if usable else None


def has_addressee(address: str) -> bool:
    """Return whether a mailto or tel address says whom it is for; False for other schemes."""
    scheme, _, rest = address.partition(":")
    whom, _, query = rest.partition("?")
    named = parse_qs(query).keys() & _ADDRESSEES if scheme.lower() == "mailto" else ()
    return scheme.lower() in ("mailto", "tel") and bool(unquote(whom).strip(" /") or named)


def _is_small(element: HtmlElement) -> bool:
    sizes = [_pixels(element.get(name)) for name in ("width", "height")]
    return any(size is not None and size <= SMALL for size in sizes)


def _size(element: HtmlElement) -> str:
    sizes = {name: _pixels(element.get(name)) for name in ("width", "height")}
    return (
        "".join(f' {name}="{size}"' for name, size in sizes.items() if size)
        if all(sizes.values())
        else ""
    )


def _pixels(value: str | None) -> int | None:
    """The number of pixels of a width or height; None for none, for "auto" and for shares."""
    number = (value or "").strip().removesuffix("px")
    return int(number) if number.isascii() and number.isdigit() else None


def _largest(srcset: str) -> str:
    """The address of the largest picture of a set that is not larger than anyone needs."""
    found = [
        (float(size if _NUMBER.fullmatch(size) else 1) * (1 if unit == "w" else 1000), address)
        for address, size, unit in _CANDIDATE.findall(srcset)
    ]
    fitting = [each for each in found if each[0] <= WIDEST] or found
    return max(fitting, default=(0.0, ""))[1]
