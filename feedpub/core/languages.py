"""Parse language tags (BCP 47), and translate the texts of published pages.

The translations are in data/translations.toml.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from feedpub.core.loading import load_toml

_BCP47_TAG = re.compile(
    r"(?P<language>[a-z]{2}|(?P<long>[a-z]{3}))(-(?P<script>[a-z]{4}))?"
    r"(-(?P<region>[a-z]{2}|\d{3}))?(-[a-z0-9]{1,8}){0,10}",
    re.IGNORECASE,
)
_LOOSE_TAG = re.compile(
    r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{4}))?(?:[-_]([a-zA-Z]{2}|\d{3}))?(?![a-zA-Z])"
)

# Pages often name a country instead of a language ("jp", "cn", "cz"), and an unknown code would
# make a feed invalid. Codes of three letters (ISO 639-2 and -3) are accepted as they are.
_ISO_639_1 = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu
lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu
rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr
ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_TWO_LETTERS = frozenset(_ISO_639_1.split())
_SPECIAL_CODES = frozenset({"und", "mul", "mis", "zxx"})
_NOT_LANGUAGES = frozenset(("und", "mul", "zxx", "xx", "utf", "iso", "gbk", "gb", "big"))
_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "nqo", "prs", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RIGHT_TO_LEFT_SCRIPTS = frozenset(
    {"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"}
)


def parse_language_tag(text: str | None) -> str | None:
    """Return the valid language tag that a text names ("en_US", "zh-hans"), in normal case.

    Returns None if the text is not a tag or if its language code does not exist.
    """
    found = _BCP47_TAG.fullmatch((text or "").strip().replace("_", "-").partition(".")[0])
    if found is None:
        return None
    language = found["language"].lower()
    if language in _SPECIAL_CODES or not (found["long"] or language in _TWO_LETTERS):
        return None
    return _join_tag(language, found["script"], found["region"])


def normalize_language(tag: str) -> str | None:
    """Return the language tag that a page's or feed's text begins with: de_DE.UTF-8 → de-DE.

    Returns None if there is none. The language code is not checked; see `parse_language_tag`.
    """
    found = _LOOSE_TAG.match(tag.strip())
    if not found or found[1].lower() in _NOT_LANGUAGES:
        return None
    return _join_tag(found[1].lower(), found[2], found[3])


def _join_tag(language: str, script: str | None, region: str | None) -> str:
    parts = (language, (script or "").title(), (region or "").upper())
    return "-".join(filter(None, parts))


def text_direction(tag: str) -> str:
    """Return "rtl" or "ltr", by the tag's script if it names one, otherwise by its language."""
    found = _BCP47_TAG.fullmatch(tag)
    if found is None:
        return "ltr"
    if script := found["script"]:
        is_rtl = script.lower() in _RIGHT_TO_LEFT_SCRIPTS
    else:
        is_rtl = found["language"].lower() in _RIGHT_TO_LEFT
    return "rtl" if is_rtl else "ltr"


_FALLBACK = "en"


@dataclass(frozen=True)
class Translations:
    """The texts of one language.

    Attributes:
        language: its code.
        texts: its table in data/translations.toml.
    """

    language: str
    texts: dict[str, Any]

    @property
    def direction(self) -> str:
        return text_direction(self.language)

    def format_count(self, articles: int) -> str:
        """Format a number of articles: "1 article", "2 articles"."""
        text = self.texts["one"] if articles == 1 else self.texts["many"]
        return str(text).format(n=articles)

    def missing_page(self, number: int) -> str:
        """Return the text that replaces a page of an article that could not be read."""
        return str(self.texts["missing_page"]).format(n=number)

    def removed(self, text: str) -> str:
        """Return the title of a change that only removed some words."""
        return str(self.texts["removed"]).format(text=text)

    def format_date(self, when: datetime) -> str:
        """Format a time in UTC as is usual in the language, with Western digits."""
        month = self.texts["months"][when.month - 1]
        return str(self.texts["date"]).format(
            day=when.day, month=month, year=when.year, time=f"{when:%H:%M}"
        )


@cache
def _load_languages() -> dict[str, dict[str, Any]]:
    return load_toml("feedpub.core", "data/translations.toml")


def translations_for(language: str | None) -> Translations:
    """Return the texts for a language tag, or the English texts if there are none."""
    code = (language or "").partition("-")[0]
    languages = _load_languages()
    if code not in languages:
        code = _FALLBACK
    return Translations(code, languages[code])


def month_names() -> frozenset[str]:
    """Return the names of the months in all languages."""
    return frozenset(month for texts in _load_languages().values() for month in texts["months"])
