import pytest

from feedpub.builder.entry_html import PLACEHOLDER, move_addresses
from tests.support.feeds import entry

BASE = "https://feeds.example.org/a&b/"


def test_moved_address_can_be_moved_back() -> None:
    html = '<a href="{0}f/x?a=1&amp;b=2"><img src="{0}f/%C3%A4.png" alt="{0}"></a>'
    stored = entry(1, html=html.format(PLACEHOLDER), image=f"{PLACEHOLDER}f/i.png")
    moved = move_addresses(stored, PLACEHOLDER, BASE)
    assert moved.html == html.format("https://feeds.example.org/a&amp;b/")
    assert moved.image == f"{BASE}f/i.png"
    assert move_addresses(moved, BASE, PLACEHOLDER) == stored


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://elsewhere.example/?to=https://feedpub.invalid/f">x</a>',
        "<p>https://feedpub.invalid/f</p>",
        '<img src="https://elsewhere.example/a.png?x=&quot;&#39;" alt="">',
        '<a href="http://[x/">x</a>',
    ],
)
def test_other_addresses_are_unchanged(html: str) -> None:
    other = entry(1, html=html, image="https://elsewhere.example/i.png")
    assert move_addresses(other, PLACEHOLDER, BASE) == other
