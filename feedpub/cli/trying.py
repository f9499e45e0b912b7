"""What `feedpub check --rules` does: the rules of sites, tried on the pages that their files name."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.cli.terminal import echo, make_console
from feedpub.counting import counted

if TYPE_CHECKING:
    from feedpub.config import Config
    from feedpub.isolation import Isolation
    from feedpub.paging import Pages
    from feedpub.rules import RuleBook
    from feedpub.trial import Trial

    Finder = Callable[[str], Pages | None]


def try_rules(config: "Config", book: "RuleBook", hosts: Sequence[str], folder: Path | None, *, fetches: bool) -> bool:
    """Try all rules whose pages are at hand and show what came of it; whether none of them failed.

    Args:
        config: for how pages are fetched.
        book: the rules.
        hosts: the only ones that are tried; all where there are none.
        folder: of saved pages.
        fetches: fetch what is not there.
    """
    from feedpub import report, trial
    from feedpub.tools import workers

    for problem in trial.problems_of(book, hosts):
        echo(f"note: {problem}")
    with workers() as isolation, _finder(config, book, folder, isolation, fetches=fetches) as find:
        trials = [trial.tried(sample, book, find, isolation) for sample in trial.to_try(book, hosts)]
    shown = [each for each in trials if hosts or each.verdict != "no page"]
    if shown:
        make_console().print(report.trial_table(shown))
    echo(_summary(trials))
    return not any(each.verdict == "failed" for each in trials)


@contextmanager
def _finder(
    config: "Config", book: "RuleBook", folder: Path | None, isolation: "Isolation", *, fetches: bool
) -> "Iterator[Finder]":
    """What finds the pages of an address: among saved ones, else on the network where that is wanted."""
    from feedpub import articles, trial
    from feedpub.tools import fetcher_for

    saved = trial.saved_pages(folder) if folder else {}
    if not fetches:
        yield lambda url: trial.saved_page(url, saved)
        return
    with fetcher_for(config.feedpub) as fetcher:
        yield lambda url: trial.saved_page(url, saved) or articles.pages_at(url, fetcher, book, isolation)


def _summary(trials: "Sequence[Trial]") -> str:
    found = Counter(each.verdict for each in trials)
    if not trials:
        return "No rules name a page to be tried on."
    at_hand = f"{counted(len(trials) - found['no page'], 'page')} tried: {found['ok']} ok, {found['failed']} failed"
    missing = found["no page"]
    hint = f"; {counted(missing, 'page')} not at hand (--pages names a folder, --fetch asks the sites)"
    return f"{at_hand}{hint if missing else ''}."
