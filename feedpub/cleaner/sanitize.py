"""Sanitise HTML and SVG images of unknown origin. This is the last step before publishing.

Nothing in an image acts or refers to anything outside. A browser that opens an SVG treats it as a
document, and its scripts have the rights of the site that publishes it. Data of editors is dropped.
An image with any active content is rejected, because its appearance without that content is
unknown.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from lxml import etree

from feedpub.core.errors import ExtractError
from feedpub.core.loading import load_toml

if TYPE_CHECKING:
    from nh3 import Cleaner

MAX_ESCAPED_CHARS = 200_000  # nh3's time grows with the square of this
MAX_DEPTH = 4_000  # levels; likewise
TAGS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup "  # noqa: SIM905 -- words
    "dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp "
    "small span strong sub summary sup table tbody td tfoot th thead time tr tt u ul var "
    "wbr".split(),
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "dfn": {"title"},
    "col": {"span"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "*": {"lang", "dir", "id"},
}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
DROPPED_WITH_CONTENT = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "select",
        "textarea",
    }
)

# Formulas in MathML. They contain only text in tokens, so browsers find no HTML in them.
FORMULA_TOKENS = frozenset({"mi", "mn", "mo", "ms", "mtext"})
FORMULA_TAGS = FORMULA_TOKENS | frozenset(
    "math merror mfrac mmultiscripts mover mpadded mphantom "  # noqa: SIM905 -- words
    "mprescripts mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtr munder "
    "munderover none".split(),
)
MAX_FORMULA_DEPTH = 50  # levels
_TRUTH = frozenset({"true", "false"})
_SPANS = frozenset(map(str, range(1, 21)))
FORMULA_ATTRIBUTES = {
    "math": {"display": frozenset({"block", "inline"})},
    "mfrac": {"linethickness": frozenset({"0"})},
    "mi": {"mathvariant": frozenset({"normal"})},
    "mo": {"stretchy": _TRUTH},
    "mover": {"accent": _TRUTH},
    "mstyle": {"displaystyle": _TRUTH},
    "mtd": {"columnspan": _SPANS, "rowspan": _SPANS},
    "munder": {"accentunder": _TRUTH},
    "munderover": {"accent": _TRUTH, "accentunder": _TRUTH},
}
"""The values that each attribute may have."""

_TAG = re.compile(r"<(/?)([^\s<>]++)([^<>]*+)>")
_NESTING_TAG = re.compile(
    r"<(/?)(?!(?:area|br|col|d[dt]|h[1-6r]|img|input|li|link|meta|p|t[dhr]|wbr)\b)[a-z]",
    re.IGNORECASE,
)

MAX_BYTES = 10_000_000
_MAX_NAMESPACES = 50
_MAX_QUOTED_CHARS = 80  # of an address or a name in an error
_SVG = "{http://www.w3.org/2000/svg}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_HREF_ATTRIBUTES = frozenset({"href", "{http://www.w3.org/1999/xlink}href"})
_XML = "{http://www.w3.org/XML/1998/namespace}"
_XML_ATTRIBUTES = frozenset({f"{_XML}lang", f"{_XML}space"})
# attributes in which brackets do not call a function
_PLAIN_ATTRIBUTES = frozenset({"id", "class", "font-family"})
_LOCAL_REFERENCE = re.compile(r"\A\s*#")
_EMBEDDED_IMAGE = re.compile(
    r"\A\s*data:image/(?:png|jpe?g|gif|webp);base64,[\w+/=\s]*", re.IGNORECASE
)
_FUNCTION = re.compile(r"(?<![\w-])([\w-]*+)\(\s*[\"']?\s*(.?)", re.DOTALL)


def sanitise(html: str, url: str | None = None) -> str:
    """Reduce HTML to text, structure, links and images.

    Scripts, styles, forms, frames and comments are dropped with their content. Other unknown tags
    are dropped and leave their text. Addresses are relative or have a scheme of `SCHEMES`. Formulas
    stay if all of them have nothing but text in elements of `FORMULA_TAGS`, else none does.

    Args:
        html: a document or a fragment.
        url: its origin, for errors.

    Raises:
        ExtractError: it has so many escaped characters or levels that it would take minutes.
    """
    if html.count("&") + html.count("\N{NO-BREAK SPACE}") > MAX_ESCAPED_CHARS:
        limit = f"{MAX_ESCAPED_CHARS:,}"
        reason = f"the article has more than {limit} characters that HTML escapes, such as &"
        raise ExtractError(reason, url)
    if html.count("<") > MAX_DEPTH and _measure_depth(html) > MAX_DEPTH:
        raise ExtractError("the article is nested too deeply", url)
    if "<math" in html and _are_formulas_safe(html):
        cleaned = _formula_cleaner().clean(html)
        if _are_formulas_safe(cleaned):
            return cleaned
    return _html_cleaner().clean(html)


@cache
def _html_cleaner() -> "Cleaner":
    from nh3 import Cleaner

    return Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes=ATTRIBUTES,
        url_schemes=set(SCHEMES),
        link_rel=None,
    )


@cache
def _formula_cleaner() -> "Cleaner":
    from nh3 import Cleaner

    return Cleaner(
        tags=TAGS | FORMULA_TAGS,
        clean_content_tags=set(DROPPED_WITH_CONTENT - {"math"}),
        attributes=ATTRIBUTES,
        tag_attribute_values={
            tag: {name: set(values) for name, values in attributes.items()}
            for tag, attributes in FORMULA_ATTRIBUTES.items()
        },
        url_schemes=set(SCHEMES),
        link_rel=None,
    )


def _are_formulas_safe(html: str) -> bool:
    """Return whether nothing but the elements and attributes of formulas is in formulas.

    Then browsers read the HTML as the sanitiser did: in MathML, elements of HTML and SVG and some
    of MathML's own change how a browser reads those after them. The answer is certain for sanitised
    HTML, which has neither < nor > in texts and attributes.
    """
    formula: list[str] = []  # the open elements
    for slash, name, attributes in _TAG.findall(html):
        if not formula and name not in FORMULA_TAGS:
            continue
        if slash:
            if not formula or formula.pop() != name:
                return False
        elif not _may_contain(formula, name) or not _has_formula_attributes(name, attributes):
            return False
        else:
            formula.append(name)
    return not formula


def _may_contain(formula: Sequence[str], name: str) -> bool:
    """Return whether an element may be in the innermost open one of a formula."""
    if not formula:
        return name == "math"
    is_inner = name in FORMULA_TAGS and name != "math"
    return is_inner and formula[-1] not in FORMULA_TOKENS and len(formula) <= MAX_FORMULA_DEPTH


def _has_formula_attributes(name: str, attributes: str) -> bool:
    allowed = FORMULA_ATTRIBUTES.get(name, {})
    for attribute in attributes.split():
        key, _, value = attribute.partition("=")
        if value.strip('"') not in allowed.get(key, ()):
            return False
    return True


def _measure_depth(html: str) -> int:
    """Return roughly how deeply elements are nested, without those whose end tag is optional."""
    depth = deepest = 0
    for slash in _NESTING_TAG.findall(html):
        depth += -1 if slash else 1
        deepest = max(deepest, depth)
    return deepest


def sanitise_svg(body: bytes) -> bytes:
    """Reduce an SVG image to the elements and attributes that draw. The result is UTF-8.

    Raises:
        ExtractError: it is not well-formed SVG, is larger than `MAX_BYTES`, or has a script, an
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
    except (etree.XMLSyntaxError, ValueError) as error:  # ValueError: a name that is not text
        raise ExtractError(
            f"not well-formed SVG ({' '.join(str(error).split())[:_MAX_QUOTED_CHARS]})"
        ) from error
    if root.tag != f"{_SVG}svg":
        raise ExtractError("not SVG: its root is another element")
    _drop_invisible(root)
    for element in root.iter():
        _check_element(element)
        _check_attributes(element)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _drop_invisible(root: etree._Element) -> None:
    """Drop data of editors, and foreign objects that have a fallback."""
    for element in list(root.iter(f"{_SVG}foreignObject")):
        parent = element.getparent()
        if parent is None or parent.tag != f"{_SVG}switch":
            continue
        if len(parent) > 1:
            parent.remove(element)
    namespaces = {_namespace(element) for element in root.iter() if isinstance(element.tag, str)}
    if len(namespaces) > _MAX_NAMESPACES:
        raise ExtractError(f"it has more than {_MAX_NAMESPACES} namespaces")
    foreign = [f"{namespace}*" for namespace in namespaces - {_SVG, _XHTML}]
    etree.strip_elements(root, f"{_SVG}metadata", *foreign, with_tail=False)


def _namespace(element: etree._Element) -> str:
    """Return the namespace of an element, in braces."""
    return f"{{{etree.QName(element).namespace or ''}}}"


def _check_element(element: etree._Element) -> None:
    if not isinstance(element.tag, str):
        raise ExtractError("it declares its own entities")
    name = etree.QName(element).localname
    if _namespace(element) != _SVG or name not in _allowed("elements"):
        raise ExtractError(f"it contains a <{name[:_MAX_QUOTED_CHARS]}>")
    if name == "style":
        _check_style("".join(map(str, element.itertext())))


def _check_attributes(element: etree._Element) -> None:
    """Drop attributes that do not draw. Raise ExtractError for active ones and references."""
    kept = _kept_attributes(is_link=element.tag == f"{_SVG}a")
    for key, value in list(element.attrib.items()):
        name, text = str(key), str(value)
        if name.lower().startswith("on"):
            raise ExtractError(f"it contains an event handler, {name[:_MAX_QUOTED_CHARS]}")
        if name not in kept:
            del element.attrib[key]
        elif name in _HREF_ATTRIBUTES:
            _check_reference(text)
        elif name not in _PLAIN_ATTRIBUTES:
            _check_style(text)


@cache
def _kept_attributes(*, is_link: bool) -> frozenset[str]:
    """Return the names of the attributes that draw. Those of a link lead elsewhere."""
    kept = _XML_ATTRIBUTES | _allowed("attributes")
    return kept - _HREF_ATTRIBUTES if is_link else kept | _HREF_ATTRIBUTES


def _check_reference(address: str) -> None:
    if not _LOCAL_REFERENCE.match(address) and not _EMBEDDED_IMAGE.fullmatch(address):
        raise ExtractError(f"it refers to {address.strip()[:_MAX_QUOTED_CHARS]}")


def _check_style(css: str) -> None:
    """Raise ExtractError for CSS that may fetch something, or may hide it behind an escape."""
    if "\\" in css or "@import" in css.lower():
        raise ExtractError("its style may refer to another resource")
    for name, argument in _FUNCTION.findall(css):
        if not name:
            continue
        function = name.lower()
        is_reference = function == "url" and argument != "#"
        if is_reference or function not in _allowed("functions"):
            raise ExtractError(
                f"its style may refer to another resource, with {name[:_MAX_QUOTED_CHARS]}()"
            )


@cache
def _allowed(kind: str) -> frozenset[str]:
    """Return a list of names in data/svg.toml."""
    return frozenset(load_toml("feedpub.cleaner", "data/svg.toml")[kind])
