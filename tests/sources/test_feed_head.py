"""Read how often a feed may be polled."""

import pytest

from feedpub.core.models import Page, PollingHints
from feedpub.sources import read_feed_head


def rss(head: str) -> Page:
    body = f'<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>{head}</channel></rss>'
    return Page("https://example.org/rss", body.encode())


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("<ttl>60</ttl>", PollingHints(3600, "ttl")),
        ("<ttl> 15 </ttl>", PollingHints(900, "ttl")),
        ("<ttl>soon</ttl>", PollingHints()),
        ("<ttl>-5</ttl>", PollingHints()),
        ("<ttl>999999999</ttl>", PollingHints(604_800, "ttl", asked=59_999_999_940)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", PollingHints(3600, "sy:updatePeriod")),
        (
            "<sy:updatePeriod>\n\tdaily\t</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            PollingHints(21_600, "sy:updatePeriod"),
        ),
        ("<sy:updateFrequency>2</sy:updateFrequency>", PollingHints()),
        ("<sy:updatePeriod>never</sy:updatePeriod>", PollingHints()),
        (
            "<ttl>5</ttl><sy:updatePeriod>hourly</sy:updatePeriod>",
            PollingHints(3600, "sy:updatePeriod"),
        ),
        (
            "<skipHours><hour>0</hour><hour>23</hour><hour>24</hour></skipHours>",
            PollingHints(skip_hours=(0, 23)),
        ),
        (
            "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>",
            PollingHints(skip_days=(5, 6)),
        ),
        ("<item><ttl>5</ttl></item>", PollingHints()),
        ("", PollingHints()),
    ],
)
def test_hint_is_the_longest_valid_interval(head: str, wanted: PollingHints) -> None:
    """Invalid values are ignored."""
    assert read_feed_head(rss(head)).hints == wanted


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"not a feed", b"<rss>", b"<a><b></a>", b'<!DOCTYPE x [<!ENTITY a "b">]>']
)
def test_other_document_has_no_hint(body: bytes) -> None:
    assert read_feed_head(Page("https://example.org/rss", body)).hints == PollingHints()


def test_atom_has_hints_in_the_syndication_module() -> None:
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        b"<sy:updatePeriod>daily</sy:updatePeriod></feed>"
    )
    assert read_feed_head(Page("https://example.org/atom", body)).hints == PollingHints(
        86_400, "sy:updatePeriod"
    )
