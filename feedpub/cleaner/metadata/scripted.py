"""The data that a page carries for its own scripts, in script elements and in attributes → dates of publication.

The last resort of pages that are drawn by scripts and say nothing to machines: schema.org's name for the date stands in
what their scripts would write into the page.
"""

import re
from collections.abc import Sequence

from lxml.html import HtmlElement

_HOLDERS = "//script[contains(., 'datePublished')]/text() | //@*[contains(., 'datePublished')]"
_PUBLISHED = re.compile(r'\\?"datePublished\\?"\s*:\s*\\?"([^"\\]{8,40})')


def published(tree: HtmlElement) -> Sequence[str]:
    """The dates of publication in a page's data for its scripts, in the order of the page."""
    return [date for holder in tree.xpath(_HOLDERS) for date in _PUBLISHED.findall(holder)]
