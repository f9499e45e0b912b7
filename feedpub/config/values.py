"""The kinds of single values in the config: what each must look like, and what to write where it does not.

Every check raises ValueError with a sentence for people, without the key's name; pydantic collects them all. Values
that have to do with the network stand in `web`.
"""

import difflib
import os
import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.etree import Element, XPathError
from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from feedpub.config import cron, durations
from feedpub.config.text import not_empty, one_line, quote
from feedpub.patterns import compile_pattern

RESERVED = ("index", "feeds", "health", "status", "healthz", "metrics")  # feedpub's own files and pages
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*", re.IGNORECASE
)


def _name(value: str) -> str:
    if "/" in value or "\\" in value or ".." in value:
        raise ValueError(f"{quote(value)} leads out of the output folder; a name is only the stem of a file's name")
    if not re.fullmatch("[a-z0-9-]{1,100}", value):
        ascii_only = unicodedata.normalize("NFKD", value.lower()).encode("ascii", "ignore").decode()
        stem = re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")[:100]
        hint = f'did you mean "{stem}"?' if stem else 'write for example "world-news"'
        raise ValueError(f"{quote(value)} is not a name; {hint} (a-z, 0-9 and -, at most 100 of them)")
    if value in RESERVED or "-archive-" in value:
        raise ValueError(f"{quote(value)} is kept for files that feedpub makes itself; write another name")
    return value


def _language(value: str) -> str:
    if _LANGUAGE.fullmatch(value):
        return value
    dashed = value.replace("_", "-").partition(".")[0]
    hint = f'did you mean "{dashed}"?' if _LANGUAGE.fullmatch(dashed) else 'write for example "en", "de-AT", "zh-Hant"'
    raise ValueError(f"{quote(value)} is not a language tag; {hint}")


def check_selector(value: str) -> str:
    """A CSS selector, as lxml can use it; ValueError for anything else."""
    not_empty(value)
    if value.lstrip().startswith(("/", "./")):
        raise ValueError(f'{quote(value)} looks like XPath; write CSS, as in "article .body"')
    try:
        CSSSelector(value, translator="html")(Element("p"))  # some mistakes show only when it is used
    except (SelectorError, XPathError, RecursionError) as error:
        raise ValueError(f"{quote(value)} is not a CSS selector: {error}") from error
    return value


def _removal(value: str) -> str:
    if not value.startswith("text:"):
        return check_selector(value)
    if not value.removeprefix("text:").strip():
        raise ValueError('text: without a text; write what the block says, as in "text:Sponsored by"')
    return value


def _pattern(value: str) -> str:
    try:
        compile_pattern(value)
    except RecursionError as error:
        raise ValueError(f"{quote(value)} is too much for a regular expression: {error}") from error
    return value


def _glob(value: str) -> str:
    parts = PurePosixPath(not_empty(value)).parts
    if value.startswith(("/", "~")) or ".." in parts:
        raise ValueError(f'{quote(value)} leads out of the folder; write for example "**/*.md"')
    if any("**" in part and part != "**" for part in parts):
        raise ValueError(f'{quote(value)}: ** stands for whole folders; write for example "**/*.md"')
    return value


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise ValueError(f"{quote(twice)} stands there twice; write it once")
    return values


def _between(shortest: str, longest: str) -> Callable[[object], timedelta]:
    def check(value: object) -> timedelta:
        found = durations.parse(value)
        if found < durations.parse(shortest):
            raise ValueError(f'{quote(str(value))} is too short; the shortest is "{shortest}"')
        if found > durations.parse(longest):
            raise ValueError(f'{quote(str(value))} is too long; the longest is "{longest}"')
        return found

    return check


_interval = _between("1m", "365d")


def _every(value: object) -> object:
    try:
        return value if value == "auto" else _interval(value)
    except ValueError as error:
        raise ValueError(str(error).replace("write numbers", 'write "auto", or numbers')) from None


def _timezone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        close = difflib.get_close_matches(value, zoneinfo.available_timezones(), 1)
        hint = f'did you mean "{close[0]}"?' if close else 'write for example "Europe/Berlin" or "UTC"'
        raise ValueError(f"{quote(value)} is not a time zone; {hint}")
    return value


def locate(value: str, folder: Path) -> Path:
    """The absolute path that a text names: `~` is the home folder, and relative paths start from `folder`.

    Symbolic links are not followed: a person finds again what they wrote.
    """
    if not value.strip():
        raise ValueError('empty; write a path, as in "articles"')
    if "\0" in value:
        raise ValueError(f"{quote(value)} holds a character that no path has; write it anew")
    path = os.path.expanduser(value)  # noqa: PTH111 -- pathlib's raises RuntimeError where there is no such home
    if path.startswith("~"):
        raise ValueError(f"{quote(value)}: there is no such home folder; write the whole path")
    return Path(os.path.abspath(folder / path))  # noqa: PTH100 -- pathlib's follows links or keeps ".."


def located(value: object, info: ValidationInfo) -> object:
    """`locate` as pydantic calls it: relative to the context's "folder", without one to the working directory."""
    if not isinstance(value, str | Path):
        return value
    return locate(str(value), (info.context or {}).get("folder", Path()))


OneLine = Annotated[str, AfterValidator(one_line)]
Title = Annotated[OneLine, AfterValidator(not_empty), WithJsonSchema({"type": "string", "minLength": 1})]
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]{1,100}$"})]
Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9-]+$"})]
Cron = Annotated[str, AfterValidator(cron.check)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Selector = Annotated[str, AfterValidator(check_selector)]
Removal = Annotated[str, AfterValidator(_removal)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Glob = Annotated[str, AfterValidator(_glob)]
Unique = AfterValidator(_unique)

_DURATION = WithJsonSchema({"type": "string", "pattern": durations.PATTERN})

Interval = Annotated[timedelta, BeforeValidator(_interval), _DURATION]
Every = Annotated[
    timedelta | Literal["auto"],
    PlainValidator(_every),
    WithJsonSchema({"type": "string", "pattern": f"^auto$|{durations.PATTERN}"}),
]
Deadline = Annotated[timedelta, BeforeValidator(_between("10s", "6h")), _DURATION]
Delay = Annotated[timedelta, BeforeValidator(_between("0s", "10m")), _DURATION]
Age = Annotated[timedelta, BeforeValidator(_between("1d", "3650d")), _DURATION]
AgeOrNone = Annotated[timedelta, BeforeValidator(_between("0s", "3650d")), _DURATION]

Located = Annotated[Path, BeforeValidator(located), WithJsonSchema({"type": "string", "minLength": 1})]
