"""Whether a page's description is its editor's own. Owns that judgement, and what becomes of one that was cut off."""

import html
import re
from collections.abc import Sequence

from feedpub.summary.fitting import fill
from feedpub.summary.prose import prose, size, squash
from feedpub.summary.sentences import finished, join, sentences
from feedpub.summary.words import everywhere

ENOUGH = 40  # size below which a description, or what is left of one, says nothing
RELATED = 0.4  # share of a description's words that the article has too, where the title has none of them
HARDLY = 0.15  # the same where the title has one: below this it is about something else all the same
LOOK = 5  # first sentences of an article that a cut description may be the beginning of

_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")
_ELLIPSIS = re.compile(r"\s*[\[(]?\s?(?:…|\.\.\.+)\s?[\])]?\s*$")
_POINTERS = " \t[]()→»›>▸▶·|:"
_WORD = re.compile(r"[^\W\d_]{4,}|[\u3041-\u30ff\u3400-\u9fff]{2}")


def choose(  # noqa: PLR0913 -- each says one thing about the page, by name
    description: str | None,
    text: str,
    *,
    title: str = "",
    site: str | None = None,
    language: str | None = None,
    max_chars: int = 300,
) -> str:
    """What stands under an entry's title: the editor's own description where it is one, else the first sentences.

    Args:
        description: the page's description as it gives it, markup and entities included.
        text: the article, paragraphs separated by newlines.
        title: the article's, never repeated.
        site: the site's name, where known.
        language: a BCP 47 tag.
        max_chars: the most that is returned.
    """
    opening = [sentence.text for sentence in prose(text, title, language)]
    own = _whole(plain(description or ""), opening, text, language)
    if is_own(own, text, title=title, site=site):
        return fill(sentences(own, language), max_chars)
    return fill(opening, max_chars)


def plain(description: str) -> str:
    """A description as one line of text: entities read, twice where they were escaped twice, and tags gone."""
    text = html.unescape(html.unescape(description))
    return " ".join(_TAG.sub(" ", text).split())


def is_own(description: str, text: str, *, title: str = "", site: str | None = None) -> bool:
    """Whether a description tells about this article: of some length, not its title, no offer, no slogan."""
    if size(description) < ENOUGH or _offers(description):
        return False
    named = squash(description).replace(squash(title) or "\0", "", 1).replace(squash(site or "") or "\0", "", 1)
    if size(named) < ENOUGH / 2:
        return False
    words = _stems(description) - _stems(site or "")
    shared = bool(words & (_stems(title) - _stems(site or "")))
    known = len(words & _stems(f"{title}\n{text}")) / max(1, len(words))
    return known >= (HARDLY if shared else RELATED)


def _whole(description: str, opening: Sequence[str], text: str, language: str | None) -> str:
    """A description as its editor would have ended it.

    One that was cut off is completed from the text that it is the beginning of; else its unfinished end goes.
    """
    stem = _without_pointer(description)
    cut = _ELLIPSIS.search(stem)
    stem = _ELLIPSIS.sub("", stem)
    if not stem or (finished(stem) and not cut):
        return stem
    if completed := _completed(stem, opening):
        return completed
    parts = sentences(stem, language)
    if cut or len(parts) > 1 or _breaks_off(stem, text):
        return join([part for part in parts if finished(part)])
    return stem


def _completed(stem: str, opening: Sequence[str]) -> str:
    """The sentences of the opening that a stem is the beginning of, as many as it reaches into; "" where it is none."""
    start = squash(stem)
    for first in range(min(len(opening), LOOK)):
        told = ""
        for last in range(first, len(opening)):
            told += squash(opening[last])
            if told.startswith(start):
                return join(opening[first : last + 1])
            if not start.startswith(told):
                break
    return ""


def _breaks_off(stem: str, text: str) -> bool:
    """Whether a text's end is no word of the article but the beginning of one."""
    last = stem.split()[-1].casefold()
    words = set(re.findall(r"\w+", text.casefold()))
    return last.isalpha() and last not in words and any(word.startswith(last) for word in words)


def _without_pointer(description: str) -> str:
    """A description without the "Read more" at its end."""
    bare = description.rstrip(_POINTERS + ".!…")
    folded = bare.casefold()
    for pointer in sorted(everywhere("more"), key=len, reverse=True):
        before = bare[: len(bare) - len(pointer)].rstrip(_POINTERS)
        if folded.endswith(pointer) and (not before or finished(before) or before.endswith(("…", "-", "–"))):
            return before.rstrip(" -–")
    return description.rstrip(_POINTERS) if description.endswith(("→", "»", "›", ">", "▸", "▶")) else description


def _offers(description: str) -> bool:
    start = description.casefold().lstrip("\"'“„«©|–- ")
    return any(start.startswith(offer) for offer in everywhere("offers"))


def _stems(text: str) -> set[str]:
    return {word[:5] for word in _WORD.findall(text.casefold())}
