"""Saved pages in folders, from real files to published ones."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedpub.config import Config
from feedpub.core.models import RunResult, RunStatus
from feedpub.pipeline.run import run_feed
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, open_context, output_folder
from tests.support.saved_pages import make_mhtml, make_png, write_warc

TEXT = "Moss does not break slates. It holds water, the water freezes, and the frost breaks them."
URL = "https://roofs.example/moss"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "saved"
    path.mkdir()
    return path


@pytest.fixture
def config(tmp_path: Path, folder: Path) -> Config:
    return configure(tmp_path, feed("roofs", f"folder {folder}"))


def build(config: Config, clock: FakeClock) -> RunResult:
    with open_context(config, clock) as context:
        result = run_feed(config.feed[0], context)
    clock.pass_time(3600)
    return result


def entries(config: Config) -> list[dict[str, Any]]:
    document = json.loads((output_folder(config) / "roofs.json").read_bytes())
    return list(document["items"])


def pictures(config: Config) -> dict[str, bytes]:
    """Return the published pictures by their names."""
    files = (output_folder(config) / "roofs").rglob("*.png")
    return {path.name: path.read_bytes() for path in files}


def page(image: str, title: str = "Moss on the north side", head: str = "") -> str:
    return (
        f'<html lang="en"><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>'
        f"<p>{TEXT}</p><figure>{image}<figcaption>Four years of moss</figcaption></figure>"
        f"<p>{TEXT}</p></article></body></html>"
    )


def singlefile(image: str, head: str = "") -> str:
    note = (
        f"<!--\n Page saved with SingleFile \n url: {URL} \n saved date: Sat Oct 04 2025 "
        "10:12:33 GMT+0200 (Central European Summer Time)\n-->"
    )
    return f"<!DOCTYPE html> <html lang=en>{note}{page(image, head=head)}"


def data_address(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def test_singlefile_page_is_an_entry_with_its_pictures(
    folder: Path, config: Config, clock: FakeClock
) -> None:
    """The address and the date are in a comment; pictures in the style sheet count as well."""
    inline, styled = make_png(10), make_png(200)
    style = f'<style>:root{{--sf-img-1: url("{data_address(styled)}")}}</style>'
    image = (
        f"<img alt=One src={data_address(inline)}><img alt=Two src='data:image/svg+xml,<svg/>' "
        "style='background-image:var(--sf-img-1)!important'>"
    )
    (folder / "Moss (10_4_2025).html").write_text(singlefile(image, style))
    assert build(config, clock).status == RunStatus.UPDATED
    (entry,) = entries(config)
    assert entry["url"] == URL
    assert entry["date_published"] == "2025-10-04T08:12:33+00:00"
    assert "data:" not in entry["content_html"]
    published = pictures(config)
    assert set(published.values()) == {inline, styled}
    for name in published:
        assert f"/roofs/{name}" in entry["content_html"]


def test_pictures_are_published_once_and_again_if_they_are_gone(
    folder: Path, config: Config, clock: FakeClock
) -> None:
    """They are read from the saved page; once they are published, it may be deleted."""
    file = folder / "moss.html"
    file.write_text(singlefile(f"<img src={data_address(make_png(10))}>"))
    build(config, clock)
    (picture,) = (output_folder(config) / "roofs").glob("*.png")
    picture.unlink()
    build(config, clock)
    assert picture.read_bytes() == make_png(10)
    file.unlink()
    (folder / "other.txt").write_text(f"Another\n\n{TEXT}\n")
    assert build(config, clock).problems == ()
    assert picture.exists()


def test_mhtml_page_is_an_entry_with_its_pictures(
    folder: Path, config: Config, clock: FakeClock
) -> None:
    html = page('<img src="../pics/moss.png" alt="Moss">')
    parts = {"https://roofs.example/pics/moss.png": make_png(10)}
    (folder / "sub").mkdir()
    saved = make_mhtml("https://roofs.example/a/moss", html, parts, title="Moss")
    (folder / "sub" / "Moß.mhtml").write_bytes(saved)
    assert build(config, clock).problems == ()
    (entry,) = entries(config)
    assert (entry["url"], entry["title"]) == (
        "https://roofs.example/a/moss",
        "Moss on the north side",
    )
    assert entry["date_published"] == "2025-10-05T15:02:10+00:00"
    assert list(pictures(config).values()) == [make_png(10)]
    assert f"/roofs/sub/{next(iter(pictures(config)))}" in entry["content_html"]


@pytest.mark.parametrize("name", ["crawl.warc", "crawl.warc.gz"])
def test_each_page_of_a_web_archive_is_an_entry(
    folder: Path, config: Config, clock: FakeClock, name: str
) -> None:
    """Redirects, errors and other files are none; pictures come from the archive."""
    html = "text/html; charset=utf-8"
    write_warc(
        folder / name,
        [
            (URL, "301 Moved", html, b"moved"),
            (f"{URL}/", "200 OK", html, page('<img src="/moss.png" alt="Moss">').encode()),
            ("https://roofs.example/moss.png", "200 OK", "image/png", make_png(10)),
            ("https://roofs.example/ice", "200 OK", html, page("", "Ice").encode()),
            ("https://roofs.example/gone", "404 Not Found", html, page("", "Gone").encode()),
            ("https://roofs.example/robots.txt", "200 OK", "text/plain", b"User-agent: *"),
        ],
    )
    assert build(config, clock).problems == ()
    found = {entry["url"]: entry["title"] for entry in entries(config)}
    assert found == {f"{URL}/": "Moss on the north side", "https://roofs.example/ice": "Ice"}
    assert list(pictures(config).values()) == [make_png(10)]
    ids = {entry["id"] for entry in entries(config)}
    assert build(config, clock).status == RunStatus.UNCHANGED
    assert {entry["id"] for entry in entries(config)} == ids


def test_damaged_web_archive_is_reported(folder: Path, config: Config, clock: FakeClock) -> None:
    """Other files of the folder are read."""
    (folder / "crawl.warc.gz").write_bytes(b"not an archive at all")
    (folder / "other.txt").write_text(f"Another\n\n{TEXT}\n")
    result = build(config, clock)
    assert [entry["title"] for entry in entries(config)] == ["Another"]
    (problem,) = result.problems
    assert problem.reason == "the web archive has no page with status 200, or is damaged"


def test_notes_embed_pictures_from_anywhere_in_their_folder(
    folder: Path, config: Config, clock: FakeClock
) -> None:
    """The day in a note's name is its date."""
    (folder / "Attachments").mkdir()
    (folder / "Attachments" / "my moss.png").write_bytes(make_png(10))
    (folder / "Notes").mkdir()
    note = folder / "Notes" / "2025-09-02.md"
    note.write_text(f"{TEXT} See [[Slates|the other note]].\n\n![[my moss.png|320]]\n\n#moss\n")
    assert build(config, clock).problems == ()
    (entry,) = entries(config)
    assert entry["title"] == "2025-09-02"
    assert entry["date_published"].startswith("2025-09-02T")
    assert "See the other note." in entry["content_html"]
    assert "/roofs/Attachments/my%20moss.png" in entry["content_html"]
    assert "#moss" not in entry["content_html"]
    assert pictures(config) == {"my moss.png": make_png(10)}
