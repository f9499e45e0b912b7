"""A page → Metadata: what it says about its article in many places, reconciled.

The order of trust, field by field; the first that says something sensible wins:

- title: the visible headline (h1) that agrees with what the head states; else JSON-LD, OpenGraph,
  other meta names and the title element, without the site's name at either end.
- authors: JSON-LD, meta names, microdata, the visible byline: the first that names a person, with
  the groups ("News Team") that it names beside; then groups and organisations, logins, the site
  itself, nobodies ("Staff").
- published, updated: JSON-LD, meta names, microdata, the visible dateline nearest to the headline,
  the data of the page's own scripts where it shows no date, the address. The dateline decides
  between several dates of publication, and counts where all of them are later than it.
- language: the html element, meta names, JSON-LD, the text itself.
- site, image, description, categories: JSON-LD and meta names, then microdata.
- image_size: what is stated for that very image, in the same order, else by its own element.
- canonical: link, OpenGraph, JSON-LD; only on the page's own site, and never its home page.

Owns no extraction: each origin has a module that gives `Facts`. Touches neither the network nor the
clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import (
    authors,
    byline,
    canonical,
    dates,
    jsonld,
    lead_image,
    meta_tags,
    microdata,
    titles,
)
from feedpub.cleaner.metadata.byline import text_line, text_lines
from feedpub.cleaner.metadata.elements import HeadElements, collect_elements
from feedpub.cleaner.metadata.facts import Facts, Size
from feedpub.cleaner.metadata.language import add_country, declared_language, detect_language

MOST_CATEGORIES = 12
LONGEST_CATEGORY = 60  # characters


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about its article.

    Attributes:
        published, updated: aware; `updated` only where it is later.
        image_size: width and height in pixels, where the page states them for that very image.
        canonical: the article's own address, where the page gives one that can be believed.
        description: as the page has it; whether an editor wrote it is for others to judge.
        lines: visible elements that hold a byline or a dateline and nothing else, for removal from
            the body.
        base: what relative addresses are completed with.
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


def read_metadata(
    tree: HtmlElement,
    url: str | None = None,
    names_of_site: Iterable[str] = (),
    *,
    parts: HeadElements | None = None,
) -> Metadata:
    """The metadata of a parsed page.

    Args:
        tree: the page.
        url: where it was found.
        names_of_site: what other pages' titles tell.
        parts: of the tree, where they are known already.
    """
    parts = parts or collect_elements(tree)
    meta = meta_tags.read_meta_tags(tree, chain(parts["meta"], parts["link"], parts["title"]))
    data = jsonld.read_jsonld(_scripts(parts["script"]), url, " ".join(meta.titles))
    items = microdata.read_microdata(tree)
    stated = (data, meta, items)
    base = canonical.base_url(parts["base"], url)
    mastheads = [element for element in parts["h1"] if _leads_home(element, base)]
    sites = (*meta.publishers, *data.publishers, *names_of_site, *map(text_line, mastheads))
    parts = {**parts, "h1": [element for element in parts["h1"] if element not in mastheads]}
    language = declared_language((*meta.languages, *data.languages)) or detect_language(tree)
    title, headline = _title(parts, stated, sites, url)
    if headline is None:
        headline = _headline(tree.find("body"), title, [*parts["h1"], *parts["h2"]])
    seen = (
        byline.VisibleByline()
        if headline is None
        else byline.read_visible_byline(headline, language)
    )
    _search(tree, stated, language, seen)
    published, updated = dates.choose_dates(
        stated, seen, url=url, language=add_country(language, url)
    )
    pictures = chain(meta.images, data.images, items.images, lead_image.large_images(tree))
    image = lead_image.choose_lead_image(pictures, base)
    return Metadata(
        title=title,
        authors=authors.reconcile_authors(
            [facts.authors for facts in (*stated, seen.facts)],
            organisations=data.organisations,
            site=(*sites, _host(url)),
            language=language,
        ),
        published=published,
        updated=updated,
        language=language,
        site=next(iter(sites), None),
        image=image,
        image_size=lead_image.parse_size(image, (meta, data, items), tree, base),
        description=_description([*meta.descriptions, *data.descriptions, *items.descriptions]),
        canonical=canonical.find_canonical([*meta.addresses, *data.addresses], url, base),
        categories=_categories(stated, sites),
        byline_elements=tuple(seen.lines),
        base=base,
    )


def _leads_home(heading: HtmlElement, base: str | None) -> bool:
    """Whether a heading is nothing but a link to the home page.

    The site's name, as blogs have it above each post.
    """
    link = heading.find(".//a")
    if link is None or not canonical.is_home_page(link.get("href") or "", base):
        return False
    return text_line(link) == text_line(heading)


def _title(
    parts: HeadElements, stated: Iterable[Facts], sites: Sequence[str], url: str | None
) -> tuple[str, HtmlElement | None]:
    """The headline, and the element that it stands in, where it is seen in one."""
    told = [text for facts in stated for text in facts.titles]
    elements = parts["h1"]
    title = titles.choose_title(
        [titles.TitleCandidate(text_line(element)) for element in elements],
        told,
        site=sites,
        url=url,
    )
    if not title.sure:
        elements = [*elements, *parts["h2"]]
        title = titles.choose_title(
            [titles.TitleCandidate(text_line(e), int(e.tag[1])) for e in elements],
            told,
            site=sites,
            url=url,
        )
    return title.text, None if title.headline is None else elements[title.headline]


def _headline(
    body: HtmlElement | None, title: str, headings: Sequence[HtmlElement]
) -> HtmlElement | None:
    """Where the title stands on a page that has it in no h1 or h2; else the first of these."""
    wanted = titles.compact_title(title)
    texts = islice(text_lines(body), byline.MAX_DISTANCE) if wanted and body is not None else ()
    found = (text.element for text in texts if titles.compact_title(text.text) == wanted)
    return next(chain(found, headings), None)


def _search(
    tree: HtmlElement, stated: Sequence[Facts], language: str | None, seen: byline.VisibleByline
) -> None:
    """Look for a byline or a date on the whole page, where neither the head nor the headline's neighbours have one."""
    body, shown = tree.find("body"), seen.facts
    nobody = not shown.authors and not any(
        origin.authors or origin.organisations for origin in stated
    )
    undated = not shown.published and not any(origin.published for origin in stated)
    if body is not None and (nobody or undated):
        found = byline.VisibleByline()
        byline.search_bylines(body, language, found, authors=nobody, published=undated)
        shown.authors += found.facts.authors
        shown.published += found.facts.published
        shown.updated += found.facts.updated
        if undated and not shown.published and not shown.updated:
            shown.published += jsonld.date_in_scripts(tree)


def _scripts(scripts: Iterable[HtmlElement]) -> Iterable[str]:
    for script in scripts:
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            yield script.text


def _description(texts: Iterable[str]) -> str | None:
    """The first description that is whole, else the first."""
    return min(texts, key=lambda text: text.rstrip().endswith(("…", "...")), default=None)


def _host(url: str | None) -> str:
    return (urlsplit(url or "").hostname or "").removeprefix("www.")


def _categories(origins: Iterable[Facts], sites: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for facts in origins:
        for text in (*facts.sections, *(tag for tags in facts.tags for tag in tags.split(","))):
            name = " ".join(text.split())
            if 1 < len(name) <= LONGEST_CATEGORY and name not in sites:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())[:MOST_CATEGORIES]
