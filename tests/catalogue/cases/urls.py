"""New-looking addresses of known articles, and addresses that cannot be requested."""

from functools import partial
from typing import Any

from tests.catalogue import dns
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_headline, has_news, same_entries
from tests.catalogue.press import NEW, NOW, OLD, listing, publish, rss, rss_item, story
from tests.catalogue.stage import FEED, PAGE, Stage, Start
from tests.support.newsroom import feed, path
from tests.support.site import Route

IDN = "bücher.test"


def _links(links: str, stage: Stage) -> None:
    """Link to all stories of the listing in this form."""
    links = links.replace("{site}", stage.site.url("").removeprefix("http://"))
    stage.site["/news"] = listing(NOW, links=links)
    for n in NOW:
        for end in ("/", ";jsessionid=0A1B2C3D4E5F6071"):
            stage.site[f"{path(n)}{end}"] = stage.site.routes[path(n)]
        stage.site[_encode_path(n)] = stage.site.routes[path(n)]


def _encode_path(n: int) -> str:
    return path(n).replace("/news/", "/%6eews/")


def _encoded_links(stage: Stage) -> None:
    """Percent-encode letters of the links, which does not change their meaning."""
    _links("{path}", stage)
    page = listing(NOW)
    for n in NOW:
        page = page.replace(f'"{path(n)}"', f'"{_encode_path(n)}"')
    stage.site["/news"] = page


def _old_links(links: str, stage: Stage) -> None:
    """Link to the known stories in this form, and to no others."""
    stage.site["/news"] = listing(
        OLD, links=links.replace("{site}", stage.site.url("").removeprefix("http://"))
    )


def links_case(name: str, links: str, **more: Any) -> Case:
    """Return a case that links to the known stories and the new one in this form."""
    return Case(name, partial(_links, links), right=has_news, **more)


def _entry_at(link: str, stage: Stage) -> None:
    items = [rss_item(stage.site, NEW, link=link), *(rss_item(stage.site, n) for n in OLD)]
    stage.site["/rss"] = Route(rss(items).encode(), "application/rss+xml")


def unusable(name: str, link: str, reason: str = "", **more: Any) -> Case:
    """Return a case whose new entry has an address that cannot be requested."""
    return Case(name, partial(_entry_at, link), reason, start=FEED, **more)


def _set_base(stage: Stage) -> None:
    page = listing(NOW, links="../..{path}")
    stage.site["/news"] = page.replace("<head>", '<head><base href="/deep/er/and/deeper/">')
    for n in NOW:
        stage.site[f"/deep/er{path(n)}"] = stage.site.routes[path(n)]
    stage.site["/news"] = page.replace("../..", "../../../..").replace(
        "<head>", '<head><base href="/deep/er/and/on/">'
    )


def _canonical(address: str, stage: Stage) -> None:
    """Let the new story's page declare an address that cannot be requested."""
    stage.site[path(NEW)] = story(NEW, head=f'<link rel="canonical" href="{address}">')


def _serve_idn(stage: Stage) -> None:
    stage.marks["names"] = stage.prop(dns.name_server(stage.site.host, "xn--bcher-kva.test"))


def _idn_listing(stage: Stage) -> None:
    """Link to the stories by the host's Unicode name; the listing is fetched by its ASCII name."""
    publish(stage.site, NOW)
    stage.site["/news"] = listing(NOW, links=f"http://BÜCHER.test:{stage.site.port}{{path}}")


IDNA = Start(
    "idn",
    lambda stage: [feed("world", f"page http://xn--bcher-kva.test:{stage.site.port}/news")],
    prepare=_serve_idn,
    within=lambda stage: dns.resolver_script(stage.marks["names"], stage.home.root),
)


def _link_to_forbidden(link: str, stage: Stage) -> None:
    """Link to the new story in a form that hides the path that robots.txt forbids."""
    stage.site["/news"] = listing(NOW).replace(f'"{path(NEW)}"', f'"{link}"')


def forbidden(
    name: str, link: str, robots: str = f"User-agent: *\nDisallow: {path(NEW)}\n"
) -> Case:
    """Return a case whose new story is forbidden by an existing robots.txt and not fetched."""

    def prepare(stage: Stage) -> None:
        stage.site["/robots.txt"] = Route(robots.encode(), "text/plain")

    start = Start(name, PAGE.feeds, prepare=prepare)
    return Case(
        name,
        partial(_link_to_forbidden, link),
        "robots.txt of 127.77.0.1:[0-9]+ forbids it",
        start=start,
    )


CASES = (
    Case("http-https", partial(_old_links, "https://{site}{path}"), right=same_entries),
    links_case("utm-added", "{path}?utm_source=feed&amp;utm_medium=rss&amp;fbclid=abc"),
    links_case(
        "session-token", "{path};jsessionid=0A1B2C3D4E5F6071?PHPSESSID=0a1b2c3d4e5f60718293a4b5c6"
    ),
    Case("relative-base", _set_base, right=has_news),
    Case("idn", _idn_listing, right=has_news, start=IDNA, needs=dns.needs_names),
    unusable(
        "long-10k", "http://127.77.0.1/news?" + "a" * 10_000, "the URL is longer than 8192 bytes"
    ),
    links_case("trailing-slash", "{path}/"),
    # --- further cases ---
    links_case("fragment", "{path}#comments"),
    links_case("dot-segments", "/news/../.{path}"),
    links_case("upper-case-scheme", "HTTP://{site}{path}"),
    Case("percent-encoded", _encoded_links, right=has_news),
    links_case("blanks-around", " \n{path}\t"),
    links_case("empty-query", "{path}?"),
    links_case("password-in-link", "http://user:secret@{site}{path}"),
    unusable("javascript-link", "javascript:alert(1)", right=has_headline),
    unusable("file-link", "file:///etc/passwd", right=has_headline),
    unusable("no-host", "http://:80/nowhere", right=has_headline),
    unusable("port-99999", "http://127.77.0.1:99999/", right=has_headline),
    Case(
        "canonical-port-99999", partial(_canonical, "http://127.77.0.1:99999/pier"), right=has_news
    ),
    unusable("bad-ipv6", "http://[::1/", right=has_headline),
    unusable(
        "nul-in-host",
        "http://127.77.0.1%00.example/",
        "has no valid host|valid URL",
        right=has_headline,
    ),
    forbidden("robots-around-dots", f"/open/%2e%2E{path(NEW)}"),
    forbidden("robots-percent-encoded", path(NEW).replace("/news/", "/%6eews/")),
    forbidden(
        "robots-split-group",
        path(NEW),
        "User-agent: feedpub/0.1\nCrawl-delay: 0\nX-Unknown: y\n"
        f"User-agent: b\nDisallow: {path(NEW)}\n",
    ),
)
