"""Combine the selectors of items and of links in them into the one selector of a page source."""

import re
from collections.abc import Mapping
from itertools import product

from cssselect import HTMLTranslator

from feedpub.builder.opml import XPATH_ENCLOSING_LINK
from feedpub.core.selectors import (
    XPATH_PREFIX,
    anchor_xpath,
    check_xpath,
    split_outside_brackets,
)

_FIRST_IN_CSS = re.compile(r":first(?![\w-])")
_ANY_LINK_IN_CSS = re.compile(r"a(?:\[href\])?(?::first-of-type)?")
_TO_OWN_PAGE = re.compile(r"""\[href\^?=\s*["']?#""")
_XPATH = re.compile(r"\(?\.?/|(?<![a-z-])[a-z-]++::")
_FIRST_IN_XPATH = re.compile(r"\[(?:1|position\(\)\s*=\s*1)\]$")
_ANY_LINK_IN_XPATH = re.compile(
    r"(?:\.//|\./|(?:\./)?descendant(?:-or-self)?::)?a(?:\[@href\]|\[string-length\(@href\)>0\])?"
)


def link_selector(items: str, link: str = "") -> str:
    """Combine the selector of items and that of the link in an item.

    If any link of an item would do, the selector of the items is enough: the page source takes the
    main link of each.
    """
    if _XPATH.match(items.lstrip()):
        return xpath_link_selector(items, link) or f"{XPATH_PREFIX}{anchor_xpath(items)}"
    link = _FIRST_IN_CSS.sub("", link).strip()
    if not link or link == items or _ANY_LINK_IN_CSS.fullmatch(link):
        return items
    pairs = product(split_outside_brackets(items, ","), split_outside_brackets(link, ","))
    return ", ".join(f"{item} {inner}" for item, inner in pairs)


def xpath_link_selector(items: str, address: str = "") -> str | None:
    """Combine the XPath of items and that of the link's address in an item.

    Args:
        items: starts at the document, as in FreshRSS.
        address: starts at an item; it may end in `/@href`.

    Returns:
        The selector; None if the address is not a path in the item, but for example computed.
    """
    items = anchor_xpath(items)
    link = address.strip().removesuffix("@href").removesuffix("/").strip()
    if link in ("", ".", XPATH_ENCLOSING_LINK.removesuffix("/@href")):
        return f"{XPATH_PREFIX}{items}"
    if _ANY_LINK_IN_XPATH.fullmatch(_FIRST_IN_XPATH.sub("", link)):
        return f"{XPATH_PREFIX}{items}"
    item = f"({items})" if len(split_outside_brackets(items, "|")) > 1 else items
    paths = split_outside_brackets(address, "|")
    combined = " | ".join(f"{item}/{path}" for path in paths)
    if any(path.startswith("/") for path in paths):
        return None
    try:
        check_xpath(combined)
    except ValueError:
        return None
    return f"{XPATH_PREFIX}{combined}"


def value_selector(selector: str, attribute: str = "") -> str:
    """Return the selector of a value in an item, as an items source takes it.

    Args:
        selector: CSS or XPath, relative to the item; "" for the item itself.
        attribute: the attribute to take; "" for the element.
    """
    selector = _FIRST_IN_CSS.sub("", selector).strip()
    is_xpath = _XPATH.match(selector) is not None
    if not is_xpath and not attribute:
        return selector
    path = selector if is_xpath else HTMLTranslator().css_to_xpath(selector or "*", "descendant::")
    path = path if selector else "."
    return f"{XPATH_PREFIX}({path})/@{attribute}" if attribute else f"{XPATH_PREFIX}{path}"


def xpath_item_selectors(items: str, fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the selectors of an items source.

    Args:
        items: the XPath of the items; it starts at the document.
        fields: the setting of each field → its XPath, which starts at an item; "" leaves it out.
    """
    found = {name: f"{XPATH_PREFIX}{path.strip()}" for name, path in fields.items() if path}
    return (("item", f"{XPATH_PREFIX}{anchor_xpath(items)}"), *found.items())


def stands_on_page(items: str, address: str) -> bool:
    """Return True if items are read from the page: without a link, or with a computed one.

    Args:
        items: the XPath of the items; it starts at the document.
        address: the XPath of the link's address in an item; "" if it has none.
    """
    return bool(items) and (not address.strip() or xpath_link_selector(items, address) is None)


def leads_to_own_page(selector: str) -> bool:
    """Return True if a selector takes links to places on the listing page itself."""
    return _TO_OWN_PAGE.search(selector) is not None
