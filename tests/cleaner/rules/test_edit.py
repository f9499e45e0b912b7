"""Rules that are added to a site's file."""

from pathlib import Path

import pytest

from feedpub.cleaner.rules import RuleDraft
from feedpub.cleaner.rules.edit import extend_rules, read_rules, write_rules
from feedpub.core.errors import ConfigError

WRITTEN = """\
# What we know of the Harbour Times.
content = "#story"   # all of it
remove = [
    ".ad",           # since May
]
keep = [".table"]    # though it looks odd
title = "h1"

[headers]
Cookie = "consent=none"

[[test]]
url = "https://example.org/a"
"""
DRAFT = RuleDraft(
    remove=(".promo", 'text:Say "yes"'), keep=(".map",), title="h2.head", author=".by"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sites" / "example.org.toml"


def test_a_file_grows_and_keeps_what_a_person_wrote(file: Path) -> None:
    """Comments, order and lines.

    Lists grow, single values are replaced, new ones stand above the tables.
    """
    text = extend_rules(WRITTEN, DRAFT, file)
    assert text == (
        WRITTEN.replace("# since May\n", '# since May\n    ".promo",\n    "text:Say \\"yes\\"",\n')
        .replace('[".table"]', '[".table", ".map"]')
        .replace('title = "h1"\n', 'title = "h2.head"\nauthor = ".by"\n')
    )


def test_a_new_file(file: Path) -> None:
    """It holds the draft and nothing else; a rule that is there already is not written again."""
    text = extend_rules("", DRAFT, file)
    assert text.splitlines()[0] == 'remove = [".promo", "text:Say \\"yes\\""]'
    assert extend_rules(text, DRAFT, file) == text
    assert extend_rules(WRITTEN, RuleDraft(), file) == WRITTEN


def test_a_list_that_grows_long_gets_a_line_a_rule(file: Path) -> None:
    """A person will read it."""
    text = extend_rules(
        "", RuleDraft(remove=tuple(f".quite-a-long-name-of-a-box-{n}" for n in range(4))), file
    )
    assert len(text.splitlines()) == 6


def test_rules_are_read_back_under_the_name_of_their_file(file: Path) -> None:
    """With the lines that they will have."""
    rules = read_rules(extend_rules(WRITTEN, DRAFT, file), file)
    assert [(rule.source, rule.file, rule.line) for rule in rules.remove[:2]] == [
        (".ad", str(file), 4),
        (".promo", str(file), 5),
    ]


def test_a_file_is_written_whole_or_not_at_all(file: Path) -> None:
    """Its folder is made; what cannot be read back leaves the file as it was."""
    write_rules(extend_rules("", DRAFT, file), file)
    before = file.read_text("utf-8")
    with pytest.raises(ConfigError, match=r"example\.org\.toml:1: .*remove"):
        write_rules(extend_rules("", RuleDraft(remove=("div[",)), file), file)
    assert file.read_text("utf-8") == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_keeps_who_may_read_it(file: Path) -> None:
    """A secret in a header stays one."""
    write_rules(WRITTEN, file)
    assert file.stat().st_mode & 0o777 == 0o644
    file.chmod(0o600)
    write_rules(WRITTEN, file)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["remove = [", 'remove = ".ad"'])
def test_a_file_that_needs_mending_is_named(file: Path, text: str) -> None:
    """Nothing is added to what cannot be read."""
    with pytest.raises(ConfigError, match="correct the file first"):
        extend_rules(text, DRAFT, file)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / "sites").write_text("a file", "utf-8")
    with pytest.raises(ConfigError, match="cannot be written: "):
        write_rules("", tmp_path / "sites" / "example.org.toml")
