"""Media RSS and podcast elements of feeds; how often a feed may be polled."""

import pytest

from feedpub.core.models import Enclosure, Item, Page, PodcastTag, PollingHints
from feedpub.sources import FeedHead, read_feed_head
from feedpub.sources.feed import parse_items

NAMESPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0" '
    'xmlns:psc="http://podlove.org/simple-chapters" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
PAGE_URL = "https://press.example/rss"


def read_item(entry: str, channel: str = "") -> Item:
    head = f"<title>Press</title><link>https://press.example/</link>{channel}"
    document = (
        f'<rss version="2.0" {NAMESPACES}><channel>{head}<item>{entry}</item></channel></rss>'
    )
    (item,) = parse_items(Page(PAGE_URL, document.encode()), limit=9)
    return item


POST = (
    "<guid>https://social.example/@ann/1</guid><link>https://social.example/@ann/1</link>"
    "<description>&lt;p&gt;Good morning from the pier.&lt;/p&gt;</description>"
)


def picture(url: str, description: str = "", more: str = "") -> str:
    text = f'<media:description type="plain">{description}</media:description>' * bool(description)
    return (
        f'<media:content url="{url}" type="image/jpeg" medium="image"{more}>'
        f'<media:rating scheme="urn:simple">nonadult</media:rating>{text}</media:content>'
    )


def test_description_of_a_picture_does_not_replace_the_text() -> None:
    item = read_item(POST + picture("https://social.example/1.jpg", "A heron"))
    assert (item.title, item.summary) == ("", "Good morning from the pier.")
    assert item.html == (
        "<p>Good morning from the pier.</p>"
        '<figure><img src="https://social.example/1.jpg" alt="A heron"></figure>'
    )


def test_title_of_a_medium_does_not_replace_the_title() -> None:
    media = "<media:group><media:title>Clip 7</media:title></media:group>"
    assert read_item(f"<title>The quay</title>{POST}{media}").title == "The quay"
    assert read_item(POST + media).title == ""


def test_several_pictures_follow_the_text() -> None:
    item = read_item(POST + picture("/1.jpg") + picture("/2.jpg"))
    assert item.html.count("<figure>") == 2
    assert item.image == "https://press.example/1.jpg"


def test_single_picture_without_description_is_the_lead_image() -> None:
    item = read_item(POST + picture("/1.jpg"))
    assert item.image == "https://press.example/1.jpg"
    assert "<figure>" not in item.html


def test_sizes_of_one_picture_are_one_picture() -> None:
    sizes = [picture(f"/1.jpg?width={width}", "A heron") for width in (140, 460)]
    assert read_item(POST + "".join(sizes)).html.count("<figure>") == 1


def test_picture_in_the_text_is_not_repeated() -> None:
    shown = POST.replace("pier.", 'pier. &lt;img src="/1.jpg"&gt;')
    assert "<figure>" not in read_item(shown + picture("/1.jpg", "A heron")).html


def test_picture_alone_is_the_content() -> None:
    item = read_item(
        "<link>https://social.example/@ann/2</link>" + picture("/1.jpg", "A heron in the fog")
    )
    assert item.html == (
        '<figure><img src="https://press.example/1.jpg" alt="A heron in the fog"></figure>'
    )


def test_description_of_a_video_is_the_text_of_an_entry_without_one() -> None:
    item = read_item(
        "<title>A dike</title><link>https://video.example/1</link><media:group>"
        '<media:content url="https://video.example/v/1?version=3" '
        'type="application/x-shockwave-flash"/>'
        '<media:thumbnail url="https://video.example/1.jpg"/>'
        "<media:description>We look inside.\n00:00 Arrival\n\nMaps: https://maps.example/dike."
        "</media:description></media:group>"
    )
    assert item.html == (
        "<p>We look inside.<br>00:00 Arrival</p>"
        '<p>Maps: <a href="https://maps.example/dike">https://maps.example/dike</a>.</p>'
    )
    assert (item.image, item.enclosures) == ("https://video.example/1.jpg", ())


def test_best_file_of_a_group_is_the_enclosure() -> None:
    files = "".join(
        f'<media:content url="/{width}.mp4" type="video/mp4" width="{width}" fileSize="{width}"/>'
        for width in (640, 1920, 1280)
    )
    item = read_item(f"{POST}<media:group>{files}</media:group>")
    assert item.enclosures == (Enclosure("https://press.example/1920.mp4", "video/mp4", 1920),)


def test_prefix_of_a_namespace_does_not_matter() -> None:
    document = (
        '<rss version="2.0" xmlns:m="http://search.yahoo.com/mrss/"><channel><title>P</title><item>'
        f'{POST}<m:content url="https://x.example/1.jpg" medium="image">'
        "<m:description>A heron</m:description></m:content></item></channel></rss>"
    )
    (item,) = parse_items(Page(PAGE_URL, document.encode()), limit=9)
    assert item.summary == "Good morning from the pier."
    assert 'alt="A heron"' in item.html


EPISODE = (
    "<title>Fairway</title><guid>e41</guid>"
    '<enclosure url="https://cast.example/41.mp3" type="audio/mpeg" length="9"/>'
)


def test_podcast_elements_of_an_episode_are_kept() -> None:
    item = read_item(
        EPISODE + "<itunes:duration>36:45</itunes:duration><itunes:explicit>false</itunes:explicit>"
        '<podcast:transcript url="/41.vtt" type="text/vtt"/>'
        '<podcast:person role="guest">Hilke</podcast:person>'
        '<psc:chapters version="1.2"><psc:chapter start="00:00" title="Hello"/></psc:chapters>'
    )
    assert item.podcast == (
        PodcastTag("itunes:duration", "36:45"),
        PodcastTag("itunes:explicit", "false"),
        PodcastTag(
            "podcast:transcript",
            attributes=(("url", "https://press.example/41.vtt"), ("type", "text/vtt")),
        ),
        PodcastTag("podcast:person", "Hilke", (("role", "guest"),)),
        PodcastTag(
            "psc:chapters",
            attributes=(("version", "1.2"),),
            children=(
                PodcastTag("psc:chapter", attributes=(("start", "00:00"), ("title", "Hello"))),
            ),
        ),
    )


def test_summary_of_an_episode_is_its_text_only_if_there_is_no_other() -> None:
    summary = "<itunes:summary>What it is about.</itunes:summary>"
    assert read_item(EPISODE + summary).html == "<p>What it is about.</p>"
    notes = "<description>The notes.</description>"
    assert read_item(EPISODE + summary + notes).summary == "The notes."
    assert read_item(EPISODE + notes + summary).html == ""


@pytest.mark.parametrize("name", ["podcast:guid", "podcast:locked", "itunes:new-feed-url"])
def test_identity_of_the_original_podcast_is_not_passed_on(name: str) -> None:
    channel = f"<{name}>x</{name}><itunes:author>Ann</itunes:author>"
    document = f'<rss version="2.0" {NAMESPACES}><channel>{channel}</channel></rss>'
    head = read_feed_head(Page(PAGE_URL, document.encode()))
    assert head.podcast == (PodcastTag("itunes:author", "Ann"),)


def test_categories_of_a_channel_keep_their_hierarchy() -> None:
    channel = (
        '<itunes:category text="Society &amp; Culture"><itunes:category text="Places"/>'
        '</itunes:category><itunes:image href="cover.jpg"/>'
    )
    document = f'<rss version="2.0" {NAMESPACES}><channel>{channel}</channel></rss>'
    category, image = read_feed_head(Page(PAGE_URL, document.encode())).podcast
    assert category.children == (PodcastTag("itunes:category", "", (("text", "Places"),)),)
    assert image.attributes == (("href", "https://press.example/cover.jpg"),)


def test_namespace_that_is_not_text_hides_nothing_else() -> None:
    """An element in a namespace of half a surrogate pair has no name that can be read."""
    odd = "<odd xmlns='&#xD800;'/>"
    item = read_item(f"{POST}{odd}{picture('/1.jpg', 'A heron')}", channel=odd)
    assert item.summary == "Good morning from the pier."
    document = f'<rss version="2.0" {NAMESPACES}><channel>{odd}<ttl>60</ttl></channel></rss>'
    assert read_feed_head(Page(PAGE_URL, document.encode())) == FeedHead()


# --- origin ---


def test_item_names_the_feed_and_its_page() -> None:
    item = read_item(POST, "<copyright>© Press</copyright>")
    assert (item.source_name, item.source_url) == ("Press", "https://press.example/")
    assert item.rights == "© Press"


def test_item_of_an_aggregator_names_its_own_feed() -> None:
    source = '<source url="https://ann.example/rss">Ann\'s notes</source>'
    item = read_item(POST + source, "<copyright>© Press</copyright>")
    assert (item.source_name, item.source_url) == ("Ann's notes", "https://ann.example/rss")
    assert item.rights == ""


def test_rights_of_an_item_come_before_those_of_its_feed() -> None:
    rights = "<dc:rights>CC BY 4.0</dc:rights>"
    assert read_item(POST + rights, "<copyright>© Press</copyright>").rights == "CC BY 4.0"


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
