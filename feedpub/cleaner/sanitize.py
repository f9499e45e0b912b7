"""Sanitise HTML of unknown origin. This is the last step before publishing."""

import re

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


def sanitise(html: str, url: str | None = None) -> str:
    """Reduce HTML to text, structure, links and images.

    Scripts, styles, forms, frames and comments are dropped with their content. Other unknown tags
    are dropped and leave their text. Addresses are relative or have a scheme of `SCHEMES`.

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
    return _cleaner.clean(html)


def _measure_depth(html: str) -> int:
    """Return roughly how deeply elements are nested, without those whose end tag is optional."""
    depth = deepest = 0
    for slash in _NESTING_TAG.findall(html):
        depth += -1 if slash else 1
        deepest = max(deepest, depth)
    return deepest
