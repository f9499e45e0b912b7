"""Render the pages in a real browser."""

import pytest

from feedpub.builder import render_article, render_index, render_page
from feedpub.core.models import FeedSummary
from tests.builder import full
from tests.support.chromium import UPDATE_URL, dump
from tests.support.feeds import entry, feed
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow

LONG = feed(
    entry(
        1, title="Unbroken" * 40, authors=("A" * 90,), summary="https://example.org/" + "x" * 300
    ),
    entry(
        2,
        html="<table><tbody><tr>"
        + "<td>wide cell</td>" * 30
        + "</tr></tbody></table><pre>"
        + "y" * 400
        + "</pre>",
    ),
    base_url="https://a-rather-long-name-of-a-host.feeds.example.org/with/a/path/",
)
PAGES = {
    "feed": render_page(full.FEED),
    "right to left": render_page(full.QUIET),
    "index": render_index([FeedSummary.for_feed(full.FEED), FeedSummary.for_feed(full.QUIET)]),
    "article": render_article(full.FEED, full.FEED.entries[1]),
    "long words": render_page(LONG),
    "wide article": render_article(LONG, LONG.entries[1]),
}
# A frame as wide as a phone; the page inside is asked whether it fits, and what its heading looks
# like.
HARNESS = """<!DOCTYPE html><iframe src="/page" width="360" height="800"></iframe>
<script>onload = () => {
  const page = frames[0].document.documentElement, heading = page.querySelector("h1");
  document.title = `${page.scrollWidth <= page.clientWidth ? "fits" : "overflows"}, ` +
    `weight ${frames[0].getComputedStyle(heading).fontWeight}, ` +
    `${heading.textContent.length > 0 ? "text" : "no text"}`;
}</script>"""

every_page = pytest.mark.parametrize("name", PAGES)


@every_page
def test_page_fits_a_phone_and_policy_allows_its_style(site: Site, name: str) -> None:
    site["/page"] = Route(PAGES[name])
    site["/harness"] = HARNESS
    assert "<title>fits, weight 700, text</title>" in dump(site.url("/harness"))


@every_page
def test_page_requests_nothing_but_images_of_the_article(site: Site, name: str) -> None:
    page = PAGES[name].replace(b"https://", b"http://")  # a proxy sees the addresses of plain HTTP
    site[site.url("/page")] = Route(page)  # the request line that a proxy receives
    dom = dump(
        site.url("/page"),
        f"--proxy-server=127.0.0.1:{site.port}",
        "--proxy-bypass-list=<-loopback>",
    )
    assert "<main" in dom
    requested = [
        path
        for path in site.paths()
        if path != site.url("/page") and not path.startswith(UPDATE_URL)
    ]
    assert requested == (
        ["http://feeds.example.org/harbour/werft.jpg"] if name == "article" else []
    )
