"""Sanitise HTML of unknown origin. This is the last step before publishing."""

import re
from collections.abc import Sequence

import nh3

from feedpub.core.errors import ExtractError

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

# Formulas in MathML. What is in them is text in tokens, so that no browser finds HTML in it.
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

_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes=ATTRIBUTES,
    url_schemes=set(SCHEMES),
    link_rel=None,
)
_formula_cleaner = nh3.Cleaner(
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
        cleaned = _formula_cleaner.clean(html)
        if _are_formulas_safe(cleaned):
            return cleaned
    return _cleaner.clean(html)


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
