"""OPML: the subscriptions of a reader, and with them what FreshRSS was told to scrape."""

from collections.abc import Iterator

from lxml import etree

from feedpub.builder.source_opml import FRESHRSS
from feedpub.errors import ForeignError
from feedpub.importing import freshrss, rssbridge
from feedpub.importing.documents import line_of, xml_root
from feedpub.importing.model import FeedDraft, Imported, Loss, joined, title_of

_READERS = ("text", "title", "type", "xmlUrl", "htmlUrl", "description", "language", "version", "created", "category")


def read(body: bytes, name: str, *, scraping: bool = True) -> Imported:
    """The feeds of one file; with `scraping`, what FreshRSS says of them is read too. Raises ForeignError."""
    root = xml_root(body, name, {"frss": FRESHRSS})
    if etree.QName(root).localname.lower() != "opml":
        raise ForeignError(f"{name}:{root.sourceline}: no OPML: the document is a <{etree.QName(root).localname}>")
    lines = body.split(b"\n")
    outlines = ((outline, f"{name}:{line_of(outline, lines)}") for outline in root.iter("outline"))
    return joined(_outline(outline, where, scraping=scraping) for outline, where in outlines)


def _outline(outline: etree._Element, where: str, *, scraping: bool) -> Imported:
    said = {str(key): str(value).strip() for key, value in outline.attrib.items() if value.strip()}
    told = {key: value for key, value in said.items() if key.startswith(freshrss.PREFIX)} if scraping else {}
    if "xmlUrl" not in said:
        return Imported(losses=tuple(_folder(outline, said, told, where)))
    draft = _draft(said, where)
    bare = Imported((draft,), tuple(_losses(said, where)))
    if not scraping:
        return bare
    return joined([Imported(losses=bare.losses), freshrss.applied(draft, said.get("type", ""), told)])


def _draft(said: dict[str, str], where: str) -> FeedDraft:
    link = said.get("htmlUrl", "")
    return FeedDraft(
        where=where,
        type="feed",
        url=said["xmlUrl"],
        title=" ".join((said.get("title") or said.get("text") or title_of(said["xmlUrl"])).split()),
        description=" ".join(said.get("description", "").split()),
        language=said.get("language", ""),
        link=link if link.startswith(("http://", "https://")) else "",
    )


def _losses(said: dict[str, str], where: str) -> Iterator[Loss]:
    if "category" in said:
        yield Loss(where, f"category {said['category']}", "feedpub has no folders of feeds", matters=False)
    if rssbridge.is_address(said["xmlUrl"]):
        yield Loss(
            where,
            "RSS-Bridge",
            "the feed still comes from it; import its address by itself to read the page directly",
            matters=False,
        )
    for key in said:
        if key not in _READERS and not key.startswith("{"):
            yield Loss(where, key, "unknown to feedpub")


def _folder(outline: etree._Element, said: dict[str, str], told: dict[str, str], where: str) -> Iterator[Loss]:
    """An outline that is no feed: a folder of them, a list elsewhere, or a link."""
    title = said.get("text") or said.get("title") or "outline"
    if f"{freshrss.PREFIX}opmlUrl" in told or said.get("type") == "include":
        yield Loss(where, title, "is a list elsewhere; save it as a file and import that")
    elif len(outline):
        yield Loss(where, f"folder {title}", "feedpub has no folders of feeds; its feeds are taken", matters=False)
    else:
        yield Loss(where, title, 'has no xmlUrl; if it is a page, write it as a source of type = "page"')
