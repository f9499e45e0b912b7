"""How often a feed wants to be asked."""

import pytest

from feedpub.model import Pace, Page
from feedpub.sources import pace_of


def rss(head: str) -> Page:
    body = f'<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>{head}</channel></rss>'
    return Page("https://example.org/rss", body.encode())


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("<ttl>60</ttl>", Pace(3600, "ttl")),
        ("<ttl> 15 </ttl>", Pace(900, "ttl")),
        ("<ttl>soon</ttl>", Pace()),
        ("<ttl>-5</ttl>", Pace()),
        ("<ttl>999999999</ttl>", Pace(604_800, "ttl", asked=59_999_999_940)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", Pace(3600, "sy:updatePeriod")),
        (
            "<sy:updatePeriod>\n\tdaily\t</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            Pace(21_600, "sy:updatePeriod"),
        ),
        ("<sy:updateFrequency>2</sy:updateFrequency>", Pace()),
        ("<sy:updatePeriod>never</sy:updatePeriod>", Pace()),
        ("<ttl>5</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", Pace(3600, "sy:updatePeriod")),
        ("<skipHours><hour>0</hour><hour>23</hour><hour>24</hour></skipHours>", Pace(skip_hours=(0, 23))),
        ("<skipDays><day>Saturday</day><day>Sunday</day></skipDays>", Pace(skip_days=(5, 6))),
        ("<item><ttl>5</ttl></item>", Pace()),
        ("", Pace()),
    ],
)
def test_what_the_head_says(head: str, wanted: Pace) -> None:
    """The longest wait counts; what makes no sense says nothing."""
    assert pace_of(rss(head)) == wanted


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"not a feed", b"<rss>", b"<a><b></a>", b'<!DOCTYPE x [<!ENTITY a "b">]>']
)
def test_what_is_no_feed_wishes_nothing(body: bytes) -> None:
    """Whatever it is."""
    assert pace_of(Page("https://example.org/rss", body)) == Pace()


def test_atom_may_say_it_too() -> None:
    """In the syndication module's elements."""
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        b"<sy:updatePeriod>daily</sy:updatePeriod></feed>"
    )
    assert pace_of(Page("https://example.org/atom", body)) == Pace(86_400, "sy:updatePeriod")
