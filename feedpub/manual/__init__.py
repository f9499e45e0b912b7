"""The manual: one Markdown file a topic, shipped with the package.

`feedpub help` prints it, the service serves it at /manual/, and the package build makes `feedpub.1` of its reference
pages. `python -m tests.support.reference` regenerates `commands.md`, `settings.md` and `metrics.md`.

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
_HEADING = re.compile(r"(#{1,6}) +(.+?) *#*")
_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
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
    names = (file.name for file in files(__name__).iterdir())
    topics = sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))
    return {topic: plain(next(read_sections(_read(topic))).heading) for topic in topics}


def load_topic(topic: str) -> str:
    """Return the Markdown of a page. Raises UnknownTopicError."""
    if topic not in list_topics():
        raise UnknownTopicError(topic, suggest(topic))
    return _read(topic)


def find_subject(subject: str) -> str:
    """Return the Markdown of a page, or of the sections that a subject names.

    Args:
        subject: a topic, as in "scheduling"; a section of one, as in "settings.limit", "settings.feed.limit",
            "commands.add" or "security.secrets-in-the-config"; or a command or setting alone, as in "add".

    Raises:
        UnknownTopicError: the manual has neither.
    """
    if subject in list_topics():
        return _read(subject)
    topic, _, rest = subject.partition(".")
    places = (
        [(topic, rest)]
        if rest and topic in list_topics()
        else [(page, subject) for page in REFERENCES]
    )
    for page, wanted in places:
        if page in list_topics() and (found := _find_sections(page, wanted)):
            return "\n\n".join(found)
    raise UnknownTopicError(subject, suggest(subject))


def suggest(subject: str) -> tuple[str, ...]:
    """Return the topics and sections that are most similar to a subject."""
    subject = subject.casefold()
    topic, _, rest = subject.partition(".")
    names = list(list_topics())
    if rest and topic in names:
        names = [f"{topic}.{key}" for key in _keys(topic)]
    partial = [name for name in names if subject in name]
    close = get_close_matches(subject, names, MAX_SUGGESTIONS, 0.6)
    if not rest:
        close += [
            f"{page}.{key}"
            for page in REFERENCES
            for key in get_close_matches(subject, _keys(page), 2, 0.75)
        ]
    return tuple(dict.fromkeys((*close, *partial)))[:MAX_SUGGESTIONS]


def _find_sections(topic: str, wanted: str) -> list[str]:
    """Return the sections whose heading ends in the given words, or has the given anchor."""
    parts = _parts(wanted)
    sections = [section for section in read_sections(_read(topic)) if section.level > 1]
    exact = [section.text for section in sections if _parts(section.heading) == parts]
    ending = [
        section.text for section in sections if _parts(section.heading)[-len(parts) :] == parts
    ]
    return (
        exact or ending or [section.text for section in sections if slug(section.heading) == wanted]
    )


def _parts(heading: str) -> list[str]:
    """Split a heading into its words: `feed.limit`, `[feed.rules]`, `feedpub add`."""
    return re.findall(r"[^\s.\[\]]+", plain(heading).casefold())


def _keys(topic: str) -> list[str]:
    """Return what can follow the dot in a subject: the final word of a reference's headings, or anchors."""
    if topic not in list_topics():
        return []
    headings = [section.heading for section in read_sections(_read(topic)) if section.level > 1]
    if topic in REFERENCES:
        return [_parts(heading)[-1] for heading in headings if _parts(heading)]
    return [slug(heading) for heading in headings]


@cache
def _read(topic: str) -> str:
    text = files(__name__).joinpath(f"{topic}.md").read_text("utf-8")
    return _COMMENT.sub("", text)


def read_sections(text: str) -> Iterator[Section]:
    """Yield each section of a page; a section includes those below it."""
    lines = text.splitlines()
    headings = list(_read_headings(lines))
    for number, (start, level, heading) in enumerate(headings):
        following = (line for line, other, _ in headings[number + 1 :] if other <= level)
        end = next(following, len(lines))
        yield Section(level, heading, "\n".join(lines[start:end]).strip())


def _read_headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the line, the level and the text of each heading outside of code."""
    in_code = False
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code and (found := _HEADING.fullmatch(line)):
            yield number, len(found[1]), found[2]


def plain(markdown: str) -> str:
    """Return the text of a heading without its markup."""
    return re.sub(r"`|\*\*|\[([^\]]*)\]\([^)]*\)", lambda found: found[1] or "", markdown)


def slug(heading: str) -> str:
    """Return the anchor that code forges give a heading; the first of equal headings."""
    return re.sub(r"[^\w\- ]", "", plain(heading).casefold()).replace(" ", "-")


def anchors(text: str) -> list[str]:
    """Return the anchor of each heading of a page, in order; equal headings are numbered."""
    found: list[str] = []
    for section in read_sections(text):
        anchor = slug(section.heading)
        repeated = found.count(anchor) + sum(
            bool(re.fullmatch(rf"{re.escape(anchor)}-\d+", other)) for other in found
        )
        found.append(f"{anchor}-{repeated}" if anchor in found else anchor)
    return found
