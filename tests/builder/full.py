"""A feed that uses every feature. full/ contains the expected documents, byte for byte.

`python -m tests.builder.full` rewrites them and prints the changes; review these before you commit
them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path

from feedpub import builder
from feedpub.core.models import Enclosure, Entry, Feed, FeedSummary, PodcastTag, StoryLink

FOLDER = Path(__file__).parent / "full"


def _at(day: int, hour: int) -> datetime:
    return datetime(2025, 11, day, hour, 5, tzinfo=UTC)


_FERRIES = Entry(
    id="tag:feeds.example.org,2025-11-20:harbour/4c2f9a",
    url="https://news.example/harbour/night-ferries?from=front&page=1",
    title="Ferries & fares: are 3 < 4 crossings enough?",
    first_seen=_at(20, 15),
    published=_at(20, 14),
    updated=_at(20, 16),
    authors=("Mara Lindqvist", "Tom Adeyemi"),
    summary="After eleven years the night ferries are back & cheaper than before.",
    html="<p>After eleven years the night ferries are back &amp; cheaper.</p>\n"
    '<p>The <a href="https://news.example/quay">first boat</a> leaves at a quarter past nine.</p>\n'
    '<figure><img src="https://news.example/i/quay.jpg" alt="The quay">'
    "<figcaption>The north quay</figcaption></figure>",
    text=(
        "After eleven years the night ferries are back & cheaper.\nThe first boat leaves "
        "at a quarter past nine."
    ),
    language="en",
    image="https://news.example/i/boat.jpg",
    categories=("Harbour", "Q&A"),
    enclosures=(
        Enclosure("https://news.example/audio/ferries.mp3", "audio/mpeg", 14_200_000),
        Enclosure("https://news.example/video/ferries.mp4", "video/mp4"),
    ),
    source_name="The Harbour & the Sea",
    source_url="https://news.example/",
    rights="https://creativecommons.org/licenses/by/4.0/",
    podcast=(
        PodcastTag("itunes:duration", "00:14:20"),
        PodcastTag("podcast:person", "Mara Lindqvist", (("role", "host"),)),
    ),
    also_at=(StoryLink("https://agency.example/night-ferries", "The Agency"),),
)
_SAVED = Entry(
    id="tag:feeds.example.org,2025-11-19:harbour/77aa01",
    url="",
    slug="die-alte-werft",
    title="Die alte Werft",
    first_seen=_at(19, 9),
    published=_at(18, 8),
    updated=_at(18, 8),
    authors=("Jörg Völz",),
    summary="Was aus der Werft wird, entscheidet sich im Winter.",
    html=(
        "<p>Was aus der Werft wird, entscheidet sich im Winter.</p>\n<blockquote><p>„Wir "
        "warten.“</p></blockquote>"
    ),
    text="Was aus der Werft wird, entscheidet sich im Winter.\n„Wir warten.“",
    language="de",
    image="https://feeds.example.org/harbour/werft.jpg",
)
_NOTE = Entry(
    id="tag:feeds.example.org,2025-11-17:harbour/0b3e55",
    url="https://news.example/harbour/note",
    title="A note",
    first_seen=_at(17, 7),
    published=_at(17, 7),
    updated=_at(17, 7),
    html="<p>No summary, no author.</p>",
    text="No summary, no author.",
)
FEED = Feed(
    name="harbour",
    title="Harbour & quay",
    base_url="https://feeds.example.org/",
    link="https://news.example/harbour",
    updated=_at(20, 16),
    entries=(_FERRIES, _SAVED, _NOTE),
    description="What happens between the <north> and the south quay.",
    language="en-GB",
    author="Jane Roe <jane@news.example>",
    icon="https://news.example/icon.png",
    ttl=30,
)
ARCHIVE = replace(FEED, entries=(_NOTE,), updated=_NOTE.updated, ttl=None, archive=2, previous=1)
QUIET = Feed(
    name="quiet",
    title="أخبار الميناء",
    base_url="https://feeds.example.org/",
    link="https://feeds.example.org/quiet.html",
    updated=_at(1, 0),
    language="ar",
    formats=("atom", "json"),
)


def documents() -> dict[str, bytes]:
    """Every document of the two feeds: file name → content."""
    feeds: Sequence[Feed] = (FEED, QUIET)
    return {
        "harbour.rss": builder.render_rss(FEED),
        "harbour.atom": builder.render_atom(FEED),
        "harbour.json": builder.render_json(FEED),
        "harbour.html": builder.render_page(FEED),
        "harbour/die-alte-werft.html": builder.render_article(FEED, _SAVED),
        "harbour-archive-2.rss": builder.render_rss(ARCHIVE),
        "harbour-archive-2.atom": builder.render_atom(ARCHIVE),
        "harbour-archive-2.json": builder.render_json(ARCHIVE),
        "quiet.html": builder.render_page(QUIET),
        "index.html": builder.render_index([FeedSummary.for_feed(feed) for feed in feeds]),
        "feeds.opml": builder.render_opml(feeds),
    }


def main() -> None:
    """Rewrite the expected documents and print the changes."""
    for name, body in documents().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8") if path.exists() else ""
        print(
            *unified_diff(before.splitlines(), body.decode().splitlines(), name, name, lineterm=""),
            sep="\n",
        )
        path.write_bytes(body)


if __name__ == "__main__":
    main()
