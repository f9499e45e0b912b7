"""Pages in a real browser: the result, what reaches other servers, and the limits of a page."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from feedpub.core.errors import FetchError, ResourceLimitError, SourceError
from feedpub.core.models import Page
from feedpub.fetch import Fetcher, RequestOptions
from feedpub.fetch.browser import Browser, RenderLimits
from tests.fetch.browser.conftest import LIMITS, Listener
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow
JS = "text/javascript"


def render(browser: Browser, gate: Fetcher, url: str) -> Page:
    return browser.render(url, gate, RequestOptions(), seconds=60)


def text(page: Page) -> str:
    return page.body.decode()


def test_rendered_page_has_the_dom_without_scripts(
    browser: Browser, gate: Fetcher, site: Site
) -> None:
    """The client fetches scripts and data; styles and images are not requested."""
    site["/app/"] = (
        "<title>t</title><link rel=stylesheet href=/style.css><script type=module "
        "src=/app.js></script>"
        "<noscript>Turn on JavaScript</noscript><img src=/picture.png><div id=root></div>"
    )
    site["/app.js"] = Route(
        b"const list = await (await fetch('/api?page=1')).json();"
        b"const links = list.map(n => `<a href='/${n}'>Story ${n} \xe2\x80\xa6</a>`);"
        b"document.querySelector('#root').innerHTML = links.join('');",
        JS,
    )
    site["/api"] = Route(b"[1, 2, 3]", "application/json")
    page = render(browser, gate, site.url("/app/"))
    assert "Story 3 …" in text(page)
    assert "script" not in text(page).lower()
    assert (page.url, page.charset, page.etag) == (site.url("/app/"), "utf-8", None)
    assert site.paths() == ["/app/", "/app.js", "/api?page=1"]


def test_page_may_navigate_within_its_site(browser: Browser, gate: Fetcher, site: Site) -> None:
    site["/"] = "<script>location.replace('/en/')</script>"
    site["/en/"] = "<script>document.write('English')</script>"
    site["/robots.txt"] = Route(b"", "text/plain")
    assert "English" in text(render(browser, gate, site.url("/")))


def test_document_that_is_not_html_is_returned_as_fetched(
    browser: Browser, gate: Fetcher, site: Site
) -> None:
    site["/feed"] = Route(b"<rss/>", "application/rss+xml")
    assert render(browser, gate, site.url("/feed")).body == b"<rss/>"
    with pytest.raises(FetchError, match="HTTP 404"):
        render(browser, gate, site.url("/none"))


WAYS_OUT = """
<link rel=prefetch href="http://{there}/prefetch"><link rel=preconnect href="http://{there}/">
<link rel=dns-prefetch href="http://{there}/"><link rel=preload as=font crossorigin href="http://{there}/preload">
<link rel=stylesheet href="http://{there}/css"><style>@import "http://{there}/import";
body {{ background: url(http://{there}/background) }}
@font-face {{ font-family: x; src: url(http://{there}/font) }} p {{ font-family: x }}</style>
<iframe src="http://{there}/frame"></iframe><iframe srcdoc="<img src=http://{there}/inner>"></iframe>
<img src="http://{there}/img"><video src="http://{there}/video"></video><object data="http://{there}/object"></object>
<a ping="http://{there}/ping" href="#x" id=a>x</a>
<form id=f action="http://{there}/form" method=post></form>
<script src="http://{there}/script"></script><script type=speculationrules>
{{"prerender": [{{"urls": ["http://{there}/prerender"]}}]}}</script>
<p>text<script>
const tried = [];
const attempt = (name, run) => {{
  try {{ const done = run(); tried.push(name); done?.catch?.(() => 0) }} catch (e) {{ }}
}};
attempt("fetch", () => fetch("http://{there}/fetch", {{mode: "no-cors"}}));
attempt("post", () => fetch("http://{there}/post", {{method: "POST", body: "x", mode: "no-cors"}}));
attempt("metadata", () => fetch("http://169.254.169.254/latest/"));
attempt("file", () => fetch("file:///etc/passwd")
  .then(r => r.text()).then(t => document.body.append(t)));
attempt("beacon", () => navigator.sendBeacon("http://{there}/beacon", "x"));
attempt("socket", () => new WebSocket("ws://{there}/socket"));
attempt("events", () => new EventSource("http://{there}/events"));
attempt("transport", () => new WebTransport("https://{there}/transport").ready);
attempt("window", () => window.open("http://{there}/window"));
attempt("ping", () => document.querySelector("#a").click());
attempt("worker", () => new Worker(URL.createObjectURL(new Blob([
  `fetch("http://{there}/worker", {{mode: "no-cors"}}); new WebSocket("ws://{there}/worker")`]))));
attempt("rtc", () => {{
  const peer = new RTCPeerConnection({{iceServers: [{{urls: "stun:{there}"}},
    {{urls: "turn:{there}?transport=tcp", username: "u", credential: "p"}}]}});
  peer.createDataChannel("x");
  return peer.createOffer().then(offer => peer.setLocalDescription(offer));
}});
attempt("form", () => {{
  const form = document.querySelector("#f");
  form.target = "_blank";
  form.submit();
}});
document.title = tried.join(" ");
</script>
"""


def test_page_cannot_connect_to_anything(
    browser: Browser, gate: Fetcher, site: Site, listener: Listener
) -> None:
    """It tries every way to another port of the machine, although the config allows that."""
    site["/"] = WAYS_OUT.format(there=f"127.0.0.1:{listener.port}")
    page = text(render(browser, gate, site.url("/")))
    listener.stop()
    tried = page.partition("<title>")[2].partition("</title>")[0].split()
    assert {"fetch", "post", "beacon", "socket", "events", "worker", "rtc", "window"} <= {*tried}
    assert listener.arrived == []
    assert "root:" not in page
    assert site.paths() == ["/"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("for (;;);", "they hang", id="hang"),
        pytest.param(
            "const a = []; for (;;) a.push(new Array(1e5).fill(Math.random()))",
            "memory",
            id="memory",
        ),
        pytest.param(
            "document.body.dataset.x = 'x'.repeat(6e5)", "more than 500000 characters", id="huge"
        ),
    ],
)
def test_bad_page_fails_with_its_reason_and_the_next_one_is_rendered(
    browser: Browser, gate: Fetcher, site: Site, script: str, reason: str
) -> None:
    site["/"] = f"<p>text<script>{script}</script>"
    with pytest.raises(ResourceLimitError, match=reason):
        render(browser, gate, site.url("/"))
    site["/next"] = "<script>document.write('next')</script>"
    assert "next" in text(render(browser, gate, site.url("/next")))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            "onbeforeunload = () => 'stay'; alert(1); confirm(2); prompt(3); print()", id="dialogs"
        ),
        pytest.param(
            "setInterval(() => location = '/?' + Math.random(), 20)", id="leads on for ever"
        ),
        pytest.param(
            "setInterval(() => document.title = Math.random(), 20)", id="changes for ever"
        ),
        pytest.param(
            "['file:///etc/passwd', 'data:text/html,gone', 'chrome://crash', "
            "'http://elsewhere.invalid/', '/circle']"
            ".forEach((url, n) => setTimeout(() => location = url, n * 20))",
            id="leads astray",
        ),
        pytest.param("for (let i = 0; i < 50; i++) fetch('/?' + i)", id="many requests"),
        pytest.param("for (let i = 0; i < 5; i++) open('/w')", id="windows"),
        pytest.param("const a = []; for (;;) a.push(new Uint8Array(1e8).fill(1))", id="buffers"),
    ],
)
def test_annoying_page_is_rendered(
    browser: Browser, gate: Fetcher, site: Site, script: str
) -> None:
    site["/"] = f"<p>The text</p><script>{script}</script>"
    site["/circle"] = Route(status=302, headers={"Location": "/circle"})
    page = render(browser, gate, site.url("/"))
    assert "The text" in text(page)
    assert page.url.partition("?")[0] == site.url("/")
    assert len(site.paths()) <= LIMITS.requests + 1


def test_browser_leaves_no_process_and_no_profile(gate: Fetcher, site: Site) -> None:
    site["/"] = "<script>document.write(1 + 1)</script>"
    with Browser(limits=RenderLimits(quiet=0.1)) as browser, browser.is_in_use():
        assert "2" in text(render(browser, gate, site.url("/")))
        assert browser._loop is not None
        launch = browser._loop._process
        pid, home = launch.pid, launch._home
        assert pid
        assert os.getpgid(pid) == pid
    assert not [path for path in Path("/proc").glob("[0-9]*/stat") if str(home) in _command(path)]
    assert not home.exists()
    assert not Path(f"/proc/{pid}").exists()


def _command(stat: Path) -> str:
    try:
        return (stat.parent / "cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def test_killed_browser_is_started_again(browser: Browser, gate: Fetcher, site: Site) -> None:
    site["/"] = "<script>document.write(1 + 1)</script>"
    render(browser, gate, site.url("/"))
    assert browser._loop is not None
    browser._loop._process.kill()
    profile = Path(browser._loop._process._profile.read_text("utf-8").strip())
    with suppress(SourceError):  # if it was not noticed yet
        render(browser, gate, site.url("/"))
    assert "2" in text(render(browser, gate, site.url("/")))
    assert not profile.exists()
