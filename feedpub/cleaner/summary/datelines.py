"""Recognise texts at the start of an article that are not part of it: bylines, datelines, notes."""

import re

from feedpub.cleaner.summary.wordlists import words_of_all_languages

_MAX_NAME_WORDS = 8  # after the "by" of a byline
_MAX_PLACE_WORDS = 3  # of a place that is not in capitals
_MIN_PLACE_CHARS = 3
_OPENING_QUOTES = "\"'“„«‘"

_OPENING = re.compile(
    r"""\A
    (?P<place>[^\W\d_](?:[\w.'’]|[ /-](?=\w)|,\s(?=[^\W\d_])){1,40}?)?  # BERLIN   KYIV, Ukraine
    (?P<date>                                                           # , Jan. 5
        [,.]?\s?\(?
        (?:\d{1,2}\.?\s[^\W\d_]{3,10}\.?|[^\W\d_]{3,10}\.?\s\d{1,2})
        (?:,?\s\d{4})?\)?
    )?
    [.,]?\s?
    (?:
        (?P<agency>[(\[][^()\[\]]{2,40}[)\]]|/[^/\s]{2,20}/)\.?         # (Reuters)   [AFP]   /TASS/
        (?P<dash_after_agency>\s-\s|\s?--\s?|\s?[–—―]\s?|\s\|\s|:\s)?
        | (?P<dash>\s-\s|\s?--\s?|\s?[–—―]\s?|\s\|\s)
        | (?<=\w)\.(?=\s)                                               # BERLIN. The …
    )
    \s*
    """,
    re.VERBOSE,
)
_DASH_IN_SENTENCE = re.compile(r"\A[^.!?]*(?:\s[–—-]\s|\w[–—]\w)")
_EAST_ASIAN = re.compile(
    r"\A(?:(?:[^。，,\s]{2,20}\d{1,2}月\d{1,2}日[电電讯訊](?:[（(][^）)]{2,20}[）)])?[:：]?"
    r"|[【（(\[][^】）)\]]{0,20}(?:[\uff1d=电電讯訊报報]|新[聞闻])[^】）)\]]{0,20}[】）)\]])\s*)++"
)


def strip_dateline(line: str) -> str:
    """Remove the place, date and agency at the start of a paragraph.

    Examples are "BERLIN (dpa) – " and "PARIS, Jan 5 — ".
    """
    if match := _EAST_ASIAN.match(line):
        return line[match.end() :] or line
    match = _OPENING.match(line)
    if match and 0 < match.end() < len(line) and _is_dateline(match, line[match.end() :]):
        return line[match.end() :]
    return line


def is_byline_sentence(line: str) -> bool:
    """Return True if a line only names the authors: "By Ada Lovelace and Charles Babbage"."""
    start = line.casefold()
    for byword in words_of_all_languages("by"):
        if not start.startswith(byword):
            continue
        rest = line[len(byword) :]
        if rest[:1] in (" ", ":", "/", "："):  # not "Byron", not "Vonnegut"
            return _are_names(rest.strip(" :/：").rstrip("."))
    return False


def is_editorial_note(line: str) -> bool:
    """Return True for a line about the article itself: "This story was updated on Monday."."""
    return line.casefold().lstrip("[(*_ ").startswith(words_of_all_languages("notes"))


def _is_dateline(match: re.Match[str], rest: str) -> bool:
    """Return True if the parts of an opening form a dateline; fewer parts need more evidence."""
    place, agency = match["place"] or "", match["agency"]
    if agency and _is_agency(agency):
        return _is_place(place)
    if len(place) < _MIN_PLACE_CHARS or not _is_place(place) or _DASH_IN_SENTENCE.match(rest):
        return False
    if agency or match["date"]:
        return bool(match["dash_after_agency"] or match["dash"])
    if place.partition(",")[0].isupper():
        return True
    # "London — The …" opens with a place, "Apple — the …" does not.
    return bool(match["dash"]) and rest.lstrip(_OPENING_QUOTES)[:1].isupper()


def _is_agency(bracket: str) -> bool:
    words = re.split(r"[\s,/.–-]+", bracket.strip("()[]/ ").casefold())
    return not set(words).isdisjoint(words_of_all_languages("agencies"))


def _is_place(place: str) -> bool:
    if place.isupper():
        return True
    words = re.findall(r"\w+", place.partition(",")[0])
    return len(words) <= _MAX_PLACE_WORDS and all(word[0].isupper() for word in words)


def _are_names(text: str) -> bool:
    words = text.split()
    if not 0 < len(words) <= _MAX_NAME_WORDS or re.search(r"[!?;:0-9]", text):
        return False
    capitalised = [word for word in words if not word[0].islower()]
    return len(capitalised) >= len(words) / 2
