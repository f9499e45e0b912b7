"""Parse language tags (BCP 47) and determine the direction of a language's script."""

import re

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
