"""Prepare the items of a page: remove repeated names and avatars, and show pictures.

Each post of a channel or a forum may begin with the same name, linked to the same profile, and the
same avatar. They neither name the post nor belong to its content.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from lxml.html import HtmlElement, fromstring

from feedpub.sources.items.fields import Block, block_around, is_clock
from feedpub.sources.listing.card_fields import background_address
from feedpub.sources.listing.text import element_text

MIN_BLOCKS = 3  # that repetition can be seen in
MIN_SHARE = 0.5  # of the blocks, that have a repeated element
_ADDRESS_NAMES = {"a": "href", "img": "src"}


def prepare_blocks(blocks: Sequence[Block]) -> None:
    """Change the elements of a page's items in place, before their fields are read."""
    repeated = _repeated_elements(blocks)
    for block in blocks:
        for element in list(_elements(block)):
            if element in block.parts:
                continue
            if _target(element) in repeated or _is_duration(element):
                element.drop_tree()
        for element in list(_elements(block)):
            _show_background(element)


def _elements(block: Block, *tags: str) -> Iterator[HtmlElement]:
    for part in block.parts:
        yield from part.iter(*tags)


def _target(element: HtmlElement) -> tuple[str, str, str] | None:
    """Return the tag, address and text of a link or an image; None for others."""
    name = _ADDRESS_NAMES.get(element.tag)
    if name is None or not element.get(name):
        return None
    return str(element.tag), element.get(name, ""), element_text(element)


def _repeated_elements(blocks: Sequence[Block]) -> Collection[tuple[str, str, str]]:
    """Return the links on a line of their own and the images that most items have."""
    if len(blocks) < MIN_BLOCKS:
        return frozenset()
    counts: Counter[tuple[str, str, str] | None] = Counter()
    for block in blocks:
        alone = filter(_has_own_place, _elements(block, *_ADDRESS_NAMES))
        counts.update(set(map(_target, alone)))
    min_count = MIN_SHARE * len(blocks)
    return {target for target, count in counts.items() if target and count > min_count}


def _has_own_place(element: HtmlElement) -> bool:
    """Return False for a link in a sentence."""
    return element.tag == "img" or element_text(block_around(element)) == element_text(element)


def _is_duration(element: HtmlElement) -> bool:
    """Return True for the length of a video next to it, such as "0:14"."""
    parent = element.getparent()
    if element.tag not in ("time", "span") or parent is None or element.get("datetime"):
        return False
    has_video = next(parent.iter("video"), None) is not None
    return has_video and is_clock(element_text(element))


def _show_background(element: HtmlElement) -> None:
    """Add the image that an empty element has as its background."""
    address = background_address(element)
    if address and not element_text(element) and next(element.iter("img"), None) is None:
        image = fromstring("<img>")
        image.set("src", address)
        element.insert(0, image)
