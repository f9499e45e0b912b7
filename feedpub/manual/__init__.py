"""Read the manual: one Markdown file per topic, part of the package.

`feedpub help` prints it, the service serves it at /manual/, and the package build makes `feedpub.1`
of its reference pages. `python -m tests.support.reference` regenerates `commands.md`, `settings.md`
and `metrics.md`.

    html       Markdown → HTML
    roff       Markdown → a manual page for `man`
    build_hook hatchling's hook that writes `feedpub.1`
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

INDEX = "index"
REFERENCES = ("commands", "settings")  # pages whose sections are found without the page's name
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_HEADING = re.compile(r"(#{1,6}) +([^ \n][^\n]*)")
_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->\n*", re.DOTALL)
MAX_SUGGESTIONS = 5


class UnknownTopicError(LookupError):
    """The manual has no such topic.

    Attributes:
        subject: the topic that was requested.
        closest: similar topics, the most similar first.
    """

    def __init__(self, subject: str, closest: tuple[str, ...]) -> None:
        super().__init__(f"the manual has no topic {subject!r}")
        self.subject = subject
        self.closest = closest


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the text below it, up to the next heading of its level.

    Attributes:
        level: 1 for the page's title.
        heading: as Markdown, without the number signs.
        text: the Markdown of the section, with its heading.
    """

    level: int
    heading: str
    text: str


@cache
def list_topics() -> Mapping[str, str]:
    """Return each topic and its title, in alphabetical order."""
    topics: dict[str, str] = {}
    for name in sorted(file.name for file in files(__name__).iterdir()):
        if name.endswith(".md"):
            topic = name.removesuffix(".md")
            first = next(read_sections(_read_page(topic)))
            topics[topic] = plain(first.heading)
    return topics


def load_topic(topic: str) -> str:
    """Return the Markdown of a page.

    Raises:
        UnknownTopicError: the manual has no such page.
    """
    if topic not in list_topics():
        raise UnknownTopicError(topic, suggest(topic))
    return _read_page(topic)


def find_subject(subject: str) -> str:
    """Return the Markdown of a page, or of the sections that a subject names.

    Args:
        subject: a topic ("scheduling"); a section of one ("settings.limit", "settings.feed.limit",
            "commands.add", "security.secrets-in-the-config"); or a command or setting ("add").

    Raises:
        UnknownTopicError: the manual has neither.
    """
    if subject in list_topics():
        return _read_page(subject)
    topic, _, section = subject.partition(".")
    found: list[str] = []
    if section and topic in list_topics():
        found = _find_sections(topic, section)
    else:
        for page in REFERENCES:
            found = found or _find_sections(page, subject)
    if not found:
        raise UnknownTopicError(subject, suggest(subject))
    return "\n\n".join(found)


def suggest(subject: str) -> tuple[str, ...]:
    """Return the topics and sections that are most similar to a subject."""
    subject = subject.casefold()
    topic, _, section = subject.partition(".")
    names = list(list_topics())
    if section and topic in names:
        names = [f"{topic}.{key}" for key in _list_keys(topic)]
    partial = [name for name in names if subject in name]
    similar = get_close_matches(subject, names, MAX_SUGGESTIONS, 0.6)
    if not section:
        for page in REFERENCES:
            keys = get_close_matches(subject, _list_keys(page), 2, 0.75)
            similar += [f"{page}.{key}" for key in keys]
    return tuple(dict.fromkeys((*similar, *partial)))[:MAX_SUGGESTIONS]


def _find_sections(topic: str, wanted: str) -> list[str]:
    """Return the sections whose heading is or ends in the given words, or has the given anchor."""
    if topic not in list_topics():
        return []
    words = _split_words(wanted)
    exact: list[str] = []
    ending: list[str] = []
    anchored: list[str] = []
    for section in read_sections(_read_page(topic)):
        if section.level == 1:
            continue
        heading = _split_words(section.heading)
        if heading == words:
            exact.append(section.text)
        if heading[-len(words) :] == words:
            ending.append(section.text)
        if slug(section.heading) == wanted:
            anchored.append(section.text)
    return exact or ending or anchored


def _split_words(heading: str) -> list[str]:
    """Split a heading into its words: `feed.limit`, `[feed.rules]`, `feedpub add`."""
    return re.findall(r"[^\s.\[\]]+", plain(heading).casefold())


def _list_keys(topic: str) -> list[str]:
    """Return the section names of a page: the final words of a reference's headings, or anchors."""
    if topic not in list_topics():
        return []
    keys: list[str] = []
    for section in read_sections(_read_page(topic)):
        if section.level == 1:
            continue
        if topic not in REFERENCES:
            keys.append(slug(section.heading))
        elif words := _split_words(section.heading):
            keys.append(words[-1])
    return keys


@cache
def _read_page(topic: str) -> str:
    text = files(__name__).joinpath(f"{topic}.md").read_text("utf-8")
    return _COMMENT.sub("", text)


def read_sections(text: str) -> Iterator[Section]:
    """Yield each section of a page; a section includes those below it."""
    lines = text.splitlines()
    headings = list(_read_headings(lines))
    for number, (start, level, heading) in enumerate(headings):
        end = len(lines)
        for line, next_level, _ in headings[number + 1 :]:
            if next_level <= level:
                end = line
                break
        yield Section(level, heading, "\n".join(lines[start:end]).strip())


def _read_headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the line, the level and the text of each heading outside of code."""
    in_code = False
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code and (found := _HEADING.fullmatch(line)):
            yield number, len(found[1]), found[2].rstrip("# ")


def plain(markdown: str) -> str:
    """Return the text of a heading without its markup."""
    return re.sub(r"`|\*\*|\[([^\[\]]*)\]\([^()]*\)", lambda found: found[1] or "", markdown)


def slug(heading: str) -> str:
    """Return the anchor that code forges give a heading; the first of equal headings."""
    return re.sub(r"[^\w\- ]", "", plain(heading).casefold()).replace(" ", "-")


def anchors(text: str) -> list[str]:
    """Return the anchor of each heading of a page, in order; equal headings are numbered."""
    found: list[str] = []
    for section in read_sections(text):
        anchor = slug(section.heading)
        if anchor not in found:
            found.append(anchor)
            continue
        same = re.compile(rf"{re.escape(anchor)}(-\d+)?")
        number = sum(same.fullmatch(other) is not None for other in found)
        found.append(f"{anchor}-{number}")
    return found
