import pytest

from feedpub.cleaner.summary import choose_summary, lead
from feedpub.cleaner.summary.editorial import to_plain_text

TITLE = "Marlow builds a library in the old mill"
TEXT = """The council voted on Tuesday to turn the empty mill by the river into a library. It will cost nine million \
pounds and is to open in 2027.

Ruth Ames, who has collected books for the town since 1998, called the decision a relief. “We were running out of \
shelves,” she said."""
LEAD = lead(TEXT, title=TITLE)
OWN = (
    "After eleven years of waiting, a town gets its reading room, and an old mill its second life."
)


def test_editorial_description_is_used() -> None:
    assert choose_summary(OWN, TEXT, title=TITLE, site="Marlow Post") == OWN


@pytest.mark.parametrize("description", [None, "", "  ", "<p></p>", "&nbsp;"])
def test_first_sentences_are_used_without_description(description: str | None) -> None:
    assert choose_summary(description, TEXT, title=TITLE) == LEAD


@pytest.mark.parametrize(
    "description",
    [
        "The latest news, weather and sport from all over the county, day and night.",
        "Marlow Post brings you stories that matter, wherever you are.",
        "Subscribe to our newsletter for a library of stories about the old mill.",
        "Marlow builds a library in the old mill",
        "Marlow builds a library in the old mill | Marlow Post",
        "Marlow builds a library in the old mill - Marlow Post - News",
        "A library!",
        "Handmade furniture, garden tools and much more at fair prices since 1950.",
        "We use cookies to improve your library experience.",
    ],
)
def test_slogans_offers_and_titles_are_not_used(description: str) -> None:
    assert choose_summary(description, TEXT, title=TITLE, site="Marlow Post") == LEAD


@pytest.mark.parametrize("end", ["…", "...", " ...", " […]", " [...]", " [&hellip;]", "(…)", ""])
def test_cut_description_is_completed(end: str) -> None:
    description = f"The council voted on Tuesday to turn the empty mill by the river into a li{end}"
    assert choose_summary(description, TEXT, title=TITLE) == (
        "The council voted on Tuesday to turn the empty mill by the river into a library."
    )


def test_cut_description_is_completed_from_any_paragraph() -> None:
    description = f"{OWN} Ruth Ames, who has collected books for…"
    assert choose_summary(description, TEXT, title=TITLE) == (
        f"{OWN} Ruth Ames, who has collected books for the town since 1998, called the "
        f"decision a relief."
    )


def test_cut_sentence_that_cannot_be_completed_is_dropped() -> None:
    assert choose_summary(f"{OWN} What the neighbours say about…", TEXT, title=TITLE) == OWN


def test_single_cut_sentence_gives_the_first_sentences() -> None:
    assert (
        choose_summary(
            "Readers in Marlow have waited for a library for so long that…", TEXT, title=TITLE
        )
        == LEAD
    )


def test_incomplete_word_indicates_a_cut() -> None:
    assert (
        choose_summary(
            "Marlow will have a library after all, as of Tuesday, says the coun", TEXT, title=TITLE
        )
        == LEAD
    )


def test_description_without_full_stop_is_complete() -> None:
    own = "A town gets its reading room, and an old mill its second life"
    assert choose_summary(own, TEXT, title=TITLE) == own


def test_long_description_without_end_was_cut() -> None:
    assert (
        choose_summary(
            f"{OWN} And what the neighbours of the river have to tell about the noise is another",
            TEXT,
            title=TITLE,
        )
        == OWN
    )


@pytest.mark.parametrize(
    "pointer",
    [
        "Read more",
        "Read more »",
        "Continue reading →",
        "[Read more]",
        "Mehr lesen",
        "Lire la suite",
        "続きを読む",
    ],
)
def test_read_more_links_are_removed(pointer: str) -> None:
    assert choose_summary(f"{OWN} {pointer}", TEXT, title=TITLE) == OWN


def test_sentence_that_ends_like_a_read_more_link_is_kept() -> None:
    own = "In the old mill of Marlow everyone can soon read more."
    assert choose_summary(own, TEXT, title=TITLE) == own


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("The mill &amp; the river", "The mill & the river"),
        ("The mill &amp;amp; the river", "The mill & the river"),
        ("<p>The mill<br/>and <b>the</b> river</p>", "The mill and the river"),
        ("&lt;p&gt;The mill&lt;/p&gt;", "The mill"),
        ("The\n mill\u00a0&nbsp; stands", "The mill stands"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
    ],
)
def test_markup_becomes_text(raw: str, text: str) -> None:
    assert to_plain_text(raw) == text


def test_long_description_is_shortened_to_complete_sentences() -> None:
    assert (
        choose_summary(f"{OWN} {OWN.replace('eleven', 'twelve')}", TEXT, title=TITLE, max_chars=120)
        == OWN
    )


def test_title_before_description_is_removed() -> None:
    assert choose_summary(f"{TITLE}. {OWN}", TEXT, title=TITLE) == OWN


def test_dateline_before_description_is_removed() -> None:
    assert choose_summary(f"MARLOW (AP) — {OWN}", TEXT, title=TITLE) == OWN


@pytest.mark.parametrize("mark", ["---", "• ", "| "])
def test_bullets_before_description_are_removed(mark: str) -> None:
    assert choose_summary(f"{mark}{OWN}", TEXT, title=TITLE) == OWN


def test_description_may_name_the_site_if_it_shares_words_with_title() -> None:
    own = "Marlow Post visited the builders of the library: they have found more than bricks."
    assert choose_summary(own, TEXT, title=TITLE, site="Marlow Post") == own


@pytest.mark.parametrize(
    ("language", "title", "text", "own"),
    [
        (
            "zh",
            "市议会批准建设新图书馆",
            "市议会周二投票决定在旧工厂建设新图书馆。工程将于明年开始。",
            "十一年的等待终于结束，居民将有自己的图书馆。",
        ),
        (
            "de",
            "Stadt baut Bibliothek in alter Mühle",
            (
                "Der Stadtrat hat am Dienstag für den Umbau der Mühle gestimmt. Er kostet neun "
                "Millionen Euro."
            ),
            (
                "Elf Jahre haben die Leser gewartet: Jetzt bekommt die Mühle am Fluss ein "
                "zweites Leben."
            ),
        ),
    ],
)
def test_descriptions_in_other_languages_are_used(
    language: str, title: str, text: str, own: str
) -> None:
    assert choose_summary(own, text, title=title, language=language) == own
    assert choose_summary(title, text, title=title, language=language) == lead(
        text, title=title, language=language
    )
