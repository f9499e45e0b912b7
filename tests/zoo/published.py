"""Read the three published documents of a kind, and compare them with the expected entries."""

import calendar
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]
import lxml.html
from lxml import etree

from tests.zoo.kind import Build, Expected

FORMATS = ("rss", "atom", "json")
SUBJECTS = (
    *("title", "url", "date", "authors", "text", "pictures", "links", "enclosures", "elements"),
)
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
}

_INLINE = {
    *("a", "abbr", "b", "bdi", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark"),
    *("q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u"),
    *("var", "wbr"),
}


@dataclass(frozen=True)
class Published:
    """An entry of a published document.

    Attributes:
        title: The title; None if there is none.
        date: The publication date in UTC.
        elements: Returns the values of an XPath in the RSS item; None in other formats.
    """

    title: str | None
    url: str
    date: datetime | None
    html: str
    authors: tuple[str, ...]
    enclosures: tuple[str, ...]
    image: str
    elements: Callable[[str], list[str]] | None = None

    @property
    def text(self) -> str:
        return _text(self.html)

    @property
    def pictures(self) -> set[str]:
        return {self.image, *_attributes(self.html, "img", "src")}

    @property
    def links(self) -> set[str]:
        return set(_attributes(self.html, "a", "href"))


@dataclass
class Comparison:
    """The result of comparing a kind's documents.

    Attributes:
        expected: The number of expected entries.
        found: The number of published entries in each format.
        held: The number of expectations that hold, by subject.
        failed: Sentences about the others, by subject, with the formats that they are true of.
    """

    expected: int
    found: dict[str, int] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    failed: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def expect(self, subject: str, form: str, sentence: str, *, holds: bool) -> None:
        """Count an expectation; `sentence` says how the document differs."""
        if holds:
            self.held[subject] += 1
        else:
            self.failed.setdefault(subject, {}).setdefault(sentence, []).append(form)

    def count_failed(self, subject: str) -> int:
        """Return how many expectations about a subject do not hold."""
        return sum(map(len, self.failed.get(subject, {}).values()))

    @property
    def differences(self) -> list[str]:
        """Return a sentence for each difference, with its formats unless it is in all."""
        sentences = []
        for by_sentence in self.failed.values():
            for sentence, forms in by_sentence.items():
                where = "" if len(forms) in (0, len(FORMATS)) else f" ({', '.join(forms)})"
                sentences.append(f"{sentence}{where}")
        return sentences


def compare(build: Build) -> Comparison:
    """Compare the published documents with the expected entries."""
    comparison = Comparison(len(build.kind.entries))
    for form in FORMATS:
        published = _read_document(build.folder / f"zoo.{form}", form)
        _compare_document(build, form, published, comparison)
    for path, value in build.kind.channel.items():
        shown = _channel_values(build.folder / "zoo.rss", path)
        sentence = f"channel: {path} is {shown}, expected {value}"
        comparison.expect("elements", "rss", sentence, holds=value in shown)
    said = "\n".join(reported(build))
    for passage in build.kind.failures:
        comparison.expect(
            "run", "run", f'no failure says "{passage}"', holds=passage.lower() in said.lower()
        )
    return comparison


def reported(build: Build) -> list[str]:
    """Return the failures that the runs report."""
    problems = (problem for result in build.results for problem in result.problems)
    return [f"reported: {problem.where}: {problem.reason}" for problem in problems]


def _compare_document(
    build: Build, form: str, published: list[Published], comparison: Comparison
) -> None:
    expected = build.kind.entries
    comparison.found[form] = len(published)
    comparison.expect(
        "entries",
        form,
        f"{len(published)} entries are published, expected {len(expected)}",
        holds=len(published) == len(expected),
    )
    places = _pair(expected, published)
    found = [place for place in places if place is not None]
    order = [_name_of(published[place]) for place in found]
    comparison.expect("entries", form, f"the order is {order}", holds=found == sorted(found))
    for number, (entry, place) in enumerate(zip(expected, places, strict=True), 1):
        name = f"entry {number}"
        if place is None:
            sentence = f"{name} is missing: {entry.title or entry.url or entry.text}"
            comparison.expect("entries", form, sentence, holds=False)
        else:
            _Check(comparison, name, form, build.times).compare(entry, published[place])
    for place in sorted(set(range(len(published))) - set(found)):
        sentence = f"an entry is unexpected: {_name_of(published[place])}"
        comparison.expect("entries", form, sentence, holds=False)


def _pair(expected: Iterable[Expected], published: list[Published]) -> list[int | None]:
    """Return the place of each expected entry: by its URL, else title, else text."""
    free = list(range(len(published)))
    places: list[int | None] = []
    for entry in expected:
        place = next(_places(entry, published, free), None)
        if place is not None:
            free.remove(place)
        places.append(place)
    return places


def _places(entry: Expected, published: list[Published], free: list[int]) -> Iterator[int]:
    same: tuple[Callable[[Published], bool], ...] = (
        lambda other: entry.url is not None and other.url == entry.url,
        lambda other: entry.title is not None and other.title == entry.title,
        lambda other: bool(entry.text) and _plain(entry.text[0]) in other.text,
    )
    for test in same:
        yield from (place for place in free if test(published[place]))


def _name_of(published: Published) -> str:
    return f"{published.title or published.text[:60]} <{published.url}>"


@dataclass(frozen=True)
class _Check:
    """Compares one entry in one format."""

    comparison: Comparison
    name: str
    form: str
    build_times: tuple[datetime, ...]

    def compare(self, expected: Expected, published: Published) -> None:
        self._compare_title(expected, published)
        if expected.url is not None:
            self._equal("url", published.url, expected.url)
        self._compare_date(expected, published)
        text, html = published.text, published.html
        for passage in expected.text:
            sentence = f'text lacks "{passage}"; it is "{_shorten(text)}"'
            self._expect("text", sentence, holds=_plain(passage) in text)
        for passage in expected.lacks:
            self._expect("text", f'text has "{passage}"', holds=_plain(passage) not in text)
        for passage in expected.html:
            sentence = f"HTML lacks {passage}; it is {_shorten(html)}"
            self._expect("text", sentence, holds=passage in html)
        for passage in expected.lacks_html:
            self._expect("text", f"HTML has {passage}", holds=passage not in html)
        self._contains("pictures", published.pictures, expected.pictures)
        self._contains("links", published.links, expected.links)
        self._contains("enclosures", published.enclosures, expected.enclosures)
        self._contains("authors", published.authors, expected.authors)
        if published.elements:
            for path, value in expected.elements.items():
                shown = published.elements(path)
                sentence = f"{path} is {shown}, expected {value}"
                self._expect("elements", sentence, holds=value in shown)

    def _compare_title(self, expected: Expected, published: Published) -> None:
        if expected.untitled and self.form == "json":
            sentence = f'title is "{published.title}", expected none'
            self._expect("title", sentence, holds=published.title is None)
        elif expected.title is not None:
            self._equal("title", published.title, expected.title)
        elif expected.untitled:
            title, start = published.title or "", _plain(published.title or "").rstrip("… ")
            sentence = f'title is "{title}", expected the first words of the text'
            text = published.text.removeprefix("Video ")  # the label of a file's link
            is_start = not expected.text or text.startswith(start)
            self._expect("title", sentence, holds=bool(start) and is_start)

    def _compare_date(self, expected: Expected, published: Published) -> None:
        shown, date = published.date, expected.date
        if date is None:
            sentence = f"date is {_show(shown)}, expected that of a build"
            self._expect("date", sentence, holds=shown in self.build_times)
        elif isinstance(date, datetime):
            sentence = f"date is {_show(shown)}, expected {_show(date.astimezone(UTC))}"
            self._expect("date", sentence, holds=shown == date)
        else:
            sentence = f"date is {_show(shown)}, expected {date}"
            self._expect("date", sentence, holds=shown is not None and shown.date() == date)

    def _equal(self, subject: str, value: str | None, expected: str) -> None:
        sentence = f'{subject} is "{value}", expected "{expected}"'
        self._expect(subject, sentence, holds=value == expected)

    def _contains(self, subject: str, values: Iterable[str], expected: Iterable[str]) -> None:
        shown = sorted(filter(None, values))
        for value in expected:
            sentence = f"{subject} lack {value}; they are {shown}"
            holds = value in shown or not set(shown).isdisjoint(value.split())
            self._expect(subject, sentence, holds=holds)

    def _expect(self, subject: str, sentence: str, *, holds: bool) -> None:
        self.comparison.expect(subject, self.form, f"{self.name}: {sentence}", holds=holds)


def _read_document(file: Path, form: str) -> list[Published]:
    if not file.exists():
        return []
    if form == "json":
        return [_read_item(item) for item in json.loads(file.read_bytes())["items"]]
    parsed = feedparser.parse(file.read_bytes(), sanitize_html=False, resolve_relative_uris=False)
    items = (
        _parse_xml(file).findall("channel/item") if form == "rss" else [None] * len(parsed.entries)
    )
    return [_read_entry(*each) for each in zip(parsed.entries, items, strict=True)]


def _channel_values(file: Path, path: str) -> list[str]:
    channel = _parse_xml(file).find("channel") if file.exists() else None
    return _values(channel, path) if channel is not None else []


def _parse_xml(file: Path) -> etree._Element:
    return etree.fromstring(file.read_bytes(), etree.XMLParser(resolve_entities=False))


def _values(element: etree._Element, path: str) -> list[str]:
    """Return the values of attributes, or the texts of elements, that an XPath selects."""
    found: Any = element.xpath(path, namespaces=_NAMESPACES)
    return [str(each) if isinstance(each, str) else _plain(each.text or "") for each in found]


def _read_item(item: Mapping[str, Any]) -> Published:
    date = item.get("date_published")
    return Published(
        title=item.get("title"),
        url=item.get("url", ""),
        date=datetime.fromisoformat(date).astimezone(UTC) if date else None,
        html=item.get("content_html") or escape(item.get("content_text", "")),
        authors=tuple(author.get("name", "") for author in item.get("authors", ())),
        enclosures=tuple(each["url"] for each in item.get("attachments", ())),
        image=item.get("image", ""),
    )


def _read_entry(entry: Any, item: etree._Element | None) -> Published:
    date = entry.get("published_parsed")
    media = entry.get("media_content", [])
    contents = entry.get("content", [])
    images = [each["url"] for each in media if each.get("medium") == "image"]
    images += [each["url"] for each in entry.get("media_thumbnail", [])]
    return Published(
        title=entry.get("title"),
        url=entry.get("link", ""),
        date=datetime.fromtimestamp(calendar.timegm(date), UTC) if date else None,
        html=contents[0].value if contents else entry.get("summary", ""),
        authors=tuple(author.get("name", "") for author in entry.get("authors", ())),
        enclosures=(
            *(link.href for link in entry.get("enclosures", ())),
            *(each["url"] for each in media),
        ),
        image=images[0] if images else "",
        elements=partial(_values, item) if item is not None else None,
    )


def _text(html: str) -> str:
    """Return the text of HTML, with a space at the borders of blocks."""
    if not html.strip():
        return ""
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    for element in root.iter():
        if element.tag not in _INLINE:
            element.text = f" {element.text or ''}"
            element.tail = f" {element.tail or ''}"
    return _plain("".join(root.itertext()))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _attributes(html: str, tag: str, name: str) -> Iterator[str]:
    if html.strip():
        root = lxml.html.fragment_fromstring(html, create_parent="div")
        yield from (element.get(name, "") for element in root.iter(tag))


def _shorten(text: str, length: int = 300) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _show(date: datetime | None) -> str:
    return date.isoformat().replace("+00:00", "Z") if date else "absent"
