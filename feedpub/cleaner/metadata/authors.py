"""Read the names of authors from bylines, lists, job titles and addresses, and reconcile them.

The words that introduce, join and follow names are listed in `data/names.toml`. Bylines are located
on the page in `byline`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedpub.cleaner import phrases
from feedpub.core.loading import load_toml

MAX_AUTHORS = 12  # of one article
_MAX_BYLINE_CHARS = 160  # a longer text is a biography
_MAX_NAME_CHARS = 60
_MAX_NAME_WORDS = 7

_TAG = re.compile(r"<[^<>]*+>")
_ADDRESS = re.compile(
    r"(?<!\S)\S[^\s@]*+@\S[^\s.]*+\.\S+|https?://\S+|www\.\S+|(?<!\w)@\w+", re.IGNORECASE
)
_BRACKETS = re.compile(r"[(\[\uff08【][^)\]\uff09】]*[)\]\uff09】]?")
_PUNCTUATION = re.compile(
    r"(?<!\s)\s++(?:[,;、،؛|•·\uff0f]\s*|[/\u2013\u2014-]\s+)|[,;、،؛|•·\uff0f]\s*"
)
_EDGES = " \t\r\n.,;:|/•·\u2013\u2014-_*\"'“”„«»()[]\uff08\uff09"
_JOINTS = ("&", "-", "/")
_LETTER = re.compile(r"[^\W\d_]")
_NOT_WORD = re.compile(r"\W+")
_LOGIN = re.compile(r"_|[^\W\d_][A-Z]|\d")
_OUTLET = re.compile(r"^The |\w\.[a-z]{2,3}$")  # follows a name and a bar
_AGENCY = re.compile(r"(?<=\w\s)The\s[A-Z].*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

# Ranks of names: a source with a better name is preferred.
_PERSON, _GROUP, _LOGIN_NAME, _SITE, _PLACEHOLDER = range(5)


@dataclass(frozen=True)
class BylineWords:
    """The words around names, compiled."""

    by: re.Pattern[str]
    join: re.Pattern[str]
    after: re.Pattern[str]
    roles: frozenset[str]
    degrees: frozenset[str]
    groups: frozenset[str]
    placeholders: frozenset[str]
    not_names: frozenset[str]


@lru_cache(maxsize=64)  # pages may name any language
def byline_words(language: str | None = None) -> BylineWords:
    """Return the words for pages in a language (BCP 47): its own and the English ones."""
    data = load_toml("feedpub.cleaner", "data/names.toml")
    codes = {"en", (language or "en").partition("-")[0].lower()}
    by = sorted(_words_in(data["by"], codes), key=len, reverse=True)
    join = {"&"} | _words_in(data["and"], codes)
    after = _words_in(data["after"], codes)
    return BylineWords(
        by=re.compile(
            rf"\A\s*+(?:{'|'.join(map(re.escape, by))})(?:\s*[:\uff1a/\uff0f|]\s*|\s+)",
            re.IGNORECASE,
        ),
        join=re.compile(rf"(?<!\s)\s++(?:{'|'.join(map(re.escape, join))})\s+", re.IGNORECASE),
        after=re.compile(rf"(?<!\s)\s++(?:{'|'.join(map(re.escape, after))})\s.*"),
        roles=frozenset(data["roles"]["words"]),
        degrees=frozenset(data["degrees"]["words"]),
        groups=frozenset(data["groups"]["words"]),
        placeholders=frozenset(data["nobody"]["names"]),
        not_names=frozenset(data["never"]["words"]),
    )


def _words_in(table: Mapping[str, Sequence[str]], codes: Iterable[str]) -> set[str]:
    words: set[str] = set()
    for code in codes:
        words.update(table.get(code, ()))
    return words


def squash(name: str) -> str:
    """Reduce a name to its words in lower case, for comparisons."""
    return _NOT_WORD.sub(" ", name.casefold()).strip()


def _compact(name: str) -> str:
    return squash(name).replace(" ", "")


# --- bylines ---


def authors_from_byline(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the names in a visible line such as "By A and B", or () if it is not a byline."""
    text = " ".join(text.split()).strip(_EDGES)
    start = byline_words(language).by.match(text)
    if len(text) > _MAX_BYLINE_CHARS or not start:
        return ()
    names = split_authors(text[start.end() :], language)
    if not names:
        return ()
    if looks_like_person(names[0]) or (len(names) == 1 and _is_capitalised_word(names[0])):
        return names
    return ()


def begins_byline(text: str, language: str | None = None) -> bool:
    """Return True if a text begins like a byline, even if it is not one."""
    if len(text) > _MAX_BYLINE_CHARS:
        return False
    return byline_words(language).by.match(f"{text.lstrip(_EDGES)} ") is not None


def is_byword(text: str, language: str | None = None) -> bool:
    """Return True if a text is only the beginning of a byline: "By", "Written by:"."""
    start = byline_words(language).by.match(f"{text} ")
    return start is not None and start.end() >= len(text)


def is_joiner(text: str, language: str | None = None) -> bool:
    """Return True if a text only joins two names: ",", "and"."""
    if not text.strip(_EDGES + "&"):
        return True
    return byline_words(language).join.fullmatch(f" {text.strip(_EDGES)} ") is not None


def looks_like_person(name: str) -> bool:
    """Return True for two to five words that are capitalised as a person's name is."""
    if phrases.find_phrases(name):
        return False
    if _CJK.search(name):
        return 2 <= len(name) <= 12  # noqa: PLR2004 -- characters
    words = name.split()
    if not 2 <= len(words) <= 5 or words[0][0].islower():  # noqa: PLR2004 -- words
        return False
    capitalised = [word for word in words if not word[0].islower()]
    return len(capitalised) >= 2  # noqa: PLR2004 -- words


def _is_capitalised_word(name: str) -> bool:
    return " " not in name and name[:1].isupper()


# --- lists of names ---


@lru_cache(maxsize=1000)  # a page names its authors many times
def split_authors(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the distinct names in a text that lists authors."""
    text = _ADDRESS.sub(" ", _TAG.sub(" ", text))
    text = " ".join(_BRACKETS.sub(" ", text).split())
    if not text or len(text) > _MAX_BYLINE_CHARS:
        return ()
    words = byline_words(language)
    start = words.by.match(text)
    bare = text[start.end() :] if start else text
    parts = list(filter(None, _PUNCTUATION.split(bare)))
    if swapped := _swap_last_name(parts, words):
        return (swapped,)
    names: dict[str, str] = {}
    for index, part in enumerate(parts):
        if index and _is_suffix(part, parts[0], has_bar="|" in bare):
            continue
        for joined in _split_at_joins(part, words):
            if name := _clean_name(joined, words):
                names[squash(name)] = name
    return tuple(names.values())


def _is_suffix(part: str, first: str, *, has_bar: bool) -> bool:
    """Return True for a part after a name that is a degree, a broadcaster or another outlet."""
    if part.isupper() and not first.isupper():
        return True
    return has_bar and _OUTLET.search(part) is not None


def _swap_last_name(parts: list[str], words: BylineWords) -> str:
    """Return the name in "Smith, John" with the first name first, or ""."""
    if len(parts) != 2:  # noqa: PLR2004 -- a last and a first name
        return ""
    last, first = parts[0].strip(), parts[1].strip()
    both = last + first
    if " " in both or _CJK.search(both):
        return ""
    if not first[:1].isupper() or _is_role(first, words):
        return ""
    return "" if first.casefold() in words.placeholders else f"{first} {last}"


def _split_at_joins(part: str, words: BylineWords) -> list[str]:
    """Return the names in "A B and C D"; "Linny and Peter" and "Le Figaro et AFP" are one."""
    names = words.join.split(part)
    for name in names:
        is_complete = " " in name.strip() or _CJK.search(name)
        if not is_complete:
            return [part]
    return names


def _clean_name(name: str, words: BylineWords) -> str:
    """Remove all that is not part of a name; return "" if no name remains."""
    name = name.strip(_EDGES)
    if start := words.by.match(name):
        name = name[start.end() :].strip(_EDGES)
    name = _without_place(name, words)
    name = _without_degrees(name, words)
    if not _can_be_name(name, words):
        return ""
    is_shouted = name.isupper() and " " in name
    return name.title() if is_shouted else name


def _can_be_name(name: str, words: BylineWords) -> bool:
    tokens = name.casefold().split()
    if not 0 < len(tokens) <= _MAX_NAME_WORDS:
        return False
    if len(name) > _MAX_NAME_CHARS or ":" in name or tokens[0] in words.not_names:
        return False
    for token in tokens:
        if token not in _JOINTS and not _LETTER.search(token):
            return False
    if _is_role(name, words) or _is_degree(name, words):
        return False
    return len(tokens) > 1 or not words.after.match(f" {name} ")


def _without_degrees(name: str, words: BylineWords) -> str:
    """Remove the degrees after a name."""
    before, _, last = name.rpartition(" ")
    while before and _is_degree(last, words):
        name = before.strip(_EDGES)
        before, _, last = name.rpartition(" ")
    return name


def _without_place(name: str, words: BylineWords) -> str:
    """Cut the place off "Jane Doe in Paris", but keep "Center for Disease Control"."""
    bare = words.after.sub("", name).strip(_EDGES)
    person = _AGENCY.sub("", bare).strip()
    if " " in person:
        return person
    if " " in bare:
        return bare
    is_long = len(name.split()) > 3  # noqa: PLR2004 -- words
    has_digits = any(map(str.isdigit, name))
    is_institution = is_long and not has_digits
    return name if is_institution else bare


def _is_degree(token: str, words: BylineWords) -> bool:
    """Return True for a degree: "MA", but not "Ma"."""
    return token.casefold() in words.degrees and ("." in token or token != token.title())


def _is_role(part: str, words: BylineWords) -> bool:
    """Return True if a part is a job title and not a name."""
    tokens = part.casefold().replace("-", " ").split()
    if not tokens or (tokens[0] not in words.roles and tokens[-1] not in words.roles):
        return False
    return squash(part) not in words.placeholders


# --- several sources ---


def reconcile_authors(
    sources: Iterable[Iterable[str]],
    *,
    organisations: Iterable[str] = (),
    site: Iterable[str] = (),
    language: str | None = None,
) -> tuple[str, ...]:
    """Return the authors of the first source that names a person.

    Groups ("News Team") and organisations are returned with the persons of their source, or if no
    source names a person. If nothing better is available, these follow: login names, the site's own
    name, placeholders ("admin").

    Args:
        sources: texts that list authors, the most trusted source first.
        organisations: authors that are marked as organisations.
        site: names of the site.
        language: of the page, BCP 47.
    """
    site_names = set(map(_compact, site)) - {""}
    ranked = [_rank_names(source, site_names, language) for source in sources]
    ranked_organisations = _rank_names(organisations, site_names, language)
    for name, rank in ranked_organisations.items():
        ranked_organisations[name] = max(_GROUP, rank)
    ranked.append(ranked_organisations)
    for best in range(_PLACEHOLDER + 1):
        for ranks in ranked:
            if best in ranks.values():
                worst = max(_GROUP, best)
                return tuple(name for name, rank in ranks.items() if rank <= worst)[:MAX_AUTHORS]
    return ()


def _rank_names(texts: Iterable[str], site_names: set[str], language: str | None) -> dict[str, int]:
    """Return the names in some texts, each with its rank."""
    found: dict[str, str] = {}
    for text in texts:
        names = split_authors(text, language) or _job_as_name(text)
        if names and _compact(names[0]) in site_names:
            names = names[:1]  # its address follows: "Example News, Berlin, Germany"
        for name in names:
            found[squash(name)] = name
    return {name: _rank_name(squashed, name, site_names) for squashed, name in found.items()}


def _job_as_name(text: str) -> Sequence[str]:
    """Return an author who is named by a job title only ("Community Editor")."""
    tokens = text.split()
    if not 2 <= len(tokens) <= _MAX_NAME_WORDS:  # noqa: PLR2004 -- words
        return []
    has_words_only = all(map(str.isalpha, tokens))
    is_job = has_words_only and _is_role(text, byline_words())
    return [text] if is_job else []


def _rank_name(squashed: str, name: str, site_names: set[str]) -> int:
    words = byline_words()
    if squashed in words.placeholders:
        return _PLACEHOLDER
    if squashed.replace(" ", "") in site_names:
        return _SITE
    tokens = squashed.split(" ")
    names_group = not words.groups.isdisjoint((tokens[0], tokens[-1]))
    if names_group or _is_role(name, words):
        return _GROUP
    if " " in name:
        return _PERSON
    is_login = name.islower() or "." in name.strip(".") or _LOGIN.search(name)
    return _LOGIN_NAME if is_login else _PERSON
