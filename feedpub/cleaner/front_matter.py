"""Front matter: what stands above a saved text between two lines of --- (YAML) or +++ (TOML)."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import yaml

from feedpub.cleaner.metadata import authors, canonical, language
from feedpub.core import dates
from feedpub.core.errors import ExtractError
from feedpub.core.models import Article
from feedpub.core.text import strip_invalid_characters
from feedpub.core.urls import absolute_url

_BLOCK = re.compile(
    r"\A\ufeff?(?P<fence>---|\+\+\+)[ \t]*\r?\n(?P<text>.*?)^(?P=fence)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_TOML_DATE = re.compile(r"^([ \t]*[\w-]+[ \t]*=[ \t]*)(\d{4}-\d\d?-\d[^\s#\"',]*)", re.MULTILINE)
_MAX_VALUES = 500  # of one key, lists included
_MAX_SHOWN = 100  # characters of a value


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What front matter says of an article; empty where there is none.

    Attributes:
        unread: what it says and nobody can read, each as "key: value".
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    url: str | None = None
    summary: str = ""
    categories: tuple[str, ...] = ()
    language: str | None = None
    image: str | None = None
    unreadable: tuple[str, ...] = ()

    def merged_with(self, article: Article) -> Article:
        """The article with what the front matter says in the place of what was found."""
        fields = (
            "title",
            "authors",
            "published",
            "updated",
            "url",
            "summary",
            "categories",
            "language",
            "image",
        )
        said = {name: getattr(self, name) or getattr(article, name) for name in fields}
        return replace(article, **said, unread=self.unreadable)


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Front matter and the text below it.

    Raises ExtractError where it cannot be read, with the line.
    """
    block = _BLOCK.match(text)
    values = _values(block["fence"], block["text"]) if block else None
    if block is None or values is None:  # two lines of --- around prose are no front matter
        return FrontMatter(), text
    return _Reader({str(key).lower(): value for key, value in values.items()}).read(), text[
        block.end() :
    ]


def _values(fence: str, text: str) -> Mapping[Any, Any] | None:
    try:
        values = _toml(text) if fence == "+++" else yaml.load(text, _Loader)  # noqa: S506 -- it is a safe one
    except (tomllib.TOMLDecodeError, yaml.YAMLError, ValueError) as error:
        raise ExtractError(
            f"its front matter cannot be read: {' '.join(str(error).split())}"
        ) from error
    return values if isinstance(values, Mapping) else None


def _toml(text: str) -> Mapping[str, Any]:
    """Read TOML; a date that is none does not spoil the rest."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        quoted = _TOML_DATE.sub(r'\1"\2"', text)
        if quoted == text:
            raise
        return tomllib.loads(quoted)


class _Loader(yaml.SafeLoader):
    """Reads YAML.

    A scalar that is not what its tag or its form says is the text that stands there.
    """


def _lenient(construct: Callable[[Any, Any], Any]) -> Callable[[_Loader, yaml.ScalarNode], Any]:
    def constructed(loader: _Loader, node: yaml.ScalarNode) -> Any:
        try:
            return construct(loader, node)
        except (
            ValueError,
            OverflowError,
            AttributeError,
            KeyError,
        ):  # what PyYAML raises on odd scalars
            return node.value

    return constructed


def _as_written(_: _Loader, node: yaml.Node) -> str:
    """Return the text of a scalar with an unknown tag; of anything else, the tag."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else node.tag


for _name in ("bool", "int", "float", "timestamp"):
    _Loader.add_constructor(
        f"tag:yaml.org,2002:{_name}", _lenient(getattr(_Loader, f"construct_yaml_{_name}"))
    )
_Loader.add_constructor(None, _as_written)


@dataclass
class _Reader:
    """Reads values by their keys, and notes what cannot be read."""

    values: Mapping[str, Any]
    unread: list[str] = field(default_factory=list)

    def read(self) -> FrontMatter:
        """Return all that is said of the article."""
        return FrontMatter(
            title=self._text("title", "headline"),
            authors=tuple(
                name
                for text in self._texts("authors", "author", "by")
                for name in authors.split_authors(text) or (text,)
            ),
            published=self._moment("date", "published", "publishdate", "pubdate", "created"),
            updated=self._moment("updated", "lastmod", "modified", "last_modified_at"),
            url=self._address("url", "link", "canonical", "canonical_url", "source"),
            summary=self._text("summary", "description", "excerpt"),
            categories=(*self._texts("categories", "category"), *self._texts("tags", "keywords")),
            language=language.declared_language(self._texts("language", "lang", "locale")),
            image=self._image("image", "cover", "featured_image", "thumbnail"),
            unreadable=tuple(dict.fromkeys(self.unread)),
        )

    def _note(self, key: str, value: Any) -> None:
        self.unread.append(f"{key}: {_line(value)[:_MAX_SHOWN]}")

    def _scalars(self, *keys: str) -> Iterator[tuple[str, Any]]:
        """Yield the values of the first of the keys that says anything.

        An author may be a table with a name.
        """
        key = next((key for key in keys if self.values.get(key)), "")
        for value in _flat(self.values.get(key)):
            named = value.get("name", value) if isinstance(value, Mapping) else value
            if isinstance(named, Mapping | list | tuple | set):
                self._note(key, value)
            elif named is not None:
                yield key, named

    def _texts(self, *keys: str) -> list[str]:
        return list(
            dict.fromkeys(text for _, value in self._scalars(*keys) if (text := _line(value)))
        )

    def _text(self, *keys: str) -> str:
        return next(iter(self._texts(*keys)), "")

    def _address(self, *keys: str) -> str | None:
        """Return the first absolute address.

        A path within a site is none, and nothing to be noted.
        """
        texts = self._texts(*keys)
        found = next(filter(None, (absolute_url(text, "") for text in texts)), None)
        for text in () if found else texts:
            if text.startswith(("http:", "https:")):
                self._note(next(key for key in keys if self.values.get(key)), text)
        return found

    def _image(self, *keys: str) -> str | None:
        """Return an address, which may be relative."""
        for key, value in self._scalars(*keys):
            if canonical.is_web_address(text := _line(value)):
                return text or None
            self._note(key, text)
        return None

    def _moment(self, *keys: str) -> datetime | None:
        """Return the first date of YAML or TOML, or written as text; without a zone it is UTC."""
        said = list(self._scalars(*keys))
        found = next((moment for _, value in said if (moment := _date(value))), None)
        if found is None and said:
            self._note(*said[0])
        return found


def _flat(value: Any) -> Iterator[Any]:
    """Yield a value, or what lists that lie in each other hold, the first `_MAX_VALUES` of it all."""
    stack = [value]
    for _ in range(_MAX_VALUES):
        if not stack:
            return
        each = stack.pop()
        if isinstance(each, list | tuple | set):
            stack += reversed(list(islice(each, _MAX_VALUES)))
        elif each != {}:
            yield each


def _line(value: Any) -> str:
    return " ".join(strip_invalid_characters(str(value)).split())


def _date(value: Any) -> datetime | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    moment = value if isinstance(value, datetime) else dates.parse_page_date(_line(value))
    if moment is None or moment.year not in dates.PLAUSIBLE_YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
