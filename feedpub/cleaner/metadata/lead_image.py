"""Choose the article's lead image, and find its size in pixels if the page states it.

Nothing is fetched: a size that the page does not state stays unknown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from lxml.html import HtmlElement

from feedpub.cleaner.metadata.elements import Facts, Size
from feedpub.core.urls import absolute_url

_MAX_ELEMENTS = 20  # of a page that may show one image
_MAX_LENGTH_CHARS = 20
_MIN_WIDTH_PIXELS = 300  # of a lead image that only the body shows

_NOT_A_LEAD_IMAGE = re.compile(
    r"logo|placeholder|default[-_]?(?:image|img|share|social|og|thumb)|blank\.|spacer|pixel|favicon"
    r"|avatar|gravatar|no[-_]?image|sprite|fallback|\.svg(?:$|\?)|^data:",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"(\d{1,5})(?:\.0+)?\s?(?:px)?")


def choose_lead_image(addresses: Iterable[str], base: str | None) -> str | None:
    """Return the first URL that is not that of a logo, a placeholder or inline data."""
    for address in addresses:
        if not _NOT_A_LEAD_IMAGE.search(address) and (url := absolute_url(address, base or "")):
            return url
    return None


def large_images(tree: HtmlElement) -> Iterator[str]:
    """Yield the URLs of images whose stated width is large, except those in page furniture."""
    for image in tree.iter("img"):
        width, address = image.get("width", ""), image.get("src")
        if not address or not width.isdecimal() or int(width) < _MIN_WIDTH_PIXELS:
            continue
        if next(image.iterancestors("header", "nav", "footer", "aside"), None) is None:
            yield address


def find_size(
    image: str | None, stated: Iterable[Facts], tree: HtmlElement, base: str | None
) -> Size | None:
    """Return the size of the first origin that states it, else of the image's own element."""
    if image is None:
        return None
    for facts in stated:
        for address, size in facts.image_sizes.items():
            if _is_same_image(image, address, base):
                return size
    return _size_of_element(image, tree, base)


def _size_of_element(image: str, tree: HtmlElement, base: str | None) -> Size | None:
    name = image.rpartition("/")[2]
    compared = 0
    for element in tree.iter("img"):
        address = element.get("src", "")
        if name not in address:
            continue
        compared += 1
        if compared > _MAX_ELEMENTS:
            break
        if _is_same_image(image, address, base):
            size = parse_size(element.get("width"), element.get("height"))
            if size:
                return size
    return None


def _is_same_image(image: str, address: str, base: str | None) -> bool:
    return address == image or absolute_url(address, base or "") == image


def parse_size(width: str | None, height: str | None) -> Size | None:
    """Parse a width and a height ("1200", "630px"); return None unless both are pixels."""
    across = _parse_pixels(width)
    down = _parse_pixels(height)
    return (across, down) if across and down else None


def _parse_pixels(length: str | None) -> int:
    found = _PIXELS.fullmatch((length or "")[:_MAX_LENGTH_CHARS].strip())
    return int(found[1]) if found else 0


def opengraph_sizes(properties: Iterable[tuple[str, str]]) -> Mapping[str, Size]:
    """Return the sizes of the images that OpenGraph properties describe, by URL.

    Each og:image property begins the description of another image.
    """
    sizes: dict[str, Size] = {}
    addresses: list[str] = []
    lengths: dict[str, str] = {}
    for name, text in (*properties, ("og:image", "")):
        if name == "og:image" and addresses:
            size = parse_size(lengths.get("og:image:width"), lengths.get("og:image:height"))
            if size:
                sizes |= dict.fromkeys(addresses, size)
            addresses, lengths = [], {}
        if name in ("og:image", "og:image:url", "og:image:secure_url"):
            addresses.append(text)
        else:
            lengths[name] = text
    return sizes
