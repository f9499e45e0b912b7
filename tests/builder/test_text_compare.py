import pytest

from feedpub.builder.text_compare import lasting_words, overlap, significant_words

ARTICLE = "The council met on Monday.\n{}\nIt decided that 12 boats get a new pier for €3 million."
SAME = [
    ("12 comments", "13 comments"),
    ("No comments yet", "1 comment"),
    ("Comments (12)", "Comments (345)"),
    ("3,456 views", "3,501 views"),
    ("1.2K shares · 98 likes", "1.3K shares · 104 likes"),
    ("5 minutes ago", "2 hours ago"),
    ("Updated 14:05 GMT, 23 November 2026", "Updated 15:10 GMT, 23 November 2026"),
    ("Last updated on 3 May 2026 at 9:15 am", "Last updated on 4 May 2026 at 11:02 pm"),
    ("By Jane Doe · 5 minutes ago · 4 min read", "By Jane Doe · 3 hours ago · 5 min read"),
    ("Jane Doe (updated 14:05)", "Jane Doe (updated 15:10)"),
    ("Advertisement", ""),
    ("vor 5 Minuten", "vor 3 Stunden"),
    ("Stand: 12.03.2026, 14:05 Uhr", "Stand: 13.03.2026, 08:00 Uhr"),
    ("Il y a 3 heures", "Il y a 5 heures"),
    ("Hace 2 días", "Hace 3 días"),
    ("Обновлено 3 мая в 14:05", "Обновлено 4 мая в 10:00"),
    ("5分前", "2時間前"),
    ("5 条评论", "8 条评论"),
    ("It’s “new” — at last…", 'It\'s "new" - at last...'),
    ("A  longer\u00a0line.", "A longer line"),
    ("A Heading In Capitals", "A heading in capitals"),
    ("Donau\u00addampf\u00adschiff", "Donaudampfschiff"),
    ("The ﬁrst cafe\u0301", "The first café"),
    ("It holds 12,000 people", "It holds 12\u202f000 people"),
    ("Fire! ❤\ufe0f", "Fire! ❤"),
]
DIFFERENT = [
    ("12 dead", "13 dead"),
    ("It is 12 km long", "It is 21 km long"),
    ("It takes 10 minutes", "It takes 15 minutes"),
    ("10 minutes", "15 minutes"),
    ("Jane Doe won", "Jane Roe won"),
    ("Updated at 14:05: 3 people are missing", "Updated at 15:10: 5 people are missing"),
    ("It costs €5", "It costs $5"),
    ("It grew by 5 %", "It grew by 5 ‰"),
    ("It is 3.5 m deep", "It is 35 m deep"),
    ("The mayor said so", "The mayor did not say so"),
    ("The mayor said so", ""),
    ("", "Correction: the debate lasted three hours."),
    ("The vote is on Monday", "The vote is on Tuesday"),
    ("Der Rat schloß", "Der Rat schloss nicht"),
    ("यह कि", "यह की"),
    ("東京で会議", "京都で会議"),
    ("هذا خبر", "هذا خبر جديد"),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_insignificant_changes_are_ignored(before: str, after: str) -> None:
    assert lasting_words(ARTICLE.format(before)) == lasting_words(ARTICLE.format(after))


@pytest.mark.parametrize(("before", "after"), DIFFERENT)
def test_significant_changes_are_found(before: str, after: str) -> None:
    assert lasting_words(ARTICLE.format(before)) != lasting_words(ARTICLE.format(after))


def test_long_line_is_not_a_counter() -> None:
    line = "Views and comments of this time: " + "likes, shares and votes, " * 6
    assert lasting_words(line) == significant_words(line)


def test_ignored_lines_are_left_out() -> None:
    text = "The council met.\nSubscribe to our letter!\nSubscribe to our letter or come."
    assert lasting_words(text, ["subscribe to our letter"]) == significant_words(
        "The council met. Subscribe to our letter or come."
    )


def test_overlap_counts_words_in_order() -> None:
    old = significant_words("the council met on monday to talk about the new pier and the boats")
    assert overlap(old, old) == overlap([], old) == overlap(["one", "two"], ["one", "two"]) == 1.0
    assert overlap(old, [*old, "and", "more"]) == 1.0
    assert (
        overlap(
            old,
            significant_words("the boats and the pier on the new monday met to talk about council"),
        )
        < 0.3
    )
    assert overlap(old, []) == 0.0
    assert (
        0.5
        < overlap(
            old,
            significant_words(
                "the council met on tuesday to talk about the new pier and the boats"
            ),
        )
        < 1
    )
