"""The manual over HTTP: its pages, their links, and nothing else of the package."""

import gzip
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import html

from feedpub import manual
from feedpub.web import FeedApp, FolderBackend
from tests.support.client import Client, serve_app


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of an app with an empty output folder."""
    with serve_app(
        FeedApp(
            FolderBackend(tmp_path_factory.mktemp("feeds")), None, [], "https://feeds.example.net/"
        )
    ) as running:
        yield running


def page(client: Client, path: str) -> html.HtmlElement:
    reply = client.get(path)
    assert reply.status == 200
    return html.document_fromstring(reply.body.decode())


@pytest.mark.parametrize("topic", manual.list_topics())
def test_page_of_a_topic_is_served_with_working_links(reader: Client, topic: str) -> None:
    path = f"/manual/{topic}"
    shown = page(reader, path)
    assert (shown.findtext(".//title") or "").startswith(manual.list_topics()[topic])
    for link in shown.xpath("//main//a/@href"):
        target = urlsplit(urljoin(path, link))
        if not target.scheme:
            assert (
                page(reader, target.path).xpath(f"//*[@id='{target.fragment}']")
                or not target.fragment
            ), link


def test_index_is_at_the_root_of_the_manual(reader: Client) -> None:
    assert reader.get("/manual/").body == reader.get("/manual/index").body
    moved = reader.get("/manual")
    assert (moved.status, moved.header("location")) == (308, "manual/")


def test_page_is_cached_and_compressed(reader: Client) -> None:
    reply = reader.get("/manual/scheduling", accept_encoding="gzip")
    assert reply.header("content-encoding") == "gzip"
    assert gzip.decompress(reply.body) == reader.get("/manual/scheduling").body
    assert reply.header("cache-control") == "public, max-age=3600"
    again = reader.get(
        "/manual/scheduling", accept_encoding="gzip", if_none_match=reply.header("etag")
    )
    assert (again.status, again.body, again.header("etag")) == (304, b"", reply.header("etag"))


def test_page_may_load_nothing(reader: Client) -> None:
    reply = reader.get("/manual/")
    assert reply.header("content-security-policy").startswith(
        "default-src 'none'; style-src 'sha256-"
    )
    assert reply.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/manual/nothing",
        "/manual/tutorial.md",
        "/manual/../errors.py",
        "/manual/%2e%2e/errors.py",
        "/manual/..%2ferrors",
        "/manual/__init__",
        "/manual/__init__.py",
        "/manual//tutorial",
        "/manualtutorial",
    ],
)
def test_other_files_of_the_package_are_not_served(reader: Client, path: str) -> None:
    assert reader.get(path).status == 404


def test_other_methods_are_refused(reader: Client) -> None:
    reply = reader.request("POST", "/manual/tutorial")
    assert (reply.status, reply.header("allow")) == (405, "GET, HEAD")
