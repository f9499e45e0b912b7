"""Test the commands `feedpub import` and `feedpub export`."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result
from lxml import etree

from feedpub.cli import cli
from feedpub.cli.import_ import MAX_SHOWN
from feedpub.cli.importers import parse_import
from feedpub.config import load_config
from feedpub.config.edit import with_new_feeds
from feedpub.core.errors import ConfigError, ImportFileError, PublishError
from feedpub.core.html import parse_html
from feedpub.core.selectors import select_elements
from tests.cli.importers.support import EXAMPLES

T = TypeVar("T")
CONFIG = """\
# Mine, by hand.
[feedpub]
base_url = "https://feeds.example.org/"  # served by nginx

[[feed]]
name = "quay"
title = "The quay"
[[feed.source]]
type = "feed"
url = "http://www.quay.example.org/feed.xml/"
"""
ADDRESS = (
    "https://b.example.org/?bridge=CssSelector&home_page=https://c.example.org/"
    "&url_selector=h2&content_selector=main"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a config with one feed."""
    path = tmp_path / "config" / "feedpub.toml"
    path.parent.mkdir()
    path.write_text(CONFIG, "utf-8")
    return path


def run(path: Path, *arguments: str, answer: bytes | str | None = None) -> Result:
    """Run the command in this process; its exceptions are raised."""
    return CliRunner().invoke(
        cli, ["-c", str(path), *arguments], input=answer, catch_exceptions=False
    )


def example(name: str) -> str:
    return str(EXAMPLES / name)


def names(path: Path) -> list[str]:
    return [feed.name for feed in load_config(path).feed]


def test_new_feeds_are_appended_to_the_config(path: Path) -> None:
    """Comments stay. A feed that exists is not added again, even under another spelling."""
    result = run(path, "import", example("subscriptions.opml"), "--yes")
    assert result.exit_code == 0
    assert path.read_text("utf-8").startswith(CONFIG)
    assert names(path) == ["quay", "tides-winds", "harbour-news"]
    assert "2 feeds added to" in result.stdout


def opml(path: Path, number: int) -> Path:
    """Write an OPML file with n feeds of one title, each with an unknown attribute."""
    file = path.parent / "many.opml"
    lines = [
        f'<outline text="News" xmlUrl="https://n{n}.example.org/feed" x="{n}"/>'
        for n in range(number)
    ]
    file.write_text("\n".join(["<opml><body>", *lines, "</body></opml>"]))
    return file


def test_long_list_is_shortened_on_the_terminal(path: Path) -> None:
    """All feeds are written, and the JSON names all."""
    file = opml(path, MAX_SHOWN + 3)
    shown = run(path, "import", str(file), "--dry-run").stdout
    assert shown.count("https://n") == MAX_SHOWN
    assert shown.count("and 3 more; --json names them all\n") == 2  # feeds, and what is lost
    output = json.loads(run(path, "import", str(file), "--json", "--yes").stdout)
    assert len(output["new"]) == len(output["losses"]) == MAX_SHOWN + 3
    assert names(path) == ["quay", "news", *(f"news-{n}" for n in range(2, MAX_SHOWN + 4))]


def test_progress_of_long_loops_is_tracked(path: Path) -> None:
    loops: list[tuple[str, int]] = []

    def track(items: Sequence[T], what: str) -> Iterable[T]:
        loops.append((what, len(items)))
        return items

    imported = parse_import(opml(path, 3).read_bytes(), "many.opml", track=track)
    tables = [draft.as_toml_table(f"n{number}") for number, draft in enumerate(imported.feeds)]
    with_new_feeds(path, tables, {}, track)
    assert loops == [("checking", 3), ("writing", 3)]


def test_import_shows_all_changes_before_the_prompt(path: Path) -> None:
    """New and existing feeds are shown, and each loss with its line. "n" writes nothing."""
    result = run(path, "import", example("subscriptions.opml"), answer="n\n")
    assert result.exit_code == 1
    shown = result.stdout
    order = [
        "To be added",
        "tides-winds",
        "Already there:",
        "quay",
        "Not carried over:",
        "Not needed here:",
        "Write this",
    ]
    assert [shown.index(part) for part in order] == sorted(shown.index(part) for part in order)
    assert "subscriptions.opml:11: url: Files:" in shown
    assert path.read_text("utf-8") == CONFIG


def test_answering_yes_writes_the_config(path: Path) -> None:
    assert run(path, "import", example("feeds.toml"), answer="y\n").exit_code == 0
    assert names(path) == ["quay", "mariners", "lighthouse", "slipway"]


@pytest.mark.parametrize(
    "name", ["subscriptions.opml", "freshrss.opml", "feeds.toml", "html2rss.yml", "bridges.txt"]
)
def test_each_format_creates_a_valid_config(tmp_path: Path, name: str) -> None:
    """A second import adds and writes nothing."""
    path = tmp_path / "config" / "feedpub.toml"
    assert run(path, "import", example(name), "--yes").exit_code == 0
    written = path.read_bytes()
    assert len(load_config(path).feed) >= 2
    again = run(path, "import", example(name), "--yes")
    assert (again.exit_code, path.read_bytes()) == (0, written)
    assert "No feed is new." in again.stdout


def test_imported_feed_is_formatted_like_a_handwritten_one(path: Path) -> None:
    """Sources have their own tables, headers are on one line, filters follow."""
    address = (
        "https://b.example.org/?bridge=CssSelectorComplex&home_page=https://c.example.org/"
        "&cookie=a=b"
    )
    run(path, "import", f"{address}&entry_element_selector=li&url_pattern=/x/.*&limit=7", "--yes")
    assert path.read_text("utf-8").removeprefix(CONFIG) == (
        '\n[[feed]]\nname = "c-example-org"\ntitle = "c.example.org"\nlink = "https://'
        'c.example.org/"\nlimit = 7\n\n'
        '[[feed.source]]\ntype = "page"\nurl = "https://c.example.org/"\nlinks = "li"\ncookies = '
        '{a = "b"}\n\n'
        '[feed.include]\nurl = ["re:/x/.*"]\n'
    )


def test_dry_run_writes_nothing(path: Path) -> None:
    """Neither the config nor site rules are written."""
    result = run(path, "import", example("freshrss.opml"), "--dry-run", "--yes")
    assert "council" in result.stdout
    assert path.read_text("utf-8") == CONFIG
    assert [found.name for found in path.parent.iterdir()] == ["feedpub.toml"]


def test_article_rules_become_site_files(path: Path) -> None:
    """There is one file per host, next to the config."""
    run(path, "import", ADDRESS, "--yes")
    written = (path.parent / "sites" / "c.example.org.toml").read_text("utf-8")
    assert written == '# The articles of c.example.org, from b.example.org.\ncontent = "main"\n'


def test_existing_site_file_is_not_changed(path: Path) -> None:
    """The missing rules are reported."""
    file = path.parent / "sites" / "c.example.org.toml"
    file.parent.mkdir()
    file.write_text('content = ".mine"\n', "utf-8")
    result = run(path, "import", ADDRESS, "--yes")
    assert f"content main: {file} is there already" in result.stdout
    assert file.read_text("utf-8") == 'content = ".mine"\n'


def test_standard_input_is_imported(path: Path) -> None:
    """It cannot be confirmed by a prompt."""
    body = (EXAMPLES / "feeds.toml").read_bytes()
    refused = run(path, "import", "-", answer=body)
    assert (refused.exit_code, "add --yes or --dry-run" in refused.stderr) == (2, True)
    assert run(path, "import", "-", "--from", "rsspls", "--yes", answer=body).exit_code == 0
    assert "mariners" in names(path)


def test_json_output_is_one_document_without_a_prompt(path: Path) -> None:
    """It is written only with --yes, and `written` reports it."""
    output = json.loads(run(path, "import", example("bridges.txt"), "--json").stdout)
    assert (output["written"], path.read_text("utf-8")) == (False, CONFIG)
    assert [each["name"] for each in output["new"]] == [
        "harbour-example-org-news",
        "docks-example-org",
        "weather-bridge-example-org",
    ]
    assert {Path(loss["where"]).name for loss in output["losses"]} == {
        "bridges.txt:2",
        "bridges.txt:3",
        "bridges.txt:4",
    }
    assert (
        json.loads(run(path, "import", example("bridges.txt"), "--json", "--yes").stdout)["written"]
        is True
    )
    assert len(names(path)) == 4


def test_several_files_are_imported_together_or_not_at_all(path: Path, tmp_path: Path) -> None:
    """Each invalid file is named."""
    broken = tmp_path / "broken.opml"
    broken.write_text("<opml>", "utf-8")
    with pytest.raises(ImportFileError) as caught:
        run(
            path,
            "import",
            example("feeds.toml"),
            str(broken),
            str(tmp_path / "gone"),
            str(tmp_path),
            "--yes",
        )
    lines = str(caught.value).splitlines()
    assert [line.removeprefix(str(tmp_path)).partition(": ")[0] for line in lines[:3]] == [
        "/broken.opml:1",
        "/gone",
        "",
    ]
    assert lines[-1] == "Nothing was imported."
    assert path.read_text("utf-8") == CONFIG


def test_invalid_config_is_not_changed(path: Path) -> None:
    """The error has the line."""
    path.write_text("[feedpub]\nwrong = 1\n", "utf-8")
    with pytest.raises(ConfigError, match=r"feedpub\.toml:2: feedpub: wrong: unknown key"):
        run(path, "import", example("feeds.toml"), "--yes")


def test_published_list_is_exported_unchanged(path: Path) -> None:
    """If it does not exist, the error names the next step."""
    with pytest.raises(PublishError, match="run `feedpub build`"):
        run(path, "export", "opml")
    folder = path.parent.parent / "feeds"
    folder.mkdir()
    (folder / "feeds.opml").write_bytes(b"<opml version='2.0'/>\n")
    assert run(path, "export", "opml").stdout_bytes == b"<opml version='2.0'/>\n"


TOWN_LINKS = "ul.news > li:nth-of-type(2) a[href^='/n'], #top h2"


def test_exported_sources_can_be_imported_again(path: Path) -> None:
    """CSS selectors are exported as XPath. Other losses are reported, and no secret is exported."""
    path.write_text(
        CONFIG
        + f"""
headers = {{ Authorization = "Bearer s3cret" }}

[[feed]]
name = "town"
title = "Town & country"
every = "2h"
rules = {{ content = "article .text", remove = [".share", "text:Advert"] }}
[[feed.source]]
type = "page"
url = "https://town.example.org/"
links = "{TOWN_LINKS}"
[[feed.source]]
type = "page"
url = "https://country.example.org/"
[[feed.source]]
type = "sitemap"
url = "https://country.example.org/sitemap.xml"
[[feed.source]]
type = "folder"
path = "articles"
""",
        "utf-8",
    )
    result = run(path, "export", "opml", "--sources")
    assert "s3cret" not in result.output
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == [
        "quay",
        "town",
        "town",
        "town",
    ]
    back = parse_import(result.stdout_bytes, "back.opml")
    quay, town = back.feeds
    assert (quay.url, quay.type) == ("http://www.quay.example.org/feed.xml/", "feed")
    assert (town.title, town.type, town.every) == ("Town & country", "page", "2h")
    page = parse_html(
        '<ul class="news"><li><a href="/n1">1</a></li><li><a href="/n2">2</a><a href="/x">3</a></'
        "li></ul>"
        '<div id="top"><h2>4</h2></div>'
    )
    selected = select_elements(page, town.links)
    assert [element.text for element in selected] == ["2", "4"]
    assert selected == select_elements(page, TOWN_LINKS)
    assert back.sites[0].settings == (("content", ("article .text",)), ("remove", (".share",)))


def test_export_without_sources_is_an_empty_document(tmp_path: Path) -> None:
    path = tmp_path / "feedpub.toml"
    path.write_text("", "utf-8")
    result = run(path, "export", "opml", "--sources")
    assert len(etree.fromstring(result.stdout_bytes).findall("body")) == 1
    assert parse_import(result.stdout_bytes, "x.opml").feeds == ()


def test_exported_xpath_selector_is_imported_unchanged(path: Path) -> None:
    """FreshRSS starts relative paths at the document, feedpub at its `<html>`."""
    path.write_text(
        CONFIG
        + """
[[feed]]
name = "town"
title = "Town"
rules = { content = "xpath://article", remove = ["xpath://aside"] }
[[feed.source]]
type = "page"
url = "https://town.example.org/"
links = "xpath:body//h2/a | //h3/a/@href"
""",
        "utf-8",
    )
    result = run(path, "export", "opml", "--sources")
    assert "town: content and remove in XPath are left out: readers take CSS" in result.stderr
    back = parse_import(result.stdout_bytes, "back.opml")
    assert back.feeds[-1].links == "xpath:/html/body//h2/a | //h3/a/@href"
    assert not back.sites
