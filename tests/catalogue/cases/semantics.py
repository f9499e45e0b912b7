"""Complete and valid responses that are not the source they claim to be."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from tests.catalogue.answers import redirect
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import Right, has_headline, has_news, keeps_the_old
from tests.catalogue.press import NEW, NOW, OLD, listing, moment, rss, rss_item, story
from tests.catalogue.stage import FEED, USUAL, Stage, Start
from tests.support.newsroom import path, title
from tests.support.site import Route

MANY = tuple(range(13, 0, -1))


def _page(name: str, text: str) -> str:
    """Return a short page."""
    return (
        f"<!doctype html><html><head><title>{name}</title></head>"
        f"<body><h1>{name}</h1><p>{text}</p></body></html>"
    )


def _listing(page: str, stage: Stage) -> None:
    stage.site["/news"] = page


def _article(page: str, stage: Stage) -> None:
    stage.site[path(NEW)] = page


def source(name: str, page: str, reason: str, start: Start | None = None) -> Case:
    """Return a case whose listing is replaced by this page."""
    return Case(name, partial(_listing, page), reason, **({"start": start} if start else {}))  # type: ignore[arg-type]


def article(name: str, page: str, reason: str, right: Right | None = None) -> Case:
    """Return a case whose new story is replaced by this page."""
    return Case(name, partial(_article, page), reason, right)


def _move_stories(stage: Stage) -> None:
    """Serve all stories at other addresses, without news."""
    stage.site["/news"] = listing(MANY[1:], links="/archive{path}")
    for n in MANY:
        stage.site[f"/archive{path(n)}"] = stage.site.routes[path(n)]


def _feed(items: Iterable[str], stage: Stage) -> None:
    stage.site["/rss"] = Route(rss(list(items)).encode(), "application/rss+xml")


def _change_dates(stage: Stage) -> None:
    _feed(
        (rss_item(stage.site, n, date=f"{moment(30):%d %b %Y %H:%M:%S} +0000") for n in NOW), stage
    )


def _same_guid(stage: Stage) -> None:
    _feed((rss_item(stage.site, n, more='<guid isPermaLink="false">1</guid>') for n in NOW), stage)


def _change_title(stage: Stage) -> None:
    """Change the third story's headline in the feed and on its page."""
    items = [rss_item(stage.site, n) for n in NOW]
    _feed((item.replace(title(3), "Pier will be longer") for item in items), stage)
    stage.site[path(3)] = story(3).replace(title(3), "Pier will be longer")


def _has_new_title(stage: Stage) -> None:
    """Publish the news, and update the entry's headline."""
    assert len(stage.items()) == len(NOW)
    assert stage.new()["title"] == title(NEW)
    assert [item["title"] for item in stage.items() if item["url"].endswith("-3")] == [
        "Pier will be longer"
    ]


def _change_order(stage: Stage) -> None:
    stage.site["/news"] = listing([1, 4, 6, 2, 5, 3])


def _twice(stage: Stage) -> None:
    """List every story twice, as a teaser and in a list below."""
    stage.site["/news"] = listing([*NOW, *NOW])


def _to_login(stage: Stage) -> None:
    """Redirect the story to a login form."""
    stage.site[path(NEW)] = redirect("/login")
    stage.site["/login"] = _page("Log in", "Please enter your user name and password to go on.")


def _to_home(stage: Stage) -> None:
    """Redirect the withdrawn story to the front page."""
    stage.site[path(NEW)] = redirect("/news")


def _only_old(stage: Stage) -> None:
    """Serve an old copy of the listing, without the newest stories."""
    stage.site["/news"] = listing(OLD[2:])


def _keeps_all(stage: Stage) -> None:
    """Keep every entry, and add none."""
    keeps_the_old(stage)
    assert len(stage.items()) == len(OLD)


_WALL = _page(
    "We value your privacy",
    "We and our 842 partners store and access information on a device. Accept all?",
)
_CAPTCHA = _page("Attention Required!", "Please complete the security check to access this site.")
_ERROR = _page("500 Internal Server Error", "The server encountered an internal error.")
_GONE = _page("Page not found", "The page you are looking for does not exist or was moved.")
_APP = (
    '<html><head><title>News</title></head><body><div id="root"></div>'
    '<script src="/app.js"></script></body></html>'
)
_PARKED = _page(
    "example.org is for sale", "Buy this domain. Related searches: Loans, Insurance, Flights."
)
_NEW_LAYOUT = _page("Harbour Times", "Our new site is here! Discover all our stories in the app.")
_ANY: dict[str, Any] = {}

CASES = (
    source("blank-200", "", "the page is empty|is empty"),
    source("error-page-200", _ERROR, 'an error page, "500 Internal Server Error"'),
    source("consent-wall", _WALL, "asks for consent"),
    source("layout-change-zero", _NEW_LAYOUT, "no article links"),
    source("shrink-90", listing([13]), "lists 1 article, usually 12", USUAL),
    Case("all-urls-changed", _move_stories, "addresses were seen before", start=USUAL),
    Case("all-redated", _change_dates, right=has_news, start=FEED),
    Case("duplicate-guid", _same_guid, right=has_news, start=FEED),
    Case("same-url-new-title", _change_title, right=_has_new_title, start=FEED),
    # --- further cases ---
    source("captcha-200", _CAPTCHA, "Attention Required"),
    source("script-only", _APP, "shows nothing without JavaScript; set render = true"),
    source("parked-domain", _PARKED, "no article links"),
    source("listing-not-found-200", _GONE, 'an error page, "Page not found"'),
    Case("old-copy", _only_old, right=_keeps_all),
    Case("reordered", _change_order, right=has_news),
    Case("listed-twice", _twice, right=has_news),
    article("article-blank", "", "empty", has_headline),
    article("article-error-200", _ERROR, "error|no article"),
    article("article-not-found-200", _GONE, "not found|no article"),
    article("article-consent-wall", _WALL, "consent|no article"),
    article("article-captcha", _CAPTCHA, "Attention Required|no article|human"),
    article(
        "article-script-only",
        _APP,
        "no text in the page without JavaScript; set render = true",
        has_headline,
    ),
    article(
        "article-boilerplate-only",
        story(NEW, text="<ul><li>Share</li><li>Tweet</li></ul>"),
        "no article|nothing",
        has_headline,
    ),
    Case("article-to-login", _to_login, "no article|log"),
    Case("article-to-front-page", _to_home, "it redirects to"),
)
