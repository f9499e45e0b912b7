"""Language tags: what pages and feeds write for one, and what counts as one."""

import re

_TAG = re.compile(r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{4}))?(?:[-_]([a-zA-Z]{2}|\d{3}))?(?![a-zA-Z])")
_NO_LANGUAGE = frozenset(("und", "mul", "zxx", "xx", "utf", "iso", "gbk", "gb", "big"))


def normalise(tag: str) -> str | None:
    """A language tag as BCP 47 has it: de_DE.UTF-8 → de-DE; None where it is none."""
    found = _TAG.match(tag.strip())
    if not found or found[1].lower() in _NO_LANGUAGE:
        return None
    script, region = found[2], found[3]
    return "-".join(part for part in (found[1].lower(), script and script.title(), region and region.upper()) if part)
