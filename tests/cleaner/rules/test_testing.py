"""Test `feedpub check --rules`, which runs the tests in rule files."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedpub import cli as command
from feedpub.cleaner.rules.testing import saved_page, saved_pages
from tests.support.newsroom import configure, path, story, title
from tests.support.site import Site

PAGES = Path(__file__).parents[2] / "pages"


def check(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        command.cli, ["-c", str(folder / "config" / "feedpub.toml"), "check", *arguments]
    )


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a config with a file of our own, and one of ftr-site-config that has an error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ftr").mkdir()
    ftr = (
        "body: //article\nstrp: //p\ntest_url: https://two.example/b\ntest_contains: "
        "{}\ntest_url: https://two.example/c"
    )
    (tmp_path / "ftr" / "two.example.txt").write_text(ftr.format(title(2)), "utf-8")
    sites = tmp_path / "config" / "sites"
    sites.mkdir(parents=True)
    own = (
        f'content = "article"\n[[test]]\nurl = "https://one.example/a"\ncontains = '
        f'["{title(1)}", "no such words"]\n'
    )
    (sites / "one.example.toml").write_text(own, "utf-8")
    configure(tmp_path, settings='[rules]\nftr_site_config = "../ftr"')
    return tmp_path


def save_page(folder: Path, name: str, n: int, canonical: str = "") -> Path:
    pages = folder / "saved"
    pages.mkdir(exist_ok=True)
    head = f'<link href="{canonical}" rel="canonical"></head>' if canonical else "</head>"
    (pages / name).write_text(story(n).replace("</head>", head), "utf-8")
    return pages


def test_rule_tests_run_on_saved_pages(config: Path) -> None:
    save_page(config, "one.html", 1, "https://www.one.example/a")
    pages = save_page(config, "two-example-b.html", 2)
    done = check(config, "--rules", "--pages", str(pages))
    assert done.exit_code == 1
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[0] == 'note: ftr/two.example.txt:2: unknown command "strp"; did you mean strip?'
    assert "config/sites/one.example.toml:2 https://one.example/a missing: no such words" in lines
    assert "ftr/two.example.txt:3 https://two.example/b ok" in lines
    assert lines[-1].startswith("2 pages tried: 1 ok, 1 failed; 1 page not at hand")


def test_only_tests_of_named_hosts_run(config: Path) -> None:
    pages = save_page(config, "two-example-b.html", 2)
    done = check(config, "--rules", "--pages", str(pages), "www.two.example")
    assert done.exit_code == 0
    assert "one.example" not in done.output
    assert "no saved page of this URL" in done.output
    assert check(config, "--rules", "three.example").output == "No rules name a test page.\n"


def test_content_rule_without_match_fails(config: Path) -> None:
    (config / "config" / "sites" / "one.example.toml").write_text(
        'content = ".gone"\n[[test]]\nurl = "https://one.example/a"\n', "utf-8"
    )
    pages = save_page(config, "one.html", 1, "https://one.example/a")
    done = check(config, "--rules", "--pages", str(pages), "one.example")
    assert done.exit_code == 1
    assert "finds nothing" in " ".join(done.output.split())


def test_pages_are_fetched_only_on_request(site: Site, tmp_path: Path) -> None:
    site[path(1)] = story(1)
    (tmp_path / "config" / "sites").mkdir(parents=True)
    rules = tmp_path / "config" / "sites" / "127.0.0.1.toml"
    tests = "".join(f'[[test]]\nurl = "{site.url(at)}"\n' for at in (path(1), "/none"))
    rules.write_text(f'content = "article"\nheaders = {{ Cookie = "a=1" }}\n{tests}', "utf-8")
    configure(tmp_path)
    assert check(tmp_path, "--rules").exit_code == 0
    assert site.requests == []
    done = check(tmp_path, "--rules", "--fetch")
    assert done.exit_code == 1
    assert "1 ok, 1 failed." in done.output
    assert "404" in done.output
    assert {each.headers.get("cookie") for each in site.requests if each.path == path(1)} == {"a=1"}


def test_check_counts_unusable_lines(config: Path) -> None:
    done = check(config)
    assert done.exit_code == 0
    assert (
        f"note: 1 line in 1 file of {config / 'ftr'} cannot be used and is left out" in done.output
    )
    (config / "config" / "sites" / "one.example.toml").write_text('content = "div["\n', "utf-8")
    done = check(config)
    assert done.exception is not None
    assert str(done.exception).startswith(
        'config/sites/one.example.toml:1: content: "div[" is not a CSS selector'
    )


def test_missing_folders_are_errors(tmp_path: Path) -> None:
    with pytest.raises(
        Exception, match=r"feedpub.toml:5: rules: ftr_site_config: there is no folder"
    ):
        configure(tmp_path, settings='[rules]\nftr_site_config = "none"')
    configure(tmp_path, settings='[rules]\nftr_site_config = "."')
    assert "there is no rule file in" in check(tmp_path).output


def test_options_require_rules(config: Path) -> None:
    for wrong in (["one.example"], ["--fetch"], ["--pages", str(config)]):
        done = check(config, *wrong)
        assert done.exit_code == 2
        assert "require --rules" in done.output


def test_saved_pages_are_found_by_the_url_in_them(tmp_path: Path) -> None:
    expected = {
        "a.html": "<!-- saved from url=(0030)https://x.example/a --><p>a",
        "b.htm": "<link rel=canonical href=https://x.example/b>",
        "c.html": '<meta content="https://x.example/c" property="og:url">',
        "x-example-d.html": "<p>d",
        "e.txt": "<link rel=canonical href=https://x.example/e>",
    }
    for name, html in expected.items():
        (tmp_path / name).write_text(html, "utf-8")
    pages = saved_pages(tmp_path)
    found = {
        letter: saved_page(f"https://www.x.example/{letter}", pages) is not None
        for letter in "abcde"
    }
    assert found == {"a": True, "b": True, "c": True, "d": True, "e": False}


def test_each_shipped_site_file_passes_its_tests() -> None:
    sites = Path(__file__).parents[3] / "config"
    done = CliRunner().invoke(
        command.cli, ["-c", str(sites / "feedpub.toml"), "check", "--rules", "--pages", str(PAGES)]
    )
    assert done.exit_code == 0, done.output
    files = list((sites / "sites").glob("*.toml"))
    assert f"{len(files)} pages tried: {len(files)} ok, 0 failed." in done.output
