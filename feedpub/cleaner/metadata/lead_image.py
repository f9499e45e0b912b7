"""The article's lead image: which of the pictures that a page names, and its size in pixels where the page says so.

Owns what cannot be a lead image, and the reading of sizes. Fetches nothing: a size that is not
stated stays unknown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lxml.html import HtmlElement

from feedpub.cleaner.metadata.canonical import resolve_address
from feedpub.cleaner.metadata.facts import Facts, Size

MOST = 20  # elements of a page that may show one image
LONGEST = 20  # characters of a length
LARGE = 300  # pixels of width from which on a picture may lead an article

_NO_PICTURE = re.compile(
    r"logo|placeholder|default[-_]?(?:image|img|share|social|og|thumb)|blank\.|spacer|pixel|favicon|avatar|gravatar"
    r"|no[-_]?image|sprite|fallback|\.svg(?:$|\?)|^data:",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"(\d{1,5})(?:\.0+)?\s?(?:px)?")


def choose_lead_image(addresses: Iterable[str], base: str | None) -> str | None:
    """The first address that can be a lead image: no logo, no placeholder, no data."""
    return next(
        resolve_address(
            (address for address in addresses if not _NO_PICTURE.search(address)), base
        ),
        None,
    )


def large_images(tree: HtmlElement) -> Iterator[str]:
    """The addresses of the pictures on a page that are said to be large, and stand neither above nor below all."""
    for picture in tree.iter("img"):
        width, address = picture.get("width", ""), picture.get("src")
        beside = any(
            outer.tag in ("header", "nav", "footer", "aside") for outer in picture.iterancestors()
        )
        if address and width.isdecimal() and int(width) >= LARGE and not beside:
            yield address


def parse_size(
    image: str | None, stated: Iterable[Facts], tree: HtmlElement, base: str | None
) -> Size | None:
    """The width and height that a page states for an image.

    Of the first origin that does, else of its own element.
    """
    if image is None:
        return None
    told = (item for facts in stated for item in facts.image_sizes.items())
    return next((size for address, size in told if _is(image, address, base)), None) or _in_page(
        image, tree, base
    )


def parse_pixels(width: str | None, height: str | None) -> Size | None:
    """Two lengths ("1200", "630px") as a size; None where either is no number of pixels."""
    across, down = (
        _PIXELS.fullmatch((length or "")[:LONGEST].strip()) for length in (width, height)
    )
    if not across or not down or not int(across[1]) or not int(down[1]):
        return None
    return int(across[1]), int(down[1])


def opengraph_sizes(properties: Iterable[tuple[str, str]]) -> Mapping[str, Size]:
    """The sizes of the pictures that OpenGraph properties describe.

    Each og:image begins a new one.
    """
    found: dict[str, Size] = {}
    addresses: list[str] = []
    lengths: dict[str, str] = {}
    for name, text in (*properties, ("og:image", "")):
        if name == "og:image" and addresses:
            if known := parse_pixels(lengths.get("og:image:width"), lengths.get("og:image:height")):
                found |= dict.fromkeys(addresses, known)
            addresses, lengths = [], {}
        if name in ("og:image", "og:image:url", "og:image:secure_url"):
            addresses.append(text)
        else:
            lengths[name] = text
    return found


def _in_page(image: str, tree: HtmlElement, base: str | None) -> Size | None:
    """The size that the page's own element for an image states."""
    name = image.rpartition("/")[2]
    likely = (picture for picture in tree.iter("img") if name in (picture.get("src") or ""))
    found = (
        picture for picture in islice(likely, MOST) if _is(image, picture.get("src", ""), base)
    )
    return next(
        (
            size
            for picture in found
            if (size := parse_pixels(picture.get("width"), picture.get("height")))
        ),
        None,
    )


def _is(image: str, address: str, base: str | None) -> bool:
    return address == image or next(resolve_address([address], base), None) == image
