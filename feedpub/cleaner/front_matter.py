"""Front matter: what stands above a saved text between two lines of --- (YAML) or +++ (TOML)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import yaml

from feedpub.characters import sound
from feedpub.cleaner.metadata import addresses, dates, languages, names
from feedpub.errors import ExtractError
from feedpub.model import Article

_BLOCK = re.compile(
    r"\A\ufeff?(?P<fence>---|\+\+\+)[ \t]*\r?\n(?P<text>.*?)^(?P=fence)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What front matter says of an article; empty where there is none."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    url: str | None = None
    summary: str = ""
    categories: tuple[str, ...] = ()
    language: str | None = None
    image: str | None = None

    def over(self, article: Article) -> Article:
        """The article with what the front matter says in the place of what was found."""
        fields = ("title", "authors", "published", "updated", "url", "summary", "categories", "language", "image")
        return replace(article, **{name: getattr(self, name) or getattr(article, name) for name in fields})


def split(text: str) -> tuple[FrontMatter, str]:
    """Front matter and the text below it. Raises ExtractError where it cannot be read, with the line."""
    block = _BLOCK.match(text)
    values = _values(block["fence"], block["text"]) if block else None
    if block is None or values is None:  # two lines of --- around prose are no front matter
        return FrontMatter(), text
    return _front_matter({str(key).lower(): value for key, value in values.items()}), text[block.end() :]


def _values(fence: str, text: str) -> Mapping[Any, Any] | None:
    try:
        values = tomllib.loads(text) if fence == "+++" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError, ValueError) as error:
        raise ExtractError(f"its front matter cannot be read: {' '.join(str(error).split())}") from error
    return values if isinstance(values, Mapping) else None


def _front_matter(values: Mapping[str, Any]) -> FrontMatter:
    def first(*keys: str) -> Any:
        return next((values[key] for key in keys if values.get(key)), None)

    return FrontMatter(
        title=_text(first("title", "headline")),
        authors=tuple(
            name for text in _texts(first("authors", "author", "by")) for name in names.split(text) or (text,)
        ),
        published=_moment(first("date", "published", "publishdate", "pubdate", "created")),
        updated=_moment(first("updated", "lastmod", "modified", "last_modified_at")),
        url=_address(first("url", "link", "canonical", "canonical_url", "source")),
        summary=_text(first("summary", "description", "excerpt")),
        categories=tuple(_texts(first("categories", "category"))) + tuple(_texts(first("tags", "keywords"))),
        language=languages.stated(_texts(first("language", "lang", "locale"))),
        image=next(iter(_texts(first("image", "cover", "featured_image", "thumbnail"))), None),
    )


def _texts(value: Any) -> list[str]:
    """A value, or each of a list of them, as text; an author may be a table with a name."""
    values = value if isinstance(value, list | tuple) else [value]
    named = (item.get("name") if isinstance(item, Mapping) else item for item in values)
    return [text for item in named if item is not None and (text := " ".join(sound(str(item)).split()))]


def _text(value: Any) -> str:
    return next(iter(_texts(value)), "")


def _address(value: Any) -> str | None:
    return next(addresses.absolute(_texts(value), None), None)


def _moment(value: Any) -> datetime | None:
    """A date of YAML or TOML, or one written as text; without a zone it is UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    moment = value if isinstance(value, datetime) else dates.parse(_text(value))
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
