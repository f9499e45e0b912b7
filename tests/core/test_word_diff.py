"""Texts compared by word."""

import pytest

from feedpub.core.diff import diff_words


def shown(before: list[str], after: list[str]) -> list[str]:
    """Return the changed lines; -removed- and +added+ words are marked."""
    marks = {"same": "", "del": "-", "ins": "+"}
    return [
        "".join(f"{marks[kind]}{text}{marks[kind]}" for kind, text in line.parts)
        for line in diff_words(before, after)
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["a"], ["a"], []),
        (["a"], ["a", "New line."], ["+New line.+"]),
        (["a", "Old line."], ["a"], ["-Old line.-"]),
        (["Grade is good."], ["Grade is poor."], ["Grade is- good-+ poor+."]),
        (["The end."], ["The very end."], ["The+ very+ end."]),
        (["Price: 5€ net"], ["Price: 6€ net"], ["Price:- 5-+ 6+€ net"]),
        (["Only 14.00 now"], ["Only 15.50 now"], ["Only- 14.00-+ 15.50+ now"]),
        (["Week 6–10 May"], ["Week 13–17 May"], ["Week- 6–10-+ 13–17+ May"]),
        (
            ["Barley soup with bread | Cod, rice | plum"],
            ["Barley soup with bread | Leek stew, noodles | plum"],
            ["Barley soup with bread |- Cod, rice-+ Leek stew, noodles+ | plum"],
        ),
        (["One thing"], ["Quite another matter"], ["-One thing-", "+Quite another matter+"]),
        (["水は良い"], ["水は悪い"], ["水は-良-+悪+い"]),
        (
            ["First old line", "Cove good", "b"],
            ["Cove poor", "b"],
            ["-First old line-", "Cove- good-+ poor+"],
        ),
    ],
)
def test_changed_lines_show_their_changed_words(
    before: list[str], after: list[str], expected: list[str]
) -> None:
    assert shown(before, after) == expected


def test_changed_words_are_counted() -> None:
    (line,) = diff_words(["It is a very good day."], ["It is no day."])
    assert (line.added, line.removed) == (1, 3)


def test_very_long_lines_are_compared_as_a_whole() -> None:
    before, after = "word " * 3000, "word " * 3000 + "more"
    assert shown([before], [after]) == [f"-{before}-+{after}+"]
