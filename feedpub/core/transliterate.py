"""Write a text in ASCII letters, for names in addresses.

Accents are dropped. Cyrillic and Greek are written by letter, Japanese syllables and Korean ones by
their names in Unicode. Other scripts, such as Chinese and Arabic, have no letters to go by and are
left out.
"""

import re
import unicodedata
from functools import cache

_LATIN = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ł": "l",
    "\u0131": "i",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "ng",
    "ə": "a",
}
_CYRILLIC = dict(
    zip(
        "абвгдезиклмнопрстуфхцыэђјљњћџ",
        "a b v g d e z i k l m n o p r s t u f kh ts y e dj j lj nj c dz".split(),  # noqa: SIM905
        strict=True,
    )
)
_CYRILLIC |= {"ж": "zh", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "й": "y"}
_CYRILLIC |= {"ё": "yo", "є": "ye", "\u0456": "i", "ї": "yi", "ґ": "g", "ў": "u", "ъ": "", "ь": ""}
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(),  # noqa: SIM905
        strict=True,
    )
)
_LETTERS = _LATIN | _CYRILLIC | _GREEK
_NAMED = re.compile(r"(?:HIRAGANA|KATAKANA) LETTER (?:SMALL )?(\w+)|HANGUL SYLLABLE (\w+)")


def transliterate(text: str) -> str:
    """Return a text in lower case and in ASCII, without the letters that have no equivalent."""
    return "".join(map(_transliterate_letter, unicodedata.normalize("NFC", text.lower())))


@cache
def _transliterate_letter(letter: str) -> str:
    if letter.isascii():
        return letter
    if (written := _LETTERS.get(letter)) is not None:
        return written
    if found := _NAMED.fullmatch(unicodedata.name(letter, "")):
        return str(found[1] or found[2]).lower()
    base = unicodedata.normalize("NFKD", letter)
    if base != letter:
        return "".join(_LETTERS.get(each, each if each.isascii() else "") for each in base)
    return " " if unicodedata.category(letter).startswith(("P", "Z", "S")) else ""
