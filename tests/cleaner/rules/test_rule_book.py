"""Which rules are about a host."""

from pathlib import Path

import pytest

from feedpub.cleaner.rules import RuleIssue, Ruleset, SiteRuleSet, open_rules
from feedpub.config import RuleFiles
from feedpub.core.errors import ConfigError


@pytest.fixture
def ftr(tmp_path: Path) -> Path:
    """A small checkout."""
    folder = tmp_path / "ftr"
    folder.mkdir()
    files = {
        "one.example.com": "body: //one\nstrip: //a\nprune: no\nhttp_header(cookie): a=1",
        ".example.com": "body: //parent\nstrip: //b\nprune: yes\nhttp_header(cookie): b=2\nhttp_header(referer): r",
        "global": "body: //all\ntitle: //meta\nstrip: //c\nskip_json_ld: yes",
        "alone.example.org": "body: //alone\nautodetect_on_failure: no",
    }
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    (folder / "LICENSE.txt").write_text("All rights: yours", "utf-8")
    return folder


def bodies(rules: Ruleset) -> list[str]:
    return [rule.source for rule in rules.content]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://one.example.com/a", ["//one", "//parent", "//all"]),
        ("https://WWW.One.example.com:8080/a", ["//one", "//parent", "//all"]),
        ("https://two.example.com/", ["//parent", "//all"]),
        ("https://a.two.example.com/", ["//all"]),
        ("https://example.com/", ["//all"]),
        ("https://alone.example.org/", ["//alone"]),
        ("", []),
        ("http://[::1/", []),
    ],
)
def test_a_host_its_domain_and_all_others(ftr: Path, url: str, expected: list[str]) -> None:
    """In this order.

    The first label is taken off once, and who wants nothing detected gets no file for all.
    """
    assert bodies(SiteRuleSet(ftr=ftr).rules_for(url)) == expected


def test_lists_are_appended_and_single_values_stay(ftr: Path) -> None:
    """The most specific file has the word; of a header, too."""
    rules = SiteRuleSet(ftr=ftr).rules_for("https://one.example.com/")
    assert [rule.source for rule in rules.remove] == ["//a", "//b", "//c"]
    assert (rules.prune, rules.json_ld) == (False, False)
    assert rules.headers == (("cookie", "a=1"), ("referer", "r"))
    assert rules.title == ()  # what is said of all hosts stands in every head


def test_our_own_file_goes_before(ftr: Path, tmp_path: Path) -> None:
    """For its host and those below; none of ftr's is asked then."""
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "example.com.toml").write_text('content = ".own"', "utf-8")
    book = open_rules(RuleFiles(sites=sites, ftr_site_config=ftr))
    for host in ("example.com", "www.example.com", "one.example.com"):
        assert bodies(book.rules_for(f"https://{host}/")) == [".own"]
    assert bodies(book.rules_for("https://alone.example.org/")) == ["//alone"]


def test_a_changed_file_is_read_again(ftr: Path) -> None:
    """And what is wrong in it is told once, when it is first needed."""
    told: list[RuleIssue] = []
    book = SiteRuleSet(ftr=ftr, report=told.append)
    assert bodies(book.rules_for("https://alone.example.org/")) == ["//alone"]
    (ftr / "alone.example.org.txt").write_text(
        "body: //changed\nnonsense: 1\nautodetect_on_failure: no", "utf-8"
    )
    for _ in range(2):
        assert bodies(book.rules_for("https://alone.example.org/")) == ["//changed"]
    assert [(Path(each.file).name, each.line, each.text) for each in told] == [
        ("alone.example.org.txt", 2, 'unknown command "nonsense"')
    ]
    (ftr / "alone.example.org.txt").unlink()
    assert bodies(book.rules_for("https://alone.example.org/")) == ["//all"]


def test_what_is_no_file_of_rules_is_none(ftr: Path) -> None:
    """A licence is named for no host."""
    names = [Path(name).name for name, _ in SiteRuleSet(ftr=ftr).files()]
    assert names == [
        ".example.com.txt",
        "alone.example.org.txt",
        "global.txt",
        "one.example.com.txt",
    ]


def test_a_file_that_cannot_be_read_is_told(ftr: Path) -> None:
    """A folder in its place, or one that is no file of rules by its size."""
    (ftr / "big.example.org.txt").write_text("#" * 1_000_001, "utf-8")
    (ftr / "dir.example.org.txt").mkdir()
    told: list[RuleIssue] = []
    book = SiteRuleSet(ftr=ftr, report=told.append)
    book.rules_for("https://big.example.org/")
    book.rules_for("https://dir.example.org/")
    assert [each.text for each in told] == [
        "the file is ignored: it is larger than 1 MB",
        "cannot be read: Is a directory",
    ]


def test_mistakes_in_our_own_files_are_told_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With file and line; a file that is named for no host, too."""
    monkeypatch.chdir(tmp_path)
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "a.example.toml").write_text(
        'content = "div["\nremov = [".x"]\n\n[headers]\nHost = "b.example"\n\n[[test]]\nurl = "a"',
        "utf-8",
    )
    (sites / "b.example.toml").write_text("title = 1\nurl = 2", "utf-8")
    (sites / "www.c.example.toml").write_text("", "utf-8")
    (sites / ".d.example.toml").write_text("no toml", "utf-8")
    with pytest.raises(ConfigError) as raised:
        open_rules(RuleFiles(sites=sites))
    told = str(raised.value).splitlines()
    assert [line.split(": ")[0] for line in told] == [
        "sites/a.example.toml:1",
        "sites/a.example.toml:2",
        "sites/a.example.toml:5",
        "sites/a.example.toml:8",
        "sites/b.example.toml:1",
        "sites/b.example.toml:2",
        "sites/www.c.example.toml:1",
    ]
    assert 'did you mean "remove"?' in told[1]
    assert '"Host" is no header that a rule may set' in told[2]
    assert "it belongs to [[test]]" in told[5]
