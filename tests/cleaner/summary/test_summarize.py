import pytest
from hypothesis import given
from hypothesis import strategies as st

import feedpub
from feedpub.cleaner.summary import split_sentences, summarize
from feedpub.cleaner.summary.extractive import centrality, measure, score, tokenize
from feedpub.cleaner.summary.sentences import Sentence

COUNCIL = """It was a cold morning. Ruth Ames had put on her best coat.

“I have waited for this for eleven years,” she said.

The council of Marlow voted on Tuesday to build a new library on the site of the old mill. The library will cost nine \
million pounds and open in 2027.

But there were doubts. He called the plan a luxury.

The old mill has stood empty since 1998. A library in the mill would bring people back to the river, the council says.

Lunch was served at noon."""


def test_central_sentences_with_words_of_the_title_are_chosen() -> None:
    told = summarize(COUNCIL, title="Council votes for new library in old mill")
    assert (
        "The council of Marlow voted on Tuesday to build a new library on the site of the old mill."
        in told
    )
    assert "cold morning" not in told
    assert "Lunch" not in told


def test_summarize_is_public() -> None:
    assert feedpub.summarize is summarize


@pytest.mark.parametrize("room", [40, 90, 100, 150, 200, 300, 600, 2000])
def test_summary_fits_and_consists_of_complete_sentences(room: int) -> None:
    told = summarize(COUNCIL, title="Council votes for new library", max_chars=room)
    assert 0 < len(told) <= room
    if not told.endswith("…"):
        places = [
            split_sentences(COUNCIL, "en").index(sentence)
            for sentence in split_sentences(told, "en")
        ]
        assert places == sorted(set(places))


def test_summary_grows_with_its_maximum() -> None:
    lengths = [len(summarize(COUNCIL, max_chars=room)) for room in (100, 300, 900)]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_dangling_sentence_is_not_chosen_alone() -> None:
    for room in range(60, 400, 20):
        told = split_sentences(
            summarize(COUNCIL, title="Council votes for new library in old mill", max_chars=room)
        )
        assert "He called the plan a luxury." not in told or "But there were doubts." in told
        assert not told[0].startswith(("But", "He"))


def test_repeated_sentence_is_used_once() -> None:
    text = "The library opens in the old mill in 2027.\n" * 3
    assert summarize(text) == "The library opens in the old mill in 2027."


def test_dateline_and_title_are_left_out() -> None:
    text = "A library for Marlow\nMARLOW (AP) — The council voted for a library on Tuesday."
    assert (
        summarize(text, title="A library for Marlow")
        == "The council voted for a library on Tuesday."
    )


def test_first_sentence_is_cut_if_none_fits() -> None:
    text = (
        "The council of Marlow voted on Tuesday to build a new library on the site of "
        "the old mill by the river."
    )
    assert summarize(text, max_chars=50) == "The council of Marlow voted on Tuesday to build a…"


@pytest.mark.parametrize("text", ["", "\n", "  "])
def test_empty_article_has_empty_summary(text: str) -> None:
    assert summarize(text, title="A library") == ""


@pytest.mark.parametrize(
    ("language", "title", "text", "expected"),
    [
        (
            "de",
            "Stadtrat beschließt neue Bibliothek",
            (
                "Der Morgen war kalt. Viele froren.\nDer Stadtrat hat den Bau einer neuen "
                "Bibliothek beschlossen.\n"
                "Mittags gab es Suppe. Sie schmeckte."
            ),
            "Der Stadtrat hat den Bau einer neuen Bibliothek beschlossen.",
        ),
        (
            "fr",
            "Le conseil vote une nouvelle bibliothèque",
            (
                "Il faisait froid. On gelait.\nLe conseil municipal a voté la construction "
                "d'une nouvelle "
                "bibliothèque.\nÀ midi, on a servi une soupe. Elle était bonne."
            ),
            "Le conseil municipal a voté la construction d'une nouvelle bibliothèque.",
        ),
        (
            "es",
            "El consejo aprueba una nueva biblioteca",
            (
                "Hacía frío. Nevaba mucho.\nEl consejo municipal aprobó la construcción de "
                "una nueva biblioteca.\n"
                "A mediodía se sirvió una sopa. Estaba rica."
            ),
            "El consejo municipal aprobó la construcción de una nueva biblioteca.",
        ),
        (
            "zh",
            "议会批准建设新图书馆",
            "那天早上天气非常寒冷。大家都很冷。\n市议会批准在旧工厂建设新图书馆。\n中午大家一起喝了热汤。",
            "市议会批准在旧工厂建设新图书馆。",
        ),
        (
            "ja",
            "議会が新しい図書館を承認",
            "その朝はとても寒かった。雪も降った。\n議会は新しい図書館の建設を承認した。\n昼にはスープが出された。",
            "議会は新しい図書館の建設を承認した。",
        ),
    ],
)
def test_summary_in_many_languages(language: str, title: str, text: str, expected: str) -> None:
    assert expected in summarize(text, title=title, language=language, max_chars=90)


@given(
    st.text(st.sampled_from("abcdefgh .!?\n“”–,中文。"), max_size=600),
    st.text(max_size=60),
    st.integers(1, 400),
)
def test_summary_is_deterministic(text: str, title: str, room: int) -> None:
    told = summarize(text, title=title, max_chars=room)
    assert len(told) <= room
    assert told == summarize(text, title=title, max_chars=room)


def test_only_first_hundred_sentences_are_considered() -> None:
    text = "\n".join(f"Sentence number {number} of the report is here." for number in range(5000))
    assert "number 4999" not in summarize(text)


def test_words_are_compared_by_stem() -> None:
    assert tokenize("Libraries, the library: 2027") == ["librar", "librar", "2027"]
    assert tokenize("图书馆") == ["图书", "书馆"]
    assert tokenize("橋") == ["橋"]


def test_sentence_that_shares_words_is_central() -> None:
    ranks = centrality(
        [["mill", "river"], ["mill", "river", "library"], ["library", "books"], ["soup"]]
    )
    assert max(ranks) == ranks[1]
    assert min(ranks) == ranks[3]
    assert sum(ranks) == pytest.approx(4)
    assert centrality([]) == ()


def test_adjacent_sentences_are_preferred() -> None:
    found = [
        Sentence(f"Equal sentence {letter} here.", 0, place) for place, letter in enumerate("abcd")
    ]
    measures = measure(found)
    assert score(measures, (1, 2), 300) > score(measures, (1, 3), 300)
