"""Authors' names out of what pages put in their place: bylines, lists, job titles, addresses.

Owns the reading of one text that is said to hold authors, and the reconciling of several; where such texts stand on
a page is not known here. The words are data: `data/names.toml`.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LONGEST_BYLINE = 160  # characters; a longer text is a biography
LONGEST_NAME = 60
WORDS_OF_NAME = 7
MOST = 12  # authors of one article

_TAG = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r"\S+@\S+\.\S+|https?://\S+|www\.\S+|(?<!\w)@\w+", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[（【][^)\]）】]*[)\]）】]?")
_PUNCTUATION = re.compile(r"\s*[,;、،؛]\s*|\s+[|/•·–—-]\s+|\s*[|•·\n]\s*|\s+&\s+|\s*／\s*")
_EDGES = " \t\r\n.,;:|/•·–—-_*\"'“”„«»()[]"
_DIGIT = re.compile(r"\d")
_SQUASH = re.compile(r"\W+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Words:
    """The words around names, compiled."""

    by: re.Pattern[str]
    join: re.Pattern[str]
    roles: frozenset[str]
    nobody: frozenset[str]
    never: frozenset[str]


@cache
def words(language: str | None = None) -> Words:
    """The words of `data/names.toml` for pages in a language (BCP 47): its own and the English ones."""
    listed = tomllib.loads((files("feedpub.cleaner") / "data" / "names.toml").read_text(encoding="utf-8"))
    spoken = {"en", (language or "en").partition("-")[0].lower()}
    by = sorted({word for code in spoken for word in listed["by"].get(code, ())}, key=len, reverse=True)
    join = {word for code in spoken for word in listed["and"].get(code, ())}
    return Words(
        by=re.compile(rf"\s*(?:{'|'.join(map(re.escape, by))})(?:\s*[:：/／|]\s*|\s+)", re.IGNORECASE),
        join=re.compile(rf"\s+(?:{'|'.join(map(re.escape, join))})\s+", re.IGNORECASE),
        roles=frozenset(listed["roles"]["words"]),
        nobody=frozenset(listed["nobody"]["names"]),
        never=frozenset(listed["never"]["words"]),
    )


def squash(name: str) -> str:
    """A name for comparison."""
    return _SQUASH.sub(" ", name.casefold()).strip()


def from_byline(text: str, language: str | None = None) -> tuple[str, ...]:
    """The names in a visible line that begins as a byline does ("By A and B"), or () where it is none."""
    text = " ".join(text.split())
    if len(text) > LONGEST_BYLINE or not words(language).by.match(text):
        return ()
    return split(text, language)


def split(text: str, language: str | None = None) -> tuple[str, ...]:
    """The names in a text that is said to hold authors, without repetition."""
    text = " ".join(_BRACKETS.sub(" ", _ADDRESS.sub(" ", _TAG.sub(" ", text))).split())
    if not text or len(text) > LONGEST_BYLINE:
        return ()
    known = words(language)
    parts = [
        part for part in _PUNCTUATION.split(known.by.sub("", text, count=1) if known.by.match(text) else text) if part
    ]
    if swapped := _last_name_first(parts, known):
        return (swapped,)
    names = (_clean(name, known) for part in parts for name in _joined(part, known))
    return tuple({squash(name): name for name in names if name}.values())


def reconcile(sources: Iterable[Iterable[str]], *, site: str = "", language: str | None = None) -> tuple[str, ...]:
    """The authors of an article from several sources, most trusted first: those of the first that names a person.

    Names that name nobody ("Staff") and the site's own name count only where no source has better.
    """
    nobody, weak = words().nobody | {squash(site)}, ()
    for source in sources:
        names = {squash(name): name for text in source for name in split(text, language)}
        if people := tuple(name for key, name in names.items() if key not in nobody):
            return people[:MOST]
        weak = weak or tuple(names.values())
    return weak[:MOST]


def _last_name_first(parts: list[str], known: Words) -> str:
    """ "Smith, John" the right way round, or ""."""
    if len(parts) != 2 or any(" " in part.strip() or _CJK.search(part) for part in parts):  # noqa: PLR2004
        return ""
    last, first = (part.strip() for part in parts)
    return "" if _is_role(first, known) or first.casefold() in known.nobody else f"{first} {last}"


def _joined(part: str, known: Words) -> list[str]:
    """The names in "A B and C D"; "Linny and Peter" and "Le Figaro et AFP" are one."""
    names = known.join.split(part)
    return names if all(" " in name.strip() or _CJK.search(name) for name in names) else [part]


def _clean(name: str, known: Words) -> str:
    """A name without what is no part of it, or "" where nothing is left."""
    name = name.strip(_EDGES)
    name = known.by.sub("", name, count=1).strip(_EDGES) if known.by.match(name) else name
    tokens = name.casefold().split()
    if not tokens or len(name) > LONGEST_NAME or len(tokens) > WORDS_OF_NAME or _DIGIT.search(name):
        return ""
    if _is_role(name, known) or tokens[0] in known.never:
        return ""
    return name.title() if name.isupper() and len(tokens) > 1 else name


def _is_role(part: str, known: Words) -> bool:
    """Whether a part is a job title and not a name."""
    tokens = part.casefold().split()
    return squash(part) not in known.nobody and bool(tokens) and (tokens[0] in known.roles or tokens[-1] in known.roles)


def looks_like_person(name: str) -> bool:
    """Whether a name has the shape of a person's: two to five words, written as names are."""
    tokens = name.split()
    if _CJK.search(name):
        return 2 <= len(name) <= 12  # noqa: PLR2004 -- characters
    capital = [token for token in tokens if not token[0].islower()]
    return 2 <= len(tokens) <= 5 and len(capital) >= 2 and not tokens[0][0].islower()  # noqa: PLR2004 -- words
