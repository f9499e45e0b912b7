"""CSS selectors of other programs as one selector of article links, which is what a page source takes."""

import re
from itertools import product

_FIRST = re.compile(r":first(?![\w-])")
_ANY_LINK = re.compile(r"a(?:\[href\])?(?::first-of-type)?")
_OWN_PAGE = re.compile(r"""\[href\^?=\s*["']?#""")


def split(text: str, separator: str = ",") -> list[str]:
    """The parts between separators that stand outside of brackets, parentheses and quotes, without blanks around."""
    parts, depth, quote = [""], 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif not depth and text.startswith(separator, at):
            parts.append("")
            continue
        parts[-1] += char
    stripped = [part.strip() for part in (parts if len(separator) == 1 else _without(parts, separator))]
    return [part for part in stripped if part]


def _without(parts: list[str], separator: str) -> list[str]:
    """Parts behind the first still begin with the rest of a separator of several characters."""
    return [parts[0], *(part.removeprefix(separator[1:]) for part in parts[1:])]


def links_in(items: str, link: str = "") -> str:
    """The selector of the links, from that of the items and that of the link in an item.

    Where any link of the item would do, the items are enough: each is then one article, and its main link is taken.
    """
    link = _FIRST.sub("", link).strip()
    if not link or link == items or _ANY_LINK.fullmatch(link):
        return items
    return ", ".join(f"{item} {inner}" for item, inner in product(split(items), split(link)))


def in_own_page(selector: str) -> bool:
    """True for links to places on the page itself: there is no other page to be read at them."""
    return _OWN_PAGE.search(selector) is not None
