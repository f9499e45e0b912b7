"""Read the title of a feed."""

import pytest

from feedpub.core.models import Page
from feedpub.sources.rss_atom import feed_title

NAMED = {
    "rss": "<rss version='2.0'><channel><title>The  Quay &amp; Co</title>"
    "<item><title>no</title></item></channel></rss>",
    "atom": "<feed xmlns='http://www.w3.org/2005/Atom'><title type='html'>The Quay &amp;amp; Co</"
    "title></feed>",
    "rdf": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://"
    "purl.org/rss/1.0/'><channel>"
    "<title>The Quay &amp; Co</title></channel><item><title>no</title></item></rdf:RDF>",
    "json": '{"version": "https://jsonfeed.org/version/1.1", "title": "The Quay & Co", "items": '
    "[]}",
}


@pytest.mark.parametrize("body", NAMED.values(), ids=NAMED)
def test_feed_title_is_plain_text(body: str) -> None:
    """It is on one line, and is never an entry's."""
    assert feed_title(Page("https://quay.example/feed", body.encode())) == "The Quay & Co"


@pytest.mark.parametrize(
    "body",
    [
        "<rss><channel><item><title>x</title></item></channel></rss>",
        "",
        "x",
        "{",
        '{"title": 4}',
        "[1]",
    ],
)
def test_other_document_has_no_title(body: str) -> None:
    assert feed_title(Page("https://quay.example/feed", body.encode())) == ""
