# ruff: noqa: RUF001 -- names in other scripts are the point
import pytest

from feedpub.cleaner.metadata import authors
from feedpub.cleaner.metadata.authors import reconcile_authors


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "By Marta Quill", ("Marta Quill",)),
        ("en", "by Marta Quill and Tom Adeyemi", ("Marta Quill", "Tom Adeyemi")),
        (
            "en",
            "By Marta Quill, Tom Adeyemi and Ida Wray",
            ("Marta Quill", "Tom Adeyemi", "Ida Wray"),
        ),
        ("en", "By MARTA QUILL", ("Marta Quill",)),
        ("en", "By Marta Quill, Senior Reporter", ("Marta Quill",)),
        ("en", "By Marta Quill | The Quay Record", ("Marta Quill",)),
        ("en", "Written by Marta Quill", ("Marta Quill",)),
        ("en", "By: Marta Quill", ("Marta Quill",)),
        ("en", "By Marta Quill in Porthaven", ("Marta Quill",)),
        ("en", "By Marta Quill for the Quay Record", ("Marta Quill",)),
        ("en", "By Marta Quill (marta@quay.example)", ("Marta Quill",)),
        ("en", "By Cher", ("Cher",)),
        ("de", "Von Anna Groß", ("Anna Groß",)),
        ("de", "Von Anna Groß und Jürgen Ö. Maier", ("Anna Groß", "Jürgen Ö. Maier")),
        ("de", "Ein Gastbeitrag von Anna Groß", ("Anna Groß",)),
        ("de", "Von Anna Groß, Redakteurin", ("Anna Groß",)),
        ("fr", "Par Anne Lefèvre et Luc Morel", ("Anne Lefèvre", "Luc Morel")),
        ("fr", "Propos recueillis par Anne Lefèvre", ("Anne Lefèvre",)),
        ("es", "Por Ana Ruiz y Luis Peña", ("Ana Ruiz", "Luis Peña")),
        ("it", "di Anna Russo e Luca Conti", ("Anna Russo", "Luca Conti")),
        ("it", "A cura di Anna Russo", ("Anna Russo",)),
        ("pt", "Por Ana Souza e João Lima", ("Ana Souza", "João Lima")),
        ("nl", "Door Anna de Vries en Jan Bakker", ("Anna de Vries", "Jan Bakker")),
        ("sv", "Av Anna Berg och Lars Lund", ("Anna Berg", "Lars Lund")),
        ("da", "Af Anna Berg og Lars Lund", ("Anna Berg", "Lars Lund")),
        ("nb", "Tekst: Anna Berg", ("Anna Berg",)),
        ("fi", "Teksti: Anna Virtanen ja Matti Laine", ("Anna Virtanen", "Matti Laine")),
        ("pl", "Autor: Anna Nowak i Jan Kowal", ("Anna Nowak", "Jan Kowal")),
        ("cs", "Autor: Anna Nováková, Jan Dvořák", ("Anna Nováková", "Jan Dvořák")),
        ("hu", "Szerző: Nagy Anna és Kis Béla", ("Nagy Anna", "Kis Béla")),
        ("ro", "Scris de Ana Pop și Ion Ene", ("Ana Pop", "Ion Ene")),
        ("ru", "Автор: Анна Белова и Иван Серов", ("Анна Белова", "Иван Серов")),
        ("uk", "Автор: Анна Біла та Іван Сірий", ("Анна Біла", "Іван Сірий")),
        ("bg", "Автор: Анна Белева", ("Анна Белева",)),
        ("el", "Γράφει ο Νίκος Δήμου", ("Νίκος Δήμου",)),
        ("tr", "Yazan: Ayşe Kaya ve Ali Demir", ("Ayşe Kaya", "Ali Demir")),
        ("ar", "بقلم: سارة حسن", ("سارة حسن",)),
        ("he", "מאת: דנה לוי", ("דנה לוי",)),
        ("id", "Oleh: Dewi Sari dan Budi Hadi", ("Dewi Sari", "Budi Hadi")),
        ("vi", "Tác giả: Trần Anh", ("Trần Anh",)),
        ("zh", "文/张三", ("张三",)),
        ("zh", "记者：李四、王五", ("李四", "王五")),
        ("zh", "（责编：李四、王五）", ("李四", "王五")),
        ("ja", "文：山田太郎", ("山田太郎",)),
        ("ko", "글: 김철수", ("김철수",)),
    ],
)
def test_names_in_a_byline_are_found(language: str, text: str, found: tuple[str, ...]) -> None:
    assert authors.authors_from_byline(text, language) == found


@pytest.mark.parametrize(
    "text",
    [
        "By the numbers",
        "By far the best pier in the county",
        "By and large",
        "Bystanders",
        "Von Haus aus",
        "Marta Quill",
        "by",
        "",
        (
            "By Monday the pier had gone, and nobody could say where it was, though several "
            "people had been there. "
        )
        * 2,
    ],
)
def test_line_that_only_begins_like_a_byline_is_rejected(text: str) -> None:
    assert authors.authors_from_byline(text, "en") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Marta Quill", ("Marta Quill",)),
        ("Marta Quill, Tom Adeyemi", ("Marta Quill", "Tom Adeyemi")),
        ("Marta Quill;Tom Adeyemi", ("Marta Quill", "Tom Adeyemi")),
        ("Marta Quill | Tom Adeyemi", ("Marta Quill", "Tom Adeyemi")),
        ("Marta Quill & Tom Adeyemi", ("Marta Quill", "Tom Adeyemi")),
        ("Marta Quill, Marta Quill", ("Marta Quill",)),
        ("Quill, Marta", ("Marta Quill",)),
        ("Linny and Peter", ("Linny and Peter",)),
        ("Harper & Row", ("Harper & Row",)),
        ("Marta Quill and AFP", ("Marta Quill and AFP",)),
        ("<a href='/m'>Marta Quill</a>", ("Marta Quill",)),
        ("Marta Quill, PhD", ("Marta Quill",)),
        ("Marta Quill, MD, RN", ("Marta Quill",)),
        ("Marta Quill, QUAY NEWS", ("Marta Quill",)),
        ("Marta Quill, Editor-in-Chief", ("Marta Quill",)),
        ("Marta Quill (Harbour desk)", ("Marta Quill",)),
        ("Marta Quill @mquill", ("Marta Quill",)),
        ("https://quay.example/marta", ()),
        ("marta@quay.example", ()),
        ("Photo: Marta Quill", ()),
        ("105092", ()),
        ("null", ()),
        ("Reporter", ()),
        ("", ()),
        ("By Marta Quill", ("Marta Quill",)),
        ("Per Hansen", ("Per Hansen",)),
        ("Theo James", ("Theo James",)),
        ("Anaïs de la Fontaine-Ruiz", ("Anaïs de la Fontaine-Ruiz",)),
        ("A. J. O’Neal", ("A. J. O’Neal",)),
        ("Quay24 Newsroom", ("Quay24 Newsroom",)),
        ("Md Aminul Haque", ("Md Aminul Haque",)),
        ("Yo-Yo Ma", ("Yo-Yo Ma",)),
        ("Marta Quill MA", ("Marta Quill",)),
        ("Marta Quill, Ph.D.", ("Marta Quill",)),
        ("Dr. Marta Quill", ("Dr. Marta Quill",)),
        ("Marta Quill | NJ Quay Media For quay.com", ("Marta Quill",)),
        ("Marta Quill The Harbour Press", ("Marta Quill",)),
        ("Center for Tidal Research and Piers", ("Center for Tidal Research and Piers",)),
        ("Marta Quill in Porthaven", ("Marta Quill",)),
    ],
)
def test_names_in_a_stated_author_are_found(text: str, found: tuple[str, ...]) -> None:
    assert authors.split_authors(text, "en") == found


@pytest.mark.parametrize(
    ("sources", "authors"),
    [
        ([["Marta Quill"], ["Tom Adeyemi"]], ("Marta Quill",)),
        ([[], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["Staff"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["Quay Record"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["quayrecord.example"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["tadeyemi"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["tom_adeyemi"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["Quay News Desk"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["Tom Adeyemi", "Quay Record"]], ("Tom Adeyemi",)),
        ([["Tom Adeyemi", "Harbour Team"]], ("Tom Adeyemi", "Harbour Team")),
        ([["Community Editor"]], ("Community Editor",)),
        ([["Community Editor"], ["Tom Adeyemi"]], ("Tom Adeyemi",)),
        ([["Quay Record", "tadeyemi"]], ("tadeyemi",)),
        ([["Tom Adeyemi", "TOM ADEYEMI"]], ("Tom Adeyemi",)),
        ([["Staff"], ["Quay Record"]], ("Quay Record",)),
        ([["Staff"]], ("Staff",)),
        ([["Quay Record"], ["Harbour Team"]], ("Harbour Team",)),
        ([["Quay Record, Porthaven, Cornwall"]], ("Quay Record",)),
        ([["admin"], []], ("admin",)),
        ([], ()),
        (
            [[f"Person Number{chr(97 + n)}" for n in range(20)]],
            tuple(f"Person Number{chr(97 + n)}" for n in range(12)),
        ),
    ],
)
def test_first_source_that_names_a_person_is_used(
    sources: list[list[str]], authors: tuple[str, ...]
) -> None:
    assert (
        reconcile_authors(sources, site=("Quay Record", "quayrecord.example"), language="en")
        == authors
    )


@pytest.mark.parametrize(
    ("sources", "organisations", "authors"),
    [
        ([["Tom Adeyemi"]], ["Harbour Institute"], ("Tom Adeyemi",)),
        ([["Quay Record"]], ["Harbour Institute"], ("Harbour Institute",)),
        ([["University of Porthaven"]], ["Sea X"], ("University of Porthaven",)),
        ([], ["Quay Record"], ("Quay Record",)),
    ],
)
def test_organisations_come_after_persons_and_groups(
    sources: list[list[str]], organisations: list[str], authors: tuple[str, ...]
) -> None:
    assert reconcile_authors(sources, organisations=organisations, site=("Quay Record",)) == authors


@pytest.mark.parametrize(
    ("text", "byword"),
    [
        ("By", True),
        ("Written by:", True),
        ("Von", False),
        ("By Marta", False),
        ("Bye", False),
        ("", False),
    ],
)
def test_byword_alone_begins_a_byline(text: str, byword: bool) -> None:  # noqa: FBT001
    assert authors.is_byword(text, "en") is byword


@pytest.mark.parametrize(
    ("text", "joiner"),
    [(",", True), ("and", True), ("&", True), ("|", True), ("Marta", False), ("und", False)],
)
def test_joiners_are_punctuation_and_words_of_the_language(text: str, joiner: bool) -> None:  # noqa: FBT001
    assert authors.is_joiner(text, "en") is joiner


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Marta Quill", True),
        ("Ludwig van der Rohe", True),
        ("山田太郎", True),
        ("Marta", False),
        ("the quick brown", False),
        ("Learn More", False),
        ("Create Account", False),
        ("One Two Three Four Five Six", False),
        ("Marta quill", False),
    ],
)
def test_person_has_two_to_five_capitalised_words(name: str, person: bool) -> None:  # noqa: FBT001
    assert authors.looks_like_person(name) is person
