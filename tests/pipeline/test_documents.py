"""Documents that a page or a feed lists, from a real site to published files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline.run import run_feed
from tests.support.clock import FakeClock
from tests.support.documents import make_docx, make_pdf
from tests.support.newsroom import configure, open_context, output_folder
from tests.support.site import Route, Site

MINUTES = "The council resolved to repair the roof of the shelter in the month of {}."


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def link(name: str, text: str, day: int) -> str:
    return f'<li><a href="/files/{name}">{text}</a>, <time>2026-10-{day:02}T08:30:07Z</time></li>'


def listing(*links: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><title>Minutes</title></head><body><nav>'
        '<a href="/">Home</a> <a href="/contact/">Contact</a></nav><main><h1>Minutes</h1>'
        f"<ul>{''.join(links)}</ul></main></body></html>"
    )


def pdf(month: str, **info: str) -> Route:
    lines = [(770, 16, f"Minutes of {month}"), (735, 11, MINUTES.format(month))]
    return Route(make_pdf([lines], info), "application/pdf")


@pytest.fixture
def council(site: Site) -> Site:
    site["/minutes/"] = listing(
        link("october-draft.pdf", "Minutes of the meeting in October", 3),
        link("september.pdf", "Download", 2),
        link("rules.docx", "Word, 12 kB", 1),
    )
    site["/files/october-draft.pdf"] = pdf("October", Title="Untitled 1")
    site["/files/september.pdf"] = pdf("September", Title="Minutes of September")
    text = "Visitors ring after the service, never before it, and they never ring on Mondays."
    docx = make_docx(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>", title="Rules for bands")
    site["/files/rules.docx"] = Route(docx, "application/octet-stream")
    return site


def configured(tmp_path: Path, site: Site, settings: str = "", path: str = "/minutes/") -> Config:
    return configure(
        tmp_path,
        '[[feed]]\nname = "council"\ntitle = "Council"\n[[feed.source]]\n'
        f'type = "page"\nurl = "{site.url(path)}"\n{settings}\n',
    )


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as tools:
        result = run_feed(config.feed[0], tools)
    clock.pass_time(3600)
    return result


def entries(config: Config) -> list[dict[str, Any]]:
    document = json.loads((output_folder(config) / "council.json").read_bytes())
    return list(document["items"])


def test_listed_documents_are_entries(tmp_path: Path, council: Site, clock: FakeClock) -> None:
    """The listing gives the title, unless it is generic, and the date; the file is enclosed."""
    config = configured(tmp_path, council)
    assert build(config, clock).status == RunStatus.UPDATED
    october, september, rules = entries(config)
    assert [october["title"], september["title"], rules["title"]] == [
        "Minutes of the meeting in October",
        "Minutes of September",
        "Rules for bands",
    ]
    assert october["date_published"] == "2026-10-03T08:30:07+00:00"
    assert MINUTES.format("October") in october["content_html"]
    assert "never on Mondays" not in rules["content_html"]
    route = council.routes["/files/october-draft.pdf"]
    assert isinstance(route, Route)
    assert october["attachments"] == [
        {
            "url": council.url("/files/october-draft.pdf"),
            "mime_type": "application/pdf",
            "size_in_bytes": len(route.body),
        }
    ]
    assert rules["attachments"][0]["mime_type"].endswith("wordprocessingml.document")


def test_unchanged_documents_are_not_fetched_again(
    tmp_path: Path, council: Site, clock: FakeClock
) -> None:
    config = configured(tmp_path, council)
    build(config, clock)
    before = entries(config)
    council.clear_requests()
    assert build(config, clock).status == RunStatus.UNCHANGED
    assert council.paths() == ["/minutes/"]
    assert entries(config) == before


def test_selected_links_may_be_documents(tmp_path: Path, council: Site, clock: FakeClock) -> None:
    config = configured(tmp_path, council, 'links = "main li:first-child"')
    build(config, clock)
    assert [entry["title"] for entry in entries(config)] == ["Minutes of the meeting in October"]


def test_pages_come_before_their_attachments(
    tmp_path: Path, council: Site, clock: FakeClock
) -> None:
    """A list of articles is the listing, even if each of them has a PDF."""
    months = ("January", "February", "March")
    cards = [
        f'<article><h2><a href="/news/{month}-report-of-the-council/">The report of {month} is '
        f'here</a></h2><p>{MINUTES.format(month)}</p><a href="/files/{month}.pdf">Download</a>'
        "</article>"
        for month in months
    ]
    council["/news/"] = f"<html><body><main>{''.join(cards)}</main></body></html>"
    for month in months:
        council[f"/news/{month}-report-of-the-council/"] = (
            f"<html><body><article><h1>The report of {month} is here</h1>"
            f"<p>{MINUTES.format(month)} {MINUTES.format('May')}</p></article></body></html>"
        )
    config = configured(tmp_path, council, path="/news/")
    build(config, clock)
    assert [entry["url"] for entry in entries(config)] == [
        council.url(f"/news/{month}-report-of-the-council/") for month in months
    ]


def test_without_fetching_an_entry_is_its_title_and_file(
    tmp_path: Path, council: Site, clock: FakeClock
) -> None:
    config = configured(tmp_path, council, "fetch = false")
    build(config, clock)
    assert council.paths() == ["/minutes/"]
    october = entries(config)[0]
    assert october["title"] == "Minutes of the meeting in October"
    assert october["date_published"] == "2026-10-03T08:30:07+00:00"
    assert october["attachments"] == [
        {"url": council.url("/files/october-draft.pdf"), "mime_type": "application/pdf"}
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Route(b"%PDF-1.4" + b" " * 9_000_000, "application/pdf"),
        Route(b"gone", status=404, validators=False),
        Route(b"busy", status=503, validators=False),
    ],
    ids=("too-large", "gone", "busy"),
)
def test_document_that_cannot_be_fetched_is_its_title_and_file(
    tmp_path: Path, council: Site, clock: FakeClock, answer: Route
) -> None:
    """The other documents are read, and status names this one."""
    council["/files/october-draft.pdf"] = answer
    config = configured(tmp_path, council)
    result = build(config, clock)
    assert [problem.where for problem in result.problems] == [
        council.url("/files/october-draft.pdf")
    ]
    october, september, _ = entries(config)
    assert october["title"] == "Minutes of the meeting in October"
    assert october["attachments"][0]["url"] == council.url("/files/october-draft.pdf")
    assert MINUTES.format("September") in september["content_html"]


def test_document_that_could_not_be_fetched_is_completed_later(
    tmp_path: Path, council: Site, clock: FakeClock
) -> None:
    good = council.routes["/files/october-draft.pdf"]
    council["/files/october-draft.pdf"] = Route(b"busy", status=503, validators=False)
    config = configured(tmp_path, council)
    build(config, clock)
    before = entries(config)[0]
    council["/files/october-draft.pdf"] = good
    clock.pass_time(7200)
    build(config, clock)
    after = entries(config)[0]
    assert after["id"] == before["id"]
    assert MINUTES.format("October") in after["content_html"]


def test_feeds_may_link_to_documents(tmp_path: Path, council: Site, clock: FakeClock) -> None:
    """The feed's title and date come first; its description stays if the document has no text."""
    items = "".join(
        f"<item><title>{name}</title><link>{council.url(f'/files/{name}.pdf')}</link>"
        f"<description>The minutes of {name}, on two pages.</description></item>"
        for name in ("september", "scan")
    )
    rss = f'<rss version="2.0"><channel><title>Council</title>{items}</channel></rss>'
    council["/feed"] = Route(rss.encode(), "application/rss+xml")
    council["/files/scan.pdf"] = Route(make_pdf([[]]), "application/pdf")
    config = configure(
        tmp_path,
        '[[feed]]\nname = "council"\ntitle = "Council"\n[[feed.source]]\n'
        f'type = "feed"\nurl = "{council.url("/feed")}"\n',
    )
    build(config, clock)
    found = {entry["title"]: entry for entry in entries(config)}
    assert MINUTES.format("September") in found["september"]["content_html"]
    assert found["scan"]["content_text"] == "The minutes of scan, on two pages."
    for entry in found.values():
        assert entry["attachments"][0]["mime_type"] == "application/pdf"


def test_scanned_documents_are_all_entries(tmp_path: Path, council: Site, clock: FakeClock) -> None:
    """None of them has a text, which does not make them one page."""
    names = ("one", "two", "three", "four")
    links = [link(f"{name}.pdf", f"Scan number {name}", 4) for name in names]
    council["/minutes/"] = listing(*links)
    for name in names:
        council[f"/files/{name}.pdf"] = Route(make_pdf([[]]), "text/html")
    config = configured(tmp_path, council)
    assert build(config, clock).problems == ()
    assert [entry["title"] for entry in entries(config)] == [
        f"Scan number {name}" for name in names
    ]
    council.clear_requests()
    build(config, clock)
    assert council.paths() == ["/minutes/"]
