import pytest

from feedpub.cleaner.summary.datelines import is_byline_sentence, strip_dateline


@pytest.mark.parametrize(
    ("dateline", "rest"),
    [
        ("BERLIN (dpa) – ", "Die Regierung will mehr Schulen bauen."),
        ("Berlin - ", "Die Regierung will mehr Schulen bauen."),
        ("KÖLN. ", "Am Rhein wird wieder gebaut."),
        ("Frankfurt/Main (dpa/lhe) - ", "Ein Haus ist eingestürzt."),
        ("PARIS, Jan 5 — ", "The museum opened its doors."),
        ("PARIS, Jan 5 (Reuters) - ", "The museum opened its doors."),
        ("(Reuters) - ", "Oil prices rose on Friday."),
        ("[AFP] ", "Oil prices rose on Friday."),
        ("WASHINGTON (AP) — ", "The Senate voted on Friday."),
        ("WASHINGTON, D.C. — ", "The Senate voted on Friday."),
        ("KYIV, Ukraine -- ", "A bridge was opened."),
        ("New York City — ", "The mayor opened a bridge."),
        ("LOS ANGELES (KABC) -- ", "A bridge was opened."),
        ("SAN JOSE, Calif., Jan. 5, 2020 (GLOBE NEWSWIRE) -- ", "A bridge was sold."),
        ("MADRID, 5 Ene. (EUROPA PRESS) - ", "El puente se abre hoy."),
        ("Washington. - ", "El puente se abre hoy."),
        ("Paris (AFP) ", "Le pont est ouvert."),
        ("МОСКВА, 5 января. /ТАСС/. ", "Мост открыт."),  # noqa: RUF001 -- Cyrillic
        ("新华社北京1月5日电（记者李明）", "大桥今天开通。"),
        ("【港新聞】 【東京＝佐藤】", "橋が開通した。"),  # noqa: RUF001 -- Japanese
        ("【港新闻】", "大桥今天开通。"),
        ("【東京＝佐藤】", "橋が開通した。"),  # noqa: RUF001 -- Japanese
    ],
)
def test_dateline_is_removed(dateline: str, rest: str) -> None:
    assert strip_dateline(dateline + rest) == rest


@pytest.mark.parametrize(
    "text",
    [
        "Angela Berg (ABC) sagte am Freitag nichts.",
        "Armin Berg (ABC) – das war der Plan – sagte nichts.",
        "Apple — the fruit — is red.",
        "NATO – the alliance – said nothing.",
        "A short - but good - story.",
        "I - of all people - was there.",
        "Anti-noise laws were passed.",
        "Monday, January 5 is a holiday.",
        "USA: Wirbelsturm zieht weiter.",
        "„Ich komme“, sagte sie – und ging.",
        "BERLIN.",
        "BERLIN – ",
        "",
    ],
)
def test_other_openings_are_kept(text: str) -> None:
    assert strip_dateline(text) == text


@pytest.mark.parametrize(
    "line",
    [
        "By Ada Hale and Carl Orr",
        "Von Max Müller",
        "Par Anne Duval.",
        "Por Juan Ruiz",
        "文/佐藤",
        "Автор: Анна Орлова",
    ],
)
def test_byline_is_recognised(line: str) -> None:
    assert is_byline_sentence(line)


@pytest.mark.parametrize(
    "line",
    [
        "By the time he came, it rained.",
        "Von der Leyen will mehr Geld für alle",
        "Byron was a poet",
        "By",
        "By 2030: all",
    ],
)
def test_sentence_that_begins_like_a_byline_is_not_one(line: str) -> None:
    assert not is_byline_sentence(line)
