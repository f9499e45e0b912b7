"""The entries of one page or in a JSON document, from a real site to published files."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config, FeedSource, PageSource
from feedpub.config.sources import source_fingerprint
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline.run import run_feed
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, open_context, open_newsroom, output_folder
from tests.support.site import Route, Site

NOTES = {
    3: "The wheel turns backwards if it is asked to, and the sluices are opened by a schedule.",
    2: "Logs are rotated daily, and the old ones are packed once a week by the night watchman.",
    1: "This is the first version of the mill, and it grinds no more than a sack in an hour.",
}


def section(n: int, text: str = "") -> str:
    note = text or NOTES[n]
    return (
        f'<h2 id="v{n}">Version {n}</h2><p><time datetime="2026-0{n}-02T08:00:07+02:00">'
        f"{n} 2026</time></p><p>{note}</p><ul><li>Change {n} of the mill.</li></ul>"
    )


def changelog(*sections: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><title>Changes</title></head><body><main>'
        f"<h1>Changes</h1>{''.join(sections)}</main></body></html>"
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def source(site: Site, path: str, settings: str) -> str:
    return (
        '[[feed]]\nname = "mill"\ntitle = "Mill"\n[[feed.source]]\n'
        f'url = "{site.url(path)}"\n{settings}\n'
    )


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as tools:
        result = run_feed(config.feed[0], tools)
    clock.pass_time(3600)
    return result


def entries(config: Config) -> list[dict[str, Any]]:
    document = json.loads((output_folder(config) / "mill.json").read_bytes())
    return list(document["items"])


def test_each_item_of_a_page_is_an_entry_with_its_exact_date(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/changes"] = changelog(section(3), section(2), section(1))
    config = configure(tmp_path, source(site, "/changes", 'type = "items"\nitem = "h2"'))
    result = build(config, clock)
    assert (result.new, result.failed) == (3, 0), result.problems
    assert site.paths() == ["/changes"]
    found = entries(config)
    assert [entry["title"] for entry in found] == ["Version 3", "Version 2", "Version 1"]
    assert [entry["url"] for entry in found] == [site.url(f"/changes#v{n}") for n in (3, 2, 1)]
    assert found[0]["date_published"] == "2026-03-02T06:00:07+00:00"
    assert NOTES[3] in found[0]["content_html"]
    assert "Change 3" in found[0]["content_html"]


def test_items_added_changed_and_removed_on_a_page(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """New ones are added, edits update their entry, and those that vanish stay published."""
    site["/changes"] = changelog(section(2), section(1))
    config = configure(tmp_path, source(site, "/changes", 'type = "items"'))
    assert build(config, clock).new == 2
    before = {entry["title"]: entry for entry in entries(config)}
    edited = "Logs are rotated hourly, and only the miller's daughter may read the old ones."
    site["/changes"] = changelog(section(3), section(2, edited))
    result = build(config, clock)
    assert (result.new, result.updated) == (1, 1), result.problems
    after = {entry["title"]: entry for entry in entries(config)}
    assert list(after) == ["Version 3", "Version 2", "Version 1"]
    assert after["Version 2"]["id"] == before["Version 2"]["id"]
    assert edited in after["Version 2"]["content_html"]
    assert after["Version 1"] == before["Version 1"]


def test_unchanged_page_changes_nothing(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    site["/changes"] = changelog(section(2), section(1))
    config = configure(tmp_path, source(site, "/changes", 'type = "items"'))
    build(config, clock)
    site.clear_requests()
    assert build(config, clock).status is RunStatus.UNCHANGED
    assert [request.status for request in site.requests if "changes" in request.path] == [304]


def test_single_item_becomes_one_of_several(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    """Its anchor identifies it from the beginning, when no other item shares its page."""
    site["/changes"] = changelog(section(1))
    settings = 'type = "items"\nitem = "h2"'
    config = configure(tmp_path, source(site, "/changes", settings))
    build(config, clock)
    (first,) = entries(config)
    site["/changes"] = changelog(section(2), section(1))
    assert build(config, clock).new == 1
    assert [entry["id"] for entry in entries(config)][1] == first["id"]


def test_item_without_a_link_gets_a_page_of_its_own(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    body = "".join(f"<div class=n><h3>Notice {n}</h3><p>{NOTES[n]}</p></div>" for n in (2, 1))
    site["/notices"] = changelog(body)
    config = configure(tmp_path, source(site, "/notices", 'type = "items"\nitem = ".n"'))
    assert build(config, clock).new == 2
    first = entries(config)[0]
    page = output_folder(config) / "mill" / first["url"].rpartition("/")[2]
    assert NOTES[2] in page.read_text("utf-8")


def test_fetch_reads_the_page_that_an_item_links_to(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """An item that is only on the page is published from there."""
    site["/changes"] = changelog(
        '<section><h2><a href="/v2">Version 2</a></h2><time>2026-02-02</time><p>Teaser.</p>'
        "</section>",
        f'<section id="v1"><h2>Version 1</h2><time>2026-01-02</time><p>{NOTES[1]}</p></section>',
    )
    site["/v2"] = (
        f"<html><body><article><h1>Version 2</h1><p>{NOTES[2]}</p><p>{NOTES[3]}</p></article>"
        "</body></html>"
    )
    settings = 'type = "items"\nitem = "section"\nfetch = true'
    config = configure(tmp_path, source(site, "/changes", settings))
    result = build(config, clock)
    assert result.new == 2, result.problems
    assert site.paths() == ["/changes", "/v2"]
    second, first = entries(config)
    assert NOTES[3] in second["content_html"]
    assert NOTES[1] in first["content_html"]


# --- JSON ---


def post(n: int, **more: Any) -> dict[str, Any]:
    return {
        "id": n,
        "headline": f"Post {n}",
        "path": f"/posts/{n}",
        "at": 1_770_000_000 + n,
        **more,
    }


def answer(site: Site, path: str, data: Any) -> None:
    site[path] = Route(json.dumps(data).encode(), "application/json")


def test_json_api_is_read_with_its_own_content(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    posts = [post(2, html=f"<p>{NOTES[2]}</p>"), post(1, html=f"<p>{NOTES[1]}</p>")]
    answer(site, "/api", {"data": {"posts": posts}})
    settings = (
        'type = "json"\nitems = "data.posts"\ntitle = "headline"\nlink = "path"\ndate = "at"\n'
        'content = "html"'
    )
    config = configure(tmp_path, source(site, "/api", settings))
    result = build(config, clock)
    assert result.new == 2, result.problems
    assert site.paths() == ["/api"]
    assert site.requests[-1].headers["accept"].startswith("application/json")
    first = entries(config)[0]
    assert (first["title"], first["url"]) == ("Post 2", site.url("/posts/2"))
    assert first["date_published"] == "2026-02-02T02:40:02+00:00"
    assert NOTES[2] in first["content_html"]


def test_json_api_is_asked_with_post(site: Site, tmp_path: Path, clock: FakeClock) -> None:
    answer(site, "/graphql", [post(1, html=f"<p>{NOTES[1]}</p>")])
    settings = (
        'type = "json"\nbody = \'{"limit": 20}\'\ntitle = "headline"\nlink = "path"\n'
        'content = "html"'
    )
    config = configure(tmp_path, source(site, "/graphql", settings))
    for _ in range(2):
        result = build(config, clock)
        assert result.problems == ()
        request = site.requests[-1]
        assert (request.method, request.body) == ("POST", b'{"limit": 20}')
        assert request.headers["content-type"] == "application/json"
        assert not request.is_conditional
    assert len(entries(config)) == 1


def test_articles_of_a_json_api_are_fetched_without_its_body_and_headers(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    answer(site, "/api", [post(1)])
    site["/posts/1"] = (
        f"<html><body><article><h1>Post 1</h1><p>{NOTES[2]}</p><p>{NOTES[3]}</p></article>"
        "</body></html>"
    )
    settings = 'type = "json"\nbody = "{}"\ntitle = "headline"\nlink = "path"\ndate = "at"'
    config = configure(tmp_path, source(site, "/api", settings))
    result = build(config, clock)
    assert result.new == 1, result.problems
    assert NOTES[3] in entries(config)[0]["content_html"]
    request = site.requests[-1]
    assert (request.method, request.path) == ("GET", "/posts/1")
    assert request.headers["accept"].startswith("text/html")


def test_expression_that_does_not_fit_is_named(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    answer(site, "/api", {"results": [post(1)], "count": 1})
    config = configure(
        tmp_path, source(site, "/api", 'type = "json"\nitems = "data.posts"\ncontent = "html"')
    )
    (problem,) = build(config, clock).problems
    assert problem.reason == (
        'items = "data.posts" gives null, not a list; the document is an object with the keys '
        '"results", "count"'
    )


# --- pages of a listing, and headlines only ---


def test_further_pages_are_read_when_a_feed_is_first_built(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    answer(site, "/api", {"rows": [post(3, html=NOTES[3])], "next": "/api?page=2"})
    answer(site, "/api?page=2", {"rows": [post(2, html=NOTES[2])], "next": "/api?page=3"})
    answer(site, "/api?page=3", {"rows": [post(1, html=NOTES[1])], "next": None})
    settings = (
        'type = "json"\nitems = "rows"\ntitle = "headline"\nlink = "path"\ndate = "at"\n'
        'content = "html"\nnext = "next"\npages = 2'
    )
    config = configure(tmp_path, source(site, "/api", settings))
    assert build(config, clock).new == 2
    assert site.paths() == ["/api", "/api?page=2"]
    site.clear_requests()
    result = build(config, clock)
    assert (result.new, result.kept) == (0, 1)
    assert site.paths() == ["/api"]
    assert [entry["title"] for entry in entries(config)] == ["Post 3", "Post 2"]


def test_further_pages_are_read_after_a_first_build_that_failed(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/api"] = Route(b"{}", "application/json", status=500)
    settings = 'type = "json"\ntitle = "headline"\ncontent = "html"\nnext = "next"\npages = 2'
    config = configure(tmp_path, source(site, "/api", settings))
    assert build(config, clock).status is RunStatus.FAILED
    answer(site, "/api", {"rows": [post(3, html=NOTES[3])], "next": "/api?page=2"})
    answer(site, "/api?page=2", {"rows": [post(2, html=NOTES[2])]})
    assert build(config, clock).new == 2


@pytest.mark.parametrize(("kind", "path"), [("page", "/news"), ("sitemap", "/sitemap.xml")])
def test_headlines_only_make_no_request_for_each_article(
    site: Site, tmp_path: Path, clock: FakeClock, kind: str, path: str
) -> None:
    open_newsroom(site, [3, 2, 1])
    settings = f'type = "{kind}"\nfetch = false'
    config = configure(tmp_path, source(site, path, settings))
    result = build(config, clock)
    assert (result.new, result.failed) == (3, 0), result.problems
    assert site.paths() == [path]
    first = entries(config)[0]
    assert first["url"] == site.url("/news/council-decides-on-matter-3")
    assert first["date_published"].startswith("2026-11-03")
    if kind == "page":
        assert first["title"] == "Council decides on matter 3 of the harbour"
        assert "Matter 3 was decided after a debate." in first["content_html"]
    assert build(config, clock).status is RunStatus.UNCHANGED


def test_known_sources_stay_known_with_the_new_settings(site: Site) -> None:
    """Settings that are not used do not start a new baseline."""
    page = PageSource(type="page", url=site.url("/news"))
    old = page.model_dump_json(exclude={"render", "fetch", "pages"})
    assert source_fingerprint(page) == hashlib.sha256(old.encode()).hexdigest()[:16]
    feed = FeedSource(type="feed", url=site.url("/rss"))
    old = feed.model_dump_json(exclude={"render"})
    assert source_fingerprint(feed) == hashlib.sha256(old.encode()).hexdigest()[:16]
    headlines = PageSource(type="page", url=site.url("/news"), fetch=False)
    assert source_fingerprint(headlines) != source_fingerprint(page)
