"""Find a site's name: what it calls itself, without the tagline and the name of the page."""

import re
from urllib.parse import urlsplit

from feedpub.core.urls import bare_host_from_url
from feedpub.sources.document import HtmlDocument
from feedpub.sources.markup import clean_text

MIN_HOST_CHARS = 4  # of a name that a host may contain

_STATED = ("og:site_name", "application-name", "apple-mobile-web-app-title")
_SEPARATOR = re.compile(
    r"(?<!\s)\s++[|\uff5c·•»\u203a~\N{EN DASH}\N{EM DASH}-]+\s+"
    r"|[|\uff5c]\s*|(?<!\s):\s+|\s*\N{EM DASH}\s*"
)
_WELCOME = re.compile(r"^welcome to (?:the )?", re.IGNORECASE)
_START_PAGES = frozenset(
    (
        *("home", "home page", "homepage", "start", "startseite", "accueil", "inicio", "welcome"),
        *(
            "forside",
            "hem",
            "etusivu",
            "strona główna",
            "главная",
            "ホーム",
            "トップページ",
            "首页",
        ),
    )
)


def find_site_name(document: HtmlDocument) -> str:
    """Return the name of a page's site; "" if the page has no title."""
    for name in _STATED:
        for meta in document.tree.iter("meta"):
            is_name = name in (meta.get("property"), meta.get("name"))
            if is_name and (text := clean_text(meta.get("content", ""))):
                return without_tagline(text, document.url)
    is_front = not urlsplit(document.url).path.strip("/")
    return without_tagline(document.title, document.url, name_is_last=not is_front)


def without_tagline(title: str, url: str, *, name_is_last: bool = False) -> str:
    """Return the part of a site's or page's title that is the site's name.

    Args:
        title: the title, such as "Harbour Times – News from the coast".
        url: of the site; the part that its host contains is the name.
        name_is_last: the title begins with the name of a page, as "Sport | Harbour Times".
    """
    parts = [part.strip() for part in _SEPARATOR.split(title) if part.strip()]
    parts = [part for part in parts if part.lower() not in _START_PAGES] or parts
    parts = [_WELCOME.sub("", part) or part for part in parts]
    if not parts:
        return ""
    host = re.sub(r"\W", "", bare_host_from_url(url))
    named = [part for part in parts if _is_in_host(part, host)]
    named = named or [part for part in parts if _begins_like_host(part, url)]
    if named:
        return max(named, key=len)
    return parts[-1] if name_is_last else parts[0]


def _is_in_host(part: str, host: str) -> bool:
    compact = re.sub(r"\W", "", part.lower())
    names = (compact, compact.removeprefix("the"))
    return any(len(name) >= MIN_HOST_CHARS and name in host for name in names)


def _begins_like_host(part: str, url: str) -> bool:
    """Return True for "BBC Technology" at bbc.com."""
    first = re.split(r"\W", part.lower(), maxsplit=1)[0]
    return len(first) > 1 and first in bare_host_from_url(url).split(".")
