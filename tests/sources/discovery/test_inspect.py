"""Names of sites, without their taglines."""

import pytest

from feedpub.core.models import Page
from feedpub.sources.discovery.inspect import find_site_name, without_tagline
from feedpub.sources.document import parse_document


@pytest.mark.parametrize(
    ("title", "url", "name"),
    [
        ("Harbour Times – News from the coast", "https://ht.example/", "Harbour Times"),
        ("Home - Quay Blog: thoughts on boats", "https://x.example/", "Quay Blog"),
        ("Sport | The Ledger", "https://ht.example/sport", "The Ledger"),
        ("News - The Quay: Boats and Tides", "https://thequay.example/news", "The Quay"),
        ("QN Boats | Boats, Tides, Weather", "https://www.qn.example/boats", "QN Boats"),
        ("Welcome to the Harbour", "https://ht.example/", "Harbour"),
        ("", "https://ht.example/", ""),
    ],
)
def test_name_is_the_part_of_the_title_that_names_the_site(title: str, url: str, name: str) -> None:
    page = Page(url, f"<html><head><title>{title}</title></head></html>".encode(), "text/html")
    assert find_site_name(parse_document(page)) == name


def test_name_that_the_page_states_is_preferred() -> None:
    head = (
        "<title>Sport – Other</title>"
        '<meta property="og:site_name" content="Harbour Times | News from the coast">'
    )
    page = Page(
        "https://x.example/sport", f"<html><head>{head}</head></html>".encode(), "text/html"
    )
    assert find_site_name(parse_document(page)) == "Harbour Times"


def test_feed_title_begins_with_the_name() -> None:
    assert without_tagline("Quay: tides and boats", "https://x.example/feed") == "Quay"
    assert without_tagline("new : smallboats", "https://x.example/feed") == "new : smallboats"
