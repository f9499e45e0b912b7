"""What opens an article and is not yet the article.

Bylines, datelines, notes. Owns recognising them, nothing else.
"""

import re

from feedpub.cleaner.summary.wordlists import words_of_all_languages

NAMES = 8  # words that a byline has at most, behind its "by"
PLACE = 3  # words that a place has at most, where it is not in capitals
SHORTEST = 3  # letters of a place

_OPENING = re.compile(
    r"""\A
    (?P<place>[^\W\d_](?:[\w.'’]|[ /-](?=\w)|,\s(?=[^\W\d_])){1,40}?)?         # BERLIN   KYIV, Ukraine   New York
    (?P<date>[,.]?\s?\(?(?:\d{1,2}\.?\s[^\W\d_]{3,10}\.?|[^\W\d_]{3,10}\.?\s\d{1,2})(?:,?\s\d{4})?\)?)?  # , Jan. 5
    [.,]?\s?
    (?:
        (?P<agency>[(\[][^()\[\]]{2,40}[)\]]|/[^/\s]{2,20}/)\.?               # (Reuters)   [AFP]   /TASS/
        (?P<behind>\s-\s|\s?--\s?|\s?[–—―]\s?|\s\|\s|:\s)?
        | (?P<dash>\s-\s|\s?--\s?|\s?[–—―]\s?|\s\|\s)
        | (?<=\w)\.(?=\s)                                                       # BERLIN. The …
    )
    \s*
    """,
    re.VERBOSE,
)
_FURTHER_DASH = re.compile(r"\A[^.!?]*(?:\s[–—-]\s|\w[–—]\w)")  # within the first sentence
_EAST_ASIAN = re.compile(
    r"\A(?:(?:[^。，,\s]{2,20}\d{1,2}月\d{1,2}日[电電讯訊](?:[（(][^）)]{2,20}[）)])?[:：]?"
    r"|[【（(\[][^】）)\]]{0,20}(?:[\uff1d=电電讯訊报報]|新[聞闻])[^】）)\]]{0,20}[】）)\]])\s*)++"
)


def strip_dateline(line: str) -> str:
    """A paragraph without the place, date and agency that open it.

    "BERLIN (dpa) – ", "PARIS, Jan 5 — ".
    """
    if match := _EAST_ASIAN.match(line):
        return line[match.end() :] or line
    match = _OPENING.match(line)
    if match and 0 < match.end() < len(line) and _is_dateline(match, line[match.end() :]):
        return line[match.end() :]
    return line


def is_byline_sentence(line: str) -> bool:
    """Whether a line names who wrote the article, and no more.

    "By Ada Lovelace and Charles Babbage".
    """
    start = line.casefold()
    for opener in filter(start.startswith, words_of_all_languages("by")):
        rest = line[len(opener) :]
        if rest[:1] in (" ", ":", "/", "："):  # not "Byron", not "Vonnegut"
            return _are_names(rest.strip(" :/：").rstrip("."))
    return False


def is_editorial_note(line: str) -> bool:
    """Whether a line tells about the article itself.

    "This story was updated on Monday.", "Editor's note: …".
    """
    return line.casefold().lstrip("[(*_ ").startswith(words_of_all_languages("notes"))


def _is_dateline(match: re.Match[str], rest: str) -> bool:
    """Whether an opening's parts are those of a dateline.

    What has only some of them needs more evidence.
    """
    place, agency = match["place"] or "", match["agency"]
    if agency and _is_agency(agency):
        return _is_place(place)
    if len(place) < SHORTEST or not _is_place(place) or _FURTHER_DASH.match(rest):
        return False
    if agency or match["date"]:
        return bool(match["behind"] or match["dash"])
    return place.partition(",")[0].isupper() or (bool(match["dash"]) and _begins(rest))


def _is_agency(bracket: str) -> bool:
    return bool(
        set(re.split(r"[\s,/.–-]+", bracket.strip("()[]/ ").casefold()))
        & set(words_of_all_languages("agencies"))
    )


def _is_place(place: str) -> bool:
    words = re.findall(r"\w+", place.partition(",")[0])
    return place.isupper() or (len(words) <= PLACE and all(word[0].isupper() for word in words))


def _begins(rest: str) -> bool:
    """Whether a new sentence begins, so that "London — The …" opens with a place and "Apple — the …" does not."""
    return rest.lstrip("\"'“„«‘")[:1].isupper()


def _are_names(text: str) -> bool:
    words = text.split()
    return (
        0 < len(words) <= NAMES
        and not re.search(r"[!?;:0-9]", text)
        and sum(
            word[0].isupper() or not word[0].isalpha() or not word[0].islower() for word in words
        )
        >= len(words) / 2
    )
