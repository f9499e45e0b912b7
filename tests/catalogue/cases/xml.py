"""Feeds and sitemaps that are invalid, too large or hostile."""

import gzip
from functools import partial
from typing import Any

from tests.catalogue.case import Case
from tests.catalogue.cases.rights import contains, has_news, has_news_among_others, short
from tests.catalogue.press import NEW, NOW, OLD, json_feed, moment, rss, rss_item, sitemap
from tests.catalogue.stage import FEED, JSON, SITEMAP, Stage, Start
from tests.support.evil import running_raw_server
from tests.support.newsroom import path, title
from tests.support.site import Route

_PLAIN = "The harbour master hopes"
_ROOT = "root:x:0:0"


def _items(stage: Stage, more: str = "", **new: Any) -> list[str]:
    return [rss_item(stage.site, NEW, more=more, **new), *(rss_item(stage.site, n) for n in OLD)]


def _rss(stage: Stage, *, prolog: str = "", more: str = "", channel: str = "") -> None:
    """Serve a feed with this prolog, channel content and content of its new entry."""
    text = rss(_items(stage, more), prolog=prolog, channel=channel)
    stage.site["/rss"] = Route(text.encode("utf-8", "surrogatepass"), "application/rss+xml")


def _feed(
    name: str, reason: str = "", right: Any = None, *, start: Start = FEED, **parts: Any
) -> Case:
    limits = {key: parts.pop(key) for key in ("seconds", "megabytes", "also") if key in parts}
    return Case(name, partial(_rss, **parts), reason, right, start=start, **limits)


def _serves(place: str, content: bytes | str, content_type: str, stage: Stage) -> None:
    stage.site[place] = Route(
        content.encode() if isinstance(content, str) else content, content_type
    )


def _json(name: str, content: str, reason: str = "", right: Any = None) -> Case:
    return Case(
        name,
        partial(_serves, "/feed.json", content, "application/feed+json"),
        reason,
        right,
        start=JSON,
    )


def _sitemap(
    name: str, content: bytes | str, reason: str = "", right: Any = None, **more: Any
) -> Case:
    scene = partial(_serves, "/sitemap.xml", content, "application/xml")
    return Case(name, scene, reason, right, start=SITEMAP, **more)


def _in_title(stage: Stage, text: str) -> None:
    item = rss_item(stage.site, NEW).replace(title(NEW), f"{title(NEW)}{text}")
    stage.site["/rss"] = Route(
        rss([item, *(rss_item(stage.site, n) for n in OLD)]).encode("utf-8", "surrogatepass"),
        "application/rss+xml",
    )


def _rdf(stage: Stage) -> None:
    """Serve the feed as RSS 1.0 with a short prefix, after a licence of several kB."""
    licence = f"<!-- {'<p>Use it as you like.</p> ' * 250} -->"
    head = (
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/">'
    )
    channel = "<channel r:about='/'><title>Harbour Times</title></channel>"
    text = f"{licence}{head}{channel}{''.join(_items(stage))}</r:RDF>"
    stage.site["/rss"] = Route(text.encode(), "application/xml")


def _atom(stage: Stage) -> None:
    """Serve the feed as Atom with a prefix and with XHTML in its entries."""
    entries = "".join(
        f"<a:entry><a:title>{title(n)}</a:title>"
        f"<a:link href='{stage.site.url(path(n))}'/><a:id>urn:story:{n}</a:id>"
        f"<a:published>{moment(n).isoformat()}</a:published>"
        f"<a:updated>{moment(n).isoformat()}</a:updated>"
        "<a:summary type='xhtml'><div><p>More inside.</p></div></a:summary></a:entry>"
        for n in NOW
    )
    head = '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns="http://www.w3.org/1999/xhtml">'
    stage.site["/rss"] = Route(
        f"{head}<a:title>Harbour Times</a:title>{entries}</a:feed>".encode(), "text/html"
    )


def _external(stage: Stage) -> None:
    """Refer to an external document type on a listener that counts connections."""
    listener = stage.marks["private"] = stage.prop(running_raw_server(b"", host="127.77.0.8"))
    place = f"http://127.77.0.8:{listener.port}/feed.dtd"
    _rss(stage, prolog=f'<!DOCTYPE rss SYSTEM "{place}" [<!ENTITY % all SYSTEM "{place}"> %all;]>')


def _unrequested(stage: Stage) -> None:
    assert stage.marks["private"].connections == 0, "the document type was fetched"


def _fill_sitemap(stage: Stage) -> None:
    """Serve a sitemap with as many other addresses as allowed, then the new story."""
    urls = "".join(f"<url><loc>{stage.site.url(f'/tag/{n}')}</loc></url>" for n in range(50_000))
    stage.site["/sitemap.xml"] = Route(
        sitemap(stage.site, NOW, more=urls).encode(), "application/xml"
    )


def _index(stage: Stage, children: str) -> None:
    head = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    stage.site["/sitemap.xml"] = Route(
        f"{head}{children}</sitemapindex>".encode(), "application/xml"
    )


def _loop(stage: Stage) -> None:
    """Serve two sitemap indexes that refer to each other and to themselves."""
    for place in ("/sitemap.xml", "/b.xml"):
        _index(
            stage,
            "".join(
                f"<sitemap><loc>{stage.site.url(p)}</loc></sitemap>"
                for p in ("/sitemap.xml", "/b.xml")
            ),
        )
        stage.site["/b.xml"] = stage.site.routes[place]


def _endless(stage: Stage) -> None:
    """Serve sitemaps that each refer to two new ones."""

    def more(handler: Any) -> None:
        names = [f"{handler.path.removesuffix('.xml')}{n}.xml" for n in (0, 1)]
        text = "".join(f"<sitemap><loc>{stage.site.url(name)}</loc></sitemap>" for name in names)
        head = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        content = f"{head}{text}</sitemapindex>".encode()
        for name in names:
            stage.site.routes[name] = more
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n" + content)

    stage.site.routes["/sitemap.xml"] = more


def _truncate_feed(stage: Stage) -> None:
    """Serve a feed that ends after the new entry and two old ones, in a complete HTTP response."""
    text = rss(_items(stage))
    stage.site["/rss"] = Route(text[: text.index(title(3)) + 10].encode(), "application/rss+xml")


def _dead_links(stage: Stage) -> None:
    """Serve a feed with the new entry and fifty dead links of 8 kB."""
    dead = [
        rss_item(stage.site, 1, link=stage.site.url(f"/gone/{n}?{'?a.b' * 2000}"))
        for n in range(50)
    ]
    stage.site["/rss"] = Route(rss([*_items(stage), *dead]).encode(), "application/rss+xml")


def _many(stage: Stage) -> None:
    """Serve a feed of more than five thousand entries."""
    extra = [rss_item(stage.site, 1, link=stage.site.url(path(1))) for _ in range(5_000)]
    stage.site["/rss"] = Route(rss([*_items(stage), *extra]).encode(), "application/rss+xml")


_LAUGHS = "<!DOCTYPE rss [<!ENTITY a0 'ha'>{}]>".format(
    "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 11))
)
_QUADRATIC = f"<!DOCTYPE rss [<!ENTITY a '{'x' * 100_000}'>]>"
_FILE = '<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
_PASSWD = contains(_PLAIN, without=_ROOT)
_DEEP = "<a>" * 1000 + "x" + "</a>" * 1000

CASES = (
    _feed(
        "billion-laughs", right=has_news, prolog=_LAUGHS, more="<description>&a10;</description>"
    ),
    _feed("external-entity", right=_PASSWD, prolog=_FILE, more="<description>&file;</description>"),
    Case(
        "control-char",
        partial(_in_title, text=" \x0b\x01\x1f now"),
        right=contains(_PLAIN, without="[\x01\x0b\x1f]"),
        start=FEED,
    ),
    Case(
        "ufffe",
        partial(_in_title, text=" \ufffe\uffff now"),
        right=contains(_PLAIN, without="[\ufffe\uffff]"),
        start=FEED,
    ),
    Case(
        "cdata-end-in-text",
        partial(_in_title, text=" ]]&gt; so"),
        right=contains(_PLAIN, "]]> so"),
        start=FEED,
    ),
    _feed("undefined-entity", right=has_news, more="<description>A&nbsp;b &bogus; c</description>"),
    _feed("depth-1000", right=has_news, more=f"<description>{_DEEP}</description>"),
    # --- further cases ---
    _feed(
        "quadratic-blowup",
        right=has_news,
        prolog=_QUADRATIC,
        more=f"<comments>{'&a;' * 100_000}</comments>",
    ),
    Case("external-dtd", _external, right=has_news, also=_unrequested, start=FEED),
    _feed(
        "xinclude",
        right=_PASSWD,
        more='<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"'
        ' parse="text"/>',
    ),
    _feed("xml-stylesheet", right=has_news, prolog='<?xml-stylesheet href="file:///etc/passwd"?>'),
    _feed("xml-encoding-lie", right=has_news, prolog='<?xml version="1.0" encoding="utf-16"?>'),
    _feed("feed-depth-100k", right=has_news, more=f"<description>{'<a>' * 100_000}</description>"),
    _feed(
        "feed-behind-5kb-comment",
        right=has_news,
        prolog=f"<?xml version='1.0'?><!-- {'<p>Free.</p> ' * 400} -->",
    ),
    Case("feed-rdf-under-a-prefix", _rdf, right=has_news, start=FEED),
    Case("feed-atom-under-a-prefix", _atom, right=has_news, start=FEED),
    Case("feed-breaks-off", _truncate_feed, right=has_news, start=FEED),
    Case(
        "feed-title-2mb",
        partial(_in_title, text=" and" + " word" * 400_000),
        right=short,
        start=FEED,
    ),
    Case("dead-links-8k", _dead_links, "HTTP 404", has_news_among_others, start=FEED),
    Case("feed-5k-entries", _many, right=has_news, start=FEED, seconds=60),
    Case(
        "feed-is-html",
        partial(_serves, "/rss", "<html><body><h1>We moved</h1></body></html>", "text/html"),
        "expected a feed, found an HTML page",
        start=FEED,
    ),
    Case(
        "feed-without-entries",
        partial(_serves, "/rss", rss([]), "application/rss+xml"),
        "the feed has no entries",
        start=FEED,
    ),
    _json("json-depth-100k", "[" * 100_000 + "]" * 100_000, "JSON"),
    _json(
        "json-breaks-off",
        '{"version": "https://jsonfeed.org/version/1.1", "items": [{"url"',
        "JSON",
    ),
    _json("json-is-a-number", "1e999", "JSON|feed"),
    _json(
        "json-wrong-types",
        '{"version": "https://jsonfeed.org/version/1.1", "items": {"a": [null, 1, "x"]}}',
        "entries|JSON|feed",
    ),
    Case(
        "json-null-fields",
        lambda stage: _serves(
            "/feed.json",
            json_feed(stage.site, NOW).replace(
                '"items": [', '"items": [null, 7, {"url": null}, {"id": {}, "url": []}, '
            ),
            "application/feed+json",
            stage,
        ),
        right=has_news,
        start=JSON,
    ),
    _sitemap(
        "sitemap-bomb",
        gzip.compress(b"<urlset>" + b" " * 60_000_000),
        "larger than 50 MB when unpacked",
    ),
    _sitemap("sitemap-gzip-cut", gzip.compress(b"<urlset></urlset>" * 100)[:-9], "cut off"),
    _sitemap(
        "sitemap-empty",
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>',
        "has no entries",
    ),
    Case("sitemap-50k", _fill_sitemap, right=has_news, start=SITEMAP, seconds=60),
    Case("sitemap-loop", _loop, "has no entries", start=SITEMAP),
    Case("sitemap-endless", _endless, "has no entries", start=SITEMAP),
)
