"""A page → Metadata: what it says about its article in many places, reconciled.

The order of trust, field by field; the first that says something sensible wins:

- title: the visible headline (h1) that agrees with what the head states; else JSON-LD, OpenGraph, other meta names and
  the title element, without the site's name at either end.
- authors: JSON-LD, meta names, microdata, the visible byline; names of nobody ("Staff"), of organisations and of the
  site itself come after all of these.
- published, updated: JSON-LD, meta names, microdata, the visible dateline nearest to the headline, the address.
- language: the html element, meta names, JSON-LD, the text itself.
- site, image, description, categories: JSON-LD and meta names, then microdata.
- canonical: link, OpenGraph, JSON-LD; only on the page's own site, and never its home page.

Owns no extraction: each origin has a module that gives `Facts`. Touches neither the network nor the clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml.html import HtmlElement

from feedpub.cleaner.metadata import addresses, dates, head, jsonld, languages, microdata, names, titles, visible
from feedpub.cleaner.metadata.facts import Facts

MOST_CATEGORIES = 12
LONGEST_CATEGORY = 60  # characters


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about its article.

    Attributes:
        published, updated: aware; `updated` only where it is later.
        canonical: the article's own address, where the page gives one that can be believed.
        description: as the page has it; whether an editor wrote it is for others to judge.
        lines: visible elements that hold a byline or a dateline and nothing else, for removal from the body.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    site: str | None = None
    image: str | None = None
    description: str | None = None
    canonical: str | None = None
    categories: tuple[str, ...] = ()
    lines: tuple[HtmlElement, ...] = ()


def read(tree: HtmlElement, url: str | None = None) -> Metadata:
    """The metadata of a parsed page; `url` is where it was found."""
    meta = head.read(tree)
    data = jsonld.read(_scripts(tree), url, " ".join(meta.titles))
    items = microdata.read(tree)
    language = languages.stated((*meta.languages, *data.languages)) or languages.detect(tree)
    seen = visible.read(tree, language)
    site = next(iter((*meta.publishers, *data.publishers)), None)
    origins = (data, meta, items, seen.facts)
    published = _date((text for facts in origins for text in facts.published), language) or dates.in_address(url or "")
    updated = _date((text for facts in (data, meta, items) for text in facts.updated), language)
    published = _aware(published)
    updated = _aware(updated)
    return Metadata(
        title=titles.choose(
            seen.headlines,
            [text for facts in origins for text in facts.titles],
            site=(*meta.publishers, *data.publishers),
            url=url,
        ),
        authors=names.reconcile(
            [*(facts.authors for facts in origins), data.organisations], site=site or "", language=language
        ),
        published=published,
        updated=updated if updated and published and updated > published else None,
        language=language,
        site=site,
        image=addresses.image([*meta.images, *data.images, *items.images], url),
        description=next(iter((*meta.descriptions, *data.descriptions)), None),
        canonical=addresses.canonical([*meta.addresses, *data.addresses], url),
        categories=_categories(origins, site),
        lines=tuple(seen.lines),
    )


def _scripts(tree: HtmlElement) -> Iterable[str]:
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            yield script.text


def _date(texts: Iterable[str], language: str | None) -> datetime | None:
    """The first date; one without a zone yields to an equal one with a zone."""
    found = [moment for text in texts if (moment := dates.parse(text, language))]
    if not found or found[0].tzinfo:
        return found[0] if found else None
    near = (
        moment
        for moment in found
        if moment.tzinfo and abs(moment.replace(tzinfo=None) - found[0]) < timedelta(hours=15)
    )
    return next(near, found[0])


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _categories(origins: Iterable[Facts], site: str | None) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for facts in origins:
        for text in (*facts.sections, *(tag for tags in facts.tags for tag in tags.split(","))):
            name = " ".join(text.split())
            if 1 < len(name) <= LONGEST_CATEGORY and name != site:
                found.setdefault(name.casefold(), name)
    return tuple(found.values())[:MOST_CATEGORIES]
