"""Pages with the removed text struck through in place."""

from dataclasses import dataclass

import pytest
from lxml.html import HtmlElement, fromstring

from feedpub.cleaner.annotate import AnnotatedPage, annotate
from feedpub.cleaner.extract import extract
from feedpub.cleaner.rules import Ruleset
from feedpub.cleaner.rules.model import Rule
from feedpub.config import SiteRules
from feedpub.core.errors import ExtractError, NoContentError
from feedpub.core.selectors import xpath_from_selector
from tests.support.newsroom import PARAGRAPHS, story
from tests.support.pages import GoldenPage, golden_pages

URL = "https://example.org/a"
BOX = (
    '<div class="join-box"><p>The spring issue has a map of <b>all the boats</b> that were '
    "built here.</p></div>"
)
NOTES = (
    "finds nothing on this page",
    "leave no article",
    "cannot be followed",
    "is an advertisement",
)
EVIL = (
    '<script>alert(1)</script><p onclick="go()">Click <a href="javascript:go()">here, says '
    "the harbour</a>.</p>"
    '<iframe src="https://e.example/"></iframe><img src="https://e.example/i.png" alt="A '
    '&lt;b&gt; boat"><form>x</form>'
)


@dataclass(frozen=True)
class Shown:
    """The blocks of an annotated page."""

    tree: HtmlElement

    @classmethod
    def from_page(cls, page: AnnotatedPage) -> "Shown":
        return cls(fromstring(f"<body>{page.html}</body>"))

    def blocks(self, state: str) -> list[HtmlElement]:
        return list(self.tree.xpath(f"//div[contains(@class, '{state}')]"))

    def struck(self) -> str:
        return "\n".join(squashed_text(each) for each in self.tree.iter("del"))

    def block(self, text: str) -> HtmlElement:
        (found,) = [each for each in self.tree.find_class("block") if text in squashed_text(each)]
        return found


def squashed_text(element: HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def words(text: str) -> str:
    """Remove white space, which differs between a page and its text."""
    return "".join(text.split())


@pytest.mark.parametrize("case", golden_pages()[::3], ids=lambda case: case.name)
def test_removed_text_and_only_removed_text_is_struck_through(case: GoldenPage) -> None:
    page = annotate((case.folder / "source.html").read_bytes(), case.url, rules=case.rules)
    shown = Shown.from_page(page)
    struck = words(shown.struck())
    assert page.article == case.article()
    about_the_page = [
        each for each in page.article.removed if not any(note in each.reason for note in NOTES)
    ]
    lines = [line for each in about_the_page for line in each.text.split("\n")]
    assert [line for line in lines if words(line) not in struck] == []
    kept = words("".join(squashed_text(block) for block in shown.blocks("kept")))
    assert [line for line in page.article.text.split("\n") if words(line) not in kept] == []


def test_text_removed_by_a_rule_names_the_rule_and_its_file() -> None:
    rules = Ruleset(
        remove=(
            Rule(
                "remove",
                ".join-box",
                xpath_from_selector(".join-box"),
                "config/sites/example.org.toml",
                3,
                css=True,
            ),
        )
    )
    shown = Shown.from_page(annotate(story(1, extra=BOX), URL, rules=rules))
    box = shown.block("spring issue")
    assert box.get("data-reason") == "rule remove '.join-box'"
    assert box.get("data-rule") == "config/sites/example.org.toml:3"
    kept = [squashed_text(block) for block in shown.blocks("kept")]
    assert kept == [paragraph.format(n=1) for paragraph in PARAGRAPHS]
    assert shown.tree.find_class("block").index(box) == 6


def test_inline_element_removed_by_a_rule_is_struck_through() -> None:
    text = (
        PARAGRAPHS[0]
        .format(n=1)
        .replace("a new pier", '<span class="ad">Ask us! </span>a new pier')
    )
    page = annotate(
        story(1).replace(PARAGRAPHS[0].format(n=1), text), URL, rules=SiteRules(remove=(".ad",))
    )
    shown = Shown.from_page(page)
    (part,) = shown.tree.find_class("part")
    assert (part.text, "kept" in shown.block("Ask us!").get("class", "")) == ("Ask us! ", True)
    assert PARAGRAPHS[0].format(n=1) in page.article.text


def test_removed_phrase_names_its_file_and_line() -> None:
    shown = Shown.from_page(annotate(story(1), URL))
    heading = shown.tree.xpath("//div[@data-tag='h2']/div")[0]
    name, _, line = heading.get("data-rule", "").partition(":")
    assert name == "data/phrases/en.toml"
    assert int(line) > 1
    assert heading.find_class("why")
    slow, warm = shown.block("Slow clock"), shown.block("Warm hour")
    assert slow.get("data-reason") == warm.get("data-reason")
    assert (len(slow.find_class("why")), len(warm.find_class("why"))) == (1, 0)


def test_boxes_and_blocks_have_their_selectors() -> None:
    shown = Shown.from_page(annotate(story(1, extra=BOX), URL))
    block = shown.block("spring issue")
    box = block.getparent()
    assert box is not None
    assert (box.get("data-selector"), box.get("data-named"), box.get("data-matches")) == (
        ".join-box",
        "",
        "1",
    )
    assert block.get("data-selector") == ".join-box > p"
    assert block.get("data-start") == "The spring issue has a map of all the boats that were built"
    for rule in (".join-box", ".join-box > p", f"text:{block.get('data-start')}"):
        assert (
            "spring issue"
            not in extract(story(1, extra=BOX), URL, rules=SiteRules(remove=(rule,))).text
        )


def test_annotated_page_is_inert() -> None:
    shown = annotate(story(1, extra=EVIL), URL)
    tree = Shown.from_page(shown).tree
    assert {each.tag for each in tree.iter()} <= {
        "body",
        "div",
        "del",
        "span",
        "small",
        "b",
        "i",
        "br",
        "code",
        "q",
    }
    names = {name for each in tree.iter() for name in each.attrib}
    assert {name for name in names if not name.startswith("data-")} <= {"class", "title"}
    assert "e.example" not in shown.html
    assert "javascript" not in shown.html
    assert "picture: A <b> boat" in squashed_text(tree)


def test_annotate_raises_the_same_errors_as_extract() -> None:
    with pytest.raises(NoContentError):
        annotate("<p>Home</p>", URL)
    with pytest.raises(ExtractError):
        annotate(story(1), "http://[bad")
