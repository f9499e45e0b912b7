"""Embedded content becomes a link."""

import re

import pytest
from lxml.html import HtmlElement

from feedpub.cleaner.embeds import convert_embed, is_post, load_embeds
from feedpub.core.html import parse_html

BASE = "https://example.org/news/a"


def element(html: str) -> HtmlElement:
    body = parse_html(html).find("body")
    assert body is not None
    return body[0]


def frame(address: str, attributes: str = "") -> str:
    return convert_embed(element(f'<iframe src="{address}" {attributes}></iframe>'), BASE)


@pytest.mark.parametrize(
    ("address", "page", "says"),
    [
        (
            "https://www.youtube.com/embed/abcdefghijk?rel=0",
            "https://www.youtube.com/watch?v=abcdefghijk",
            "YouTube",
        ),
        (
            "//www.youtube-nocookie.com/embed/a-cdefghi_k",
            "https://www.youtube.com/watch?v=a-cdefghi_k",
            "YouTube",
        ),
        (
            "https://www.youtube.com/embed/videoseries?list=x",
            "https://www.youtube.com/embed/videoseries?list=x",
            "YouTube",
        ),
        ("https://player.vimeo.com/video/76979871?h=1", "https://vimeo.com/76979871", "Vimeo"),
        (
            "https://www.dailymotion.com/embed/video/x7u5g",
            "https://www.dailymotion.com/video/x7u5g",
            "Dailymotion",
        ),
        (
            "https://open.spotify.com/embed/episode/4rOoJ6",
            "https://open.spotify.com/episode/4rOoJ6",
            "Spotify",
        ),
        (
            "https://w.soundcloud.com/player/?url=x",
            "https://w.soundcloud.com/player/?url=x",
            "SoundCloud",
        ),
        (
            "https://platform.twitter.com/embed/Tweet.html?dnt=1&id=20",
            "https://x.com/i/status/20",
            "X",
        ),
        (
            "https://www.instagram.com/p/Cabc_1/embed/",
            "https://www.instagram.com/p/Cabc_1/",
            "Instagram",
        ),
        ("https://www.tiktok.com/embed/v2/71", "https://www.tiktok.com/@/video/71", "TikTok"),
        (
            "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fposts%2F1&width=500",
            "https://www.facebook.com/a/posts/1",
            "Facebook",
        ),
        (
            "https://embed.bsky.app/embed/did:plc:x1/app.bsky.feed.post/3k?id=2",
            "https://bsky.app/profile/did:plc:x1/post/3k",
            "Bluesky",
        ),
        (
            "https://www.google.com/maps/embed?pb=1",
            "https://www.google.com/maps/embed?pb=1",
            "Google Maps",
        ),
        (
            "https://datawrapper.dwcdn.net/aBc/2/",
            "https://datawrapper.dwcdn.net/aBc/2/",
            "Datawrapper",
        ),
    ],
)
def test_known_frame_links_to_its_user_facing_page(address: str, page: str, says: str) -> None:
    assert (
        re.sub("<img [^>]*><br>", "", frame(address))
        == f'<a href="{page.replace("&", "&amp;")}">{says}</a>'
    )


@pytest.mark.parametrize(
    ("html", "picture"),
    [
        (
            '<iframe src="https://www.youtube.com/embed/abcdefghijk?rel=0"></iframe>',
            "https://i.ytimg.com/vi/abcdefghijk/hqdefault.jpg",
        ),
        (
            '<iframe src="https://www.dailymotion.com/embed/video/x7u5g"></iframe>',
            "https://www.dailymotion.com/thumbnail/video/x7u5g",
        ),
        (
            '<video src="pier.mp4" poster="/pier.jpg?a=1&amp;b=2"></video>',
            "https://example.org/pier.jpg?a=1&amp;b=2",
        ),
    ],
)
def test_video_link_has_a_thumbnail(html: str, picture: str) -> None:
    assert f'<img src="{picture}" alt=""><br>' in convert_embed(element(html), BASE)


@pytest.mark.parametrize("poster", ["", "data:image/png;base64,AAAA", "http://[x"])
def test_video_without_a_usable_thumbnail_is_a_plain_link(poster: str) -> None:
    assert "<img" not in convert_embed(
        element(f'<video src="pier.mp4" poster="{poster}"></video>'), BASE
    )


def test_frame_title_is_the_link_text_up_to_100_characters() -> None:
    assert (
        frame("https://vimeo.com/1", 'title="The  pier"')
        == '<a href="https://vimeo.com/1">The pier</a>'
    )
    assert "…</a>" in frame("https://vimeo.com/1", f'title="{"long " * 40}"')


@pytest.mark.parametrize(
    ("address", "attributes"),
    [
        ("https://unknown.example/7", ""),
        ("https://unknown.example/7", 'title="Advertisement"'),
        ("https://unknown.example/ads/7", 'title="3rd party content"'),
        ("https://ad.unknown.example/7", 'title="Something"'),
        ("https://securepubads.g.doubleclick.net/x", 'title="Something"'),
        ("https://www.googletagmanager.com/ns.html", 'title="Something"'),
        ("https://www.facebook.com/plugins/like.php?href=x", ""),
        ("https://www.youtube.com/embed/abcdefghijk", 'width="1" height="1"'),
        ("https://www.youtube.com/embed/abcdefghijk", 'style="display: none"'),
        ("about:blank", 'title="Something"'),
        ("", ""),
    ],
)
def test_advertisements_trackers_and_unknown_frames_are_dropped(
    address: str, attributes: str
) -> None:
    assert frame(address, attributes) == ""


def test_unknown_frame_with_a_title_is_linked_with_its_host() -> None:
    link = '<a href="https://tides.example/chart">Tides of ten days (tides.example)</a>'
    assert frame("https://tides.example/chart", 'title="Tides of ten days"') == link


@pytest.mark.parametrize(
    ("html", "link"),
    [
        ('<video><source src="/v.mp4"></video>', '<a href="https://example.org/v.mp4">Video</a>'),
        (
            '<audio src="/a.mp3" title="The bell"></audio>',
            '<a href="https://example.org/a.mp3">The bell</a>',
        ),
        ('<video src="blob:x"></video>', ""),
        (
            (
                '<blockquote class="instagram-media" '
                'data-instgrm-permalink="https://www.instagram.com/reel/C1/?x=1"><p>View'
            ),
            '<a href="https://www.instagram.com/reel/C1/">Instagram</a>',
        ),
        (
            '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@a/video/1"><section>',
            '<a href="https://www.tiktok.com/@a/video/1">TikTok</a>',
        ),
        (
            (
                '<blockquote class="twitter-tweet"><a href="https://twitter.com/a/status/1"></a>'
                "</blockquote>"
            ),
            '<a href="https://twitter.com/a/status/1">X</a>',
        ),
    ],
)
def test_media_files_and_posts_without_text_are_linked(html: str, link: str) -> None:
    assert convert_embed(element(html), BASE) == link


def test_post_with_text_is_a_quotation() -> None:
    assert not is_post(
        element('<blockquote class="twitter-tweet"><p>We sail at six</p>— Marta</blockquote>')
    )
    assert is_post(
        element('<blockquote class="twitter-tweet"><a href="https://x.com/a"></a></blockquote>')
    )


def test_shipped_embed_patterns_compile_and_have_all_groups() -> None:
    for known in load_embeds().values():
        assert known.page == "" or known.part.groups >= 1
