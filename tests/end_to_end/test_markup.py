"""Markup of sources runs nothing in a reader, and makes no reader send requests.

Every vector of tests/vectors/markup.toml passes through the pipeline, as an article's page and as a
feed's content, title, author, category and enclosure. Then a real browser loads the published
documents and pages. It also loads each entry alone: every text of it is inserted into a page as
HTML, as a careless reader without a content security policy would do.
"""

import html
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from feedpub.cleaner.sanitize import sanitise
from tests.support.chromium import dump
from tests.support.home import Home
from tests.support.newsroom import PARAGRAPHS, feed
from tests.support.service import running_service
from tests.support.site import Route, Site, running_site

pytestmark = pytest.mark.slow(seconds=20)
VECTORS = Path(__file__).parents[1] / "vectors" / "markup.toml"
AT_ONCE = 150  # documents in one page of the browser
PATIENCE = "--virtual-time-budget=20000"
CANARY = "/canary/"
KINDS = {
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".opml": "text/x-opml",
    ".json": "text/plain",
}
SVG = (
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="90" height="90"'
)
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
# Pictures next to saved articles, by attack; JS and URL are replaced as in markup.toml.
DRAWINGS = {
    "script": "<script>JS</script>",
    "script-elsewhere": "<script href='URL'/>",
    "script-under-a-prefix": "<s:script xmlns:s='http://www.w3.org/2000/svg'>JS</s:script>",
    "script-of-html": f"<script {XHTML}>JS</script>",
    "script-in-data-of-an-editor": (
        f"<e:x xmlns:e='urn:editor'><script {XHTML}>JS</script><script>JS</script></e:x>"
    ),
    "handler": "<g onload='JS'/>",
    "handler-of-an-image": "<image href='data:image/png;base64,AA' onerror='JS'/>",
    "handler-of-an-animation": (
        "<rect><animate attributeName='x' dur='1ms' to='9' onbegin='JS' onend='JS'/></rect>"
    ),
    "foreign-object": (
        f"<foreignObject width='9' height='9'><img {XHTML} src='x' onerror='JS'/></foreignObject>"
    ),
    "fallback": (
        f"<switch><foreignObject><iframe {XHTML} src='URL'/></foreignObject><text>A</text></switch>"
    ),
    "frame": f"<iframe {XHTML} src='URL'/>",
    "link": "<a href='javascript:JS' xlink:href='URL'><rect width='90' height='90'/></a>",
    "image": "<image href='URL' width='9' height='9'/>",
    "old-image": "<image xlink:href='URL' width='9' height='9'/>",
    "use": "<use href='URL#a'/>",
    "filter": (
        "<filter id='f'><feImage href='URL'/></filter><rect width='9' height='9' filter='url(#f)'/>"
    ),
    "filter-elsewhere": "<rect width='9' height='9' filter='url(URL#f)'/>",
    "imported-style": "<style>@import 'URL';</style>",
    "escaped-import": "<style>@\\69mport 'URL';</style>",
    "font": (
        "<style>@font-face { font-family: f; src: url(URL) } text { font-family: f "
        "}</style><text y='9'>A</text>"
    ),
    "masked": "<rect width='9' height='9' style='mask-image: image-set(\"URL\" 1x)'/>",
    "base": "<g xml:base='URL'><use href='#a'/></g>",
    "entity": "&run;",
    "attribute-of-a-type": "<rect/>",
    "style-sheet": "<rect/>",
    "drawn": (
        "<defs><linearGradient id='g'><stop stop-color='red'/></linearGradient></defs><rect "
        "fill='url(#g)'/>"
    ),
}
HARMLESS = {  # after something was removed
    "attribute-of-a-type",
    "base",
    "drawn",
    "fallback",
    "link",
    "script-in-data-of-an-editor",
    "style-sheet",
}
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
ATOM = "{http://www.w3.org/2005/Atom}"
# Frames for documents. Each is parsed as in a reader, then once more from its own serialisation, as
# in readers and editors that store the browser's DOM. Then its content is audited.
FRAMES = """<!doctype html><title>frames</title><body>FRAMES<script>
const allowed = ["http:", "https:", "mailto:", "tel:"]
function scheme(address) {
  try { return new URL(address, location).protocol } catch { return "http:" }
}
function audit(document) {
  const found = []
  if (/^\\/R4N[^ ]*\\/$/.test(document.title)) found.push("ran: " + document.title)
  const bad = "script,style,iframe,frame,object,embed,applet,form,input,button,select,textarea,"
    + "link,base,meta[http-equiv],svg,math,video,audio,template,noscript,plaintext,xmp,noembed,"
    + "noframes,portal,marquee"
  if (!document.body) return found  // it is XML
  if (document.title === "calm" && document.body.lastElementChild?.tagName !== "HR")
    found.push("hides what follows")
  for (const each of document.body.querySelectorAll(bad)) found.push("element " + each.outerHTML)
  for (const each of document.body.querySelectorAll("*")) for (const attribute of each.attributes) {
    if (/^(on|style$|srcset$|ping$|background$|formaction$|srcdoc$|name$)/i.test(attribute.name))
      found.push("attribute " + attribute.name)
    const is_address = /^(href|src|cite|action)$/i.test(attribute.name)
    if (is_address && !allowed.includes(scheme(attribute.value)))
      found.push("address " + attribute.value)
  }
  return found
}
function settled() { return new Promise(done => setTimeout(done, 300)) }
// Chromium aborts loads when a network of this machine changes, so load again. Navigation repeats.
async function loaded() {
  for (let n = 0; n < 5; n++) {
    const gone = [...document.querySelectorAll("iframe")].filter(frame => !frame.contentDocument)
    if (!gone.length) return
    const again = frame => new Promise(done => {
      frame.onload = done
      frame.src = frame.src
      setTimeout(done, 3000)
    })
    await Promise.all(gone.map(again))
  }
}
onload = async () => {
  await loaded()
  await settled()
  const report = {}
  const look = again => { for (const frame of document.querySelectorAll("iframe")) {
    let found
    try { found = audit(frame.contentDocument) } catch (error) { found = ["led away: " + error] }
    if (found.length) report[frame.dataset.name] = found.map(text => again + text.slice(0, 200))
  } }
  look("")
  for (const frame of document.querySelectorAll("iframe")) {
    const body = frame.contentDocument?.body
    if (body) for (let n = 0; n < 3; n++) body.innerHTML = body.innerHTML
  }
  await settled()
  look("again: ")
  document.body.textContent = "REPORT" + JSON.stringify(report) + "END"
}
</script>"""


@dataclass(frozen=True)
class Vector:
    """A text that attempts an attack."""

    name: str
    text: str


def vectors(site: Site) -> list[Vector]:
    """Return all vectors, with marks and URLs of their own."""
    table = tomllib.loads(VECTORS.read_text("utf-8"))
    number = count(1)
    return [
        Vector(f"{kind}-{at}", _insert_canary(text, f"{kind}-{at}-{next(number)}", site))
        for kind, texts in table.items()
        for at, text in enumerate(texts)
    ]


def _insert_canary(text: str, name: str, site: Site) -> str:
    text = text.replace("URL", site.url(f"{CANARY}{name}")).replace(
        "PICTURE", site.url(f"/picture/{name}")
    )
    return text.replace("JS", f"document.title=/R4N-{name}/")


def drawings(site: Site) -> dict[str, bytes]:
    """Return all pictures, with marks and URLs of their own."""
    before = {"entity": "<!DOCTYPE svg [<!ENTITY run '<script>JS</script>'>]>"}
    before["attribute-of-a-type"] = "<!DOCTYPE svg [<!ATTLIST svg onload CDATA 'JS'>]>"
    before["style-sheet"] = "<?xml-stylesheet href='URL' type='text/css'?>"
    return {
        name: _insert_canary(
            f"{before.get(name, '')}<svg {SVG}>{inner}</svg>", f"svg-{name}", site
        ).encode()
        for name, inner in DRAWINGS.items()
    }


@pytest.fixture(scope="module")
def canary() -> Iterator[Site]:
    """Run the server that must not get requests. It also serves the documents under test."""
    with running_site() as site:
        yield site


@pytest.fixture(scope="module")
def source() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture(scope="module")
def home(canary: Site, source: Site, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Publish everything with the real command."""
    home = Home(tmp_path_factory.mktemp("markup"))
    found = vectors(canary)
    source["/rss"] = Route(_rss(source, found), "application/rss+xml")
    source["/pages"] = Route(_rss(source, found, of_pages=True), "application/rss+xml")
    for at, vector in enumerate(found):
        source[f"/page/{at}"] = Route(_page(at, vector.text).encode())
        if at % 3 == 0:
            home.save(f"story-{at}.html", _page(at, vector.text))
        elif at % 3 == 1 or vector.name.startswith("markdown"):
            home.save(f"story-{at}.md", _markdown(at, vector.text))
    folder = home.config.parent / "drawings"
    folder.mkdir(parents=True)
    for name, content in drawings(canary).items():
        (folder / f"{name}.svg").write_bytes(content)
        (folder / f"{name}.md").write_text(_markdown(0, f"![A drawing]({name}.svg)"), "utf-8")
    home.configure(
        feed("drawn", "folder drawings"),
        feed("own", f"feed {source.url('/rss')}", more="limit = 1000").replace(
            'type = "feed"', 'type = "feed"\nfetch = false'
        ),
        feed("pages", f"feed {source.url('/pages')}", more="limit = 1000"),
        feed("saved", "folder articles", more="limit = 1000"),
    )
    home.build()
    return home


def _story(at: int, vector: str) -> str:
    first, *rest = (paragraph.format(n=at) for paragraph in PARAGRAPHS)
    return f"<p>{first}</p><p>Before {vector} after the vector.</p>" + "".join(
        f"<p>{text}</p>" for text in rest
    )


def _page(at: int, vector: str) -> str:
    quoted = html.escape(vector)
    return (
        f'<!doctype html><html lang="en"><head><title>Story {at}: {quoted} | Paper</title>'
        f'<meta name="author" content="{quoted}"><meta name="description" '
        f'content="{quoted}"></head><body>'
        f"<article><h1>Story number {at} of the "
        f"paper</h1>{_story(at, vector)}</article></body></html>"
    )


def _markdown(at: int, vector: str) -> str:
    first, *rest = (paragraph.format(n=at) for paragraph in PARAGRAPHS)
    return "\n\n".join(
        [f"# Story {at}: {vector}", first, vector, f"Within a line: {vector} and on.", *rest]
    )


def _rss(source: Site, found: list[Vector], *, of_pages: bool = False) -> bytes:
    items = "".join(_item(source, at, vector, of_page=of_pages) for at, vector in enumerate(found))
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>'
        f"<link>{source.url()}</link><description>News</description>{items}</channel></rss>"
    ).encode("utf-8", "replace")


def _item(source: Site, at: int, vector: Vector, *, of_page: bool) -> str:
    text = _xml(vector.text)
    link = source.url(f"/page/{at}" if of_page else f"/own/{at}")
    if of_page:
        return f"<item><title>Story number {at} of the paper</title><link>{link}</link></item>"
    return (
        f"<item><title>{_xml(html.escape(f'{at} {vector.text}'))}</title><link>{link}</link>"
        f"<dc:creator>{text}</dc:creator><category>{text}</category><description>{_xml(html.escape(vector.text))}</description>"
        f'<enclosure url="{source.url(f"/{at}.mp3")}?{text}" length="1" type="{text}"/>'
        f"<content:encoded>{_xml(_story(at, vector.text))}</content:encoded></item>"
    )


def _xml(text: str) -> str:
    """Return a text without the characters that XML excludes."""
    return html.escape(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text))


# --- a feed in a careless reader ---


def careless(home: Home, name: str) -> dict[str, str]:
    """Return each entry as a page that contains its texts without a policy.

    A page has the texts of the entry in all formats; texts that two formats share are there once.
    """
    formats = zip(
        etree.parse(home.feeds / f"{name}.rss").iterfind(".//item"),
        etree.parse(home.feeds / f"{name}.atom").iterfind(f"{ATOM}entry"),
        home.items(name),
        strict=True,
    )
    pages = {}
    for at, (item, entry, values) in enumerate(formats):
        texts = [text.text for text in item if text.text and text.tag != "link"]
        texts += [text for text in entry.itertext() if text.strip()]
        pages[f"{name} {at}"] = _laid_out(list(dict.fromkeys([*texts, *_texts(values)])))
    return pages


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    else:
        yield str(value)


def _laid_out(texts: list[str | None]) -> str:
    body = "\n<hr>\n".join([*(text or "" for text in texts), ""])
    return f"<!doctype html><html><head><title>calm</title></head><body>{body}</body></html>"


def in_browser(canary: Site, pages: Mapping[str, str | bytes | Route]) -> dict[str, list[str]]:
    """Load each page in a frame and return its violations."""
    report: dict[str, list[str]] = {}
    names = list(pages)
    for start in range(0, len(names), AT_ONCE):
        frames = ""
        for at, name in enumerate(names[start : start + AT_ONCE]):
            page = pages[name]
            canary[f"/document/{at}"] = (
                page.encode("utf-8", "replace") if isinstance(page, str) else page
            )
            frames += f'<iframe data-name="{name}" src="/document/{at}" loading="eager"></iframe>'
        canary["/frames"] = FRAMES.replace("FRAMES", frames, 1)
        found = re.search("REPORT(.*?)END", dump(canary.url("/frames"), PATIENCE), re.DOTALL)
        assert found is not None
        report |= json.loads(html.unescape(found[1]))
    return report


def seriously(report: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return what ran or navigated, for own pages, which have elements that articles lack."""
    found = {
        name: [text for text in texts if re.search("ran: |led away", text)]
        for name, texts in report.items()
    }
    return {name: texts for name, texts in found.items() if texts}


def triggered_requests(canary: Site) -> list[str]:
    """Return the requests that only a tricked browser makes."""
    found = [path for path in canary.paths() if path.startswith(CANARY)]
    canary.clear_requests()
    return found


# --- tests ---


def test_unsanitised_vectors_run_in_this_browser(canary: Site) -> None:
    """Otherwise, the other tests would prove nothing."""
    raw = {vector.name: _laid_out([vector.text]) for vector in vectors(canary)}
    some = {
        name: page
        for name, page in raw.items()
        if name.split("-")[0] in ("scripts", "handlers", "styles")
    }
    report = in_browser(canary, some)
    ran = [name for name, found in report.items() if any("ran: " in each for each in found)]
    assert len(ran) > 20
    assert len(set(triggered_requests(canary))) > 5


def test_sanitised_vectors_are_harmless(canary: Site) -> None:
    """Each vector is tried alone and within a paragraph."""
    pages = {
        vector.name: _laid_out([sanitise(vector.text), sanitise(_story(1, vector.text))])
        for vector in vectors(canary)
    }
    assert in_browser(canary, pages) == {}
    assert triggered_requests(canary) == []


@pytest.mark.parametrize("name", ["own", "pages", "saved"])
def test_entries_are_harmless_in_a_reader_that_renders_all_texts_as_html(
    home: Home, canary: Site, name: str
) -> None:
    pages = careless(home, name)
    assert len(pages) > 50
    assert in_browser(canary, pages) == {}
    assert triggered_requests(canary) == []


def test_published_files_are_harmless_in_a_browser(home: Home, canary: Site) -> None:
    documents = {
        n: c
        for n, c in home.read_published().items()
        if n.endswith((".html", ".rss", ".atom", ".json", ".opml"))
    }
    assert {"own.html", "index.html", "feeds.opml", "own.rss", "health.atom"} <= documents.keys()
    as_it_is = {
        f"{name} as {kind}": Route(content, kind)
        for name, content in documents.items()
        for kind in (KINDS.get(Path(name).suffix, "text/html"), "application/xml")
    }
    assert seriously(in_browser(canary, as_it_is)) == {}
    assert triggered_requests(canary) == []


def test_published_pictures_are_harmless_as_documents(home: Home, canary: Site) -> None:
    before = {name: Route(content, "image/svg+xml") for name, content in drawings(canary).items()}
    ran = set(in_browser(canary, before))
    fooled = ran | {path.removeprefix(f"{CANARY}svg-") for path in triggered_requests(canary)}
    assert len(fooled) > 18
    assert fooled >= {
        "script",
        "handler-of-an-image",
        "entity",
        "foreign-object",
        "image",
        "imported-style",
    }
    published = {
        Path(name).stem: Route(content, "image/svg+xml")
        for name, content in home.read_published().items()
        if name.endswith(".svg")
    }
    assert published.keys() == HARMLESS
    assert in_browser(canary, published) == {}
    assert triggered_requests(canary) == []
    refused = json.loads(home.run("status", "--json").stdout)["feeds"][0]["outcome"]["problems"]
    assert {Path(problem["where"]).stem for problem in refused} == DRAWINGS.keys() - HARMLESS


def test_status_page_is_harmless(home: Home, canary: Site) -> None:
    """It shows texts of sources and removed lines."""
    with running_service(home.config) as service:
        pages = {path: service.get(path) for path in ("/status", "/", "/healthz", "/metrics")}
    assert seriously(in_browser(canary, pages)) == {}
    assert triggered_requests(canary) == []


def test_pages_allow_only_their_style_and_pictures(home: Home) -> None:
    pages = [
        content.decode()
        for name, content in home.read_published().items()
        if name.endswith(".html")
    ]
    assert len(pages) > 50
    for page in pages:
        policy = re.search('<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page)
        assert policy is not None
        assert page.index(policy[0]) < 300  # before anything that it is about
        assert html.unescape(policy[1]).startswith("default-src 'none'; style-src 'sha256-")
        assert "script-src" not in policy[1]
        assert "unsafe" not in policy[1]
