"""Links from an entry to itself, such as those of footnotes: "#fn1" in our pages, a whole address in feeds.

Most readers drop ids, and complete "#fn1" with the address of the feed, or of whatever page shows the entry. A whole
address leads to the footnote on the article's page, and stays inside the entry in readers that keep ids and show it
under the article's address. It is also what the W3C validator asks for.
"""

import re
from html import escape, unescape
from urllib.parse import urldefrag

_LINK = re.compile(r'(<a(?: (?!href=)[a-z]+="[^"]*")*+ href=")([^"#]*)#([^"]+)"')  # as the sanitiser writes them


def complete_fragments(html: str, page: str) -> str:
    """Return an entry's HTML with the address of its page before each "#fn1"."""
    if 'href="#' not in html:
        return html
    address = escape(urldefrag(page).url)
    return _LINK.sub(lambda link: f'{link[1]}{link[2] or address}#{link[3]}"', html)


def shorten_fragments(html: str, page: str) -> str:
    """Undo `complete_fragments`: links to what is in the entry itself begin with "#" again."""
    if "#" not in html:
        return html
    address = urldefrag(page).url

    def shorten(link: re.Match[str]) -> str:
        is_inside = unescape(link[2]) == address and f' id="{link[3]}"' in html
        return f'{link[1]}#{link[3]}"' if is_inside else link[0]

    return _LINK.sub(shorten, html)
