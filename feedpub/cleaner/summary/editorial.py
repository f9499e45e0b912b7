"""Whether a page's description is its editor's own.

Owns that judgement, and what becomes of one that was cut off.
"""

import html
import re

from feedpub.cleaner.summary.datelines import strip_dateline
from feedpub.cleaner.summary.extractive import tokenize
from feedpub.cleaner.summary.sentences import (
    MAX_READ_CHARS,
    SENTENCE_MARKS,
    fill_sentences,
    is_finished,
    join_sentences,
    prose_sentences,
    repeats_title,
    split_sentences,
    squash_spaces,
    visible_length,
)
from feedpub.cleaner.summary.wordlists import words_of_all_languages
from feedpub.core.text import strip_invalid_characters

ENOUGH = 40  # size below which a description, or what is left of one, says nothing
RELATED = (
    0.4  # share of a description's words that the article has too, where the title has none of them
)
LIMIT = (
    150  # characters; machines cut descriptions at this length and above, and not always with "…"
)
INFLECTION = 2  # letters by which the forms of one word differ
STUB = 10  # letters of a broken sentence by which it is found again in the article

_TAG = re.compile(r"</?[a-zA-Z!][^<>]*+>")
_ELLIPSIS = re.compile(r"(?:(?<!\s)\s++)?[\[(]?\s?(?:…|(?<!\.)\.{3,}+)\s?[\])]?\s*+$")
_POINTERS = " \t[]()→»›>▸▶·|:"


def choose_summary(  # noqa: PLR0913 -- each says one thing about the page, by name
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
    opening = text[:MAX_READ_CHARS]
    own = [
        part
        for part in _whole(
            to_plain_text(description or "").lstrip(SENTENCE_MARKS), opening, title, language
        )
        if not repeats_title(part, title)
    ]
    if own and is_own(join_sentences(own), opening, title=title, site=site):
        return fill_sentences(own, max_chars)
    return fill_sentences(
        (sentence.text for sentence in prose_sentences(opening, title, language)), max_chars
    )


def to_plain_text(description: str) -> str:
    """A description as one line of text.

    Entities read, twice where they were escaped twice, and tags gone.
    """
    text = strip_invalid_characters(html.unescape(html.unescape(description)))
    return " ".join(_TAG.sub(" ", text).split())


def is_own(description: str, text: str, *, title: str = "", site: str | None = None) -> bool:
    """Whether a description tells about this article: of some length, not its title, no offer, no slogan.

    A slogan has no word of the title, and either names the site or has little to do with the text.
    """
    if (
        visible_length(description) < ENOUGH
        or _offers(description)
        or _only_names(description, title, site or "")
    ):
        return False
    names_site = bool(site) and squash_spaces(site or "") in squash_spaces(description)
    words = set(tokenize(description)) - set(tokenize(site or "") if names_site else ())
    if words & set(tokenize(title)) or not words:
        return True
    return not names_site and len(words & set(tokenize(text))) >= RELATED * len(words)


def _only_names(description: str, title: str, site: str) -> bool:
    """Whether little is left of a description without the title and the site's name."""
    rest = squash_spaces(description)
    for name in filter(None, (squash_spaces(title), squash_spaces(site))):
        rest = rest.replace(name, "", 1)
    return visible_length(rest) < ENOUGH / 2


def _whole(description: str, text: str, title: str, language: str | None) -> list[str]:
    """A description's sentences as its editor would have ended them.

    Where the last one was broken off, the article's sentence that begins like it takes its place;
    where there is none, it goes. An end without a full stop alone does not tell of a break: many
    editors write their headlines so.
    """
    stem = _without_pointer(description)
    cut = _ELLIPSIS.search(stem) is not None
    parts = split_sentences(strip_dateline(_ELLIPSIS.sub("", stem)), language)
    if not parts or (is_finished(parts[-1]) and not cut):
        return parts
    *before, last = parts
    if found := _continued(last, text, title, language):
        return [*before, found]
    broken = cut or _ends_within_word(last, text) or (before and len(stem) >= LIMIT)
    return before if broken and not is_finished(last) else parts


def _continued(stub: str, text: str, title: str, language: str | None) -> str:
    """The first sentence of an article that begins like a broken one; "" where there is none."""
    start = squash_spaces(stub)
    if len(start) < STUB or start not in squash_spaces(
        text
    ):  # before its sentences are looked for, which takes longer
        return ""
    return next(
        (
            each.text
            for each in prose_sentences(text, title, language)
            if squash_spaces(each.text).startswith(start)
        ),
        "",
    )


def _ends_within_word(stub: str, text: str) -> bool:
    """Whether a text's end is no word of the article, nor an inflected one, but the beginning of one."""
    last = stub.rsplit(maxsplit=1)[-1].casefold()
    longer = [
        len(word) - len(last) for word in re.findall(rf"\b{re.escape(last)}\w*", text.casefold())
    ]
    return last.isalpha() and bool(longer) and min(longer) > INFLECTION


def _without_pointer(description: str) -> str:
    """A description without the "Read more" at its end."""
    bare = description.rstrip(_POINTERS + ".!…")
    folded = bare.casefold()
    for pointer in sorted(
        filter(folded.endswith, words_of_all_languages("more")), key=len, reverse=True
    ):
        before = bare[: len(bare) - len(pointer)].rstrip(_POINTERS)
        if not before or is_finished(before) or before.endswith(("…", "-", "–")):
            return before.rstrip(" -–")
    return (
        description.rstrip(_POINTERS)
        if description.endswith(("→", "»", "›", ">", "▸", "▶"))
        else description
    )


def _offers(description: str) -> bool:
    return description.casefold().lstrip("\"'“„«©|–- ").startswith(words_of_all_languages("offers"))
