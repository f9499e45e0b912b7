"""Read and write elements of podcasts' namespaces, which are passed on from feed to feed.

Namespaces: Apple's (https://help.apple.com/itc/podcasts_connect/#/itcb54353390), Podcasting 2.0
(https://podcasting2.org/docs/podcast-namespace) and Podlove Simple Chapters
(https://podlove.org/simple-chapters).
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from lxml import etree

from feedpub.core.models import PodcastTag
from feedpub.core.urls import absolute_url

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
}
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()} | {
    "https://podcastindex.org/namespace/1.0/": "podcast",
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "http://podlove.org/simple-chapters/": "psc",
}
_EPISODE_NAMES = frozenset(  # of Apple's namespace, which feeds extend with names of their own
    "author duration episode episodeType explicit image season subtitle summary title".split()  # noqa: SIM905 -- words
)
_CHANNEL_NAMES = frozenset(
    "author category explicit image owner subtitle summary type".split()  # noqa: SIM905 -- words
)
# They describe the publication, not its content: ours is another one.
_NOT_PASSED_ON = frozenset(("block", "guid", "liveItem", "locked", "podping", "podroll")) | {
    *("publisher", "remoteItem", "updateFrequency", "usesPodping", "value"),
}
_URL_ATTRIBUTES = frozenset(("href", "image", "img", "src", "uri", "url"))
_MAX_TAGS, _MAX_CHILDREN, _MAX_DEPTH = 100, 1000, 3
_MAX_ATTRIBUTES, _MAX_VALUE_CHARS, _MAX_TEXT_CHARS = 20, 2000, 4000


def read_episode(item: etree._Element, base: str) -> tuple[PodcastTag, ...]:
    """Return the podcast elements of a feed's item; their URLs are resolved against `base`."""
    return tuple(_read_tags(item, base, _EPISODE_NAMES))


def read_channel(channel: etree._Element, base: str) -> tuple[PodcastTag, ...]:
    """Return the podcast elements of a feed's channel; their URLs are resolved against `base`."""
    return tuple(_read_tags(channel, base, _CHANNEL_NAMES))


def _read_tags(
    parent: etree._Element, base: str, itunes_names: Collection[str]
) -> Iterator[PodcastTag]:
    count = 0
    for element in parent:
        prefix, name = _split_name(element)
        is_passed_on = name in itunes_names if prefix == "itunes" else name not in _NOT_PASSED_ON
        if prefix and is_passed_on and count < _MAX_TAGS:
            count += 1
            yield _read_tag(element, f"{prefix}:{name}", base, 1)


def _split_name(element: etree._Element) -> tuple[str, str]:
    """Return an element's usual prefix and its name; "" as the prefix if it is of no podcast."""
    uri, _, name = str(element.tag).removeprefix("{").rpartition("}")
    return _PREFIXES.get(uri.lower(), ""), name


def _read_tag(element: etree._Element, name: str, base: str, depth: int) -> PodcastTag:
    attributes = []
    for attribute, value in islice(element.attrib.items(), _MAX_ATTRIBUTES):
        key, text = str(attribute), str(value)
        if key in _URL_ATTRIBUTES:
            text = absolute_url(text, base) or text
        if "}" not in key and len(text) <= _MAX_VALUE_CHARS:
            attributes.append((key, text))
    children = []
    for child in islice(element, _MAX_CHILDREN if depth < _MAX_DEPTH else 0):
        prefix, inner = _split_name(child)
        if prefix:
            children.append(_read_tag(child, f"{prefix}:{inner}", base, depth + 1))
    content = " ".join((element.text or "").split())[:_MAX_TEXT_CHARS]
    return PodcastTag(name, content, tuple(attributes), tuple(children))


def used_namespaces(tags: Iterable[PodcastTag]) -> dict[str, str]:
    """Return prefix → namespace of the tags."""
    prefixes = {tag.name.partition(":")[0] for tag in tags}
    return {prefix: uri for prefix, uri in NAMESPACES.items() if prefix in prefixes}


def append_tags(parent: etree._Element, tags: Iterable[PodcastTag]) -> None:
    """Append tags to an element of a document that declares their namespaces."""
    for tag in tags:
        prefix, _, name = tag.name.partition(":")
        qualified = f"{{{NAMESPACES[prefix]}}}{name}"
        element = etree.SubElement(parent, qualified, dict(tag.attributes))
        element.text = tag.text or None
        append_tags(element, tag.children)
