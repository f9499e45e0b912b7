"""Private addresses as a source, a redirect, a name whose answer changes, or an article's link.

Listeners with news run at this machine's private addresses, and no request may reach them. The
cases of one kind share a run. Each has its own feed with a healthy source and the private address.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from typing import Any

from tests.catalogue import dns, press
from tests.catalogue.answers import OK, redirect
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_news
from tests.catalogue.stage import PAGE, Stage, Start
from tests.support.evil import RawServer, running_raw_server
from tests.support.newsroom import feed, path
from tests.support.site import Site


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


FORMS = {  # name → the host as written in a URL, and the reason for the refusal
    "127.1": ("127.1", "127.0.0.1 is a loopback address"),
    "2130706433": ("2130706433", "127.0.0.1 is a loopback address"),
    "0x7f.1": ("0x7f.1", "127.0.0.1 is a loopback address"),
    "0177.0.0.1": ("0177.0.0.1", "127.0.0.1 is a loopback address"),
    "localhost.": ("localhost.", "is a loopback address"),
    "0.0.0.0": ("0.0.0.0", "0.0.0.0 is a this-host address"),  # noqa: S104
    "[::1]": ("[::1]", "::1 is a loopback address"),
    "[::ffff:127.0.0.1]": ("[::ffff:127.0.0.1]", "is an IPv4-mapped address"),
    "[::127.0.0.1]": ("[::127.0.0.1]", "is an IPv4-compatible address"),
    "[fec0::1]": ("[fec0::1]", "is a site-local address"),
    "[64:ff9b::a9fe:a9fe]": ("[64:ff9b::a9fe:a9fe]", "is a NAT64 address"),
    "[2002:7f00:1::]": ("[2002:7f00:1::]", "is a 6to4 address"),
    "100.64.0.1": ("100.64.0.1", "is a carrier-grade NAT address"),
    "169.254.169.254": ("169.254.169.254", "is a cloud metadata address"),
    "168.63.129.16": ("168.63.129.16", "is a cloud metadata address"),
    "circled-digit-hosts": ("①②⑦.⓪.⓪.①", "127.0.0.1 is a loopback address"),
    "backslash-at": ("127.0.0.1:{port}\\@127.77.0.1", "127.0.0.1 is a loopback address"),
    # --- further cases ---
    "127.0.0.1": ("127.0.0.1", "is a loopback address"),
    "10.0.0.1": ("10.0.0.1", "is a private address"),
    "172.16.0.1": ("172.16.0.1", "is a private address"),
    "192.168.1.1": ("192.168.1.1", "is a private address"),
    "[fd00:ec2::254]": ("[fd00:ec2::254]", "is a private address"),
    "[fe80::1]": ("[fe80::1]", "is a link-local address"),
    "224.0.0.1": ("224.0.0.1", "is a multicast address"),
    "255.255.255.255": ("255.255.255.255", "is a reserved address"),
    "localtest-percent": ("%6c%6f%63alhost", "is a loopback address"),
}
_SOURCES = [name for name in FORMS if name != "backslash-at"]  # the config refuses this address
_NAMES = [
    name for name, (host, _) in FORMS.items() if _is_address(host)
]  # addresses that a name server can return
_CONFIG: dict[str, Any] = {"in_output": True, "spares_others": False}


def _feed(name: str) -> str:
    """Return the name of a form's feed."""
    return f"form-{list(FORMS).index(name)}"


def _url(name: str, port: int, place: str = "/news") -> str:
    host = FORMS[name][0]
    return f"http://{host.format(port=port)}{'' if '{port}' in host else f':{port}'}{place}"


def _listeners(stage: Stage) -> Iterator[RawServer]:
    """Run listeners with news at the available private addresses, all on one port."""
    page = OK + b"Connection: close\r\n\r\n" + press.listing(press.NOW).encode()
    first = stage.prop(running_raw_server(page))
    yield first
    with ExitStack() as stack:
        try:
            stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        except OSError:  # no IPv6 here
            return
    yield stage.prop(running_raw_server(page, host="::1", port=first.port))


def _guard(stage: Stage) -> int:
    """Run the listeners at private addresses and return their port."""
    stage.marks["listeners"] = list(_listeners(stage))
    return int(stage.marks["listeners"][0].port)


def check_unreached(stage: Stage) -> None:
    """Check that the private listeners had no connection."""
    reached = sum(listener.connections for listener in stage.marks["listeners"])
    assert not reached, f"private addresses were connected to {reached} times"


def _together(
    suffix: str, names: list[str], start: Start, scene: Callable[[Stage], object], **more: Any
) -> list[Case]:
    """Return a case for each form, all in one run."""
    return [
        Case(
            f"{name}{suffix}",
            scene,
            FORMS[name][1],
            also=check_unreached,
            start=start,
            feed=_feed(name),
            shared=f"ssrf{suffix}",
            seconds=60,
            **more,
        )
        for name in names
    ]


# --- as a source ---


def _sources(stage: Stage) -> list[str]:
    return [feed(_feed(name), f"page {stage.site.url('/news')}") for name in _SOURCES]


def _add_sources(stage: Stage) -> None:
    """Add a source with a private address to each feed."""
    port = _guard(stage)
    stage.no_news()
    own = f"page {stage.site.url('/news')}"
    stage.configure(*(feed(_feed(name), own, f"page {_url(name, port)}") for name in _SOURCES))


# --- as a redirect ---


def _listings(stage: Stage) -> list[str]:
    return [feed(_feed(name), f"page {stage.site.url(f'/{_feed(name)}')}") for name in FORMS]


def _list_all(stage: Stage) -> None:
    for name in FORMS:
        stage.site[f"/{_feed(name)}"] = press.listing(press.OLD)


def _redirect_all(stage: Stage) -> None:
    port = _guard(stage)
    for name in FORMS:
        stage.site[f"/{_feed(name)}"] = redirect(_url(name, port))


# --- as an article's link ---


def _rss(site: Site, link: str | None = None) -> str:
    old = [press.rss_item(site, n) for n in press.OLD]
    return press.rss([press.rss_item(site, press.NEW, link=link), *old] if link else old)


def _feeds(stage: Stage) -> list[str]:
    return [feed(_feed(name), f"feed {stage.site.url(f'/{_feed(name)}')}") for name in FORMS]


def _feed_all(stage: Stage) -> None:
    for name in FORMS:
        stage.site[f"/{_feed(name)}"] = _rss(stage.site)


def _link_all(stage: Stage) -> None:
    port = _guard(stage)
    for name in FORMS:
        stage.site[f"/{_feed(name)}"] = _rss(stage.site, _url(name, port, path(press.NEW)))


# --- as a name whose answer changes ---


def _host(name: str) -> str:
    return f"{_feed(name)}.test"


def _name_private(stage: Stage) -> list[str]:
    return [
        feed(_feed(name), f"page http://{_host(name)}:{stage.site.port}/news") for name in _NAMES
    ]


def _serve_names(stage: Stage) -> None:
    stage.marks["names"] = stage.prop(dns.name_server(stage.site.host, *map(_host, _NAMES)))


def _rebind_all(stage: Stage) -> None:
    """Run the listener on the site's own port, so that only the name selects it."""
    page = OK + b"Connection: close\r\n\r\n" + press.listing(press.NOW).encode()
    stage.marks["listeners"] = [stage.prop(running_raw_server(page, port=stage.site.port))]
    stage.marks["names"].add({_host(name): [[FORMS[name][0].strip("[]")]] for name in _NAMES})


AS_SOURCE = Start("ssrf-sources", _sources)
BY_REDIRECT = Start("ssrf-redirects", _listings, prepare=_list_all)
AS_LINK = Start("ssrf-links", _feeds, prepare=_feed_all)
BY_NAME = Start(
    "ssrf-names",
    _name_private,
    prepare=_serve_names,
    within=lambda stage: dns.resolver_script(stage.marks["names"], stage.home.root),
)


# --- single cases ---


def _redirect(stage: Stage) -> None:
    stage.site["/news"] = redirect(f"http://127.0.0.1:{_guard(stage)}/news")


def _link(stage: Stage) -> None:
    """Redirect an article of the listing to a private address."""
    stage.site[path(press.NEW)] = redirect(f"http://127.0.0.1:{_guard(stage)}/news")


def _run_with_proxy(stage: Stage) -> Any:
    proxy = f"http://127.0.0.1:{_guard(stage)}"
    return stage.build(
        http_proxy=proxy, HTTP_PROXY=proxy, https_proxy=proxy, ALL_PROXY=proxy, all_proxy=proxy
    )


def _add_backslash(stage: Stage) -> None:
    """Add a source whose address has a backslash.

    Browsers read it as a slash; some libraries take the part after it as the host.
    """
    url = _url("backslash-at", _guard(stage)).replace("\\", "\\\\")
    stage.configure(*PAGE.feeds(stage), feed("other", f"page {url}"))


CASES = (
    *_together("", _SOURCES, AS_SOURCE, _add_sources),
    Case(
        "backslash-at",
        _add_backslash,
        "contains blanks or characters that a URL cannot contain",
        also=check_unreached,
        **_CONFIG,
    ),
    Case("redirect-to-private", _redirect, "127.0.0.1 is a loopback address", also=check_unreached),
    Case("env-proxy", lambda _: None, right=has_news, also=check_unreached, run=_run_with_proxy),
    Case("article-link-to-private", _link, "127.0.0.1 is a loopback address", also=check_unreached),
    *_together("-by-redirect", list(FORMS), BY_REDIRECT, _redirect_all),
    *_together("-as-link", list(FORMS), AS_LINK, _link_all),
    *_together("-by-name", _NAMES, BY_NAME, _rebind_all, needs=dns.needs_names),
)
