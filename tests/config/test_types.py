"""Valid values are accepted and normalized."""

from datetime import timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config import (
    FeedConfig,
    FolderSource,
    GlobalSettings,
    PageSource,
    SitemapSource,
    Source,
    cron,
    types,
)
from tests.config.support import load_toml


def feed_with(folder: Path, setting: str) -> FeedConfig:
    source = 'source = [{ type = "folder", path = "articles" }]'
    return load_toml(
        folder, f'[[feed]]\nname = "world"\ntitle = "World"\n{source}\n{setting}'
    ).feed[0]


def source_with(folder: Path, settings: str) -> Source:
    return (
        load_toml(folder, f'[[feed]]\nname = "world"\ntitle = "World"\n[[feed.source]]\n{settings}')
        .feed[0]
        .source[0]
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(
            ("0s", 0),
            ("90s", 90),
            ("30m", 1800),
            ("6h", 21600),
            ("7d", 604800),
            ("2w", 1209600),
            ("1h30m", 5400),
        ),
        *(("1w1d1h1m1s", 694861), ("0h5m", 300), ("007m", 420)),
    ],
)
def test_duration_has_units_in_descending_order(text: str, seconds: int) -> None:
    assert types.parse_duration(text) == timedelta(seconds=seconds)


@given(st.integers(0, 10**8))
def test_formatted_duration_is_parsed_as_the_same(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert types.parse_duration(types.format_duration(duration)) == duration


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "* * * * *",
            "*/30 * * * *",
            "0 6 * * mon-fri",
            "0 6 * * 1-5",
            "0,15,30,45 * * * *",
            "5/20 * * * *",
        ),
        *(
            "0 0-12/3 * * *",
            "59 23 31 12 *",
            "0 0 29 2 *",
            "0 0 1 JAN,jul *",
            "0 0 31 1-12 *",
            "1-5,7-9/2 0 1,15 * *",
        ),
    ],
)
def test_valid_cron_expression_is_accepted_by_the_scheduler_too(
    tmp_path: Path, expression: str
) -> None:
    assert feed_with(tmp_path, f'cron = "{expression}"').cron == expression
    CronTrigger.from_crontab(expression.lower(), timezone="UTC")


@pytest.mark.parametrize(
    "expression", ["0 6 * * 7", "0 6 * * 0", "0 6 * * 5-7", "0 6 * * sun", "0 6 31 2 mon"]
)
def test_sunday_is_0_and_7(expression: str) -> None:
    """A day that never occurs is allowed together with a weekday."""
    assert cron.check_cron(expression) == expression


def test_cron_expression_is_normalized(tmp_path: Path) -> None:
    assert feed_with(tmp_path, 'cron = "  0\\t6 *  * *"').cron == "0 6 * * *"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://example.org", "https://example.org/"),
        ("https://example.org/feeds", "https://example.org/feeds/"),
        ("http://localhost:8080/", "http://localhost:8080/"),
        (" https://example.org/ ", "https://example.org/"),
        ("HTTPS://[2001:db8::1]:8443/f", "HTTPS://[2001:db8::1]:8443/f/"),
    ],
)
def test_base_url_ends_in_a_slash(tmp_path: Path, written: str, meant: str) -> None:
    assert load_toml(tmp_path, f'[feedpub]\nbase_url = "{written}"').feedpub.base_url == meant


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://example.org",
            "http://example.org:8080/a?b=c#d",
            "https://bücher.example/ä",
            "http://127.0.0.1/",
        ),
        *(
            "https://example.org/@someone/feed",
            "https://example.org/a%20b",
            "https://example.org/?q=a,b;c|d",
        ),
    ],
)
def test_web_address_is_kept_unchanged(tmp_path: Path, url: str) -> None:
    source = source_with(tmp_path, f'type = "page"\nurl = "{url}"')
    assert isinstance(source, PageSource)
    assert source.url == url


@pytest.mark.parametrize(
    "contact", ["", "https://example.org/about", "ann@example.org", "mailto:ann@example.org"]
)
def test_contact_is_a_web_or_mail_address(tmp_path: Path, contact: str) -> None:
    assert load_toml(tmp_path, f'[feedpub]\ncontact = "{contact}"').feedpub.contact == contact


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(
            ("127.0.0.0/8", "127.0.0.0/8"),
            ("192.168.1.7", "192.168.1.7/32"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
        ),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
    ],
)
def test_network_can_be_a_single_address(tmp_path: Path, written: str, meant: str) -> None:
    assert load_toml(
        tmp_path, f'[feedpub]\nallow_private = ["{written}"]'
    ).feedpub.allow_private == (meant,)


@pytest.mark.parametrize(
    "language",
    ["en", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419", "ast", "sl-rozaj", "de-1996", "EN"],
)
def test_language_tag_is_accepted(tmp_path: Path, language: str) -> None:
    assert feed_with(tmp_path, f'language = "{language}"').language == language


@pytest.mark.parametrize(
    "name", ["a", "world", "world-2", "2", "archive", "world-archive", "indexes", "a" * 100]
)
def test_name_is_accepted(tmp_path: Path, name: str) -> None:
    toml = (
        f'[[feed]]\nname = "{name}"\ntitle = "World"\nsource = [{{ type = "folder", path = "a" }}]'
    )
    assert load_toml(tmp_path, toml).feed[0].name == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("  World ", "World"),
        ("L\u2019été : la mer", "L\u2019été : la mer"),
        ("世界 👩‍🚀", "世界 👩‍🚀"),
        ("<b> & co", "<b> & co"),
    ],
)
def test_title_is_one_line_without_surrounding_blanks(
    tmp_path: Path, written: str, meant: str
) -> None:
    toml = (
        f'[[feed]]\nname = "w"\ntitle = "{written}"\nsource = [{{ type = "folder", path = "a" }}]'
    )
    assert load_toml(tmp_path, toml).feed[0].title == meant


@pytest.mark.parametrize(
    "rule",
    [
        "p",
        "article .body > p:first-child",
        "a[href^='/tag/'], .x",
        "h2 + ul",
        "text:Sponsored by",
        "text:a > b",
        "xpath://aside[contains(., 'Sponsored')]",
        "xpath://img/@title",
    ],
)
def test_removal_is_a_selector_or_a_text(tmp_path: Path, rule: str) -> None:
    assert feed_with(tmp_path, f'[feed.rules]\nremove = ["{rule}"]').rules.remove == (rule,)


def test_filters_accept_words_globs_and_regular_expressions(tmp_path: Path) -> None:
    toml = (
        '[feed.include]\ntitle = ["budget"]\n'
        '[feed.exclude]\nurl = ["*/video/*", "re:/\\\\d{4}/"]\ntext = ["a b"]'
    )
    feed = feed_with(tmp_path, toml)
    assert feed.include.title == ("budget",)
    assert (feed.exclude.url, feed.exclude.text) == (("*/video/*", r"re:/\d{4}/"), ("a b",))


def test_feed_can_have_sources_of_all_types(tmp_path: Path) -> None:
    """Two feeds can share a source."""
    toml = """
[[feed]]
name = "one"
title = "One"
source = [
    { type = "page", url = "https://example.org/", links = "h2 a" },
    { type = "feed", url = "https://example.org/rss", fetch = false },
    { type = "sitemap", url = "https://example.org/map.xml", exclude = ["*/tag/*"] },
    { type = "folder", path = "articles", glob = "**/*.md" },
]
[[feed]]
name = "two"
title = "Two"
source = [{ type = "page", url = "https://example.org/" }]
"""
    one, two = load_toml(tmp_path, toml).feed
    assert [source.type for source in one.source] == ["page", "feed", "sitemap", "folder"]
    assert isinstance(one.source[2], SitemapSource)
    assert one.source[2].exclude == ("*/tag/*",)
    assert isinstance(one.source[3], FolderSource)
    assert one.source[3].glob == "**/*.md"
    assert len(two.source) == 1


@pytest.mark.parametrize("limit", [1, 50, 1000])
def test_limit_is_between_1_and_1000(tmp_path: Path, limit: int) -> None:
    assert feed_with(tmp_path, f"limit = {limit}").limit == limit


@pytest.mark.parametrize("every", ["1m", "60s", "365d", "52w"])
def test_interval_is_between_a_minute_and_a_year(tmp_path: Path, every: str) -> None:
    read = feed_with(tmp_path, f'every = "{every}"').every
    assert isinstance(read, timedelta)
    assert timedelta(minutes=1) <= read <= timedelta(days=365)


def test_duration_can_be_a_timedelta() -> None:
    assert GlobalSettings(request_delay=timedelta(minutes=2)).request_delay == timedelta(minutes=2)


def test_request_delay_can_be_zero(tmp_path: Path) -> None:
    assert (
        load_toml(tmp_path, '[feedpub]\nrequest_delay = "0s"').feedpub.request_delay == timedelta()
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("0.0.0.0:80", "0.0.0.0:80"),
        ("[::1]:8080", "[::1]:8080"),
        ("[0:0::1]:8080", "[::1]:8080"),
        ("unix:/run/feedpub/http.sock", "unix:/run/feedpub/http.sock"),
    ],
)
def test_listen_address_is_normalized(tmp_path: Path, written: str, meant: str) -> None:
    assert load_toml(tmp_path, f'[http]\nlisten = "{written}"').http.listen == meant


def test_alerts_can_have_several_channels(tmp_path: Path) -> None:
    alerts = load_toml(
        tmp_path,
        """
        [alerts]
        webhook = { env = "HOOK" }
        command = ["/usr/bin/true", "-x"]
        [alerts.email]
        to = ["a@example.org"]
        sender = "feedpub@example.org"
        """,
    ).alerts
    assert alerts.command == ("/usr/bin/true", "-x")
    assert alerts.email is not None
    assert (alerts.email.server, alerts.email.security) == ("127.0.0.1:25", "none")
