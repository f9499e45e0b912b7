"""Read what Markdown files add to plain Markdown: front matter, and the marks of note programs.

Front matter is metadata above a saved text, between lines of --- (YAML) or +++ (TOML).

Note programs are Obsidian, Logseq and Foam. Their links and embeds in double brackets, highlights,
callouts, comments, block ids and lines of tags mean something to them only. They are translated to
plain Markdown. Code stays as it is.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

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
_MAX_VALUES = 500  # of one key, nested lists included
_MAX_QUOTED_CHARS = 100  # of a value in a report
_ARTICLE_FIELDS = (
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
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})

_FENCED = re.compile(
    r"^ {0,3}(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^ {0,3}(?P=fence)[^\n]*+$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_CODE = re.compile(r"(`[^`\n]{1,1000}`)")
_COMMENT = re.compile(r"%%[^%]{0,5000}%%")
_EMBED = re.compile(r"!\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]\n]{0,300}))?\]\]")
_LINK = re.compile(r"\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]\n]{0,300}))?\]\]")
_HIGHLIGHT = re.compile(r"==(?=\S)([^=\n]{1,2000})(?<=\S)==")
_CALLOUT = re.compile(r"^((?:> ?){1,8})\[!([\w-]{1,40})\][+-]?[ \t]*([^\n]*)$", re.MULTILINE)
_BLOCK_ID = re.compile(r"(?<=\s)\^[A-Za-z0-9-]{1,60}[ \t]*$", re.MULTILINE)
_TAG_LINE = re.compile(r"^[ \t]*+(?:#(?=[\w/-]*[^\W\d])[\w/-]++[ \t]*+)++$", re.MULTILINE)
_TASK = re.compile(r"^(\s{0,40}[-*+] )\[([ xX])\] ", re.MULTILINE)
_SIZE = re.compile(r"\d{1,5}(?:x\d{1,5})?")

FindFile = Callable[[str], str | None]
"""Returns the address of an embedded file by its name or path; None if there is no such file."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The metadata in an article's front matter.

    Attributes:
        unreadable: values that cannot be read, each as "key: value".
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
        """Return an article in which the values of the front matter take precedence."""
        stated: dict[str, Any] = {}
        for name in _ARTICLE_FIELDS:
            if value := getattr(self, name):
                stated[name] = value
        return replace(article, **stated, unread=self.unreadable)


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Split a text into its front matter and the text below it.

    Raises:
        ExtractError: the front matter is not valid; the message has the line.
    """
    block = _BLOCK.match(text)
    values = _parse(block["fence"], block["text"]) if block else None
    if block is None or values is None:  # two lines of --- around prose are not front matter
        return FrontMatter(), text
    reader = _Reader({str(key).lower(): value for key, value in values.items()})
    return reader.read(), text[block.end() :]


def _parse(fence: str, text: str) -> Mapping[Any, Any] | None:
    try:
        values = _parse_toml(text) if fence == "+++" else _parse_yaml(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ExtractError(f"its front matter cannot be read: {reason}") from error
    return values if isinstance(values, Mapping) else None


def _parse_yaml(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 -- a SafeLoader


def _parse_toml(text: str) -> Mapping[str, Any]:
    """Parse TOML. An invalid date becomes a string, so that the other values can be read."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        quoted = _TOML_DATE.sub(r'\1"\2"', text)
        if quoted == text:
            raise
        return tomllib.loads(quoted)


class _Loader(yaml.SafeLoader):
    """Loads YAML. A scalar that does not match its tag or its form is loaded as a string."""


def _lenient(construct: Callable[[Any, Any], Any]) -> Callable[[_Loader, yaml.ScalarNode], Any]:
    def construct_or_text(loader: _Loader, node: yaml.ScalarNode) -> Any:
        try:
            return construct(loader, node)
        except (ValueError, OverflowError, AttributeError, KeyError):  # PyYAML raises all of these
            return node.value

    return construct_or_text


def _construct_unknown(_: _Loader, node: yaml.Node) -> str:
    """Return the text of a scalar with an unknown tag, or the tag of any other node."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else node.tag


for _name in ("bool", "int", "float", "timestamp"):
    _Loader.add_constructor(
        f"tag:yaml.org,2002:{_name}", _lenient(getattr(_Loader, f"construct_yaml_{_name}"))
    )
_Loader.add_constructor(None, _construct_unknown)


@dataclass
class _Reader:
    """Reads values by their keys, and collects those that cannot be read."""

    values: Mapping[str, Any]
    unreadable: list[str] = field(default_factory=list)

    def read(self) -> FrontMatter:
        return FrontMatter(
            title=self._read_text("title", "headline"),
            authors=self._read_authors("authors", "author", "by"),
            published=self._read_date("date", "published", "publishdate", "pubdate", "created"),
            updated=self._read_date("updated", "lastmod", "modified", "last_modified_at"),
            url=self._read_url("url", "link", "canonical", "canonical_url", "source"),
            summary=self._read_text("summary", "description", "excerpt"),
            categories=(
                *self._read_texts("categories", "category"),
                *self._read_texts("tags", "keywords"),
            ),
            language=language.declared_language(self._read_texts("language", "lang", "locale")),
            image=self._read_image("image", "cover", "featured_image", "thumbnail"),
            unreadable=tuple(dict.fromkeys(self.unreadable)),
        )

    def _report(self, key: str, value: Any) -> None:
        self.unreadable.append(f"{key}: {_to_line(value)[:_MAX_QUOTED_CHARS]}")

    def _find_key(self, keys: tuple[str, ...]) -> str:
        """Return the first of some keys that has a value, or ""."""
        for key in keys:
            if self.values.get(key):
                return key
        return ""

    def _scalars(self, *keys: str) -> Iterator[tuple[str, Any]]:
        """Yield the values of the first key that has any. A table is read as its name."""
        key = self._find_key(keys)
        for value in _flatten(self.values.get(key)):
            scalar = value.get("name", value) if isinstance(value, Mapping) else value
            if isinstance(scalar, Mapping | list | tuple | set):
                self._report(key, value)
            elif scalar is not None:
                yield key, scalar

    def _read_texts(self, *keys: str) -> list[str]:
        texts = [_to_line(value) for _, value in self._scalars(*keys)]
        return list(dict.fromkeys(filter(None, texts)))

    def _read_text(self, *keys: str) -> str:
        return next(iter(self._read_texts(*keys)), "")

    def _read_authors(self, *keys: str) -> tuple[str, ...]:
        names: list[str] = []
        for text in self._read_texts(*keys):
            names += authors.split_authors(text) or (text,)
        return tuple(names)

    def _read_url(self, *keys: str) -> str | None:
        """Return the first absolute URL. A path within a site is ignored."""
        texts = self._read_texts(*keys)
        for text in texts:
            if found := absolute_url(text, ""):
                return found
        for text in texts:
            if text.startswith(("http:", "https:")):
                self._report(self._find_key(keys), text)
        return None

    def _read_image(self, *keys: str) -> str | None:
        """Return the address of an image, which may be relative."""
        for key, value in self._scalars(*keys):
            address = _to_line(value)
            if canonical.is_web_address(address):
                return address or None
            self._report(key, address)
        return None

    def _read_date(self, *keys: str) -> datetime | None:
        """Return the first date. Without a time zone, it is UTC."""
        values = list(self._scalars(*keys))
        for _, value in values:
            if moment := _to_datetime(value):
                return moment
        if values:
            self._report(*values[0])
        return None


def _flatten(value: Any) -> Iterator[Any]:
    """Yield a value, or the values in nested lists, up to `_MAX_VALUES`."""
    stack = [value]
    for _ in range(_MAX_VALUES):
        if not stack:
            return
        each = stack.pop()
        if isinstance(each, list | tuple | set):
            stack += reversed(list(islice(each, _MAX_VALUES)))
        elif each != {}:
            yield each


def _to_line(value: Any) -> str:
    return " ".join(strip_invalid_characters(str(value)).split())


def _to_datetime(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        moment: datetime | None = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        moment = dates.parse_page_date(_to_line(value))
    if moment is None or moment.year not in dates.PLAUSIBLE_YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def translate_wiki_markdown(text: str, find_file: FindFile) -> str:
    """Return a note as plain Markdown.

    Args:
        text: the note without front matter.
        find_file: finds embedded pictures.
    """
    parts: list[str] = []
    end = 0
    for code in _FENCED.finditer(text):
        parts += [_translate_text(text[end : code.start()], find_file), code[0]]
        end = code.end()
    return "".join([*parts, _translate_text(text[end:], find_file)])


def _translate_text(text: str, find_file: FindFile) -> str:
    text = _COMMENT.sub("", text)
    text = _TAG_LINE.sub("", _BLOCK_ID.sub("", text))
    text = _CALLOUT.sub(_translate_callout, text)
    text = _TASK.sub(lambda task: f"{task[1]}{'☐' if task[2] == ' ' else '☑'} ", text)
    pieces = _CODE.split(text)
    for place in range(0, len(pieces), 2):  # the others are code
        piece = _EMBED.sub(lambda embed: _translate_embed(embed, find_file), pieces[place])
        piece = _LINK.sub(_translate_link, piece)
        pieces[place] = _HIGHLIGHT.sub(r"<mark>\1</mark>", piece)
    return "".join(pieces)


def _translate_callout(callout: re.Match[str]) -> str:
    title = callout[3].strip() or callout[2].replace("-", " ").capitalize()
    quote_marks = callout[1].rstrip()
    return f"{quote_marks} **{title}**\n{quote_marks}"


def _translate_embed(embed: re.Match[str], find_file: FindFile) -> str:
    """Return a picture, or the name of anything else."""
    name, label = embed[1].partition("#")[0].strip(), (embed[2] or "").strip()
    path = PurePosixPath(name)
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        return label or path.name
    alt = "" if _SIZE.fullmatch(label) else label.replace("[", "").replace("]", "")
    address = find_file(name) or quote(name, errors="replace")
    return f"![{alt}]({address})"


def _translate_link(link: re.Match[str]) -> str:
    """Return the text of a link; the note behind it may not be published."""
    page, _, heading = link[1].partition("#")
    name = PurePosixPath(page.strip()).name.removesuffix(".md")
    return (link[2] or "").strip() or " > ".join(filter(None, (name, heading.strip(" ^#"))))
