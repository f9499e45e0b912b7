"""What may stand in a config, and what it is taken to mean."""

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
from tests.config.support import loaded


def feed_with(folder: Path, setting: str) -> FeedConfig:
    source = 'source = [{ type = "folder", path = "articles" }]'
    return loaded(folder, f'[[feed]]\nname = "world"\ntitle = "World"\n{source}\n{setting}').feed[0]


def source_with(folder: Path, settings: str) -> Source:
    return (
        loaded(folder, f'[[feed]]\nname = "world"\ntitle = "World"\n[[feed.source]]\n{settings}')
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
def test_durations(text: str, seconds: int) -> None:
    """Numbers with units, from the largest to the smallest."""
    assert types.parse_duration(text) == timedelta(seconds=seconds)


@given(st.integers(0, 10**8))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    """What feedpub writes into a message or the schema may be put back into the config."""
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
def test_cron_expressions(tmp_path: Path, expression: str) -> None:
    """Five parts; whatever passes here, the scheduler's library can read too."""
    assert feed_with(tmp_path, f'cron = "{expression}"').cron == expression
    CronTrigger.from_crontab(expression.lower(), timezone="UTC")


@pytest.mark.parametrize(
    "expression", ["0 6 * * 7", "0 6 * * 0", "0 6 * * 5-7", "0 6 * * sun", "0 6 31 2 mon"]
)
def test_weekdays_count_as_in_cron(expression: str) -> None:
    """Sunday is 0 and 7; beside a weekday, a day that never comes does no harm."""
    assert cron.check_cron(expression) == expression


def test_a_cron_expression_is_tidied(tmp_path: Path) -> None:
    """Blanks between the parts say nothing."""
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
def test_the_address_of_the_feeds_ends_in_a_slash(tmp_path: Path, written: str, meant: str) -> None:
    """File names are appended to it."""
    assert loaded(tmp_path, f'[feedpub]\nbase_url = "{written}"').feedpub.base_url == meant


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
def test_addresses(tmp_path: Path, url: str) -> None:
    """Any http or https address, as it is written.

    Whether it may be fetched is for the gate to say.
    """
    source = source_with(tmp_path, f'type = "page"\nurl = "{url}"')
    assert isinstance(source, PageSource)
    assert source.url == url


@pytest.mark.parametrize(
    "contact", ["", "https://example.org/about", "ann@example.org", "mailto:ann@example.org"]
)
def test_contacts(tmp_path: Path, contact: str) -> None:
    """A web or a mail address."""
    assert loaded(tmp_path, f'[feedpub]\ncontact = "{contact}"').feedpub.contact == contact


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
def test_networks(tmp_path: Path, written: str, meant: str) -> None:
    """Networks and single addresses, of both kinds."""
    assert loaded(tmp_path, f'[feedpub]\nallow_private = ["{written}"]').feedpub.allow_private == (
        meant,
    )


@pytest.mark.parametrize(
    "language",
    ["en", "de-AT", "zh-Hant", "zh-Hant-TW", "es-419", "ast", "sl-rozaj", "de-1996", "EN"],
)
def test_languages(tmp_path: Path, language: str) -> None:
    """Tags of the shape that BCP 47 gives them."""
    assert feed_with(tmp_path, f'language = "{language}"').language == language


@pytest.mark.parametrize(
    "name", ["a", "world", "world-2", "2", "archive", "world-archive", "indexes", "a" * 100]
)
def test_names(tmp_path: Path, name: str) -> None:
    """Small letters, digits and hyphens."""
    toml = (
        f'[[feed]]\nname = "{name}"\ntitle = "World"\nsource = [{{ type = "folder", path = "a" }}]'
    )
    assert loaded(tmp_path, toml).feed[0].name == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("  World ", "World"),
        ("L\u2019été : la mer", "L\u2019été : la mer"),
        ("世界 👩‍🚀", "世界 👩‍🚀"),
        ("<b> & co", "<b> & co"),
    ],
)
def test_titles(tmp_path: Path, written: str, meant: str) -> None:
    """One line of text in any script, without the blanks around it."""
    toml = (
        f'[[feed]]\nname = "w"\ntitle = "{written}"\nsource = [{{ type = "folder", path = "a" }}]'
    )
    assert loaded(tmp_path, toml).feed[0].title == meant


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
def test_rules(tmp_path: Path, rule: str) -> None:
    """CSS selectors, and texts that blocks begin with."""
    assert feed_with(tmp_path, f'[feed.rules]\nremove = ["{rule}"]').rules.remove == (rule,)


def test_filters(tmp_path: Path) -> None:
    """Words, globs and regular expressions over titles, addresses, categories and texts."""
    toml = '[feed.include]\ntitle = ["budget"]\n[feed.exclude]\nurl = ["*/video/*", "re:/\\\\d{4}/"]\ntext = ["a b"]'
    feed = feed_with(tmp_path, toml)
    assert feed.include.title == ("budget",)
    assert (feed.exclude.url, feed.exclude.text) == (("*/video/*", r"re:/\d{4}/"), ("a b",))


def test_sources(tmp_path: Path) -> None:
    """A feed may have several sources of every type; one address may be read by two feeds."""
    toml = """
[[feed]]
name = "one"
title = "One"
source = [
    { type = "page", url = "https://example.org/", links = "h2 a" },
    { type = "feed", url = "https://example.org/rss", fetch = false },
    { type = "sitemap", url = "https://example.org/sitemap.xml", include = ["*/news/*"], exclude = ["*/tag/*"] },
    { type = "folder", path = "articles", glob = "**/*.md" },
]
[[feed]]
name = "two"
title = "Two"
source = [{ type = "page", url = "https://example.org/" }]
"""
    one, two = loaded(tmp_path, toml).feed
    assert [source.type for source in one.source] == ["page", "feed", "sitemap", "folder"]
    assert isinstance(one.source[2], SitemapSource)
    assert one.source[2].exclude == ("*/tag/*",)
    assert isinstance(one.source[3], FolderSource)
    assert one.source[3].glob == "**/*.md"
    assert len(two.source) == 1


@pytest.mark.parametrize("limit", [1, 50, 1000])
def test_limits(tmp_path: Path, limit: int) -> None:
    """From one entry to a thousand."""
    assert feed_with(tmp_path, f"limit = {limit}").limit == limit


@pytest.mark.parametrize("every", ["1m", "60s", "365d", "52w"])
def test_intervals(tmp_path: Path, every: str) -> None:
    """From a minute to a year."""
    read = feed_with(tmp_path, f'every = "{every}"').every
    assert isinstance(read, timedelta)
    assert timedelta(minutes=1) <= read <= timedelta(days=365)


def test_settings_made_in_code() -> None:
    """What has been loaded once may be given to a model again."""
    assert GlobalSettings(request_delay=timedelta(minutes=2)).request_delay == timedelta(minutes=2)


def test_a_delay_of_nothing(tmp_path: Path) -> None:
    """One's own server needs no pause."""
    assert loaded(tmp_path, '[feedpub]\nrequest_delay = "0s"').feedpub.request_delay == timedelta()


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
def test_addresses_to_listen_on(tmp_path: Path, written: str, meant: str) -> None:
    """An address of this machine with a port, or the path of a socket."""
    assert loaded(tmp_path, f'[http]\nlisten = "{written}"').http.listen == meant


def test_alerts(tmp_path: Path) -> None:
    """Any of the three ways, or several; secrets stand elsewhere."""
    alerts = loaded(
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
