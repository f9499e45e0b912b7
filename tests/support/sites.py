"""Generated sites: thirty pages each, in ten languages, with boilerplate and genuine repeats.

Every page lists the blocks that belong to the article and those that do not. The pages are the same
every time.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

PAGES = 30
REDESIGNED = 20  # the first page after the redesign of the site of `REDESIGN`
REDESIGN = "ru"
WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)


@dataclass(frozen=True)
class Markup:
    """The markup of a site.

    Attributes:
        around, body, box: Class names of the page's main part, of the article, and of a box in it;
            "" for none.
        text: The tag of a paragraph.
        plain: Boxes are paragraphs like those of the article.
        heading: The tag of subheads; "b" is a bold line.
    """

    around: str
    body: str
    box: str
    text: str = "p"
    plain: bool = False
    heading: str = "h2"


MARKUP = {
    "en": Markup("main", "story-body", "inset"),
    "de": Markup("c0", "c1", "c2", plain=True),
    "ru": Markup("wrap", "text", "", plain=True, heading="h3"),
    "el": Markup("sc-1x", "sc-2y", "sc-3z", text="div"),
    "ar": Markup("", "", "", plain=True),
    "zh": Markup("w1000", "nr", "kz", heading="b"),
    "ja": Markup("a1", "a2", "a3", text="div", plain=True),
    "hi": Markup("main", "content", "box", heading="h3"),
    "ko": Markup("css-0k", "css-1k", "css-2k", plain=True, heading="b"),
    "tr": Markup("page", "entry", "aside-note"),
}
NEW = Markup("layout", "prose", "callout", text="div")


@dataclass
class SitePage:
    """A page.

    `wanted` are the blocks of the article, `unwanted` the boilerplate among and below them.
    """

    url: str
    headline: str
    html: str = ""
    wanted: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)


def site(language: str) -> list[SitePage]:
    """Generate the pages of a site in one language, oldest first."""
    return [_Writer(language, number).page() for number in range(PAGES)]


class _Writer:
    """The state of writing one page: its words, its markup, and the text so far."""

    def __init__(self, language: str, number: int) -> None:
        self.words, self.number = WORDS[language], number
        self.random = Random(f"{language} {number}")  # noqa: S311 -- the same every time
        self.markup = NEW if language == REDESIGN and number >= REDESIGNED else MARKUP[language]
        self.language = language
        self.result = SitePage(f"https://{language}.example/{number}", self.sentence()[:-1])
        self.parts: list[str] = []

    def page(self) -> SitePage:
        words, page = self.words, self.result
        self.head()
        for place in range(self.random.randint(5, 8)):
            self.interrupt(place)
            self.own(self.paragraph())
        self.tail()
        nav = "".join(
            f'<li><a href="/{n}">{name}</a></li>' for n, name in enumerate(words["places"][:6])
        )
        page.html = (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8">'
            f"<title>{page.headline} — {words['site']}</title></head><body><ul>{nav}</ul>"
            f'<div class="{self.markup.around}"><h1>{page.headline}</h1>'
            f'<div class="{self.markup.body}">{"".join(self.parts)}</div></div></body></html>'
        )
        return page

    def head(self) -> None:
        """Write a notice on most pages, and the introduction of a series on every fifth."""
        if self.number % 5 == 0:
            self.own(self.words["series"])
        elif self.random.random() < 0.8:
            self.foreign(self.words["notice"])

    def interrupt(self, place: int) -> None:
        """Write the boilerplate above the paragraph of this number.

        It consists of boxes and links, or of repeats that belong to the article.
        """
        words, often = self.words, self.random.random()
        if place == 2 and often < 0.9:
            self.foreign(words["around"][0])
        if place == 3 and self.number % 3 == 0:
            self.heading(words["subhead"])
        if place == 3 and self.number in (4, 9, 23):
            self.own(words["quote"])
        if place == 4 and self.number % 2:
            self.foreign(words["around"][1])
        if place == 4 and self.number % 4 == 2:
            for label in words["labels"]:
                self.heading(label)
                self.own(self.paragraph())
        if place in (1, 4):
            self.more()

    def tail(self) -> None:
        """Write the boilerplate below the article, on two pages after a correction."""
        words = self.words
        if self.number in (7, 24):
            self.own(words["correction"])
        for text in (
            words["around"][2],
            self.random.choice(words["authors"]),
            *words["around"][3:],
        ):
            if self.random.random() < 0.9:
                self.foreign(text)

    def own(self, text: str) -> None:
        self.result.wanted.append(text)
        self.parts.append(f"<{self.markup.text}>{text}</{self.markup.text}>")

    def heading(self, text: str) -> None:
        self.result.wanted.append(text)
        tag = self.markup.heading
        self.parts.append(f"<p><b>{text}</b></p>" if tag == "b" else f"<{tag}>{text}</{tag}>")

    def foreign(self, text: str) -> None:
        self.result.unwanted.append(text)
        tag = self.markup.text
        inside = f"<{tag}>{text}</{tag}>"
        self.parts.append(
            inside if self.markup.plain else f'<div class="{self.markup.box}">{inside}</div>'
        )

    def more(self) -> None:
        """Write a line that links to another story with a new title."""
        title, tag = self.sentence()[:-1], self.markup.text
        self.result.unwanted.append(f"{self.words['more']} {title}")
        self.parts.append(
            f'<{tag}>{self.words["more"]} <a href="/s/{self.random.random()}">{title}</a></{tag}>'
        )

    def paragraph(self) -> str:
        return str(self.words.get("glue", " ")).join(
            self.sentence() for _ in range(self.random.randint(2, 4))
        )

    def sentence(self) -> str:
        parts = {
            kind: self.random.choice(self.words[f"{kind}s"])
            for kind in ("subject", "act", "place", "time")
        }
        order = self.words.get("order", "subject act place time").split()
        text = str(self.words.get("glue", " ")).join(parts[kind] for kind in order)
        return f"{text}{self.words.get('stop', '.')}"


def count_errors(text: str, page: SitePage) -> tuple[int, int]:
    """Count the unwanted blocks in an article's text, and the wanted blocks that it lacks."""
    lines = set(_lines(text))
    leaked = sum(unwanted in lines for unwanted in page.unwanted)
    return leaked, sum(wanted not in lines for wanted in page.wanted)


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.split("\n"))


def add_counts(counts: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Add up leaks and losses of several pages."""
    return sum(leaked for leaked, _ in counts), sum(lost for _, lost in counts)
