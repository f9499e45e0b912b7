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


def test_extended_file_keeps_comments_and_order(file: Path) -> None:
    text = extend_rules(WRITTEN, DRAFT, file)
    assert text == (
        WRITTEN.replace("# since May\n", '# since May\n    ".promo",\n    "text:Say \\"yes\\"",\n')
        .replace('[".table"]', '[".table", ".map"]')
        .replace('title = "h1"\n', 'title = "h2.head"\nauthor = ".by"\n')
    )


def test_new_file_contains_only_the_draft(file: Path) -> None:
    text = extend_rules("", DRAFT, file)
    assert text.splitlines()[0] == 'remove = [".promo", "text:Say \\"yes\\""]'
    assert extend_rules(text, DRAFT, file) == text
    assert extend_rules(WRITTEN, RuleDraft(), file) == WRITTEN


def test_long_list_has_one_rule_a_line(file: Path) -> None:
    text = extend_rules(
        "", RuleDraft(remove=tuple(f".quite-a-long-name-of-a-box-{n}" for n in range(4))), file
    )
    assert len(text.splitlines()) == 6


def test_parsed_rules_name_file_and_line(file: Path) -> None:
    rules = read_rules(extend_rules(WRITTEN, DRAFT, file), file)
    assert [(rule.source, rule.file, rule.line) for rule in rules.remove[:2]] == [
        (".ad", str(file), 4),
        (".promo", str(file), 5),
    ]


def test_invalid_text_leaves_the_file_unchanged(file: Path) -> None:
    write_rules(extend_rules("", DRAFT, file), file)
    before = file.read_text("utf-8")
    with pytest.raises(ConfigError, match=r"example\.org\.toml:1: .*remove"):
        write_rules(extend_rules("", RuleDraft(remove=("div[",)), file), file)
    assert file.read_text("utf-8") == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_written_file_keeps_its_permissions(file: Path) -> None:
    write_rules(WRITTEN, file)
    assert file.stat().st_mode & 0o777 == 0o644
    file.chmod(0o600)
    write_rules(WRITTEN, file)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["remove = [", 'remove = ".ad"'])
def test_error_in_existing_file_names_the_file(file: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="correct the file first"):
        extend_rules(text, DRAFT, file)


def test_error_of_unwritable_folder_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "sites").write_text("a file", "utf-8")
    with pytest.raises(ConfigError, match="cannot be written: "):
        write_rules("", tmp_path / "sites" / "example.org.toml")
