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
    outlines = (
        (outline, f"{name}:{line_number(outline, lines)}") for outline in root.iter("outline")
    )
    return combine_imports(
        _outline(outline, where, scraping=scraping) for outline, where in outlines
    )


def _outline(outline: etree._Element, where: str, *, scraping: bool) -> Imported:
    said = {str(key): str(value).strip() for key, value in outline.attrib.items() if value.strip()}
    told = (
        {key: value for key, value in said.items() if key.startswith(freshrss.FRESHRSS_PREFIX)}
        if scraping
        else {}
    )
    if "xmlUrl" not in said:
        return Imported(unsupported=tuple(_folder(outline, said, told, where)))
    draft = _draft(said, where)
    bare = Imported((draft,), tuple(_losses(said, where)))
    if not scraping:
        return bare
    return combine_imports(
        [
            Imported(unsupported=bare.unsupported),
            freshrss.apply_freshrss(draft, said.get("type", ""), told),
        ]
    )


def _draft(said: dict[str, str], where: str) -> ImportedFeed:
    link = said.get("htmlUrl", "")
    return ImportedFeed(
        location=where,
        type="feed",
        url=said["xmlUrl"],
        title=" ".join(
            (said.get("title") or said.get("text") or title_from_url(said["xmlUrl"])).split()
        ),
        description=" ".join(said.get("description", "").split()),
        language=said.get("language", ""),
        link=link if link.startswith(("http://", "https://")) else "",
    )


def _losses(said: dict[str, str], where: str) -> Iterator[Unsupported]:
    if "category" in said:
        yield Unsupported(
            where,
            f"category {said['category']}",
            "feedpub has no folders of feeds",
            is_important=False,
        )
    if rssbridge.is_rssbridge_url(said["xmlUrl"]):
        yield Unsupported(
            where,
            "RSS-Bridge",
            "the feed still comes from it; import its address by itself to read the page directly",
            is_important=False,
        )
    for key in said:
        if key not in _READERS and not key.startswith("{"):
            yield Unsupported(where, key, "unknown to feedpub")


def _folder(
    outline: etree._Element, said: dict[str, str], told: dict[str, str], where: str
) -> Iterator[Unsupported]:
    """Report an outline that is not a feed: a folder, a list elsewhere, or a link."""
    title = said.get("text") or said.get("title") or "outline"
    if f"{freshrss.FRESHRSS_PREFIX}opmlUrl" in told or said.get("type") == "include":
        yield Unsupported(where, title, "is a list elsewhere; save it as a file and import that")
    elif len(outline):
        yield Unsupported(
            where,
            f"folder {title}",
            "feedpub has no folders of feeds; its feeds are taken",
            is_important=False,
        )
    else:
        yield Unsupported(
            where, title, 'has no xmlUrl; if it is a page, write it as a source of type = "page"'
        )
