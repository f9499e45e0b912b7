"""Links that only send the page's address on.

E-mail without an addressee, messengers, print buttons.
"""

import re
from itertools import chain, islice
from urllib.parse import parse_qs

from lxml.html import HtmlElement

from feedpub.cleaner.images import has_addressee

MAX_WORDS_AROUND = 3  # as in "Share this:"; beside more the link's text is part of a sentence
MAX_NEIGHBOURS = 50  # that are looked at
_APPS = re.compile(
    r"\A\s*(?:whatsapp:(?://)?send|sms:(?://)?[?&;]|fb-messenger:(?://)?share|tg:(?://)?(?:msg|share)|viber:(?://)?forward"
    r"|line:(?://)?(?:msg|share)|threema:(?://)?compose|weixin:|twitter:(?://)?post)",
    re.IGNORECASE,
)
_TO = frozenset({"phone", "to", "id", "recipient"})  # parameters that name an addressee
_SCRIPTS = re.compile(r"\A\s*javascript:", re.IGNORECASE)
_SCRIPTED = re.compile(r"print|share|mail", re.IGNORECASE)


def is_share_link(element: HtmlElement) -> bool:
    """Return whether a link has no other use than sharing, and its text stands alone or among a few words."""
    href = element.get("href") or ""
    return _only_shares(href) and _words_around(element) <= MAX_WORDS_AROUND


def _only_shares(href: str) -> bool:
    if _SCRIPTS.match(href):
        return _SCRIPTED.search(href) is not None
    if _APPS.match(href):
        return not _TO.intersection(parse_qs(href.partition("?")[2]))
    return href.strip().lower().startswith("mailto:") and not has_addressee(href.strip())


def _words_around(element: HtmlElement) -> int:
    """Return how many words stand beside a link and its neighbours, in what they have around them."""
    parent = element.getparent()
    if parent is None:
        return 0
    texts = chain([parent.text], (child.tail for child in islice(parent, MAX_NEIGHBOURS)))
    return sum(len((text or "").split()) for text in texts)
