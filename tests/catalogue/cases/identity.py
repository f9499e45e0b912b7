"""Addresses and guids that make several articles look like one, or one look like several."""

from collections.abc import Sequence
from functools import partial
from html import escape
from urllib.parse import quote

from tests.catalogue.answers import redirect
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import keeps_the_old, same_entries
from tests.catalogue.press import NEW, NOW, OLD, listing, rss, rss_item, story
from tests.catalogue.stage import FEED, SITEMAP, Stage
from tests.support.newsroom import feed, path, title
from tests.support.site import Route

ANOTHER = NEW + 1


def _claim(tag: str, place: str, stage: Stage) -> None:
    """Let the new story and another one declare this canonical address."""
    for n in (NEW, ANOTHER):
        stage.site[path(n)] = story(n, head=tag.format(stage.site.url(place)))
    stage.site["/news"] = listing((ANOTHER, *NOW))


def _has_both(stage: Stage) -> None:
    """Publish both new stories, each with its own address."""
    keeps_the_old(stage)
    found = {item["title"]: item["url"] for item in stage.items()}
    assert len(stage.items()) == len(OLD) + 2, sorted(found)
    for n in (NEW, ANOTHER):
        assert found[title(n)] == stage.site.url(path(n))


def claims(name: str, place: str, tag: str = '<link rel="canonical" href="{}">') -> Case:
    """Return a case in which new stories declare an address that belongs to another page."""
    return Case(name, partial(_claim, tag, place), right=_has_both)


def _takes_over(stage: Stage) -> None:
    """Let another site's stories claim this site's: one by a canonical link, one by a redirect.

    Similar stories are not merged: the entry would link to the copy.
    """
    stage.home.configure(
        f'[[feed]]\nname = "world"\ntitle = "The world feed"\nmerge_similar = false\n'
        f'[[feed.source]]\ntype = "page"\nurl = "{stage.site.url("/news")}"\n'
        f'[[feed.source]]\ntype = "page"\nurl = "{stage.beside.url("/evil")}"\n',
        feed("beside", f"page {stage.beside.url('/news')}"),
    )
    tag = f'<link rel="canonical" href="{stage.site.url(path(3))}">'
    stage.beside["/evil/1"] = story(3, head=tag).replace("harbour", "casino")
    stage.beside["/evil/2"] = redirect(stage.site.url(path(2)))
    page = listing([2, 1]).replace(path(1), "/evil/1").replace(path(2), "/evil/2")
    stage.beside["/evil"] = page.replace("Council", "Casino")


def _keeps_its_own(stage: Stage) -> None:
    """Publish the news without changing the old entries."""
    keeps_the_old(stage)
    assert title(NEW) in {item["title"] for item in stage.items()}


def _to_third(stage: Stage) -> None:
    """Redirect the new story's address to the third story."""
    stage.site[path(NEW)] = redirect(path(3))


def _rename_story(stage: Stage) -> None:
    """Give the fifth story another slug, without other news.

    Its old address redirects to the new one.
    """
    stage.no_news()
    stage.site["/news/renamed"] = story(5)
    stage.site[path(5)] = redirect("/news/renamed")
    for place in ("/news", "/sitemap.xml"):
        route = stage.site.routes[place]
        assert isinstance(route, Route)
        stage.site[place] = Route(
            route.body.replace(path(5).encode(), b"/news/renamed"), route.content_type
        )


def _has_renamed(stage: Stage) -> None:
    """Keep the entry's id and update its address."""
    assert len(stage.items()) == len(OLD), [item["url"] for item in stage.items()]
    assert stage.site.url("/news/renamed") in {item["url"] for item in stage.items()}


def _at(places: Sequence[str], stage: Stage) -> None:
    """List new stories at these places."""
    page = listing([*reversed(range(NEW, NEW + len(places))), *OLD])
    for n, place in enumerate(places, NEW):
        stage.site[place] = story(n)
        page = page.replace(f'"{path(n)}"', f'"{escape(place)}"')
    stage.site["/news"] = page
    stage.marks["places"] = [stage.site.url(place) for place in places]


def _has_places(stage: Stage) -> None:
    """Publish each story as an entry with its own address."""
    keeps_the_old(stage)
    assert set(stage.marks["places"]) <= {item["url"] for item in stage.items()}


def places(name: str, *where: str) -> Case:
    """Return a case with new stories whose addresses are easily mistaken for one."""
    return Case(name, partial(_at, where), right=_has_places)


def _items(stage: Stage, link: str, more: str) -> None:
    """Serve a feed with five new items whose link and other elements depend on their numbers."""
    numbers = range(NEW, NEW + 5)
    old = [rss_item(stage.site, n) for n in OLD]
    new = [
        f"<item><title>{title(n)}</title>"
        f"{link.format(n=n, site=stage.site.url(''))}{more.format(n=n)}"
        f"<description>The debate on matter {n}, in full, as the feed has it.</description></item>"
        for n in numbers
    ]
    stage.site["/show"] = story(99)
    stage.site["/rss"] = Route(rss([*new, *old]).encode(), "application/rss+xml")
    stage.marks["titles"] = {title(n) for n in numbers}


def _has_items(stage: Stage) -> None:
    """Publish each item as an entry."""
    known = {item["title"] for item in stage.items()}
    assert stage.marks["titles"] <= known, stage.marks["titles"] - known
    assert len(stage.items()) == len(OLD) + 5


def items(name: str, link: str = "", more: str = "") -> Case:
    """Return a case with new feed items that are easily mistaken for one."""
    return Case(name, partial(_items, link=link, more=more), right=_has_items, start=FEED)


_OLD_ENCODING = [quote(word.encode("windows-1251")) for word in ("мост", "порт", "сад")]

CASES = (
    claims("canonical-is-listing", "/news"),
    claims("canonical-is-home", "/"),
    claims("canonical-is-template", "/news/article.html"),
    claims("canonical-is-other-article", path(3)),
    claims("og-url-is-listing", "/news", '<meta property="og:url" content="{}">'),
    Case("other-site-claims-article", _takes_over, right=_keeps_its_own),
    Case("article-to-other-article", _to_third, right=same_entries),
    Case("slug-changed", _rename_story, right=_has_renamed),
    Case("slug-changed-sitemap", _rename_story, right=_has_renamed, start=SITEMAP),
    places("encoded-slash", "/wiki/a%2Fb", "/wiki/a/b"),
    places("old-encoding-paths", *(f"/archive/{word}" for word in _OLD_ENCODING)),
    places("old-encoding-queries", *(f"/show?title={word}" for word in _OLD_ENCODING)),
    places("numbers-named-sid", *(f"/news.php?file=article&sid={n}" for n in (1, 2, 3))),
    items(
        "shared-link-guids",
        "<link>{site}/show</link>",
        '<guid isPermaLink="false">episode-{n}</guid>',
    ),
    items("no-link-guids", more='<guid isPermaLink="false">episode-{n}</guid>'),
    items(
        "no-link-enclosures",
        more='<enclosure url="http://example.org/{n}.mp3" type="audio/mpeg" length="1"/>',
    ),
    items("no-link-at-all"),
    items("links-differ-in-fragment", "<link>{site}/show#v{n}</link>"),
)
