"""Whether a page's description is the editor's own; owns that judgement and what becomes of a description cut off."""

import html
import re

from feedpub.summary.prose import ENDS, cut, fill, prose, size, squash
from feedpub.summary.prose import Sentence
from feedpub.summary.sentences import join, sentences

ENOUGH = 40  # characters below which a description says nothing
RELATED = 0.4  # share of a description's words that the article uses too; slogans stay below

_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")
_CUT_OFF = re.compile(
    r"\s*(?:[\[(]?\s?(?:…|\.\.\.+)\s?[\])]?|[\[(](?:&hellip;|more|mehr|suite)[\])])\s*"
    r"(?:(?:read|continue|learn|see|find out)[\w\s]{0,20}(?:more|reading)?|weiterlesen|mehr lesen|lire la suite|leer más"
    r"|seguir leyendo|lees (?:meer|verder)|leggi tutto|continua a leggere|[→»>])*\s*$",
    re.IGNORECASE,
)
_READ_MORE = re.compile(
    r"\s*[\[(]?\b(?:read more|continue reading|learn more|weiterlesen|mehr lesen|lire la suite|leer más|seguir leyendo"
    r"|lees (?:meer|verder)|leggi tutto|continua a leggere|click here)\b[^.!?]{0,20}[.!]?\s*[\])→»>]*\s*$",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"^(?:subscribe|sign up|log ?in|register|enable javascript|please enable|your browser|cookies?|we use cookies"
    r"|all rights reserved|©|copyright|abonnieren|abonnez|suscr[ií]bete|the latest news|latest news|breaking news"
    r"|get the latest|aktuelle nachrichten|alle news|toute l.actualité|toute l.info|últimas noticias)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{4,}")


def choose(
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
    found = prose(text, title, language)
    own = plain(description or "")
    finished = _finished(own, found, language)
    if finished and is_own(finished, text, title=title, site=site):
        whole = [Sentence(part, 0, n) for n, part in enumerate(sentences(finished, language))]
        return finished if len(finished) <= max_chars else fill(whole, max_chars)
    return fill(found, max_chars)


def plain(description: str) -> str:
    """A description as one line of text: entities (double ones too) read, tags gone, whitespace made sane."""
    text = html.unescape(html.unescape(description))
    return " ".join(_TAG.sub(" ", text).split())


def is_own(description: str, text: str, *, title: str = "", site: str | None = None) -> bool:
    """Whether a description tells about this article: long enough, not its title, no boilerplate, no slogan."""
    if size(description) < ENOUGH or _BOILERPLATE.match(description):
        return False
    told = squash(description)
    heading = squash(title)
    if told == heading or (heading and told.replace(heading, "", 1) in ("", squash(site or ""))):
        return False
    return relation(description, f"{title}\n{text}") >= RELATED


def relation(description: str, text: str) -> float:
    """The share of a description's words (by their first five letters) that a text uses; 1 where it has none."""
    stems = {word[:5].casefold() for word in _WORD.findall(description)}
    used = {word[:5].casefold() for word in _WORD.findall(text)}
    return len(stems & used) / len(stems) if stems else 1.0


def _finished(description: str, found: list[Sentence], language: str | None) -> str:
    """A description made whole: completed from the text that it is the beginning of, or its unfinished end dropped."""
    stem = _CUT_OFF.sub("", _READ_MORE.sub("", description))
    if not stem or (stem == description and ENDS.search(description)):
        return stem
    if completed := _completed(stem, found):
        return completed
    if stem == description:
        return stem
    whole = [part for part in sentences(stem, language) if ENDS.search(part)]
    return join(whole)


def _completed(stem: str, found: list[Sentence]) -> str:
    """The sentences of the text that a cut description is the beginning of, as many as it touches; "" if none."""
    start = squash(stem)
    for first in range(min(len(found), 5)):
        text = ""
        for last in range(first, len(found)):
            text += squash(found[last].text)
            if text.startswith(start):
                return join([s.text for s in found[first : last + 1]])
            if not start.startswith(text):
                break
    return ""
