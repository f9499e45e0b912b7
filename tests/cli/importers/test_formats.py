"""Import a file of each program: the resulting feeds, and the settings that are not supported."""

import pytest

from feedpub.cli.importers import ImportedFeed, parse_import, parse_import_address
from feedpub.core.errors import ImportFileError
from tests.cli.importers.support import feeds, format_losses, import_example


def test_opml_gives_a_feed_for_each_outline() -> None:
    """The feed has the outline's attributes. Folders are ignored."""
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


def test_opml_outline_without_a_web_feed_is_reported() -> None:
    """Folders, links, and addresses that cannot be fetched are not feeds."""
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


def test_freshrss_xpath_is_kept_unchanged() -> None:
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


def test_freshrss_items_with_a_computed_address_keep_their_selectors() -> None:
    """The articles are fetched from the computed addresses."""
    pilots = feeds(import_example("freshrss.opml"))["Pilots"]
    assert (pilots.type, pilots.fetch) == ("items", True)
    assert pilots.selectors == (("item", "xpath://li"), ("link", "xpath:concat('/log/', @id)"))


def test_freshrss_items_without_an_address_are_read_from_the_page() -> None:
    body = (
        b'<opml version="1.0"><body><outline text="x" type="HTML+XPath" '
        b'xmlUrl="https://a.example.org/" frss:xPathItem="//li" '
        b'frss:xPathItemTitle="descendant::h3" frss:xPathItemContent="." '
        b'frss:xPathItemTimestamp="descendant::time/@datetime"/></body></opml>'
    )
    found = parse_import(body, "x.opml")
    (draft,) = found.feeds
    assert draft.as_toml_table("x")["source"] == [
        {
            "type": "items",
            "url": "https://a.example.org/",
            "item": "xpath://li",
            "title": "xpath:descendant::h3",
            "content": "xpath:.",
            "date": "xpath:descendant::time/@datetime",
        }
    ]
    assert found.unsupported == ()


def test_freshrss_xpath_that_cannot_be_used_is_reported() -> None:
    """A broken item selector falls back to the page's structure."""
    found = import_example("freshrss.opml")
    assert feeds(found)["Cranes"].selectors == ()
    losses = "\n".join(format_losses(found))
    assert (
        "freshrss.opml:11: item: Cranes: \"xpath://li[php:function('x')]\" is not XPath" in losses
    )
    assert "it is found by the page's structure" in losses


def test_freshrss_json_becomes_jmespath() -> None:
    body = (
        b'<opml version="1.0"><body><outline text="x" type="JSON+DotNotation" '
        b'xmlUrl="https://a.example.org/api" frss:jsonItem="$.data.0.items" '
        b'frss:jsonItemTitle="the-title" frss:jsonItemUri="\'/p/\' &amp; id" '
        b'frss:jsonItemTimestamp="meta.dates[1].at" frss:jsonItemContent="html" '
        b'frss:CURLOPT_POST="1" frss:CURLOPT_POSTFIELDS="{}"/>'
        b'<outline text="y" type="HTML+XPath+JSON+DotNotation" xmlUrl="https://b.example.org/" '
        b'frss:xPathToJson="//script[@id=\'s\']" frss:jsonItem="posts"/></body></opml>'
    )
    found = parse_import(body, "x.opml")
    api, page = found.feeds
    assert api.as_toml_table("x")["source"] == [
        {
            "type": "json",
            "url": "https://a.example.org/api",
            "items": "data[0].items",
            "title": '"the-title"',
            "link": "join('', ['/p/', to_string(id)])",
            "date": "meta.dates[1].at",
            "content": "html",
            "body": "{}",
        }
    ]
    assert page.selectors == (("items", "posts"), ("script", "xpath://script[@id='s']"))
    assert found.unsupported == ()


def test_freshrss_article_rules_become_site_files() -> None:
    """The rules select the full content, and remove elements from it."""
    council, quay = import_example("freshrss.opml").sites
    assert (council.host, council.settings) == (
        "council.example.org",
        (("content", ("article .text",)), ("remove", (".share", ".related"))),
    )
    assert (
        quay.text()
        == '# The articles of quay.example.org, from freshrss.opml:13.\ncontent = "main"\n'
    )


def test_unsupported_freshrss_sources_are_reported_with_their_lines() -> None:
    """They are POST requests and lists elsewhere."""
    found = import_example("freshrss.opml")
    assert not {"Search", "Elsewhere"} & feeds(found).keys()
    lines = [line.partition(" ")[0] + line.split(": ")[1] for line in format_losses(found)]
    assert lines == [
        "freshrss.opml:12:CURLOPT_POST",
        "freshrss.opml:13:ttl",
        "freshrss.opml:13:filtersActionRead",
        "freshrss.opml:14:Elsewhere",
        "freshrss.opml:11:item",
    ]


def test_freshrss_attributes_are_read_without_their_namespace() -> None:
    """Other readers write the attributes and forget the declaration."""
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


def test_freshrss_can_be_imported_as_plain_opml() -> None:
    """Its scraping attributes are ignored then."""
    found = import_example("freshrss.opml", "opml")
    assert {draft.type for draft in found.feeds} == {"feed"}
    assert not found.sites


def test_rsspls_feeds_become_pages_with_selectors() -> None:
    """The link selector combines the item with its link or heading."""
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


def test_rsspls_items_whose_links_lead_to_the_page_itself_keep_their_selectors() -> None:
    body = b"""[[feed]]
title = "Notices"
[feed.config]
url = "https://a.example.org/"
item = "article"
heading = "h3"
link = 'a[href^="#"]'
summary = ".body"
date = { selector = "time", type = "Date" }
"""
    found = parse_import(body, "feeds.toml")
    (draft,) = found.feeds
    assert (draft.type, draft.links, draft.fetch) == ("items", "", False)
    assert draft.selectors == (
        ("item", "article"),
        ("title", "h3"),
        ("link", 'a[href^="#"]'),
        ("date", "time"),
        ("content", ".body"),
    )
    assert found.unsupported == ()


def test_html2rss_items_whose_links_lead_to_the_page_itself_keep_their_selectors() -> None:
    config = b"""channel: {url: 'https://a.example.org/', title: Changes}
selectors:
  items: {selector: section}
  title: {selector: h2}
  url: {selector: 'a[href^="#"]', extractor: href}
  published_at: {selector: time, extractor: attribute, attribute: datetime}
  description: {selector: .body, extractor: html}
"""
    found = parse_import(config, "a.yml")
    (draft,) = found.feeds
    assert draft.type == "items"
    assert dict(draft.selectors) == {
        "item": "section",
        "title": "h2",
        "link": "xpath:(descendant::a[@href and starts-with(@href, '#')])/@href",
        "date": "xpath:(descendant::time)/@datetime",
        "content": ".body",
    }
    assert found.unsupported == ()


def test_rsspls_losses_have_their_lines() -> None:
    """A local file is not a web page."""
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


def test_html2rss_feeds_share_headers_and_use_parameter_defaults() -> None:
    """Each has the name of its key."""
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
    """They are in the order of the feeds. Those that concern all feeds appear once."""
    losses = [
        ": ".join(line.split(": ")[:2]) for line in format_losses(import_example("html2rss.yml"))
    ]
    assert losses == [
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


def test_invalid_selector_is_reported() -> None:
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


def test_simple_rss_bridge_has_everything_in_its_address() -> None:
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


def test_complex_rss_bridge_reads_article_pages_if_configured() -> None:
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


def test_rss_bridge_is_imported_from_an_address() -> None:
    """The location is the address's host."""
    found = parse_import_address(
        "https://b.example.org/?bridge=CssSelector&home_page=https://c.example.org/&url_selector=h2"
    )
    assert [(draft.location, draft.url, draft.links) for draft in found.feeds] == [
        ("b.example.org", "https://c.example.org/", "h2")
    ]


def test_rss_bridge_xpath_is_kept_unchanged() -> None:
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


def test_rss_bridge_xpath_without_an_address_reads_the_items_of_the_page() -> None:
    found = parse_import_address(
        "https://b.example.org/?bridge=XPathBridge&url=https%3A%2F%2Fc.example.org%2Fnews"
        "&item=%2F%2Fli&title=.%2F%2Fh2&content=.%2F%2Fp&timestamp=.%2F%2Ftime"
    )
    (feed,) = found.feeds
    assert (feed.type, feed.fetch) == ("items", False)
    assert dict(feed.selectors) == {
        "item": "xpath://li",
        "title": "xpath:.//h2",
        "content": "xpath:.//p",
        "date": "xpath:.//time",
    }
    assert found.unsupported == ()


def test_rss_bridge_xpath_without_items_is_refused() -> None:
    with pytest.raises(ImportFileError, match="has no item; copy the complete address"):
        parse_import_address("https://b.example.org/?bridge=XPath&url=https://c.example.org/")


def test_only_the_first_rules_of_a_host_are_imported() -> None:
    """A site has one file; the other rules are reported."""
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


def test_every_draft_is_valid_in_a_config() -> None:
    """Values that the config would refuse are reported; the rest is imported."""
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
