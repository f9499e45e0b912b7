"""Articles about the same story are found; those that only share a template are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feedpub.builder.similar import Story, StoryIndex, is_fuller, is_same_story
from tests.support.agency import AGENCY_TEXT, BRIEF, CHINESE_TEXT, OTHER_TEXT

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STORY = Story("1", "https://courier.example/a", "Ferry runs aground", AGENCY_TEXT, NOON)
COPY = replace(STORY, id="2", url="https://herald.example/b", title="Ferry stuck on sandbank")
REPEATED = replace(STORY, id="3", url="https://courier.example/b")
BOILERPLATE = (
    "Sign up for our morning letter and read the news of the coast before breakfast. "
    "Subscribers read all articles without advertising, on as many devices as they like."
)


def first_sentences(text: str, share: float) -> str:
    return text[: text.index(". ", int(len(text) * share)) + 1]


@pytest.mark.parametrize(
    "text",
    [
        AGENCY_TEXT,
        first_sentences(AGENCY_TEXT, 0.5),
        f"PORT ELLIS (CNA) – {AGENCY_TEXT}\nReporting by the Coast News Agency, 14:05",
        f"{AGENCY_TEXT}\n{BOILERPLATE}",
        f"{BOILERPLATE}\n{first_sentences(AGENCY_TEXT, 0.7)}",
        AGENCY_TEXT.replace("passengers", "travellers").replace("said", "told reporters"),
    ],
    ids=["unchanged", "trimmed", "agency lines", "boilerplate", "both", "edited"],
)
def test_copy_on_another_site_is_the_same_story(text: str) -> None:
    assert is_same_story(STORY, replace(COPY, text=text))
    assert is_same_story(replace(COPY, text=text), STORY)


def test_copy_in_chinese_is_the_same_story() -> None:
    """Chinese puts no spaces between words."""
    cut = CHINESE_TEXT[: int(len(CHINESE_TEXT) * 0.8)]
    assert is_same_story(replace(STORY, text=CHINESE_TEXT), replace(COPY, text=cut))


@pytest.mark.parametrize(
    "other",
    [
        replace(COPY, text=OTHER_TEXT, title=STORY.title),
        replace(COPY, text=first_sentences(AGENCY_TEXT, 0.1)),
        replace(COPY, text=f"{AGENCY_TEXT}\n{OTHER_TEXT}\n{OTHER_TEXT[::-1]}\n{OTHER_TEXT[::2]}"),
        replace(COPY, published=NOON + 6 * DAY),
        replace(COPY, media=frozenset({"https://herald.example/b.mp3"})),
    ],
    ids=["another text", "a teaser", "a digest", "a week later", "with a media file"],
)
def test_other_articles_are_other_stories(other: Story) -> None:
    assert not is_same_story(STORY, other)


def test_feed_that_repeats_an_article_tells_one_story() -> None:
    assert is_same_story(STORY, REPEATED)
    assert is_same_story(STORY, replace(REPEATED, text=f"{AGENCY_TEXT} Corrected by the editor."))


@pytest.mark.parametrize(
    "other",
    [
        replace(REPEATED, title="Ferry stuck on sandbank"),
        replace(REPEATED, text=first_sentences(AGENCY_TEXT, 0.5)),
        replace(REPEATED, text=AGENCY_TEXT.replace("214", "215")),
        replace(REPEATED, published=NOON + DAY),
    ],
    ids=["another title", "a shorter text", "another number", "the next day"],
)
def test_articles_of_one_host_must_be_nearly_the_same(other: Story) -> None:
    assert not is_same_story(STORY, other)


NOTICE = (
    "The town's swimming pool in {street} is closed in week {n} because of maintenance work. "
    "Season tickets stay valid and are extended by the days on which the pool is closed. The "
    "sauna and the gym are open as usual, from nine in the morning to ten at night. Visitors who "
    "have booked a course are informed by the office, which also answers questions by telephone. "
    "The town thanks all visitors for their patience and hopes to see them again on {date}."
)


def notice(n: int, title: str, host: str = "town.example", published: datetime = NOON) -> Story:
    text = NOTICE.format(n=n, street="Elm Street", date=f"{n % 28 + 1} March {2000 + n}")
    return Story(str(n), f"https://{host}/notices/{n}", title.format(n=n), text, published)


@pytest.mark.parametrize("host", ["town.example", "county.example"])
@pytest.mark.parametrize("title", ["Notice", "Notice {n}", "Pool closed in week {n}"])
def test_notices_of_a_series_are_different_stories(title: str, host: str) -> None:
    assert not is_same_story(notice(7, title), notice(8, title, host))
    assert not is_same_story(notice(7, title), notice(8, title, host, NOON + 7 * DAY))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Version 1.2.3", "Version 1.2.4"),
        ("Version 1.2", "Version 1.2.1"),
        ("Report for May", "Report for June"),
        ("Bericht für Mai", "Bericht für Juni"),
        ("Meeting on 3 May", "Meeting on 10 May"),
        ("Minutes", "Minutes 2"),
        ("Three dead after fire of 2 boats", "Fire on 3 boats in the harbour"),
    ],
)
def test_numbers_and_months_in_titles_separate_stories(one: str, other: str) -> None:
    assert not is_same_story(replace(STORY, title=one), replace(COPY, title=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ferry runs aground", "Ferry with 214 on board runs aground"),
        ("214 wait on stranded ferry", "Ferry with 214 passengers aground since 6 o'clock"),
    ],
)
def test_headline_may_leave_a_number_out(one: str, other: str) -> None:
    assert is_same_story(replace(STORY, title=one), replace(COPY, title=other))


def test_short_texts_are_different_stories() -> None:
    one = replace(STORY, text=BRIEF)
    assert not is_same_story(one, replace(COPY, text=BRIEF))
    assert StoryIndex(NOON, [one]).find(replace(COPY, text=BRIEF)) == ""


def test_threshold_decides_about_edited_copies() -> None:
    edited = replace(COPY, text=" ".join(AGENCY_TEXT.split()[:90] + OTHER_TEXT.split()[:30]))
    assert is_same_story(STORY, edited, 0.5)
    assert not is_same_story(STORY, edited, 0.95)


def test_index_finds_the_story_among_many() -> None:
    index = StoryIndex(NOON, [STORY])
    for n in range(200):
        words = " ".join(f"word{n}x{m}" for m in range(150))
        index.add(replace(STORY, id=f"n{n}", text=f"{words}\n{BOILERPLATE}"))
    assert index.find(replace(COPY, text=f"{AGENCY_TEXT}\n{BOILERPLATE}")) == "1"
    assert index.find(replace(COPY, text=OTHER_TEXT)) == ""


def test_index_prefers_the_version_that_shares_most() -> None:
    trimmed = replace(STORY, id="trimmed", text=first_sentences(AGENCY_TEXT, 0.5))
    assert StoryIndex(NOON, [trimmed, STORY]).find(COPY) == "1"


def test_index_compares_with_the_present_version_of_an_entry() -> None:
    index = StoryIndex(NOON, [STORY])
    index.add(replace(STORY, text=OTHER_TEXT))
    assert index.find(COPY) == ""
    assert index.find(replace(COPY, text=OTHER_TEXT)) == "1"


def test_fuller_version_has_a_tenth_more_words() -> None:
    assert is_fuller("word " * 112, "word " * 100)
    assert not is_fuller("word " * 109, "word " * 100)
