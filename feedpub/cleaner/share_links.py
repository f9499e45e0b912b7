"""Links that only share the page: e-mail without an addressee, messengers, print buttons."""

import re
from itertools import islice
from urllib.parse import parse_qs

from lxml.html import HtmlElement

from feedpub.cleaner.images import has_addressee

MAX_WORDS_AROUND = 3  # as in "Share this:"; with more, the link is part of a sentence
MAX_SIBLINGS = 50  # that are read
_APPS = re.compile(
    r"\A\s*(?:whatsapp:(?://)?send|sms:(?://)?[?&;]|fb-messenger:(?://)?share"
    r"|tg:(?://)?(?:msg|share)|viber:(?://)?forward|line:(?://)?(?:msg|share)"
    r"|threema:(?://)?compose|weixin:|twitter:(?://)?post)",
    re.IGNORECASE,
)
_ADDRESSEE_PARAMETERS = frozenset({"phone", "to", "id", "recipient"})
_SCRIPT = re.compile(r"\A\s*javascript:", re.IGNORECASE)
_SHARING_SCRIPT = re.compile(r"print|share|mail", re.IGNORECASE)


def is_share_link(element: HtmlElement) -> bool:
    """Return whether a link only shares the page and is not part of a sentence."""
    href = element.get("href") or ""
    return _only_shares(href) and _count_words_around(element) <= MAX_WORDS_AROUND


def _only_shares(href: str) -> bool:
    if _SCRIPT.match(href):
        return _SHARING_SCRIPT.search(href) is not None
    if _APPS.match(href):
        return not _ADDRESSEE_PARAMETERS.intersection(parse_qs(href.partition("?")[2]))
    return href.strip().lower().startswith("mailto:") and not has_addressee(href.strip())


def _count_words_around(element: HtmlElement) -> int:
    """Return the number of words between a link and its siblings."""
    parent = element.getparent()
    if parent is None:
        return 0
    words = len((parent.text or "").split())
    for child in islice(parent, MAX_SIBLINGS):
        words += len((child.tail or "").split())
    return words
