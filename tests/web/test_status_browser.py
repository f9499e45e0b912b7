"""The status page in a real browser: layout, contrast and its form."""

import re
from collections.abc import Iterator

import pytest

from feedpub.web.status import FeedQuery
from tests.support.chromium import dump
from tests.support.overviews import (
    feed_status,
    render_status_page,
    service_in_every_state,
    service_status,
)
from tests.support.site import Route, Site, running_site

pytestmark = pytest.mark.slow

EVERY_FEED = FeedQuery(text="e")  # shows the filters and the search as well
PAGE = render_status_page(service_in_every_state(), EVERY_FEED, can_run=True).replace(
    "<details>", "<details open>"
)
DARK = ("--blink-settings=preferredColorScheme=0",)
# A frame of the given width. The script measures if the page fits, and the lowest contrast of its
# texts.
MEASURE = """<!DOCTYPE html><iframe src="/status" width="{width}" height="800"></iframe>
<script>
function channels(colour) {{ return colour.match(/[\\d.]+/g).map(Number) }}
function luminance(colour) {{
  const linear = c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4
  const [r, g, b] = channels(colour).map(c => linear(c / 255))
  return .2126 * r + .7152 * g + .0722 * b
}}
onload = () => {{
  const inside = frames[0], page = inside.document.documentElement
  function ground(element) {{
    const colour = inside.getComputedStyle(element).backgroundColor
    return channels(colour)[3] === 0 ? ground(element.parentElement) : colour
  }}
  const isText = node => node.nodeType === 3 && node.data.trim()
  const says = element => [...element.childNodes].some(isText)
  const texts = [...page.querySelectorAll("body :not(title)")].filter(says)
  const contrasts = texts.map(e => {{
    const colours = [inside.getComputedStyle(e).color, ground(e)]
    const [a, b] = colours.map(luminance).sort((x, y) => x - y)
    return (b + .05) / (a + .05)
  }})
  const width = `${{page.scrollWidth}} of ${{page.clientWidth}}`
  const background = inside.getComputedStyle(inside.document.body).backgroundColor
  document.title = [width, texts.length, Math.min(...contrasts).toFixed(2), background].join("; ")
}}
</script>"""
SUBMIT = """<!DOCTYPE html><iframe src="/status"></iframe>
<script>
onload = () => {
  const form = frames[0].document.querySelector("form")
  form.token.value = "open & sesame"
  document.querySelector("iframe").onload = () => document.title = "sent"
  form.requestSubmit()
}
</script>"""


@pytest.fixture
def host() -> Iterator[Site]:
    """Return a server without feedpub."""
    with running_site() as running:
        yield running


@pytest.mark.parametrize(
    ("flags", "ground"), [((), "rgb(251, 250, 247)"), (DARK, "rgb(22, 21, 19)")]
)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_page_fits_all_widths_with_enough_contrast(
    host: Site, width: int, flags: tuple[str, ...], ground: str
) -> None:
    host["/status"] = PAGE
    host["/measure"] = MEASURE.format(width=width)
    found = re.search("<title>(.*?)</title>", dump(host.url("/measure"), *flags))
    assert found is not None
    size, texts, contrast, colour = found[1].split("; ")
    needed, there = size.split(" of ")
    assert int(needed) <= int(there)
    assert int(texts) > 300
    assert float(contrast) >= 4.5
    assert colour == ground


def test_run_now_form_sends_feed_and_token(host: Site) -> None:
    host["/status"] = render_status_page(service_status(feed_status()), can_run=True)
    host["/run"] = Route(b"done")
    host["/submit"] = SUBMIT
    dump(host.url("/submit"), "--virtual-time-budget=10000")
    (sent,) = [request for request in host.requests if request.path == "/run"]
    assert (sent.method, sent.body) == ("POST", b"feed=world&token=open+%26+sesame")
