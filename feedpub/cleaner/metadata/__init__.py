"""Read a page's metadata from the many places that state it, and reconcile them.

Order of trust for each field; the first plausible value is used:

- title: the visible headline (h1) that agrees with the head; else JSON-LD, OpenGraph, other meta
  names and the title element, without the site's name at either end.
- authors: JSON-LD, meta names, microdata, the visible byline. The first that names a person is
  used, with the groups ("News Team") that it names too. Then groups and organisations, logins, the
  site itself, placeholders ("Staff").
- published, updated: JSON-LD, meta names, microdata, the visible dateline nearest to the headline,
  data of the page's scripts if it shows no date, the URL. The dateline selects one of several dates
  of publication, and is used if all of them are later.
- language: the html element, meta names, JSON-LD, the text.
- site, image, description, categories: JSON-LD and meta names, then microdata.
- image_size: the size stated for that image, in the same order, else by its own element.
- canonical: link, OpenGraph, JSON-LD; only on the page's own site, and never its home page.

Each origin has a module that returns `Facts`. Bylines are recognised in `byline`, names of authors
in `authors`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import (
    authors,
    byline,
    canonical,
    dates,
    lead_image,
    meta_tags,
    schema_org,
    titles,
)
from feedpub.cleaner.metadata.elements import (
    Facts,
    HeadElements,
    Size,
    collect_elements,
    text_line,
    text_lines,
)
from feedpub.cleaner.metadata.language import add_country, declared_language, detect_language
from feedpub.core.urls import absolute_url, bare_host_from_url, is_web_url

_MAX_CATEGORIES = 12
_MAX_CATEGORY_CHARS = 60


@dataclass(frozen=True, slots=True)
class Metadata:
    """A page's statements about its article.

    Attributes:
        published, updated: aware; `updated` is set only if it is later, or the only date.
        image_size: width and height in pixels, if the page states them for that image.
        canonical: the article's own URL, if the page states a credible one.
        description: as stated. `summary` decides whether an editor wrote it.
        byline_elements: visible elements that hold a byline or a dateline and nothing else. They
            are removed from the body.
        base: the URL that relative URLs are resolved against.
        ingredients, steps: of the recipe that the page's data describe, one text each.
        rights: the URL of the licence, else a notice of copyright; "" if there is neither.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    site: str | None = None
    image: str | None = None
    image_size: Size | None = None
    description: str | None = None
    canonical: str | None = None
    categories: tuple[str, ...] = ()
    byline_elements: tuple[HtmlElement, ...] = ()
    base: str | None = None
    ingredients: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    rights: str = ""


def read_metadata(
    tree: HtmlElement,
    url: str | None = None,
    names_of_site: Iterable[str] = (),
    *,
    parts: HeadElements | None = None,
) -> Metadata:
    """Return the metadata of a parsed page.

    Args:
        tree: the page.
        url: its URL.
        names_of_site: names of the site, learned from the titles of other pages.
        parts: the result of `collect_elements(tree)`, if it is available already.
    """
    parts = parts or collect_elements(tree)
    meta = meta_tags.read_meta_tags(tree, chain(parts["meta"], parts["link"], parts["title"]))
    data = schema_org.read_jsonld(jsonld_scripts(parts["script"]), url, " ".join(meta.titles))
    items = schema_org.read_microdata(tree)
    stated = (data, meta, items)
    base = canonical.base_url(parts["base"], url)
    mastheads, headings = _split_headings(parts["h1"], base)
    sites = (*meta.publishers, *data.publishers, *names_of_site, *map(text_line, mastheads))
    parts = {**parts, "h1": headings}
    language = declared_language((*meta.languages, *data.languages)) or detect_language(tree)
    title, headline = _choose_title(parts, stated, sites, url)
    if headline is None:
        headline = _find_headline(tree.find("body"), title, [*parts["h1"], *parts["h2"]])
    visible = byline.VisibleByline()
    if headline is not None:
        visible = byline.read_visible_byline(headline, language)
    _complete_byline(tree, stated, language, visible)
    published, updated = dates.choose_dates(
        stated, visible, url=url, language=add_country(language, url)
    )
    images = chain(meta.images, data.images, items.images, lead_image.large_images(tree))
    image = lead_image.choose_lead_image(images, base)
    return Metadata(
        title=title,
        authors=authors.reconcile_authors(
            [facts.authors for facts in (*stated, visible.facts)],
            organisations=data.organisations,
            site=(*sites, bare_host_from_url(url)),
            language=language,
        ),
        published=published,
        updated=updated,
        language=language,
        site=next(iter(sites), None),
        image=image,
        image_size=lead_image.find_size(image, (meta, data, items), tree, base),
        description=_choose_description(
            [*meta.descriptions, *data.descriptions, *items.descriptions]
        ),
        canonical=canonical.find_canonical([*meta.addresses, *data.addresses], url, base),
        categories=_choose_categories(stated, sites),
        byline_elements=tuple(visible.elements),
        base=base,
        ingredients=tuple(data.ingredients),
        steps=tuple(data.steps),
        rights=_choose_rights([*meta.rights, *data.rights], tree, base),
    )


def _choose_rights(stated: Sequence[str], tree: HtmlElement, base: str | None) -> str:
    """Return the URL of a licence that the page states or links to, else another statement."""
    links = [anchor.get("href", "") for anchor in tree.iterfind(".//a[@rel='license']")]
    for text in (*filter(is_web_url, stated), *links):
        if url := absolute_url(text, base or ""):
            return url
    return next(iter(stated), "")


def read_post_metadata(post: HtmlElement, page: Metadata) -> Metadata:
    """Return the metadata of one post of a thread.

    Args:
        post: the post's element.
        page: the metadata of its page; dates and authors are those of the first post.
    """
    visible = byline.VisibleByline()
    byline.search_page(post, page.language, visible, authors=True, published=True)
    published, updated = dates.choose_dates((), visible, url=None, language=page.language)
    names = authors.reconcile_authors([visible.facts.authors], language=page.language)
    return replace(
        page,
        authors=names,
        published=published,
        updated=updated,
        description=None,
        canonical=None,
    )


def jsonld_scripts(scripts: Iterable[HtmlElement]) -> Iterable[str]:
    """Yield the texts of the scripts that are JSON-LD."""
    for script in scripts:
        is_jsonld = "ld+json" in script.get("type", "").lower()
        if is_jsonld and script.text:
            yield script.text


def _split_headings(
    headings: Iterable[HtmlElement], base: str | None
) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """Separate mastheads from other headings: they only link home, as blogs show their name."""
    mastheads: list[HtmlElement] = []
    others: list[HtmlElement] = []
    for heading in headings:
        group = mastheads if _is_link_home(heading, base) else others
        group.append(heading)
    return mastheads, others


def _is_link_home(heading: HtmlElement, base: str | None) -> bool:
    """Return True if a heading is only a link to the home page."""
    link = heading.find(".//a")
    if link is None or not canonical.is_home_page(link.get("href", ""), base):
        return False
    return text_line(link) == text_line(heading)


def _choose_title(
    parts: HeadElements, stated: Iterable[Facts], sites: Sequence[str], url: str | None
) -> tuple[str, HtmlElement | None]:
    """Return the title, and the h1 or h2 that shows it, if one does."""
    stated_titles: list[str] = []
    for facts in stated:
        stated_titles += facts.titles
    headings = parts["h1"]
    candidates = [titles.TitleCandidate(text_line(heading)) for heading in headings]
    title = titles.choose_title(candidates, stated_titles, site=sites, url=url)
    if not title.sure:
        headings = [*headings, *parts["h2"]]
        candidates += [titles.TitleCandidate(text_line(heading), 2) for heading in parts["h2"]]
        title = titles.choose_title(candidates, stated_titles, site=sites, url=url)
    if title.headline is None:
        return title.text, None
    return title.text, headings[title.headline]


def _find_headline(
    body: HtmlElement | None, title: str, headings: Sequence[HtmlElement]
) -> HtmlElement | None:
    """Return the element that shows a title that no h1 or h2 shows; else the first heading."""
    compact = titles.compact_title(title)
    if compact and body is not None:
        for line in islice(text_lines(body), byline.MAX_PAGE_LINES):
            if titles.compact_title(line.text) == compact:
                return line.element
    return next(iter(headings), None)


def _complete_byline(
    tree: HtmlElement,
    stated: Sequence[Facts],
    language: str | None,
    visible: byline.VisibleByline,
) -> None:
    """Search the complete page for an author or a date that has not been found elsewhere."""
    body, shown = tree.find("body"), visible.facts
    known_authors, known_dates = list(shown.authors), list(shown.published)
    for facts in stated:
        known_authors += [*facts.authors, *facts.organisations]
        known_dates += facts.published
    if body is None or (known_authors and known_dates):
        return
    found = byline.VisibleByline()
    byline.search_page(body, language, found, authors=not known_authors, published=not known_dates)
    shown.authors += found.facts.authors
    shown.published += found.facts.published
    shown.updated += found.facts.updated
    if not known_dates and not shown.published and not shown.updated:
        shown.published += schema_org.dates_in_scripts(tree)


def _choose_description(texts: Iterable[str]) -> str | None:
    """Return the first description that is not cut off, else the first."""
    return min(texts, key=lambda text: text.rstrip().endswith(("…", "...")), default=None)


def _choose_categories(origins: Iterable[Facts], sites: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for facts in origins:
        texts = list(facts.sections)
        for tags in facts.tags:
            texts += tags.split(",")
        for text in texts:
            name = " ".join(text.split())
            if 1 < len(name) <= _MAX_CATEGORY_CHARS and name not in sites:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())[:_MAX_CATEGORIES]
