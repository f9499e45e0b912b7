"""The head of a page → Facts: OpenGraph, the many meta names, links and the title element.

Owns the list of names. One table says what each name means; within a field, the table's order is
the order of trust.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import lead_image
from feedpub.cleaner.metadata.facts import Facts

# What the names mean: field of Facts → names, the most trusted first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "titles": (
        "og:title", "citation_title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title",
        "twitter:title", "title", "headline", "hdl", "eprints.title", "bepress_citation_title", "title:",
    ),
    "authors": (
        "citation_author", "article:author_name", "parsely-author", "sailthru.author", "byl", "author",
        "dc.creator", "dcterms.creator", "dc.contributor", "article:author", "og:author", "authors",
        "author-name", "authorname", "cxenseparse:author", "rbauthors", "twitter:creator:name",
        "mediator_author", "shareaholic:article_author_name", "creator", "book:author", "article.author",
        "bepress_citation_author", "vr:author", "dable:author", "news_author",
    ),
    "published": (
        "article:published_time", "og:article:published_time", "og:published_time", "datepublished",
        "article:published", "citation_publication_date", "citation_online_date", "citation_date",
        "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created",
        "dc.date.created", "dc.date.published", "dc.date", "dcterms.date", "article.published",
        "article:publish_date", "publish-date", "publish_date", "publication_date", "publication-date",
        "pubdate", "published-date", "published_date", "published_time", "date-published",
        "originalpublicationdate", "article_date_original", "articlepublishdate", "date.published",
        "release_date", "og:pubdate", "cxenseparse:recs:publishtime", "shareaholic:article_published_time",
        "ptime", "displaydate", "created", "date", "dc.created", "rnews:datepublished",
        "mediator_published_time", "eprints.date", "bepress_citation_date", "article:created", "og:regdate",
        "contentdate", "timestamp", "parsely-metadata-pub-date", "vr:published_time", "dc.coverage.temporal",
        "article.created", "publishdate", "iso-8601-publish-date", "published", "pub_date", "article_date",
    ),
    "updated": (
        "article:modified_time", "og:updated_time", "og:modified_time", "og:article:modified_time",
        "datemodified", "article:modified", "lastmod", "last-modified", "dcterms.modified", "dc.date.modified",
        "modified", "modified_time", "article.updated", "date.updated", "article:updated", "revised", "utime",
        "last_updated_date", "lastupdate", "moddate", "utm", "dateupdated", "last-updated",
    ),
    "languages": (
        "content-language", "og:locale", "dc.language", "dcterms.language", "citation_language", "language",
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
        "og:description", "description", "twitter:description", "dc.description", "dcterms.abstract",
        "dcterms.description", "citation_abstract", "sailthru.description", "abstract", "excerpt",
    ),
    "addresses": (
        "link:canonical", "og:url", "twitter:url", "parsely-link", "dc.identifier",
    ),
    "sections": (
        "article:section", "parsely-section", "og:section", "section", "cxenseparse:category", "category",
        "sectionname", "article:section_name", "dc.subject.section", "shareaholic:article_section",
    ),
    "tags": (
        "article:tag", "news_keywords", "citation_keywords", "parsely-tags", "sailthru.tags", "og:article:tag",
        "dc.subject", "dcterms.subject", "keywords",
    ),
}  # fmt: skip

UNTOLD = 1000  # the rank of names that no list has
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMING = frozenset(("property", "name", "itemprop", "http-equiv"))
_KNOWN = {name: (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)}


def read_meta_tags(tree: HtmlElement, elements: Iterable[HtmlElement]) -> Facts:
    """What a page's meta, link and title elements say.

    The title element comes last among the titles.
    """
    found: dict[str, list[tuple[int, str]]] = {field: [] for field in NAMES}
    pictures = []
    for element in elements:
        for name, text in _NAMED[element.tag](element):
            field, rank = _meaning(name)
            if field and text:
                found[field].append((rank, text))
            if name.startswith("og:image"):
                pictures.append((name, text))
    if language := tree.get("lang") or tree.get(_XML_LANG):
        found["languages"].append((-1, language))
    facts = Facts(image_sizes=dict(lead_image.opengraph_sizes(pictures)))
    for field, texts in found.items():
        getattr(facts, field).extend(text for _, text in sorted(texts, key=_rank))
    return facts


def _rank(ranked: tuple[int, str]) -> int:
    return ranked[0]


@lru_cache(maxsize=10_000)
def _meaning(name: str) -> tuple[str, int]:
    """The field that a name speaks of and its rank there; ("", 0) where it speaks of none."""
    name = name.replace("dc:", "dc.").replace("dcterms:", "dcterms.")
    if name in _KNOWN:
        return _KNOWN[name]
    if "date" in name or "time" in name:
        if "publish" in name:
            return "published", UNTOLD
        if "modifi" in name or "updated" in name:
            return "updated", UNTOLD
    return "", 0


def _meta(meta: HtmlElement) -> Iterator[tuple[str, str]]:
    """Each of a meta element's names, lower case, with its content."""
    stated = dict(meta.items())
    if content := (stated.get("content") or stated.get("value") or "").strip():
        for attribute, names in stated.items():
            if attribute in _NAMING:
                yield from ((name, content) for name in names.lower().split())


def _link(link: HtmlElement) -> Iterator[tuple[str, str]]:
    for relation in (link.get("rel") or "").lower().split():
        if (name := f"link:{relation}") in _KNOWN:
            yield name, (link.get("href") or "").strip()


def _title(title: HtmlElement) -> Iterator[tuple[str, str]]:
    parent = title.getparent()
    if parent is None or parent.tag != "svg":  # a picture's title
        yield "title:", title.text_content().strip()


_NAMED = {"meta": _meta, "link": _link, "title": _title}
