"""A file of each program: what comes of it, and what is lost."""

import pytest

from feedpub.cli.importers import ImportedFeed, parse_import, parse_import_address
from feedpub.core.errors import ImportFileError
from tests.cli.importers.support import feeds, format_losses, import_example


def test_opml_gives_a_feed_for_each_outline() -> None:
    """With what it says of it, out of whatever folders."""
    found = feeds(import_example("subscriptions.opml"))
    assert list(found) == ["Quay Record", "Tides & Winds", "Harbour news"]
    assert found["Quay Record"] == ImportedFeed(
        location="subscriptions.opml:6",
        type="feed",
        url="https://quay.example.org/feed.xml",
        title="Quay Record",
        description="All that happens at the quay",
        link="https://quay.example.org/",
    )
    assert found["Harbour news"].language == "en"


def test_opml_names_what_is_no_feed() -> None:
    """Folders, links, and addresses that nobody can ask."""
    found = import_example("subscriptions.opml")
    page, files = format_losses(found)
    assert page.startswith("subscriptions.opml:10: A page to look at: has no xmlUrl")
    assert files.startswith(
        'subscriptions.opml:11: url: Files: "ftp://files.example.org/feed.xml" is not a web address'
    )
    assert any(
        "folder Harbour: feedpub has no folders" in line
        for line in format_losses(found, matters=False)
    )
    assert any("import its address alone" in line for line in format_losses(found, matters=False))


def test_freshrss_xpath_stays_as_it_is() -> None:
    found = import_example("freshrss.opml")
    council, theatre, *_ = found.feeds
    assert (council.type, council.every) == ("page", "2h")
    assert council.links == (
        "xpath://div[contains(concat(' ', normalize-space(@class), ' '), ' minutes ')]"
        "/descendant::h3/a/@href"
    )
    assert theatre.type == "page"
    assert theatre.links == "xpath://a[contains(@href, '/plays/')]/ancestor::article"
    assert theatre.headers == (("User-Agent", "Reader of the harbour"),)
    assert theatre.cookies == (("seen", "1"), ("lang", "en"))


def test_freshrss_xpath_that_cannot_be_used_is_reported() -> None:
    """A computed address yields to the item's main link, a broken item to the page's structure."""
    found = import_example("freshrss.opml")
    assert (feeds(found)["Pilots"].links, feeds(found)["Cranes"].links) == ("xpath://li", "")
    losses = "\n".join(format_losses(found))
    assert (
        "freshrss.opml:10: xPathItemUri: Pilots: not a path in the item; its main link is taken"
        in losses
    )
    assert (
        "freshrss.opml:11: links: Cranes: \"xpath://li[php:function('x')]\" is not XPath" in losses
    )
    assert "the articles are found by the page's structure" in losses


def test_freshrss_rules_for_articles_become_files_of_sites() -> None:
    """What the full content is, and what is filtered out of it."""
    council, quay = import_example("freshrss.opml").sites
    assert (council.host, council.settings) == (
        "council.example.org",
        (("content", ("article .text",)), ("remove", (".share", ".related"))),
    )
    assert (
        quay.text()
        == '# The articles of quay.example.org, from freshrss.opml:13.\ncontent = "main"\n'
    )


def test_freshrss_sources_that_cannot_be_read_are_left_out() -> None:
    """JSON, what is asked for by POST, and lists elsewhere; each with its line."""
    found = import_example("freshrss.opml")
    assert not {"Ferries", "Search", "Elsewhere"} & feeds(found).keys()
    lines = [line.partition(" ")[0] + line.split(": ")[1] for line in format_losses(found)]
    assert lines == [
        "freshrss.opml:8:JSON+DotNotation",
        "freshrss.opml:10:xPathItemUri",
        "freshrss.opml:12:CURLOPT_POST",
        "freshrss.opml:13:ttl",
        "freshrss.opml:13:filtersActionRead",
        "freshrss.opml:14:Elsewhere",
        "freshrss.opml:11:links",
    ]


def test_freshrss_without_its_namespace() -> None:
    """Other readers write its attributes and forget to declare what they are."""
    body = (
        b'<opml version="1.0">\n<body><outline text="x" type="HTML+XPath" xmlUrl="https://'
        b'a.example.org/"'
        b""" frss:xPathItem="//a[contains(@class, 'more')]" """
        b"""frss:xPathItemUri="./@href\""""
        b""" frss:CURLOPT_POST="false"/>"""
        b"</body></opml>"
    )
    (draft,) = parse_import(body, "x.opml").feeds
    assert (draft.location, draft.type) == ("x.opml:2", "page")
    assert draft.links == "xpath://a[contains(@class, 'more')]"


def test_freshrss_can_be_taken_as_any_opml() -> None:
    """Then what it says of scraping is not asked."""
    found = import_example("freshrss.opml", "opml")
    assert {draft.type for draft in found.feeds} == {"feed"}
    assert not found.sites


def test_rsspls_gives_pages_with_selectors() -> None:
    """Those of the links are made of item and link, or heading."""
    found = import_example("feeds.toml")
    mariners, lighthouse, slipway = found.feeds
    assert mariners == ImportedFeed(
        location="feeds.toml:6",
        type="page",
        url="https://mariners.example.org/notices",
        title="Notices to mariners",
        name="mariners",
        links="article.notice h3 a, li.notice h3 a",
        headers=(("User-Agent", "Harbour office"),),
    )
    assert lighthouse.links == ".entry"
    assert slipway.name == ""  # feed.xml is named for no feed: its title is


def test_rsspls_losses_have_their_lines() -> None:
    """A file on disk is no page on the network."""
    found = import_example("feeds.toml")
    assert [": ".join(line.split(": ")[:2]) for line in format_losses(found)] == [
        "feeds.toml:32: source",
        "feeds.toml:32: post_update_hook",
        "feeds.toml:6: proxy",
        "feeds.toml:23: proxy",
        "feeds.toml:43: proxy",
        "feeds.toml:53: url",
    ]
    assert "feeds.toml:6: heading, summary, date: read from each article instead" in format_losses(
        found, matters=False
    )


def test_html2rss_of_several_feeds() -> None:
    """Each under its key, with the headers of all; parameters take their defaults."""
    found = import_example("html2rss.yml")
    pilots, cranes, tariffs = found.feeds
    assert pilots == ImportedFeed(
        location="html2rss.yml:9",
        type="page",
        url="https://pilots.example.org/2025/log",
        title="Log of the pilots",
        name="pilots",
        every="1h30m",
        links="#log > li h2 a",
        headers=(("Accept-Language", "en"),),
    )
    assert (cranes.title, cranes.links) == ("cranes.example.org", "")
    assert (tariffs.links, tariffs.language) == ("", "")


def test_html2rss_losses_have_their_lines() -> None:
    """In the order of the file's feeds; what stands for all of them is told once."""
    told = [
        ": ".join(line.split(": ")[:2]) for line in format_losses(import_example("html2rss.yml"))
    ]
    assert told == [
        "html2rss.yml:9: parameters",
        "html2rss.yml:20: pagination",
        "html2rss.yml:24: title",
        "html2rss.yml:33: enclosure",
        "html2rss.yml:3: stylesheets",
        "html2rss.yml:38: strategy",
        "html2rss.yml:49: url",
        "html2rss.yml:56: json",
        "html2rss.yml:44: language",
    ]


def test_a_selector_that_is_none_is_lost() -> None:
    """The list is then found by the page's structure."""
    config = (
        b"channel: {url: 'https://a.example.org/'}\nselectors: {items: {selector: 'tr:last'}}\n"
    )
    found = parse_import(config, "a.yml")
    assert found.feeds[0].links == ""
    assert any(
        '"tr:last" is not a CSS selector' in line and "page's structure" in line
        for line in format_losses(found)
    )


def test_rss_bridge_says_page_links_and_articles() -> None:
    """The simple bridge: all of it is in the address."""
    found = import_example("bridges.txt")
    harbour = found.feeds[0]
    assert (harbour.url, harbour.links, harbour.limit) == (
        "https://harbour.example.org/news",
        ".story h2",
        20,
    )
    assert harbour.include == (r"re:/news/\d+",)
    assert found.sites[0].settings == (
        ("content", ("article .body",)),
        ("remove", (".ads", "div.share")),
    )
    assert "bridges.txt:2: discard_thumbnail: the article's picture stays" in format_losses(found)


def test_rss_bridge_with_all_its_selectors() -> None:
    """The complex one reads the articles' own pages where it is told to."""
    docks, weather = import_example("bridges.txt").feeds[1:]
    assert (docks.links, docks.every, docks.cookies) == (
        "div.dock a.more",
        "1h",
        (("session", "abc"),),
    )
    assert import_example("bridges.txt").sites[1].settings == (
        ("content", ("main",)),
        ("title", ("h1",)),
        ("date", ("time",)),
    )
    assert (weather.type, weather.title) == ("feed", "Weather (bridge.example.org)")


def test_rss_bridge_by_its_address_alone() -> None:
    """As it is copied out of a browser; its host is the place."""
    found = parse_import_address(
        "https://b.example.org/?bridge=CssSelector&home_page=https://c.example.org/&url_selector=h2"
    )
    assert [(draft.location, draft.url, draft.links) for draft in found.feeds] == [
        ("b.example.org", "https://c.example.org/", "h2")
    ]


def test_rss_bridge_xpath_stays_as_it_is() -> None:
    """XPathBridge decodes its parameters twice."""
    found = parse_import_address(
        "https://b.example.org/?action=display&bridge=XPathBridge&format=Atom&title=.%2F%2Fh2"
        "&url=https%3A%2F%2Fc.example.org%2Fnews&item=%2F%2Fli%5B%40class%3D%2522story%2522%5D"
        "&uri=.%2F%2Fh2%2Fa%2F%40href&_cache_timeout=3600"
    )
    (feed,) = found.feeds
    assert (feed.type, feed.url, feed.every) == ("page", "https://c.example.org/news", "1h")
    assert feed.links == 'xpath://li[@class="story"]/.//h2/a/@href'
    assert format_losses(found) == []
    assert format_losses(found, matters=False) == [
        "b.example.org: title: read from each article instead"
    ]


def test_rss_bridge_xpath_without_items_is_refused() -> None:
    with pytest.raises(ImportFileError, match="has no item; copy the complete address"):
        parse_import_address("https://b.example.org/?bridge=XPath&url=https://c.example.org/")


def test_rules_of_one_host_are_taken_once() -> None:
    """Others than the first are told: a site has one file."""
    start = (
        b"https://b.example.org/?bridge=CssSelector&url_selector=h2&home_page=https://"
        b"c.example.org/"
    )
    found = parse_import(
        start + b"1&content_selector=main\n" + start + b"2&content_selector=article\n", "b.txt"
    )
    assert [site.settings for site in found.sites] == [(("content", ("main",)),)]
    assert format_losses(found) == [
        (
            "b.txt:2: content article: c.example.org has other rules from b.txt:1; one file holds "
            "those of a host"
        )
    ]


def test_every_draft_can_stand_in_a_config() -> None:
    """Whatever the file says: what the config would refuse is lost, and the rest is taken."""
    body = (
        b'<opml><body><outline text="x" xmlUrl="https://a.example.org/" htmlUrl="https://" '
        b'language="!"/></body></opml>'
    )
    found = parse_import(body, "x.opml")
    assert found.feeds[0].as_toml_table("x") == {
        "name": "x",
        "title": "x",
        "source": [{"type": "feed", "url": "https://a.example.org/"}],
    }
    assert [line.split(": ")[1] for line in format_losses(found)] == ["language", "link"]
