"""The words that tell lists of articles from the rest of a page: words.toml as sets and expressions."""

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

_TABLE: dict[str, Any] = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))

ARCHIVES = frozenset(_TABLE["archives"])
PAGES = frozenset(_TABLE["pages"])
QUERIES = frozenset(_TABLE["queries"])
FILES = frozenset(_TABLE["files"])
SHARING = frozenset(_TABLE["sharing"])
BOX_HEADINGS = frozenset(_TABLE["headings"]["boxes"])
ERROR_TITLES = frozenset(_TABLE["titles"]["errors"])
CONSENT_TITLES = frozenset(_TABLE["titles"]["consent"])
LOOKS = frozenset(_TABLE["classes"]["looks"])
BUTTONS = frozenset(_TABLE["buttons"]["exact"])


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds one of the words as a part of a class; one that begins with ^ only at a class's beginning."""
    parts = (rf"(?<=\s){re.escape(word[1:])}" if word.startswith("^") else re.escape(word) for word in words)
    return re.compile(r"(?<![^\s-])(?:" + "|".join(parts) + r")(?![^\s-])")


CHROME = _any_of(_TABLE["regions"]["chrome"])
BOXES = _any_of(_TABLE["regions"]["boxes"])
SIDE = _any_of(_TABLE["regions"]["side"])
