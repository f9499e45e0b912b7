"""A subject is a page, a section of one, a setting or a command; an unknown one has suggestions."""

import pytest

from feedpub import manual

PAGE = """# Title

Intro.

## `[feed]` and [links](x.md)

```sh
# not a heading
```

### Same

one

### Same

two

## Last one!
"""


def test_topics_have_the_titles_of_their_pages() -> None:
    assert manual.list_topics()["glossary"] == "Glossary"
    assert manual.list_topics()["exit-codes"] == "Exit codes"


def test_subject_that_is_a_topic_is_its_page() -> None:
    assert manual.find_subject("glossary") == manual.load_topic("glossary")
    assert manual.find_subject("glossary").startswith("# Glossary\n")


def test_comments_of_a_page_are_left_out() -> None:
    assert "<!--" not in manual.load_topic("settings")


@pytest.mark.parametrize(
    ("subject", "headings"),
    [
        ("settings.limit", ["### `feed.limit`"]),
        ("settings.feed.limit", ["### `feed.limit`"]),
        ("settings.title", ["### `feed.title`", "### `feed.rules.title`"]),
        ("limit", ["### `feed.limit`"]),
        ("commands.add", ["## feedpub add"]),
        ("commands.copy", ["## feedpub state copy"]),
        ("state.copy", ["## feedpub state copy"]),
        ("reclean", ["## feedpub reclean"]),
        ("settings.secrets", ["## Secrets"]),
        ("security.secrets-in-the-config", ["## Secrets in the config"]),
    ],
)
def test_subject_that_is_a_section_is_its_text(subject: str, headings: list[str]) -> None:
    found = manual.find_subject(subject)
    shown = [line for line in found.splitlines() if line in headings]
    assert shown == headings
    assert found.startswith(headings[0])


def test_table_of_settings_includes_its_settings() -> None:
    found = manual.find_subject("settings.http")
    assert found.startswith("## `[http]`\n")
    assert "### `http.listen`" in found
    assert "## `[s3]`" not in found


@pytest.mark.parametrize(
    ("subject", "closest"),
    [
        ("scheduleing", "scheduling"),
        ("trouble", "troubleshooting"),
        ("settings.limits", "settings.limit"),
        ("limits", "settings.limit"),
        ("commands.bild", "commands.build"),
        ("Glossary", "glossary"),
    ],
)
def test_unknown_subject_suggests_the_closest(subject: str, closest: str) -> None:
    with pytest.raises(manual.UnknownTopicError) as caught:
        manual.find_subject(subject)
    assert closest in caught.value.closest
    assert len(caught.value.closest) <= manual.MAX_SUGGESTIONS


@pytest.mark.parametrize(
    "subject", ["../errors", "__init__", "index.md", "/etc/passwd", "", ".", "settings.", "qqqqqq"]
)
def test_only_pages_of_the_manual_can_be_read(subject: str) -> None:
    with pytest.raises(manual.UnknownTopicError):
        manual.find_subject(subject)
    with pytest.raises(manual.UnknownTopicError):
        manual.load_topic(subject)


def test_section_ends_at_the_next_heading_of_its_level() -> None:
    sections = {section.heading: section.text for section in manual.read_sections(PAGE)}
    assert sections["Title"] == PAGE.strip()
    assert sections["Last one!"] == "## Last one!"
    assert "two" in sections["`[feed]` and [links](x.md)"]


def test_anchors_are_those_of_code_forges() -> None:
    assert manual.anchors(PAGE) == ["title", "feed-and-links", "same", "same-1", "last-one"]
