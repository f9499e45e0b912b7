"""Import OPML: the subscriptions of a reader, and the scraping settings of FreshRSS."""

from collections.abc import Iterator

from lxml import etree

from feedpub.builder.opml import FRESHRSS_NAMESPACE
from feedpub.cli.importers import freshrss, rssbridge
from feedpub.cli.importers.documents import line_number, parse_xml_root
from feedpub.cli.importers.model import (
    Imported,
    ImportedFeed,
    Unsupported,
    combine_imports,
    title_from_url,
)
from feedpub.core.errors import ImportFileError

_READERS = (
    "text",
    "title",
    "type",
    "xmlUrl",
    "htmlUrl",
    "description",
    "language",
    "version",
    "created",
    "category",
)


def parse_opml(body: bytes, name: str, *, scraping: bool = True) -> Imported:
    """Import a file.

    Args:
        body: its content.
        name: its name, for messages.
        scraping: read the settings of FreshRSS as well.

    Raises:
        ImportFileError: it is not OPML.
    """
    root = parse_xml_root(body, name, {"frss": FRESHRSS_NAMESPACE})
    if etree.QName(root).localname.lower() != "opml":
        raise ImportFileError(
            f"{name}:{root.sourceline}: no OPML: the document is a <{etree.QName(root).localname}>"
        )
    lines = body.split(b"\n")
    imported: list[Imported] = []
    for outline in root.iter("outline"):
        location = f"{name}:{line_number(outline, lines)}"
        imported.append(_outline(outline, location, scraping=scraping))
    return combine_imports(imported)


def _outline(outline: etree._Element, location: str, *, scraping: bool) -> Imported:
    values: dict[str, str] = {}
    attributes: dict[str, str] = {}  # those of FreshRSS
    for key, value in outline.attrib.items():
        name, text = str(key), str(value).strip()
        if not text:
            continue
        values[name] = text
        if scraping and name.startswith(freshrss.FRESHRSS_PREFIX):
            attributes[name] = text
    if "xmlUrl" not in values:
        return Imported(unsupported=tuple(_folder(outline, values, attributes, location)))
    feed = _draft(values, location)
    losses = tuple(_losses(values, location))
    if not scraping:
        return Imported((feed,), losses)
    applied = freshrss.apply_freshrss(feed, values.get("type", ""), attributes)
    return combine_imports([Imported(unsupported=losses), applied])


def _draft(values: dict[str, str], location: str) -> ImportedFeed:
    link = values.get("htmlUrl", "")
    title = values.get("title") or values.get("text") or title_from_url(values["xmlUrl"])
    return ImportedFeed(
        location=location,
        type="feed",
        url=values["xmlUrl"],
        title=" ".join(title.split()),
        description=" ".join(values.get("description", "").split()),
        language=values.get("language", ""),
        link=link if link.startswith(("http://", "https://")) else "",
    )


def _losses(values: dict[str, str], location: str) -> Iterator[Unsupported]:
    if "category" in values:
        yield Unsupported(
            location,
            f"category {values['category']}",
            "feedpub has no folders of feeds",
            is_important=False,
        )
    if rssbridge.is_rssbridge_url(values["xmlUrl"]):
        yield Unsupported(
            location,
            "RSS-Bridge",
            "the feed still comes from it; import its address alone to read the page directly",
            is_important=False,
        )
    for key in values:
        if key not in _READERS and not key.startswith("{"):
            yield Unsupported(location, key, "unknown to feedpub")


def _folder(
    outline: etree._Element, values: dict[str, str], attributes: dict[str, str], location: str
) -> Iterator[Unsupported]:
    """Report an outline that is not a feed: a folder, a list elsewhere, or a link."""
    title = values.get("text") or values.get("title") or "outline"
    if f"{freshrss.FRESHRSS_PREFIX}opmlUrl" in attributes or values.get("type") == "include":
        yield Unsupported(location, title, "is a list elsewhere; save it as a file and import that")
    elif len(outline):
        yield Unsupported(
            location,
            f"folder {title}",
            "feedpub has no folders of feeds; its feeds are taken",
            is_important=False,
        )
    else:
        yield Unsupported(
            location, title, 'has no xmlUrl; if it is a page, write it as a source of type = "page"'
        )
