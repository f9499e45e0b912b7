"""HTML of unknown origin → HTML that is safe to publish.

Owns the allow-list; it is the last step before publishing.
"""

import re
from itertools import accumulate

import nh3

from feedpub.core.errors import ExtractError

MOST_ESCAPED = 200_000  # signs in a text that HTML escapes: nh3's time grows with their square
TAGS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em "  # noqa: SIM905 -- words
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strong "
    "sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr".split(),
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
UNREAD = frozenset(
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
MAX_DEPTH = 4_000  # levels: and with the square of these

_NESTING = re.compile(
    r"<(/?)(?!(?:area|br|col|d[dt]|h[1-6r]|img|input|li|link|meta|p|t[dhr]|wbr)\b)[a-z]",
    re.IGNORECASE,
)

_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(UNREAD),
    attributes=ATTRIBUTES,
    url_schemes=set(SCHEMES),
    link_rel=None,
)


def sanitise(html: str, url: str | None = None) -> str:
    """The HTML with nothing in it but text, structure, links and pictures.

    Scripts, styles, forms, frames and comments go with what is inside; other unknown tags go and
    leave their text. Addresses have a scheme of `SCHEMES` or are relative.

    Args:
        html: a document or a piece of one.
        url: where it comes from, for errors.

    Raises:
        ExtractError: it is such as no person writes, and would take minutes.
    """
    if html.count("&") + html.count("\N{NO-BREAK SPACE}") > MOST_ESCAPED:
        raise ExtractError(
            f"the article has more than {MOST_ESCAPED:,} signs that are escaped in HTML, such as &",
            url,
        )
    if html.count("<") > MAX_DEPTH and _depth(html) > MAX_DEPTH:
        raise ExtractError("the article is nested too deeply", url)
    return _cleaner.clean(html)


def _depth(html: str) -> int:
    """How deep elements lie in each other, nearly: without those that end by themselves."""
    return max(accumulate(-1 if end else 1 for end in _NESTING.findall(html)), default=0)
