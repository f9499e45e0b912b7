"""Feeds: the one that was given, those that the page names, and those at the paths where most systems have theirs."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from urllib.parse import urljoin, urlsplit

from feedpub.discovery.candidates import Candidate
from feedpub.discovery.looks import Looks
from feedpub.discovery.survey import Survey, feed_listing

LIMIT = 50  # entries that are looked at
MOST_NAMED = 6  # feeds of one page; some name one for each of their sections
_TABLE = tomllib.loads(files(__package__).joinpath("paths.toml").read_text("utf-8"))
USUAL, BELOW = tuple(_TABLE["feeds"]), tuple(_TABLE["feeds_below"])


def given(survey: Survey, looks: Looks) -> Iterator[Candidate]:
    """The feed that was asked about itself."""
    return looks.each([survey.url], lambda url: _candidate(url, "the address that was given", looks))


def named(survey: Survey, looks: Looks) -> Iterator[Candidate]:
    """The feeds that the page names in its head."""
    return looks.each(survey.feeds[:MOST_NAMED], lambda url: _candidate(url, "named by the page", looks))


def usual(survey: Survey, looks: Looks) -> Iterator[Candidate]:
    """The first feed at one of the usual paths: below the page, then at the top of its site."""
    below = [urljoin(f"{survey.url.partition('?')[0].rstrip('/')}/", path) for path in BELOW]
    top = [urljoin(survey.url, path) for path in USUAL]
    addresses = dict.fromkeys([*(below if urlsplit(survey.url).path.strip("/") else ()), *top])
    found = looks.each(addresses, lambda url: _candidate(url, "at a usual path", looks))
    yield from islice(found, 1)


def _candidate(url: str, how: str, looks: Looks) -> Candidate:
    listing = looks.read(url, feed_listing, limit=LIMIT)
    return Candidate("feed", url, how, listing.title, listing.items, listing.whole)
