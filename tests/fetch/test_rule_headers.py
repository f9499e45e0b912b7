"""Headers that the rules of a site name.

Sent to that site, beside what a source wants sent, and to nobody else.
"""

from feedpub.fetch import Fetcher, RequestOptions
from tests.support.site import Route, Site, running_site

HEADERS = (("cookie", "consent=1"), ("user-agent", "Reader/1"))


def test_a_source_goes_before_a_rule() -> None:
    """What it sends itself, under whatever case, and its own cookies."""
    options = RequestOptions(headers={"User-Agent": "Mine/1"}, site="https://a.example/feed")
    assert options.for_url("https://a.example/1", HEADERS).headers == {
        "cookie": "consent=1",
        "User-Agent": "Mine/1",
    }
    options = RequestOptions(cookies={"session": "x"})
    assert options.for_url("https://a.example/1", HEADERS).headers == {"user-agent": "Reader/1"}
    assert options.for_url("https://a.example/1", ()) is options


def test_another_site_gets_nothing_of_the_source(site: Site, fetcher: Fetcher) -> None:
    """And the source's proxy stays."""
    options = RequestOptions(
        headers={"X-Key": "secret"}, proxy="http://proxy.example:1", site="https://a.example/feed"
    )
    other = options.for_url("https://b.example/1", HEADERS)
    assert (other.headers, other.proxy, other.site) == (
        dict(HEADERS),
        options.proxy,
        "https://b.example/1",
    )
    site["/page"] = "<p>page"
    fetcher.get(
        site.url("/page"),
        options=RequestOptions(site="https://a.example/").for_url(site.url("/page"), HEADERS),
    )
    assert site.requests[-1].headers["cookie"] == "consent=1"
    assert site.requests[-1].headers["user-agent"] == "Reader/1"


def test_a_redirect_takes_them_nowhere_else(site: Site, fetcher: Fetcher) -> None:
    """To another server the request goes as feedpub's own."""
    with running_site() as other:
        other["/there"] = "<p>there"
        site["/page"] = Route(
            status=302, headers={"Location": other.url("/there")}, validators=False
        )
        fetcher.get(site.url("/page"), options=RequestOptions().for_url(site.url("/page"), HEADERS))
        (sent,) = [each.headers for each in other.requests if each.path == "/there"]
    assert "cookie" not in sent
    assert sent["user-agent"].startswith("feedpub/")
