"""Large articles are read one after another, within a lower size limit than sources."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from feedpub.config import Config
from feedpub.fetch import SMALL_BODY_BYTES, Fetcher
from feedpub.fetch.limits import BodyBudget
from feedpub.pipeline import run
from feedpub.pipeline.context import RunContext
from tests.catalogue.press import rss, rss_item
from tests.fetch.conftest import LOOPBACK
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, feed, listing, open_context, path, story
from tests.support.site import Route, Site

MB = 1_000_000
PADDING = "<!-- nothing -->"


def padded_story(n: int, size: int) -> str:
    """Return a story that a comment makes as large as given."""
    return story(n, extra=PADDING * (size // len(PADDING)))


@contextmanager
def with_room(config: Config, room: BodyBudget) -> Iterator[RunContext]:
    with (
        open_context(config) as context,
        Fetcher(
            delay=0, allow_private=LOOPBACK, clock=FakeClock(), body_budget=room, deadline=5.0
        ) as fetcher,
    ):
        yield replace(context, fetcher=fetcher)


def test_large_page_is_cleaned_before_the_next_one_is_fetched(site: Site, tmp_path: Path) -> None:
    """The budget has memory for one: a thread that held it while it requested more would fail."""
    site["/news"] = listing([5, 4, 3, 2, 1])
    for n in range(1, 6):
        site[path(n)] = padded_story(n, SMALL_BODY_BYTES + MB) if n % 2 else story(n)
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}"))
    room = BodyBudget(2 * MB + MB // 2)
    with with_room(config, room) as context:
        outcome = run.run_feed(config.feed[0], context)
        assert (outcome.new, outcome.problems) == (5, ())
    assert room.used == 0


def test_size_limit_of_an_article_is_below_that_of_a_source(site: Site, tmp_path: Path) -> None:
    site["/rss"] = Route(
        rss([rss_item(site, n) for n in (2, 1)], channel=f"<!-- {'x' * 9 * MB} -->").encode()
    )
    site[path(1)], site[path(2)] = story(1), story(2, extra=f"<!-- {'x' * 9 * MB} -->")
    config = configure(tmp_path, feed("world", f"feed {site.url('/rss')}"))
    with open_context(config) as context:
        outcome = run.run_feed(config.feed[0], context)
    assert outcome.new == 2
    [problem] = outcome.problems
    assert problem.where == site.url(path(2))
    assert problem.reason.startswith(
        "the answer is larger than 8000000 bytes; its title and link are published instead; "
    )


def test_size_limit_holds_for_all_pages_of_an_article_together(site: Site, tmp_path: Path) -> None:
    row = " ".join(f'<a href="{path(1)}/{n}">{n}</a>' for n in (1, 2, 3))
    for end in ("", "/2", "/3"):
        site[path(1) + end] = story(1, extra=f'<!-- {"x" * 3 * MB} --><p class="pages">{row}</p>')
    site["/news"] = listing([1])
    config = configure(tmp_path, feed("world", f"page {site.url('/news')}"))
    with open_context(config) as context:
        outcome = run.run_feed(config.feed[0], context)
    [problem] = outcome.problems
    assert "its page 3" in problem.reason
    assert "larger than" in problem.reason
