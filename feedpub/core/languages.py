"""Language tags as documents may carry them (BCP 47), and the direction their words run in."""

import re

_BCP47_TAG = re.compile(
    r"(?P<language>[a-z]{2}|(?P<long>[a-z]{3}))(-(?P<script>[a-z]{4}))?(-(?P<region>[a-z]{2}|\d{3}))?(-[a-z0-9]{1,8}){0,10}",
    re.IGNORECASE,
)

# Pages often name a country where a language belongs ("jp", "cn", "cz"): a tag that is none would
# make a
# document invalid. Three letters (ISO 639-2 and -3) are taken at their word.
_ISO_639_1 = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es
et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj
kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv
ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_TWO_LETTERS = frozenset(_ISO_639_1.split())
_SPECIAL_CODES = frozenset({"und", "mul", "mis", "zxx"})
_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "nqo", "prs", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RIGHT_TO_LEFT_SCRIPTS = frozenset(
    {"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"}
)


def language_tag(text: str | None) -> str | None:
    """The language tag that a text names ("en_US", "zh-hans"), in its usual spelling.

    None where it names none.
    """
    found = _BCP47_TAG.fullmatch((text or "").strip().replace("_", "-").partition(".")[0])
    if found is None:
        return None
    language = found["language"].lower()
    if language in _SPECIAL_CODES or not (found["long"] or language in _TWO_LETTERS):
        return None
    parts = (language, (found["script"] or "").title(), (found["region"] or "").upper())
    return "-".join(part for part in parts if part)


def text_direction(tag: str) -> str:
    """The way its words run, "rtl" or "ltr".

    By the script that the tag names, else by its language.
    """
    found = _BCP47_TAG.fullmatch(tag)
    if found is None:
        return "ltr"
    script, language = (found["script"] or "").lower(), found["language"].lower()
    rtl = script in _RIGHT_TO_LEFT_SCRIPTS if script else language in _RIGHT_TO_LEFT
    return "rtl" if rtl else "ltr"


# SECTION: Language tags: what pages and feeds write for one, and what counts as one.

_TAG = re.compile(r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{4}))?(?:[-_]([a-zA-Z]{2}|\d{3}))?(?![a-zA-Z])")
_NO_LANGUAGE = frozenset(("und", "mul", "zxx", "xx", "utf", "iso", "gbk", "gb", "big"))


def normalize_language(tag: str) -> str | None:
    """A language tag as BCP 47 has it: de_DE.UTF-8 → de-DE; None where it is none."""
    found = _TAG.match(tag.strip())
    if not found or found[1].lower() in _NO_LANGUAGE:
        return None
    script, region = found[2], found[3]
    return "-".join(
        part
        for part in (found[1].lower(), script and script.title(), region and region.upper())
        if part
    )
