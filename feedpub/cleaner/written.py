"""The text of an article that the cleaner has written: read from its HTML again, with nothing left out."""

from feedpub.cleaner.blocks import cut
from feedpub.cleaner.body import line
from feedpub.cleaner.tree import parse


def text_of(html: str) -> str:
    """The paragraphs of an article's HTML, separated by newlines, as `extract` gives them beside it."""
    if not html.strip():
        return ""
    layout = cut(parse(html))
    return "\n".join(said for block in layout.blocks if (said := line(layout, block)))
