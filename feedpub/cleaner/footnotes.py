"""Footnotes: small print that an article refers to, and that belongs to it therefore. Owns how they are found."""

from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from feedpub.cleaner.layout import Layout

LONGEST_MARK = 4  # characters: "12", "[3]", "*"
LONGEST = 4  # blocks of a footnote
MOST = 20  # footnotes; a longer list is a bibliography


def footnotes(layout: Layout, kept: Sequence[bool]) -> Iterator[int]:
    """The blocks that marks in the kept text link to on the same page."""
    marks = {name for index, stays in enumerate(kept) if stays for name in _marks(layout, index)}
    if not 0 < len(marks) <= MOST:
        return
    for box in layout.boxes:
        if box.last - box.first <= LONGEST and box.element.get("id") in marks:
            yield from range(box.first, box.last)
    for index, block in enumerate(layout.blocks):
        elements = (piece for piece in block.pieces if isinstance(piece, HtmlElement))
        if not kept[index] and any(each.get("id") in marks or each.get("name") in marks for each in elements):
            yield index


def _marks(layout: Layout, index: int) -> Iterator[str]:
    """The ids that a block's footnote marks link to."""
    block = layout.blocks[index]
    if not any(link.startswith("#") for link in block.links):
        return
    for piece in block.pieces:
        if isinstance(piece, HtmlElement) and piece.tag == "a" and len(piece.text_content().strip()) <= LONGEST_MARK:
            href = piece.get("href") or ""
            if href.startswith("#") and len(href) > 1:
                yield href[1:]
