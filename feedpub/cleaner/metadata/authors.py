"""Authors' names out of what pages put in their place: bylines, lists, job titles, addresses.

Owns the reading of one text that is said to hold authors, and the reconciling of several; where
such texts stand on a page is not known here. The words are data: `data/names.toml`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedpub.cleaner import phrases
from feedpub.core.data_files import load_toml

LONGEST_BYLINE = 160  # characters; a longer text is a biography
LONGEST_NAME = 60
WORDS_OF_NAME = 7
MAX_AUTHORS = 12  # authors of one article

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
_SQUASH = re.compile(r"\W+")
_LOGIN = re.compile(r"_|[^\W\d_][A-Z]|\d")
_OUTLET = re.compile(
    r"^The |\w\.[a-z]{2,3}$"
)  # what follows a name and a bar, and is who publishes it
_AGENCY = re.compile(r"(?<=\w\s)The\s[A-Z].*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


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


@lru_cache(maxsize=64)  # pages may call their language anything
def byline_words(language: str | None = None) -> BylineWords:
    """The words of `data/names.toml` for pages in a language (BCP 47).

    Its own and the English ones.
    """
    listed = load_toml("feedpub.cleaner", "data/names.toml")
    spoken = {"en", (language or "en").partition("-")[0].lower()}
    by = sorted(
        {word for code in spoken for word in listed["by"].get(code, ())}, key=len, reverse=True
    )
    join = {"&"} | {word for code in spoken for word in listed["and"].get(code, ())}
    after = {word for code in spoken for word in listed["after"].get(code, ())}
    return BylineWords(
        by=re.compile(
            rf"\A\s*+(?:{'|'.join(map(re.escape, by))})(?:\s*[:\uff1a/\uff0f|]\s*|\s+)",
            re.IGNORECASE,
        ),
        join=re.compile(rf"(?<!\s)\s++(?:{'|'.join(map(re.escape, join))})\s+", re.IGNORECASE),
        after=re.compile(rf"(?<!\s)\s++(?:{'|'.join(map(re.escape, after))})\s.*"),
        roles=frozenset(listed["roles"]["words"]),
        degrees=frozenset(listed["degrees"]["words"]),
        groups=frozenset(listed["groups"]["words"]),
        placeholders=frozenset(listed["nobody"]["names"]),
        not_names=frozenset(listed["never"]["words"]),
    )


def squash(name: str) -> str:
    """A name for comparison."""
    return _SQUASH.sub(" ", name.casefold()).strip()


def authors_from_byline(text: str, language: str | None = None) -> tuple[str, ...]:
    """The names in a visible line that begins as a byline does ("By A and B"), or () where it is none."""
    text = " ".join(text.split()).strip(_EDGES)
    start = byline_words(language).by.match(text)
    if len(text) > LONGEST_BYLINE or not start:
        return ()
    found = split_authors(text[start.end() :], language)
    return (
        found
        if found and (looks_like_person(found[0]) or (len(found) == 1 and _is_one_name(found[0])))
        else ()
    )


def begins_byline(text: str, language: str | None = None) -> bool:
    """Whether a text begins as a byline does, be it one or not."""
    return (
        len(text) <= LONGEST_BYLINE
        and byline_words(language).by.match(f"{text.lstrip(_EDGES)} ") is not None
    )


def is_byword(text: str, language: str | None = None) -> bool:
    """Whether a text is only the beginning of a byline: "By", "Written by:"."""
    start = byline_words(language).by.match(f"{text} ")
    return start is not None and start.end() >= len(text)


def is_joiner(text: str, language: str | None = None) -> bool:
    """Whether a text only joins two names: ",", "and"."""
    return not text.strip(_EDGES + "&") or bool(
        byline_words(language).join.fullmatch(f" {text.strip(_EDGES)} ")
    )


def looks_like_person(name: str) -> bool:
    """Whether a name has the shape of a person's: two to five words, written as names are."""
    if phrases.find_phrases(name):
        return False
    tokens = name.split()
    if _CJK.search(name):
        return 2 <= len(name) <= 12  # noqa: PLR2004 -- characters
    capital = [token for token in tokens if not token[0].islower()]
    return 2 <= len(tokens) <= 5 and len(capital) >= 2 and not tokens[0][0].islower()  # noqa: PLR2004 -- words


def _is_one_name(name: str) -> bool:
    return " " not in name and name[:1].isupper()


@lru_cache(maxsize=1000)  # a page names its authors many times over
def split_authors(text: str, language: str | None = None) -> tuple[str, ...]:
    """The names in a text that is said to hold authors, without repetition."""
    text = " ".join(_BRACKETS.sub(" ", _ADDRESS.sub(" ", _TAG.sub(" ", text))).split())
    if not text or len(text) > LONGEST_BYLINE:
        return ()
    known = byline_words(language)
    bare = known.by.sub("", text, count=1) if known.by.match(text) else text
    parts = [part for part in _PUNCTUATION.split(bare) if part]
    if swapped := _last_name_first(parts, known):
        return (swapped,)
    plain = [
        part for part in parts[1:] if not part.isupper() or parts[0].isupper()
    ]  # others: degrees, broadcasters
    plain = [part for part in plain if not _OUTLET.search(part)] if "|" in bare else plain
    names = (_clean(name, known) for part in (*parts[:1], *plain) for name in _joined(part, known))
    return tuple({squash(name): name for name in names if name}.values())


def reconcile_authors(
    sources: Iterable[Iterable[str]],
    *,
    organisations: Iterable[str] = (),
    site: Iterable[str] = (),
    language: str | None = None,
) -> tuple[str, ...]:
    """The authors of an article from several sources, most trusted first: those of the first that names a person.

    Groups ("News Team") and organisations count beside the people of the same source, or where no
    source names a person; then login names, the site's own, and nobodies ("admin"), where there is
    nothing better.
    """
    own = {compact for name in site if (compact := squash(name).replace(" ", ""))}
    ranked = [_ranked(source, own, language) for source in sources]
    ranked.append(
        {name: max(1, rank) for name, rank in _ranked(organisations, own, language).items()}
    )
    for worst in range(5):
        for names in ranked:
            if worst in names.values():
                return tuple(name for name, rank in names.items() if rank <= max(1, worst))[
                    :MAX_AUTHORS
                ]
    return ()


def _ranked(texts: Iterable[str], own: set[str], language: str | None) -> dict[str, int]:
    """The names in some texts, each with its rank."""
    found = {
        squash(name): name
        for text in texts
        for name in _not_an_address(split_authors(text, language) or _desk(text), own)
    }
    return {name: _rank(key, name, own) for key, name in found.items()}


def _desk(text: str) -> Sequence[str]:
    """What calls itself by its job alone ("Community Editor"), where nobody is named."""
    tokens = text.split()
    named = 2 <= len(tokens) <= WORDS_OF_NAME and all(token.isalpha() for token in tokens)  # noqa: PLR2004 -- words
    return [text] if named and _is_role(text, byline_words()) else []


def _not_an_address(names: Sequence[str], own: set[str]) -> Sequence[str]:
    """Names less what follows the site's own: "Example News, Berlin, Germany"."""
    return names[:1] if names and squash(names[0]).replace(" ", "") in own else names


def _rank(key: str, name: str, own: set[str]) -> int:
    """0 for a person's name, 1 for a group's, 2 for a login, 3 for the site's, 4 for nobody's."""
    if key in byline_words().placeholders:
        return 4
    if key.replace(" ", "") in own:
        return 3
    group = _is_role(name, byline_words()) or not {
        key.rpartition(" ")[2],
        key.partition(" ")[0],
    }.isdisjoint(byline_words().groups)
    login = " " not in name and (
        name.islower() or "." in name.strip(".") or bool(_LOGIN.search(name))
    )
    return 1 if group else 2 * int(login)


def _last_name_first(parts: list[str], known: BylineWords) -> str:
    """The name in "Smith, John", first name first, or ""."""
    if len(parts) != 2 or any(" " in part.strip() or _CJK.search(part) for part in parts):  # noqa: PLR2004
        return ""
    last, first = (part.strip() for part in parts)
    named = (
        first[:1].isupper()
        and not _is_role(first, known)
        and first.casefold() not in known.placeholders
    )
    return f"{first} {last}" if named else ""


def _joined(part: str, known: BylineWords) -> list[str]:
    """The names in "A B and C D"; "Linny and Peter" and "Le Figaro et AFP" are one."""
    names = known.join.split(part)
    return names if all(" " in name.strip() or _CJK.search(name) for name in names) else [part]


def _clean(name: str, known: BylineWords) -> str:
    """A name without what is no part of it, or "" where nothing is left."""
    name = name.strip(_EDGES)
    name = known.by.sub("", name, count=1).strip(_EDGES) if known.by.match(name) else name
    name = _without_place(name, known)
    while (parts := name.rpartition(" "))[0] and _is_degree(parts[2], known):
        name = parts[0].strip(_EDGES)
    tokens = name.casefold().split()
    if not tokens or len(name) > LONGEST_NAME or len(tokens) > WORDS_OF_NAME or ":" in name:
        return ""
    if any(not _LETTER.search(token) for token in tokens if token not in _JOINTS):
        return ""
    if (
        _is_role(name, known)
        or _is_degree(name, known)
        or tokens[0] in known.not_names
        or (len(tokens) == 1 and known.after.match(f" {name} "))
    ):
        return ""
    return name.title() if name.isupper() and len(tokens) > 1 else name


def _without_place(name: str, known: BylineWords) -> str:
    """A name without what follows it ("Jane Doe in Paris"); "Center for Disease Control" is one."""
    bare = known.after.sub("", name).strip(_EDGES)
    if " " in (person := _AGENCY.sub("", bare).strip()):
        return person
    title = " " not in bare and len(name.split()) > 3 and not any(map(str.isdigit, name))  # noqa: PLR2004 -- words
    return name if title else bare


def _is_degree(token: str, known: BylineWords) -> bool:
    """Whether a word is a degree: "MA", and not "Ma"."""
    return token.casefold() in known.degrees and ("." in token or token != token.title())


def _is_role(part: str, known: BylineWords) -> bool:
    """Whether a part is a job title and not a name."""
    tokens = part.casefold().replace("-", " ").split()
    role = bool(tokens) and (tokens[0] in known.roles or tokens[-1] in known.roles)
    return role and squash(part) not in known.placeholders
