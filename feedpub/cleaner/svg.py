"""SVG pictures of unknown origin → SVG in which nothing acts and nothing leads elsewhere.

An SVG that is opened by itself is a document: its scripts run with the rights of the site that
publishes it. What only editors read is dropped. A picture with anything active in it is refused as
a whole, since nobody knows what it shows without that.
"""

import re
from functools import cache

from lxml import etree

from feedpub.core.data_files import load_toml
from feedpub.core.errors import ExtractError

MAX_BYTES = 10_000_000
_MAX_NAMESPACES = 50
_MAX_SHOWN = 80  # characters of an address or a name in an error
_SVG = "{http://www.w3.org/2000/svg}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_HREFS = frozenset({"href", "{http://www.w3.org/1999/xlink}href"})
_XML = frozenset({f"{{http://www.w3.org/XML/1998/namespace}}{name}" for name in ("lang", "space")})
_PLAIN = frozenset({"id", "class", "font-family"})  # attributes whose brackets call no function
_OWN_PART = re.compile(r"\A\s*#")
_PIXELS = re.compile(r"\A\s*data:image/(?:png|jpe?g|gif|webp);base64,[\w+/=\s]*", re.IGNORECASE)
_FUNCTION = re.compile(r"(?<![\w-])([\w-]*+)\(\s*[\"']?\s*(.?)", re.DOTALL)


def sanitise_svg(body: bytes) -> bytes:
    """Return an SVG picture with nothing in it but what draws, as UTF-8.

    Raises:
        ExtractError: it is no well-formed SVG, is larger than `MAX_BYTES`, or holds a script, an
            event handler, a foreign object, an animation or a reference to anything outside of it.
    """
    if len(body) > MAX_BYTES:
        raise ExtractError(f"larger than {MAX_BYTES // 1_000_000} MB")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: a name that is no text
        raise ExtractError(
            f"no well-formed SVG ({' '.join(str(error).split())[:_MAX_SHOWN]})"
        ) from error
    if root.tag != f"{_SVG}svg":
        raise ExtractError("no SVG: its root is another element")
    _drop_unseen(root)
    for element in root.iter():
        _check_element(element)
        _check_attributes(element)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _drop_unseen(root: etree._Element) -> None:
    """Drop what no browser shows: data of editors, and foreign objects beside a fallback."""
    for element in list(root.iter(f"{_SVG}foreignObject")):
        parent = element.getparent()
        has_sibling = element.getprevious() is not None or element.getnext() is not None
        if parent is not None and parent.tag == f"{_SVG}switch" and has_sibling:
            parent.remove(element)
    namespaces = {_namespace(element) for element in root.iter() if isinstance(element.tag, str)}
    if len(namespaces) > _MAX_NAMESPACES:
        raise ExtractError(f"it has more than {_MAX_NAMESPACES} namespaces")
    foreign = (f"{namespace}*" for namespace in namespaces - {_SVG, _XHTML})
    etree.strip_elements(root, f"{_SVG}metadata", *foreign, with_tail=False)


def _namespace(element: etree._Element) -> str:
    """Return the namespace of an element, in braces."""
    return f"{{{etree.QName(element).namespace or ''}}}"


def _check_element(element: etree._Element) -> None:
    if not isinstance(element.tag, str):
        raise ExtractError("it declares entities of its own")
    name = etree.QName(element).localname
    if _namespace(element) != _SVG or name not in _allowed("elements"):
        raise ExtractError(f"it holds a <{name[:_MAX_SHOWN]}>")
    if name == "style":
        _check_style("".join(map(str, element.itertext())))


def _check_attributes(element: etree._Element) -> None:
    """Drop attributes that draw nothing.

    Raises ExtractError for those that act or lead elsewhere.
    """
    for key, value in list(element.attrib.items()):
        name, text = str(key), str(value)
        if name.lower().startswith("on"):
            raise ExtractError(f"it holds an event handler, {name[:_MAX_SHOWN]}")
        is_link = name in _HREFS and element.tag == f"{_SVG}a"
        if is_link or not (name in _HREFS or name in _XML or name in _allowed("attributes")):
            del element.attrib[key]
        elif name in _HREFS:
            if not _OWN_PART.match(text) and not _PIXELS.fullmatch(text):
                raise ExtractError(f"it refers to {text.strip()[:_MAX_SHOWN]}")
        elif name not in _PLAIN:
            _check_style(text)


def _check_style(css: str) -> None:
    """Raise ExtractError for CSS that may fetch something, also where an escape may hide that."""
    if "\\" in css or "@import" in css.lower():
        raise ExtractError("its style may lead elsewhere")
    for name, argument in _FUNCTION.findall(css):
        if name and (
            name.lower() not in _allowed("functions") or (name.lower() == "url" and argument != "#")
        ):
            raise ExtractError(f"its style may lead elsewhere, by {name[:_MAX_SHOWN]}()")


@cache
def _allowed(what: str) -> frozenset[str]:
    """Return names that data/svg.toml lists."""
    return frozenset(load_toml("feedpub.cleaner", "data/svg.toml")[what])
