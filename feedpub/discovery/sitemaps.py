"""Sitemaps: the one that was given, those that robots.txt names, and those at the usual paths where it names none."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from urllib.parse import urljoin, urlsplit

from feedpub import sources
from feedpub.config import SitemapSource
from feedpub.discovery.candidates import Candidate
from feedpub.discovery.looks import Looks
from feedpub.discovery.survey import Survey
from feedpub.errors import NothingFound
from feedpub.sources.addresses import absolute

LIMIT = 50  # addresses that are looked at
MOST_NAMED = 3  # that one robots.txt names; large sites name dozens
FILES = 4  # of one sitemap's index
_USUAL = tuple(tomllib.loads(files(__package__).joinpath("paths.toml").read_text("utf-8"))["sitemaps"])


def given(survey: Survey, looks: Looks) -> Iterator[Candidate]:
    """The sitemap that was asked about itself."""
    return looks.each([survey.url], lambda url: _candidate(url, "the address that was given", "", looks))


def named(survey: Survey, looks: Looks) -> Iterator[Candidate]:
    """The sitemaps that robots.txt names, those of news first; else the first one at a usual path."""
    named = [url for each in looks.fetcher.sitemaps(survey.url) if (url := absolute(each, survey.url))]
    named.sort(key=lambda url: "news" not in url)
    if named:
        how = "named by robots.txt"
        yield from looks.each(named[:MOST_NAMED], lambda url: _candidate(url, how, _section(survey), looks))
        return
    usual = [urljoin(survey.url, path) for path in _USUAL]
    found = looks.each(usual, lambda url: _candidate(url, "at a usual path", _section(survey), looks))
    yield from islice(found, 1)


def _section(survey: Survey) -> str:
    """Host and path of a page that is a part of its site: what the addresses below it have in common; "" for a site."""
    parts = urlsplit(survey.url)
    path = parts.path.strip("/")
    return f"{parts.netloc.rpartition('@')[2]}/{path}/" if path else ""


def _candidate(url: str, how: str, section: str, looks: Looks) -> Candidate:
    """The sitemap with the addresses below a section, or with all where there are none such."""
    with looks.within(FILES):
        if section:
            try:
                return _of(SitemapSource(type="sitemap", url=url, include=(section,)), how, looks)
            except NothingFound:  # what lists a section's articles need not be above them
                pass
        return _of(SitemapSource(type="sitemap", url=url), how, looks)


def _of(source: SitemapSource, how: str, looks: Looks) -> Candidate:
    items = sources.read(source, looks, limit=LIMIT)
    news = sum(bool(item.title) for item in items) * 2 > len(items)
    settings = {"include": list(source.include)} if source.include else {}
    return Candidate("sitemap", source.url, how, items=items, settings=settings, news=news)
