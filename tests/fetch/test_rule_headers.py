"""Headers from site rules are sent to their site only, in addition to those of the source."""

from feedpub.fetch import Fetcher, RequestOptions
from tests.support.site import Route, Site, running_site

HEADERS = (("cookie", "consent=1"), ("user-agent", "Reader/1"))


def test_source_headers_take_precedence_over_rule_headers() -> None:
    options = RequestOptions(headers={"User-Agent": "Mine/1"}, site="https://a.example/feed")
    assert options.for_url("https://a.example/1", HEADERS).headers == {
        "cookie": "consent=1",
        "User-Agent": "Mine/1",
    }
    options = RequestOptions(cookies={"session": "x"})
    assert options.for_url("https://a.example/1", HEADERS).headers == {"user-agent": "Reader/1"}
    assert options.for_url("https://a.example/1", ()) is options


def test_other_site_receives_only_rule_headers_and_the_proxy(site: Site, fetcher: Fetcher) -> None:
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


def test_rule_headers_are_not_sent_after_a_redirect_to_another_server(
    site: Site, fetcher: Fetcher
) -> None:
    with running_site() as other:
        other["/there"] = "<p>there"
        site["/page"] = Route(
            status=302, headers={"Location": other.url("/there")}, validators=False
        )
        fetcher.get(site.url("/page"), options=RequestOptions().for_url(site.url("/page"), HEADERS))
        (sent,) = [each.headers for each in other.requests if each.path == "/there"]
    assert "cookie" not in sent
    assert sent["user-agent"].startswith("feedpub/")
