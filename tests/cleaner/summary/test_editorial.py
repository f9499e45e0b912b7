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


def test_an_editors_own_description_is_taken() -> None:
    """A description that tells of the article in other words is what the editor wants to be read."""
    assert choose_summary(OWN, TEXT, title=TITLE, site="Marlow Post") == OWN


@pytest.mark.parametrize("description", [None, "", "  ", "<p></p>", "&nbsp;"])
def test_without_a_description_the_article_speaks(description: str | None) -> None:
    """No description and an empty one give the first sentences."""
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
def test_what_is_no_description_of_the_article_is_not_taken(description: str) -> None:
    """Slogans, offers, the title with or without the site's name, and crumbs give way to the first sentences."""
    assert choose_summary(description, TEXT, title=TITLE, site="Marlow Post") == LEAD


@pytest.mark.parametrize("end", ["…", "...", " ...", " […]", " [...]", " [&hellip;]", "(…)", ""])
def test_one_that_was_cut_off_is_completed(end: str) -> None:
    """Where the article goes on as the description breaks off, its sentence is told to the end."""
    description = f"The council voted on Tuesday to turn the empty mill by the river into a li{end}"
    assert choose_summary(description, TEXT, title=TITLE) == (
        "The council voted on Tuesday to turn the empty mill by the river into a library."
    )


def test_the_cut_may_be_anywhere_in_the_article() -> None:
    """Only the last sentence is looked for: those before it may be the editor's own."""
    description = f"{OWN} Ruth Ames, who has collected books for…"
    assert choose_summary(description, TEXT, title=TITLE) == (
        f"{OWN} Ruth Ames, who has collected books for the town since 1998, called the decision a relief."
    )


def test_a_broken_end_that_the_article_does_not_have_goes() -> None:
    """Of a description cut off in words of its own, the whole sentences remain."""
    assert choose_summary(f"{OWN} What the neighbours say about…", TEXT, title=TITLE) == OWN


def test_nothing_whole_gives_the_lead() -> None:
    """One broken sentence that cannot be completed is no description."""
    assert (
        choose_summary(
            "Readers in Marlow have waited for a library for so long that…", TEXT, title=TITLE
        )
        == LEAD
    )


def test_a_broken_word_tells_of_a_cut() -> None:
    """Where the last word is the beginning of one of the article's, the description broke off there."""
    assert (
        choose_summary(
            "Marlow will have a library after all, as of Tuesday, says the coun", TEXT, title=TITLE
        )
        == LEAD
    )


def test_a_headline_without_a_full_stop_is_whole() -> None:
    """Many editors end a description as they end a headline."""
    own = "A town gets its reading room, and an old mill its second life"
    assert choose_summary(own, TEXT, title=TITLE) == own


def test_a_long_one_without_an_end_was_cut_by_a_machine() -> None:
    """Beyond the length at which machines cut, an open end behind whole sentences goes."""
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
def test_pointers_to_the_page_go(pointer: str) -> None:
    """What leads to the page says nothing of the article."""
    assert choose_summary(f"{OWN} {pointer}", TEXT, title=TITLE) == OWN


def test_it_may_be_more_than_a_pointer() -> None:
    """A sentence of the editor's that ends in such words stays."""
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
    """Entities, doubly escaped ones too, tags and whitespace become one line of text."""
    assert to_plain_text(raw) == text


def test_a_long_one_is_told_in_whole_sentences() -> None:
    """A description beyond the room loses its last sentences, not its last words."""
    assert (
        choose_summary(f"{OWN} {OWN.replace('eleven', 'twelve')}", TEXT, title=TITLE, max_chars=120)
        == OWN
    )


def test_the_title_before_it_goes() -> None:
    """A description that opens with the title is told without it."""
    assert choose_summary(f"{TITLE}. {OWN}", TEXT, title=TITLE) == OWN


def test_the_dateline_before_it_goes() -> None:
    """A description opens without place and agency, as an article does."""
    assert choose_summary(f"MARLOW (AP) — {OWN}", TEXT, title=TITLE) == OWN


@pytest.mark.parametrize("mark", ["---", "• ", "| "])
def test_marks_before_it_go(mark: str) -> None:
    """Dashes and bullets are the page's."""
    assert choose_summary(f"{mark}{OWN}", TEXT, title=TITLE) == OWN


def test_a_site_may_be_named_where_the_article_is_told() -> None:
    """A description that speaks of the title's matter is the article's, whoever it names."""
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
            "Der Stadtrat hat am Dienstag für den Umbau der Mühle gestimmt. Er kostet neun Millionen Euro.",
            "Elf Jahre haben die Leser gewartet: Jetzt bekommt die Mühle am Fluss ein zweites Leben.",
        ),
    ],
)
def test_descriptions_in_other_languages(language: str, title: str, text: str, own: str) -> None:
    """The same holds with and without spaces between words."""
    assert choose_summary(own, text, title=title, language=language) == own
    assert choose_summary(title, text, title=title, language=language) == lead(
        text, title=title, language=language
    )
