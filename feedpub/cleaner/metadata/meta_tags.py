"""Read a page's head: OpenGraph and the many other meta names, links, and the title element.

One table lists the names of each field, in the order of trust.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from operator import itemgetter

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import lead_image
from feedpub.cleaner.metadata.elements import Facts

# Field of `Facts` → the names that state it, the most trusted first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "titles": (
        "og:title", "citation_title", "dc.title", "dcterms.title", "parsely-title",
        "sailthru.title", "twitter:title", "title", "headline", "hdl", "eprints.title",
        "bepress_citation_title", "title:",
    ),
    "authors": (
        "citation_author", "article:author_name", "parsely-author", "sailthru.author", "byl",
        "author", "dc.creator", "dcterms.creator", "dc.contributor", "article:author", "og:author",
        "authors", "author-name", "authorname", "cxenseparse:author", "rbauthors",
        "twitter:creator:name", "mediator_author", "shareaholic:article_author_name", "creator",
        "book:author", "article.author", "bepress_citation_author", "vr:author", "dable:author",
        "news_author",
    ),
    "published": (
        "article:published_time", "og:article:published_time", "og:published_time",
        "datepublished", "article:published", "citation_publication_date", "citation_online_date",
        "citation_date", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued",
        "dcterms.created", "dc.date.created", "dc.date.published", "dc.date", "dcterms.date",
        "article.published", "article:publish_date", "publish-date", "publish_date",
        "publication_date", "publication-date", "pubdate", "published-date", "published_date",
        "published_time", "date-published", "originalpublicationdate", "article_date_original",
        "articlepublishdate", "date.published", "release_date", "og:pubdate",
        "cxenseparse:recs:publishtime", "shareaholic:article_published_time", "ptime",
        "displaydate", "created", "date", "dc.created", "rnews:datepublished",
        "mediator_published_time", "eprints.date", "bepress_citation_date", "article:created",
        "og:regdate", "contentdate", "timestamp", "parsely-metadata-pub-date", "vr:published_time",
        "dc.coverage.temporal", "article.created", "publishdate", "iso-8601-publish-date",
        "published", "pub_date", "article_date",
    ),
    "updated": (
        "article:modified_time", "og:updated_time", "og:modified_time", "og:article:modified_time",
        "datemodified", "article:modified", "lastmod", "last-modified", "dcterms.modified",
        "dc.date.modified", "modified", "modified_time", "article.updated", "date.updated",
        "article:updated", "revised", "utime", "last_updated_date", "lastupdate", "moddate", "utm",
        "dateupdated", "last-updated",
    ),
    "languages": (
        "content-language", "og:locale", "dc.language", "dcterms.language", "citation_language",
        "language",
    ),
    "publishers": (
        "og:site_name", "application-name", "apple-mobile-web-app-title", "citation_journal_title",
        "dc.publisher", "publisher", "article:publisher_name", "cre",
    ),
    "images": (
        "og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src",
        "parsely-image-url", "sailthru.image.full", "thumbnail", "image", "link:image_src",
    ),
    "descriptions": (
        "og:description", "description", "twitter:description", "dc.description",
        "dcterms.abstract", "dcterms.description", "citation_abstract", "sailthru.description",
        "abstract", "excerpt",
    ),
    "addresses": (
        "link:canonical", "og:url", "twitter:url", "parsely-link", "dc.identifier",
    ),
    "rights": (
        "link:license", "dcterms.license", "dcterms.rights", "dc.rights", "copyright",
    ),
    "sections": (
        "article:section", "parsely-section", "og:section", "section", "cxenseparse:category",
        "category", "sectionname", "article:section_name", "dc.subject.section",
        "shareaholic:article_section",
    ),
    "tags": (
        "article:tag", "news_keywords", "citation_keywords", "parsely-tags", "sailthru.tags",
        "og:article:tag", "dc.subject", "dcterms.subject", "keywords",
    ),
}  # fmt: skip

_UNLISTED_RANK = 1000  # of names that no list has
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAME_ATTRIBUTES = frozenset(("property", "name", "itemprop", "http-equiv"))


def _index_names() -> dict[str, tuple[str, int]]:
    """Return the field that each name states, and the name's rank there."""
    fields: dict[str, tuple[str, int]] = {}
    for field, names in NAMES.items():
        for rank, name in enumerate(names):
            fields[name] = (field, rank)
    return fields


_FIELDS = _index_names()


def read_meta_tags(tree: HtmlElement, elements: Iterable[HtmlElement]) -> Facts:
    """Return the facts in a page's meta, link and title elements.

    The title element is the last of the titles.
    """
    found: dict[str, list[tuple[int, str]]] = {field: [] for field in NAMES}
    images = []
    for element in elements:
        for name, text in _READERS[element.tag](element):
            field, rank = _field_of_name(name)
            if field and text:
                found[field].append((rank, text))
            if name.startswith("og:image"):
                images.append((name, text))
    if language := tree.get("lang") or tree.get(_XML_LANG):
        found["languages"].append((-1, language))
    facts = Facts(image_sizes=dict(lead_image.opengraph_sizes(images)))
    for field, ranked in found.items():
        ranked.sort(key=itemgetter(0))
        getattr(facts, field).extend(text for _, text in ranked)
    return facts


@lru_cache(maxsize=10_000)
def _field_of_name(name: str) -> tuple[str, int]:
    """Return the field that a name states, and its rank there; ("", 0) if it states none."""
    name = name.replace("dc:", "dc.").replace("dcterms:", "dcterms.")
    if name in _FIELDS:
        return _FIELDS[name]
    if "date" not in name and "time" not in name:
        return "", 0
    if "publish" in name:
        return "published", _UNLISTED_RANK
    if "modifi" in name or "updated" in name:
        return "updated", _UNLISTED_RANK
    return "", 0


def _read_meta(meta: HtmlElement) -> Iterator[tuple[str, str]]:
    """Yield each of a meta element's names, in lower case, with its content."""
    attributes = dict(meta.items())
    content = (attributes.get("content") or attributes.get("value") or "").strip()
    if not content:
        return
    for attribute, names in attributes.items():
        if attribute in _NAME_ATTRIBUTES:
            for name in names.lower().split():
                yield name, content


def _read_link(link: HtmlElement) -> Iterator[tuple[str, str]]:
    for relation in (link.get("rel") or "").lower().split():
        name = f"link:{relation}"
        if name in _FIELDS:
            yield name, (link.get("href") or "").strip()


def _read_title(title: HtmlElement) -> Iterator[tuple[str, str]]:
    parent = title.getparent()
    if parent is None or parent.tag != "svg":  # an image has a title element of its own
        yield "title:", title.text_content().strip()


_READERS = {"meta": _read_meta, "link": _read_link, "title": _read_title}
