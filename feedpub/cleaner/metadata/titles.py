"""The article's headline, out of what the page calls itself in several places."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

_SEPARATOR = re.compile(
    r"\s+(?:[|»«·•–—:/\\~]|-{1,2}|::|&raquo;|\u2039|\u203a|<|>)\s+|\s*[|｜]\s*|(?<=\S): |(?<=\S)[–—]\s"
)
_WORDS = re.compile(r"\W+")
LONGEST = 300
SHARED = 0.5  # of the words of the shorter, for two texts to be the same headline


def choose(headlines: Sequence[str], stated: Sequence[str], *, site: Sequence[str] = (), url: str | None = None) -> str:
    """The headline.

    Args:
        headlines: the visible ones (h1), in order.
        stated: what the head says, most trusted first.
        site: names of the site.
        url: of the page; its host is one more name of the site.
    """
    known = {squash(name) for name in (*site, _host(url)) if name}
    bare = [without_site(text, known) for text in stated]
    visible = [text for text in headlines if squash(text) not in known and len(text) <= LONGEST]
    for text in visible:
        if any(agree(text, other) for other in bare):
            return text
    if len(visible) == 1 and not bare:
        return visible[0]
    return next((text for text in (*bare, *visible) if text), "")


def agree(one: str, other: str) -> bool:
    """Whether two texts are forms of one headline."""
    first, second = set(squash(one).split()), set(squash(other).split())
    if not first or not second:
        return False
    return len(first & second) > SHARED * min(len(first), len(second)) and len(first & second) >= min(2, len(first))


def without_site(title: str, site: Iterable[str]) -> str:
    """A title without the site's name at either end."""
    title = " ".join(title.split())
    known = {name for name in site if name}
    compact = {name.replace(" ", "") for name in known}
    while parts := list(_SEPARATOR.finditer(title)):
        head, tail = title[: parts[-1].start()].strip(), title[parts[-1].end() :].strip()
        if tail and squash(tail).replace(" ", "") in compact:
            title = head
            continue
        head, tail = title[: parts[0].start()].strip(), title[parts[0].end() :].strip()
        if head and squash(head).replace(" ", "") in compact:
            title = tail
            continue
        break
    return title


def squash(text: str) -> str:
    """A title for comparison."""
    return _WORDS.sub(" ", text.casefold()).strip()


def _host(url: str | None) -> str:
    host = (urlsplit(url or "").hostname or "").removeprefix("www.")
    return host.rpartition(".")[0] or host
