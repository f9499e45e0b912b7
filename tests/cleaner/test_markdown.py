"""Notes of Obsidian and similar programs as plain Markdown."""

import pytest

from feedpub.cleaner.markdown import translate_wiki_markdown


def find(name: str) -> str | None:
    return "files/a%20b.png" if name == "a b.png" else None


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("See [[Wood glue]] first.", "See Wood glue first."),
        ("See [[Wood glue#Heat|the guide]].", "See the guide."),
        ("See [[shed/Wood glue.md#Heat]].", "See Wood glue > Heat."),
        ("![[a b.png]]", "![](files/a%20b.png)"),
        ("![[a b.png|320x200]]", "![](files/a%20b.png)"),
        ("![[a b.png|A bird]]", "![A bird](files/a%20b.png)"),
        ("![[missing.png]]", "![](missing.png)"),
        ("![[Other note#Part]]", "Other note"),
        ("It ==does not== hold; a == b == c.", "It <mark>does not</mark> hold; a == b == c."),
        ("Bring %%no%% wax.\n%%\nbuy\n%%\n", "Bring  wax.\n\n"),
        ("Sixty degrees. ^heat", "Sixty degrees. "),
        ("Glue\n#workshop/glue #iron\n", "Glue\n\n"),
        ("#1 is best\n# Heading\n", "#1 is best\n# Heading\n"),
        (
            "> [!warning] Mind your fingers\n> It closes.",
            "> **Mind your fingers**\n>\n> It closes.",
        ),
        ("> [!see-also]-\n> It.", "> **See also**\n>\n> It."),
        ("- [x] strip\n- [ ] oil", "- ☑ strip\n- ☐ oil"),
        ("Write `[[link]]` and ==`==`==", "Write `[[link]]` and ==`==`=="),
        ("```\n[[a]] %%b%%\n```\n[[c]]", "```\n[[a]] %%b%%\n```\nc"),
    ],
)
def test_note_becomes_plain_markdown(note: str, expected: str) -> None:
    assert translate_wiki_markdown(note, find) == expected
