"""Decide whether an editor wrote a page's description for the article, and complete it if cut."""

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

_MIN_CHARS = 40  # of a description, or of the rest of one
_MIN_SHARED_WORDS = 0.4  # share of the words that the article has too, if the title has none
_CUT_CHARS = 150  # programs cut descriptions at this length or more, and do not always add "…"
_MAX_INFLECTION_CHARS = 2  # by which the forms of one word differ
_MIN_STUB_CHARS = 10  # of a cut sentence that is searched in the article

_TAG = re.compile(r"</?[a-zA-Z!][^<>]*+>")
_ELLIPSIS = re.compile(r"(?:(?<!\s)\s++)?[\[(]?\s?(?:…|(?<!\.)\.{3,}+)\s?[\])]?\s*+$")
_POINTERS = " \t[]()→»›>▸▶·|:"
_ARROWS = ("→", "»", "›", ">", "▸", "▶")
_LEADING_MARKS = "\"'“„«©|–- "


def choose_summary(  # noqa: PLR0913 -- keyword-only facts about the page
    description: str | None,
    text: str,
    *,
    title: str = "",
    site: str | None = None,
    language: str | None = None,
    max_chars: int = 300,
) -> str:
    """Return the description if an editor wrote it for the article, else the first sentences.

    Args:
        description: the page's description as stated, including markup and entities.
        text: the article, paragraphs separated by newlines.
        title: the article's title, which is not repeated.
        site: the site's name, if known.
        language: a BCP 47 tag.
        max_chars: the maximum length.
    """
    opening = text[:MAX_READ_CHARS]
    stated = to_plain_text(description or "").lstrip(SENTENCE_MARKS)
    sentences = _complete_sentences(stated, opening, title, language)
    sentences = [sentence for sentence in sentences if not repeats_title(sentence, title)]
    if sentences and is_own(join_sentences(sentences), opening, title=title, site=site):
        return fill_sentences(sentences, max_chars)
    first_sentences = prose_sentences(opening, title, language)
    return fill_sentences((sentence.text for sentence in first_sentences), max_chars)


def to_plain_text(description: str) -> str:
    """Return a description as one line of text, without tags and with entities decoded.

    Entities are decoded twice, because some sites escape them twice.
    """
    text = strip_invalid_characters(html.unescape(html.unescape(description)))
    return " ".join(_TAG.sub(" ", text).split())


def is_own(description: str, text: str, *, title: str = "", site: str | None = None) -> bool:
    """Return True if a description is about this article.

    It is not if it is short, only repeats the title, or is an offer or a slogan.
    """
    if visible_length(description) < _MIN_CHARS or _is_offer(description):
        return False
    if _only_repeats_names(description, title, site or ""):
        return False
    return not _is_slogan(description, text, title, site or "")


def _is_slogan(description: str, text: str, title: str, site: str) -> bool:
    """Return True if a description describes the site instead of the article.

    It shares no word with the title, and either names the site or shares few words with the text.
    """
    words = set(tokenize(description))
    names_site = site != "" and squash_spaces(site) in squash_spaces(description)
    if names_site:
        words -= set(tokenize(site))
    if not words or not words.isdisjoint(tokenize(title)):
        return False
    shared = words & set(tokenize(text))
    return names_site or len(shared) < _MIN_SHARED_WORDS * len(words)


def _is_offer(description: str) -> bool:
    start = description.casefold().lstrip(_LEADING_MARKS)
    return start.startswith(words_of_all_languages("offers"))


def _only_repeats_names(description: str, title: str, site: str) -> bool:
    """Return True if a description has little text besides the title and the site's name."""
    rest = squash_spaces(description)
    for name in (squash_spaces(title), squash_spaces(site)):
        if name:
            rest = rest.replace(name, "", 1)
    return visible_length(rest) < _MIN_CHARS / 2


def _complete_sentences(description: str, text: str, title: str, language: str | None) -> list[str]:
    """Return a description's sentences, and complete or drop the last one if it was cut.

    It is completed by the article's sentence that begins like it. A missing full stop alone does
    not prove that it was cut: many editors write descriptions without one.
    """
    stem = _without_pointer(description)
    has_ellipsis = _ELLIPSIS.search(stem) is not None
    sentences = split_sentences(strip_dateline(_ELLIPSIS.sub("", stem)), language)
    if not sentences:
        return []
    *before, last = sentences
    if is_finished(last) and not has_ellipsis:
        return sentences
    if completed := _find_completion(last, text, title, language):
        return [*before, completed]
    if is_finished(last):
        return sentences
    may_be_cut = len(before) > 0 and len(stem) >= _CUT_CHARS
    is_cut = has_ellipsis or may_be_cut or _ends_within_word(last, text)
    return before if is_cut else sentences


def _find_completion(stub: str, text: str, title: str, language: str | None) -> str:
    """Return the article's first sentence that begins like a cut one, or ""."""
    start = squash_spaces(stub)
    # Comparing with the text first is much faster than splitting it into sentences.
    if len(start) < _MIN_STUB_CHARS or start not in squash_spaces(text):
        return ""
    for sentence in prose_sentences(text, title, language):
        if squash_spaces(sentence.text).startswith(start):
            return sentence.text
    return ""


def _ends_within_word(stub: str, text: str) -> bool:
    """Return True if a text ends in the beginning of a word of the article.

    A shorter form of the word does not count.
    """
    last = stub.rsplit(maxsplit=1)[-1].casefold()
    words = re.findall(rf"\b{re.escape(last)}\w*", text.casefold())
    if not words or not last.isalpha():
        return False
    return min(map(len, words)) - len(last) > _MAX_INFLECTION_CHARS


def _without_pointer(description: str) -> str:
    """Remove "Read more" from the end of a description."""
    bare = description.rstrip(_POINTERS + ".!…")
    folded = bare.casefold()
    pointers = [word for word in words_of_all_languages("more") if folded.endswith(word)]
    for pointer in sorted(pointers, key=len, reverse=True):
        before = bare[: len(bare) - len(pointer)].rstrip(_POINTERS)
        if not before or is_finished(before) or before.endswith(("…", "-", "–")):
            return before.rstrip(" -–")
    return description.rstrip(_POINTERS) if description.endswith(_ARROWS) else description
