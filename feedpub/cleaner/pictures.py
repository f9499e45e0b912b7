"""Pictures of a page → addresses. Owns how lazy loading is undone and what an address for a feed is."""

import re
from collections.abc import Iterator
from html import escape
from itertools import islice
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from lxml.html import HtmlElement

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


def picture(element: HtmlElement, base: str | None) -> str:
    """The `<img>` that an image element stands for, with an absolute address; "" where it is none for readers."""
    if element.tag == "noscript":
        inner = element.find(".//img")
        return picture(inner, base) if inner is not None else ""
    if _is_small(element):
        return ""
    address = next((found for each in addresses(element) if (found := absolute(each, base))), None)
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
        candidates += [_largest(source.get("srcset") or source.get("data-srcset") or "") for source in sources]
    own = element.get("src", "")
    if not any(candidates[: len(_LAZY)]):  # nothing is lazy here: the page's own choice comes first
        candidates.insert(0, own)
    candidates.append(own)
    return (address for candidate in candidates if (address := candidate.strip()) and not _PLACEHOLDER.search(address))


def absolute(address: str, base: str | None) -> str | None:
    """An absolute http or https address, or a mailto or tel one that somebody can be reached at; None for others."""
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
    return "".join(f' {name}="{size}"' for name, size in sizes.items() if size) if all(sizes.values()) else ""


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
