"""Boilerplate phrases: matches, near misses and invalid files."""

import tomllib
from pathlib import Path

import pytest

import feedpub
from feedpub.cleaner import phrases
from feedpub.core.errors import ConfigError

DATA = Path(phrases.__file__).parent / "data"
LANGUAGES = sorted(file.stem for file in (DATA / "phrases").glob("*.toml"))
KINDS = '[related]\neffect = "tail"\nmax_chars = 60\n\n[share]\neffect = "line"\nmax_chars = 40\n'


def load(folder: Path, kinds: str = KINDS, **languages: str) -> phrases.Index:
    """Load an index of files written for a test."""
    (folder / "phrases").mkdir()
    (folder / "phrase_kinds.toml").write_text(kinds, "utf-8")
    for language, text in languages.items():
        (folder / "phrases" / f"{language}.toml").write_text(text, "utf-8")
    return phrases.load(folder / "phrase_kinds.toml", folder / "phrases")


@pytest.mark.parametrize(
    ("text", "kind", "language"),
    [
        ("You may also like", "related", "en"),
        ("See also:", "related", "en"),
        ("MOST READ", "related", "en"),
        ("Leave a Comment", "comments", "en"),
        ("23 Comments", "comments", "en"),
        ("Comments (1,204)", "comments", "en"),
        ("About the Author", "author-box", "en"),
        ("Sign up for our newsletter!", "newsletter", "en"),
        ("Get the week's best stories delivered to your inbox", "newsletter", "en"),
        ("Share this article", "share", "en"),
        ("Follow us on Mastodon", "follow", "en"),
        ("Read more: The pier in winter", "more", "en"),
        ("Read more » The pier in winter", "more", "en"),
        ("RELATED | The pier in winter", "more", "en"),
        ("Advertisement", "ad", "en"),
        ("We may earn a commission from links on this page.", "ad", "en"),
        ("Accept all cookies", "cookie", "en"),
        ("© 2026 The Quay Record", "copyright", "en"),
        ("Copyright 2026 The Quay Record. All rights reserved.", "copyright", "en"),
        ("Story continues below", "continues", "en"),
        ("Listen to this article", "audio", "en"),
        ("Your browser does not support the audio element.", "audio", "en"),
        ("Tags: harbour, timber", "tags", "en"),
        ("Photo: Marta Quill", "credit", "en"),
        ("Log in to continue reading", "login", "en"),
        ("Written by Marta Quill", "byline", "en"),
        ("4 min read", "date", "en"),
        ("Last updated: 4 May 2026, 10:30", "date", "en"),
        ("Was this article helpful?", "feedback", "en"),
        ("Support our journalism", "support", "en"),
        ("Back to top ↑", "navigation", "en"),
        ("Das könnte Sie auch interessieren", "related", "de"),
        ("Lesen Sie auch: Der Steg im Winter", "more", "de"),
        ("Vous aimerez aussi", "related", "fr"),
        ("Lire aussi : La jetée en hiver", "more", "fr"),
        ("La suite après cette publicité", "ad", "fr"),
        ("Te puede interesar", "related", "es"),
        ("Lea también: El muelle en invierno", "more", "es"),
        ("Potrebbe interessarti", "related", "it"),
        ("Riproduzione riservata", "copyright", "it"),
        ("Leia também", "related", "pt"),
        ("Continua após a publicidade", "ad", "pt"),
        ("Lees ook: De pier in de winter", "more", "nl"),
        ("Czytaj też: Molo zimą", "more", "pl"),
        ("Читайте также: Причал зимой", "more", "ru"),
        ("Підписуйтесь на наш телеграм", "follow", "uk"),
        ("Mohlo by vás zajímat", "related", "cs"),
        ("Prečítajte si aj: Mólo v zime", "more", "sk"),
        ("Kapcsolódó cikkek", "related", "hu"),
        ("Citește și: Digul iarna", "more", "ro"),
        ("Прочетете още: Кеят през зимата", "more", "bg"),
        ("Διαβάστε επίσης: προβλήτα τον χειμώνα", "more", "el"),
        ("İlginizi Çekebilir", "related", "tr"),
        ("Läs också: Piren på vintern", "more", "sv"),
        ("Læs også: Molen om vinteren", "more", "da"),
        ("Saken fortsetter under annonsen", "ad", "nb"),
        ("Lue myös: Laituri talvella", "more", "fi"),
        ("اقرأ أيضاً: الرصيف في الشتاء", "more", "ar"),
        ("קראו גם: המזח בחורף", "more", "he"),
        ("بیشتر بخوانید: اسکله در زمستان", "more", "fa"),
        ("यह भी पढ़ें: सर्दियों में घाट", "more", "hi"),
        ("আরও পড়ুন: শীতের ঘাট", "more", "bn"),
        ("Baca juga: Dermaga di musim dingin", "more", "id"),
        ("Xem thêm: Bến tàu mùa đông", "more", "vi"),
        ("延伸閱讀：冬天的碼頭", "more", "zh"),
        ("相关阅读", "related", "zh"),
        ("あわせて読みたい", "related", "ja"),
        ("文/山田太郎", "byline", "ja"),
        ("관련기사", "related", "ko"),
        ("무단전재 및 재배포 금지", "copyright", "ko"),
    ],
)
def test_phrase_is_found_ignoring_case_punctuation_and_numbers(
    text: str, kind: str, language: str
) -> None:
    found = phrases.find_phrases(text)
    assert found is not None
    assert (found.kind, found.language) == (kind, language)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "2026",
        "10:30",
        "By the time we got there, the pier had gone.",
        "By the numbers",
        "The council votes on Monday.",
        "He said that readers may also like what they see.",
        "Share prices fell on Monday after the bank had warned of losses in its trade with timber.",
        "Sign language is taught at the school by the harbour.",
        "Comments by the mayor were met with silence.",
        "Photographs of the pier hang in the town hall.",
        "Related to the Duke by marriage, she never used the title.",
        "Follow the coast to the north for two miles.",
        "Copyright law was written for printers.",
        "Readers more than anybody else know the pier.",
        "Advertisements paid for the newspaper until 1999.",
        "What the cookie knows",
        "More than a pier",
        "Das Volk las mehr als je zuvor.",
        "Lire la mer",
        "文化中心在春天开放。",
        "分享会在北京举行",
        "摄影师的一天",
        "関西の冬は寒い。",
        "사진작가의 하루",
        "Photosynthesis",
        "Tagsüber blieb es trocken",
        "Sharena",
    ],
)
def test_prose_and_headings_are_not_phrases(text: str) -> None:
    assert phrases.find_phrases(text) is None


def test_phrase_inside_a_long_block_is_not_found() -> None:
    short = "Read more: the pier in winter"
    assert phrases.find_phrases(short)
    assert (
        phrases.find_phrases(short + ", as it was painted by three generations of one family" * 4)
        is None
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_has_the_common_kinds_and_100_phrases(language: str) -> None:
    listed = tomllib.loads((DATA / "phrases" / f"{language}.toml").read_text("utf-8"))
    assert {
        "related",
        "comments",
        "newsletter",
        "share",
        "more",
        "ad",
        "cookie",
        "copyright",
        "byline",
    } <= set(listed)
    assert sum(len(texts) for texts in listed.values() if isinstance(texts, list)) > 100


def test_manual_states_the_number_of_languages() -> None:
    page = Path(feedpub.__file__).parent / "manual" / "cleaning.md"
    assert f"Stock phrases in {len(LANGUAGES)} languages" in page.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrase_without_a_star_is_found_verbatim(language: str) -> None:
    listed = tomllib.loads((DATA / "phrases" / f"{language}.toml").read_text("utf-8"))
    texts = [
        text
        for texts in listed.values()
        if isinstance(texts, list)
        for text in texts
        if "*" not in text
    ]
    assert [text for text in texts if phrases.find_phrases(text) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pattern_matches_its_own_text_with_words_for_stars(language: str) -> None:
    listed = tomllib.loads((DATA / "phrases" / f"{language}.toml").read_text("utf-8"))
    filled = [
        " ".join(text.replace("*", " quux ").split())
        for texts in listed.values()
        if isinstance(texts, list)
        for text in texts
        if "*" in text and "'" not in text and "0*" not in text
    ]
    glued = [text for text in filled if phrases.find_phrases(text) is None]
    assert len(glued) <= len(filled) * 0.1, glued


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("READ MORE", "read more"),
        ("Read more…", "read more"),
        ("Read  more →", "read more:"),
        ("Read\u00a0more:", "read more:"),
        ("Read more | Foo", "read more: foo"),
        ("Read more - Foo", "read more: foo"),
        ("Read more \u2013 Foo", "read more: foo"),
        ("» Read more", "read more"),
        ("well-known", "well known"),
        ("12,345 Comments", "0 comments"),
        ("3. Comment", "0 comment"),
        ("\uff26ull \uff37idth", "full width"),
        ("zero\u200bwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İLGİLİ", "ilgili"),
        ("Lire aussi : x", "lire aussi: x"),
        ("相关：某", "相关: 某"),
        ("ⓒ 한국", "© 한국"),
        ("@pier", "@pier"),
        ("\u0645\u0640\u0640\u0632\u064a\u062f", "\u0645\u0632\u064a\u062f"),
    ],
)
def test_normalise_ignores_case_punctuation_and_numbers(one: str, other: str) -> None:
    assert phrases.normalise(one) == other


def test_phrase_has_the_effect_of_its_kind(tmp_path: Path) -> None:
    index = load(
        tmp_path, en='related = ["see also"]\nshare = ["share this"]', de='related = ["siehe auch"]'
    )
    assert {phrase.text: phrase.effect for phrase in index.exact.values()} == {
        "see also": "tail",
        "share this": "line",
        "siehe auch": "tail",
    }


def test_str_of_a_phrase_has_text_and_language() -> None:
    assert str(phrases.find_phrases("You May Also Like")) == "phrase 'you may also like' (en)"


@pytest.mark.parametrize(
    ("pattern", "block", "found"),
    [
        ("share on *", "Share on Facebook", True),
        ("share on *", "Share on", True),
        ("share on *", "Share onions", False),
        ("share: *", "Share:Facebook", True),
        ("share: *", "Share Facebook", False),
        ("* now", "Share it now", True),
        ("* now", "Share the snow", False),
        ("share * now", "Share this page now", True),
        ("share * now", "Share now", True),
        ("share * now", "Share this page", False),
        ("*share*", "Please share this", True),
        ("*share*", "Please reshare this", False),
        ("share * with * now", "Share this with them now", True),
        ("share * with * now", "Share this now", False),
        ("share *", "Share " + "and share " * 8, False),
    ],
)
def test_star_matches_complete_words_up_to_the_limit(
    tmp_path: Path,
    pattern: str,
    block: str,
    found: bool,  # noqa: FBT001
) -> None:
    index = load(tmp_path, xx=f'share = ["{pattern}"]')
    assert (index.find(phrases.normalise(block)) is not None) is found


@pytest.mark.parametrize(
    ("block", "found"),
    [("分享到微信", True), ("分享", True), ("请分享到微信", False), ("分享到" + "微" * 20, False)],
)
def test_star_in_a_dense_script_ends_anywhere(tmp_path: Path, block: str, found: bool) -> None:  # noqa: FBT001
    index = load(tmp_path, zh='dense = true\nshare = ["分享*"]')
    assert (index.find(phrases.normalise(block)) is not None) is found


def test_shared_phrase_belongs_to_english(tmp_path: Path) -> None:
    index = load(tmp_path, aa='share = ["tweet"]', en='related = ["tweet"]')
    found = index.find("tweet")
    assert found is not None
    assert found.language == "en"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"en": "related = [see also]"}, r"en\.toml: not valid TOML"),
        (
            {"en": 'relatd = ["see also"]'},
            r"en\.toml: unknown kind \[relatd\]; the kinds are related, share",
        ),
        (
            {"en": 'related = ["see also", "…"]'},
            r"en\.toml: \[related\] '…' is not a phrase: it has no word",
        ),
        ({"en": 'related = ["*"]'}, "it has no word"),
        ({"en": "related = [3]"}, r"\[related\] 3 is not a phrase"),
        (
            {"kinds": '[related]\neffect = "all"\nmax_chars = 3'},
            r'kinds\.toml: \[related\] needs effect = "line" or "tail"',
        ),
        ({"kinds": '[related]\neffect = "line"'}, "and max_chars = a number"),
    ],
)
def test_invalid_phrase_file_raises_config_error_with_its_name(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, **files)


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        (
            "The pool is closed. The post Pool, again first appeared on Saltmarsh Parish.",
            "The pool is closed.",
        ),
        ("Sie kommt […] Der Beitrag Die Bahn? Ja! erschien zuerst auf Kai.", "Sie kommt […]"),
        ("The post Pool first appeared on Saltmarsh Parish.", ""),
        ("minutes Download The post Minutes first appeared on Parish.", "minutes Download"),
        (
            (
                "Cheap. Our New Home was originally published in Harbour on Medium, where people "
                "are continuing the conversation by highlighting and responding to this story."
            ),
            "Cheap.",
        ),
        ("The post office is closed. It opens on Monday.", None),
        ("", None),
    ],
)
def test_strip_origin_drops_the_last_sentence(text: str, stripped: str | None) -> None:
    assert phrases.strip_origin(text) == (text if stripped is None else stripped)
