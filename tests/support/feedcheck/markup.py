"""Texts in feeds.

Plain text must not look like markup. HTML must be complete and safe, with absolute URLs.
"""

import re
from html.entities import name2codepoint
from urllib.parse import urlsplit

from html5lib.html5parser import HTMLParser, ParseError

from tests.support.feedcheck.values import ATTRIBUTES, ELEMENTS, Complaints

_END_TAG = re.compile(r"</(\w+)>")
_ENTITY = re.compile(r"&(#?\w+)")
_MARKUP = re.compile(r"&#[x0-9]|<[/a-zA-Z]")
_ADDRESSES = frozenset({"href", "src", "cite", "poster"})


def plain(value: str, source: str) -> Complaints:
    """Check plain text, as spelled in `source`, the lines of the document that contain it.

    Ampersands and less-than signs that could begin markup are hexadecimal references, as in the RSS
    profile.
    """
    if any(tag.lower() in ELEMENTS for tag in _END_TAG.findall(value)):
        yield f"plain text that looks like HTML: {value!r}"
    elif "&#x" not in source and (
        _MARKUP.search(value) or any(map(_is_entity, _ENTITY.findall(value)))
    ):
        yield f"plain text that may be taken for HTML: {value!r}"


def _is_entity(name: str) -> bool:
    return name in name2codepoint or name == "apos" or not name.isalpha()


def html(value: str) -> Complaints:
    """Check a fragment of HTML.

    It has no parse errors, only known and safe elements and attributes, and absolute URLs.
    """
    try:
        fragment = HTMLParser(strict=True).parseFragment(value)
    except ParseError as error:
        yield f"not HTML: {error} in {value[:80]!r}"
        return
    for element in fragment.iter():
        if callable(element.tag):
            yield f"comment in HTML: {element.text!r}"
        elif element.tag != "DOCUMENT_FRAGMENT":
            yield from _element(element.tag.split("}")[-1], element.attrib)


def _element(name: str, attributes: dict[str, str]) -> Complaints:
    if name not in ELEMENTS:
        yield f"element <{name}> in HTML"
    for attribute, value in attributes.items():
        if attribute not in ATTRIBUTES:
            yield f"attribute {attribute} of <{name}> in HTML"
        if attribute in _ADDRESSES and not urlsplit(value).scheme:
            yield f"relative address in HTML: {value!r}"
        if value.strip().lower().startswith(("javascript:", "data:text", "vbscript:")):
            yield f"script in HTML: {value!r}"
