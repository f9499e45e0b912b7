from pathlib import Path

import pytest

from feedpub.cleaner.rules import RuleIssue, Ruleset, SiteRuleSet, open_rules
from feedpub.config import RuleFiles
from feedpub.core.errors import ConfigError


@pytest.fixture
def ftr(tmp_path: Path) -> Path:
    """Return a small checkout."""
    folder = tmp_path / "ftr"
    folder.mkdir()
    files = {
        "one.example.com": "body: //one\nstrip: //a\nprune: no\nhttp_header(cookie): a=1",
        ".example.com": (
            "body: //parent\nstrip: //b\nprune: yes\nhttp_header(cookie): "
            "b=2\nhttp_header(referer): r"
        ),
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
def test_files_of_host_domain_and_all_hosts_are_merged(
    ftr: Path, url: str, expected: list[str]
) -> None:
    assert bodies(SiteRuleSet(ftr=ftr).rules_for(url)) == expected


def test_specific_values_take_precedence_and_lists_are_joined(ftr: Path) -> None:
    rules = SiteRuleSet(ftr=ftr).rules_for("https://one.example.com/")
    assert [rule.source for rule in rules.remove] == ["//a", "//b", "//c"]
    assert (rules.prune, rules.json_ld) == (False, False)
    assert rules.headers == (("cookie", "a=1"), ("referer", "r"))
    assert rules.title == ()  # what is said of all hosts stands in every head


def test_own_file_takes_precedence_over_ftr(ftr: Path, tmp_path: Path) -> None:
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "example.com.toml").write_text('content = ".own"', "utf-8")
    book = open_rules(RuleFiles(sites=sites, ftr_site_config=ftr))
    for host in ("example.com", "www.example.com", "one.example.com"):
        assert bodies(book.rules_for(f"https://{host}/")) == [".own"]
    assert bodies(book.rules_for("https://alone.example.org/")) == ["//alone"]


def test_changed_file_is_read_again_and_issues_are_reported_once(ftr: Path) -> None:
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


def test_other_files_of_the_checkout_are_ignored(ftr: Path) -> None:
    names = [Path(name).name for name, _ in SiteRuleSet(ftr=ftr).files()]
    assert names == [
        ".example.com.txt",
        "alone.example.org.txt",
        "global.txt",
        "one.example.com.txt",
    ]


def test_unreadable_file_is_reported(ftr: Path) -> None:
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


def test_all_errors_in_own_files_are_reported_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert '"Host" is not a header that a rule can set' in told[2]
    assert "it belongs to [[test]]" in told[5]
