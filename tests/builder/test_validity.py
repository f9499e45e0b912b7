"""Check that every document is valid, whatever a feed contains."""

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings

from feedpub import builder
from feedpub.core.models import Enclosure, Feed, PodcastTag, StoryLink
from tests.support.feedcheck import CHECKS, opml
from tests.support.feeds import NOW, RENDERERS, entry, feed, feeds

FORMATS = sorted(RENDERERS)
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CASES = {
    "plain": feed(entry()),
    "no entries": feed(),
    "nothing but an id": feed(
        entry(url="", slug="x", title="", authors=(), summary="", html="", text="")
    ),
    "no description, no language, no interval": feed(
        entry(), description="", language=None, ttl=None
    ),
    "summary only": feed(entry(), summary_only=True),
    "summary only without a summary": feed(entry(summary=""), summary_only=True),
    "the summary is the complete text": feed(
        entry(summary="All there is.", text="All there is.", html="<p>All there is.</p>")
    ),
    "markup in every plain text": feed(
        entry(
            title="The </p> tag & <b>",
            authors=("<i>me</i>",),
            summary="1 < 2 &amp; 3",
            categories=("R&D", "</a>"),
        ),
        title="<b>News</b> & more",
        description="&lt;tags&gt; </div>",
    ),
    "an editor with an address": feed(entry(authors=()), author="Jane Roe <jane@example.org>"),
    "an address alone": feed(entry(authors=()), author="jane@example.org"),
    "an author's address": feed(entry(authors=("Jane Roe <jane@example.org>",))),
    "enclosures": feed(
        entry(
            image="https://example.org/a.jpg",
            enclosures=(
                Enclosure("http://localhost/no-dot.mp3", "audio/mpeg", 5),
                Enclosure("https://example.org/a.jpg", "image/jpeg"),
                Enclosure("https://example.org/b.mp3", "no type", -3),
            ),
        )
    ),
    "an icon that RSS does not take": feed(entry(), icon="https://example.org/icon.svg"),
    "hubs": feed(entry(), hubs=("https://hub.example.org/", "https://hub.example.net/?a=1&b=2")),
    "a live document with archives": feed(entry(), previous=12),
    "the oldest archive": feed(entry(), archive=1, ttl=None),
    "an archive after another": feed(entry(), archive=12, previous=11, ttl=None),
    "an archive of which nothing is left": feed(archive=2, previous=1, ttl=None),
    "an icon that RSS takes": feed(entry(), icon="https://example.org/icon.png"),
    "origin": feed(
        entry(
            source_name="The <b>Quay</b> & more",
            source_url="https://quay.example/ä",
            rights="© 2026 The Quay",
            also_at=(
                StoryLink("https://news.example/a", "News & <b>more</b>"),
                StoryLink("mailto:x@y.example", "Y"),
            ),
        ),
        entry(2, source_name="Quay", rights="https://creativecommons.org/licenses/by/4.0/"),
    ),
    "podcast": feed(
        entry(
            enclosures=(Enclosure("https://example.org/1.mp3", "audio/mpeg", 9),),
            podcast=(
                PodcastTag("itunes:duration", "36:45"),
                PodcastTag("itunes:episodeType", "full"),
                PodcastTag("podcast:person", "Ann\x0b & Bo", (("role", "guest"),)),
                PodcastTag(
                    "podcast:transcript",
                    attributes=(("url", "https://example.org/1.vtt"), ("type", "text/vtt")),
                ),
                PodcastTag(
                    "psc:chapters",
                    attributes=(("version", "1.2"),),
                    children=(
                        PodcastTag("psc:chapter", "", (("start", "00:00"), ("title", "Begin"))),
                    ),
                ),
            ),
        ),
        podcast=(
            PodcastTag("itunes:image", attributes=(("href", "https://example.org/i.png"),)),
            PodcastTag("itunes:type", "serial"),
            PodcastTag(
                "itunes:category",
                attributes=(("text", "Society & Culture"),),
                children=(PodcastTag("itunes:category", attributes=(("text", "Places"),)),),
            ),
        ),
    ),
    "addresses in other scripts": feed(entry(url="https://bücher.example/ä b?q=ü#x")),
    "three languages": feed(
        entry(1, language="ar"),
        entry(2, language="zh-hant_tw"),
        entry(3, language="jp"),
        language="he",
    ),
}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_document_is_valid(case: Feed, suffix: str) -> None:
    body = RENDERERS[suffix](case)
    assert CHECKS[suffix](body, now=NOW, address=case.address(suffix)) == []


@pytest.mark.parametrize("suffix", FORMATS)
@MANY
@given(feed=feeds())
def test_no_text_makes_a_document_invalid(feed: Feed, suffix: str) -> None:
    assert CHECKS[suffix](RENDERERS[suffix](feed), now=NOW) == []


@MANY
@given(feed=feeds())
def test_no_text_makes_the_opml_invalid(feed: Feed) -> None:
    assert opml.check(builder.render_opml([feed]), now=NOW) == []


@pytest.mark.parametrize("suffix", ["atom", "rss"])
@MANY
@given(feed=feeds())
def test_feedparser_reads_every_entry(feed: Feed, suffix: str) -> None:
    parsed = feedparser.parse(RENDERERS[suffix](feed))
    assert not parsed.bozo
    assert [found.id for found in parsed.entries] == [entry.id for entry in feed.entries]
    assert all(found.title and found.link for found in parsed.entries)
    if not feed.summary_only:
        texts = [
            found.content[0].value if "content" in found else found.get("summary")
            for found in parsed.entries
        ]
        assert all(text for text, entry in zip(texts, feed.entries, strict=True) if entry.html)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feed=feeds())
def test_rendering_is_deterministic(feed: Feed, suffix: str) -> None:
    assert RENDERERS[suffix](feed) == RENDERERS[suffix](feed)
