"""A site, a feed made of it, and time: each step changes one of them."""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.model.builder import BuildResult, builder
from tests.model.oracle import FeedSettings, Oracle, ViolationError
from tests.model.site import TOPICS, Article, Kind, NewsSite
from tests.support.newsroom import feed
from tests.support.site import Site, running_site

INITIAL_ARTICLES, MIN_LISTED, MAX_LISTED = 6, 5, 12
FORMATS = ("rss", "atom", "json")
BASES = ("https://feeds.example.net/", "https://news.example.org/feeds/")
WAITS = (600, 3600, 3 * 3600, 8 * 3600, 86400, 3 * 86400)  # seconds
MAX_KILL_INSTANT = 60  # the last instant of a build at which it may be killed
MAX_SETTLING_BUILDS = 9  # builds, hours apart, within which a repaired site must be read again

Step = tuple[str, int]
"""The name of a change, and the seed of its random choices."""


@dataclass
class Counts:
    """Counts of a run's events."""

    steps: int = 0
    builds: int = 0
    kills: int = 0
    refused: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)


class World:
    """A site, its feed, the config and the clock."""

    def __init__(self, kind: Kind, flavour: int, site: Site, home: Path) -> None:
        self._home = home
        self._now = datetime(2026, 11, 1, 12, tzinfo=UTC)
        self._wanted = FeedSettings(5, FORMATS, (), (), BASES[0])
        self.site = NewsSite(site, kind)
        self.site.atom = flavour % 2 == 0
        self.oracle = Oracle(self.site, home / "feeds")
        self.tally = Counts()
        self._last_was_well = False
        self._state_is_lost = False
        self._built = BuildResult()
        for n in range(INITIAL_ARTICLES):
            self._write(random.Random(n))  # noqa: S311 -- the same every time
        self._configure()

    def take_step(self, step: Step) -> None:
        """Take a step.

        Raises:
            ViolationError: an invariant does not hold after it.
        """
        name, seed = step
        self.tally.steps += 1
        self._pass_time(60)
        STEPS[name](self, random.Random(seed))  # noqa: S311

    def describe(self) -> str:
        """Describe the site, the config and the last build in one line."""
        listed = " ".join(
            f"{a.number}{'' if a.is_readable else f'({a.status}{a.fault})'}"
            for a in self.site.listed_articles()
        )
        return (
            f"{self._now:%d %H:%M:%S}, listed {listed} {self.site.fault}; "
            f"{self._wanted}; {self._built}"
        )

    # --- the site ---

    def write_article(self, chosen: random.Random) -> None:
        """Add an article at the top of the list."""
        self._write(chosen)

    def _write(self, chosen: random.Random) -> None:
        published = self._now - timedelta(
            minutes=chosen.randint(1, 90), seconds=chosen.randint(0, 59)
        )
        dated = chosen.random() < 0.9
        self.site.write_article(published if dated else None, self._now, chosen.choice(TOPICS))
        del self.site.order[MAX_LISTED:]

    def edit_article(self, chosen: random.Random) -> None:
        """Change an article's text; its source announces it as far as its format can."""
        if article := self._pick_article(chosen):
            article.versions += 1
            article.announced = article.versions
            article.updated = self._now
            # RSS can announce a change only by the title.
            if self.site.kind == "feed" and not self.site.atom:
                article.titles += 1

    def edit_description(self, chosen: random.Random) -> None:
        """Change an article's text and its description in the feed, but not its date."""
        article = self._pick_article(chosen)
        if article and self.site.kind == "feed":
            article.versions += 1
            article.announced = article.versions

    def correct_page(self, chosen: random.Random) -> None:
        """Change an article's text on its page only."""
        if article := self._pick_article(chosen):
            article.versions += 1

    def retitle_article(self, chosen: random.Random) -> None:
        """Change an article's title."""
        if article := self._pick_article(chosen):
            article.titles += 1
            article.updated = self._now

    def unlist_article(self, chosen: random.Random) -> None:
        """Remove an article from the list."""
        if len(self.site.order) > MIN_LISTED:
            self.site.order.remove(chosen.choice(self.site.order))

    def relist_article(self, chosen: random.Random) -> None:
        """Insert an old article anywhere in the list."""
        others = [number for number in self.site.articles if number not in self.site.order]
        if others and len(self.site.order) < MAX_LISTED:
            self.site.order.insert(chosen.randint(0, len(self.site.order)), chosen.choice(others))

    def reorder_list(self, chosen: random.Random) -> None:
        """Shuffle the list."""
        chosen.shuffle(self.site.order)

    def change_guid(self, chosen: random.Random) -> None:
        """Change an article's guid; its link stays."""
        article = self._pick_article(chosen)
        if article and self.site.kind == "feed" and self.oracle.is_settled(article):
            article.guid += "x"

    def rename_article(self, chosen: random.Random) -> None:
        """Change an article's address; its guid stays, or the old address redirects.

        Without a guid, one of the next two builds sees the article while it is still listed.
        """
        if self.site.kind == "feed":
            article = self._pick_article(chosen)
            if article and self.oracle.is_settled(article):
                self._rename(article)
                article.redirects = chosen.random() < 0.5
            return
        steady = [
            article
            for article in self.oracle.fetched_articles(self._wanted)
            if self._is_steady(article)
        ]
        if steady and self._last_was_well:
            self._rename(chosen.choice(steady))
            if chosen.random() < 0.3:
                self.kill(chosen)
            self._build()

    def _is_steady(self, article: Article) -> bool:
        known = self.oracle.known[article.number]
        settled = self.oracle.is_settled(article) and article.is_readable
        return settled and known.listed is not None and self._now - known.listed < timedelta(days=1)

    def rename_any_article(self, chosen: random.Random) -> None:
        """Change the address of an article, listed or not; its old address redirects."""
        article = self._pick_article(chosen)
        if article and self.site.kind != "feed":
            self._rename(article)

    def _rename(self, article: Article) -> None:
        article.slug = f"{article.slugs[0]}-r{len(article.slugs)}"
        article.slugs.append(article.slug)

    def remove_page(self, chosen: random.Random) -> None:
        """Remove an article's page; its source may still list it."""
        if article := self._pick_article(chosen):
            article.status = chosen.choice((404, 410))

    def restore_page(self, chosen: random.Random) -> None:
        """Restore a removed page."""
        if gone := [article for article in self.site.articles.values() if article.status != 200]:
            chosen.choice(gone).status = 200

    def break_page(self, chosen: random.Random) -> None:
        """Give a page a temporary fault."""
        if article := self._pick_article(chosen):
            article.fault = chosen.choice(("500", "cut", "empty"))

    def repair_pages(self, _: random.Random) -> None:
        """Repair all pages."""
        for article in self.site.articles.values():
            article.fault = ""

    def break_list(self, chosen: random.Random) -> None:
        """Give the list a temporary fault."""
        self.site.fault = chosen.choice(("500", "404", "cut", "page", "empty"))

    def repair_list(self, _: random.Random) -> None:
        """Repair the list."""
        self.site.fault = ""

    def change_canonical(self, chosen: random.Random) -> None:
        """Let all pages declare their own address, none, or a wrong one."""
        self.site.canonical = chosen.choice(("own", "none", "home", "list"))

    def _pick_article(self, chosen: random.Random) -> Article | None:
        """Return any article; most often, a listed one."""
        numbers = self.site.order if chosen.random() < 0.85 else list(self.site.articles)
        return self.site.articles[chosen.choice(numbers)]

    # --- the config ---

    def change_limit(self, chosen: random.Random) -> None:
        """Change the feed's limit."""
        self._configure(limit=chosen.randint(3, 10))

    def change_formats(self, chosen: random.Random) -> None:
        """Change the published formats."""
        if not self._state_is_lost:
            self._choose_formats(chosen)

    def _choose_formats(self, chosen: random.Random) -> None:
        self._configure(formats=tuple(sorted(chosen.sample(FORMATS, chosen.randint(1, 3)))))

    def change_filters(self, chosen: random.Random) -> None:
        """Change the filters."""
        topics = tuple(sorted(chosen.sample(TOPICS, chosen.randint(1, 2))))
        rules = chosen.choice(((topics, ()), ((), topics), ((), ()), ((), ())))
        self._configure(exclude=rules[0], include=rules[1])

    def change_base_url(self, _: random.Random) -> None:
        """Change the address that the feed is served from."""
        self._configure(base=next(base for base in BASES if base != self._wanted.base))

    def _configure(self, **changes: object) -> None:
        self._wanted = replace(self._wanted, **changes)  # type: ignore[arg-type]
        wanted = self._wanted
        kind = {"listing": "page"}.get(self.site.kind, self.site.kind)
        more = f"limit = {wanted.limit}\nformats = {list(wanted.formats)}\n"
        more += f"exclude.title = {list(wanted.exclude)}\n" if wanted.exclude else ""
        more += f"include.title = {list(wanted.include)}\n" if wanted.include else ""
        head = '[feedpub]\nallow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\n'
        head += f'keep = "3650d"\nbase_url = "{wanted.base}"\n'
        self._config.parent.mkdir(exist_ok=True)
        self._config.write_text(
            head + feed("paper", f"{kind} {self.site.source}", more=more), "utf-8"
        )

    @property
    def _config(self) -> Path:
        return self._home / "config" / "feedpub.toml"

    # --- feedpub ---

    def build(self, _: random.Random) -> None:
        """Run a build."""
        self._build()

    def rebuild(self, _: random.Random) -> None:
        """Run two builds in a row; the second changes no byte."""
        self._build()
        before = self._files()
        self._build()
        if changed := {name for name, body in self._files().items() if before.get(name) != body}:
            raise ViolationError("unchanged, but written", f"{sorted(changed)}")
        if gone := before.keys() - self._files().keys():
            raise ViolationError("unchanged, but written", f"gone: {sorted(gone)}")

    def kill(self, chosen: random.Random) -> None:
        """Run a build and kill it."""
        self._build(kill_at=chosen.randint(1, MAX_KILL_INSTANT))

    def restart(self, _: random.Random) -> None:
        """Close the open state between two builds."""
        builder().restart()

    def settle(self, _: random.Random) -> None:
        """Repair the site, and build until feedpub has no fatal problem."""
        self.repair_pages(_)
        self.repair_list(_)
        for _try in range(MAX_SETTLING_BUILDS):
            if not self._build().fatal:
                return
            self._pass_time(7 * 3600)
        raise ViolationError("no recovery", f"{MAX_SETTLING_BUILDS} builds: {self._build().fatal}")

    def pass_time(self, chosen: random.Random) -> None:
        """Let time pass."""
        self._pass_time(chosen.choice(WAITS))

    def lose_output(self, _: random.Random) -> None:
        """Delete the output folder."""
        if self._last_was_well:
            shutil.rmtree(self._home / "feeds")
            self.oracle.lost, self._last_was_well = True, False

    def lose_state(self, _: random.Random) -> None:
        """Delete the state if the documents contain everything needed."""
        if self._last_was_well and self.oracle.is_documented(self._wanted):
            self._lose_state()

    def lose_state_unconditionally(self, chosen: random.Random) -> None:
        """Delete the state and change the formats; archives may have old addresses."""
        if self._last_was_well:
            self._lose_state()
            self._choose_formats(chosen)

    def _lose_state(self) -> None:
        builder().restart()
        shutil.rmtree(self._home / ".feedpub")
        self.oracle.after_loss_of_state(self._wanted)
        self._last_was_well, self._state_is_lost = False, True

    def _build(self, kill_at: int | None = None) -> BuildResult:
        self.site.serve()
        began = self._now
        built = self._built = builder().build(self._config, began, kill_at)
        self._now = max(self._now, datetime.fromisoformat(built.now))
        self.tally.builds += 1
        self.tally.kills += built.killed
        self.tally.refused += bool(built.fatal) and not self.site.fault
        self.tally.seconds += built.seconds
        self._last_was_well = not built.killed and not built.fatal
        self._state_is_lost = self._state_is_lost and not self._last_was_well
        self.oracle.after_build(built, self._wanted, began)
        return built

    def _files(self) -> dict[str, bytes]:
        root = self._home / "feeds"
        return {
            str(file.relative_to(root)): file.read_bytes()
            for file in root.rglob("*")
            if file.is_file()
        }

    def _pass_time(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


WEIGHTS: dict[Callable[[World, random.Random], None], int] = {
    World.write_article: 12,
    World.edit_article: 4,
    World.edit_description: 2,
    World.correct_page: 3,
    World.retitle_article: 3,
    World.unlist_article: 4,
    World.relist_article: 4,
    World.reorder_list: 2,
    World.change_guid: 3,
    World.rename_article: 3,
    World.rename_any_article: 1,
    World.remove_page: 2,
    World.restore_page: 2,
    World.break_page: 3,
    World.repair_pages: 2,
    World.break_list: 2,
    World.repair_list: 3,
    World.change_canonical: 1,
    World.change_limit: 3,
    World.change_formats: 3,
    World.change_filters: 3,
    World.change_base_url: 1,
    World.build: 40,
    World.rebuild: 4,
    World.kill: 10,
    World.restart: 3,
    World.settle: 3,
    World.pass_time: 12,
    World.lose_output: 1,
    World.lose_state: 1,
    World.lose_state_unconditionally: 1,
}
STEPS = {step.__name__: step for step in WEIGHTS}
UNSUPPORTED = frozenset(
    step.__name__
    for step in (
        World.edit_description,
        World.rename_any_article,
        World.lose_state_unconditionally,
    )
)
"""Steps that are taken only on request, because feedpub does not promise the invariants after them.

An item changes without a new date or title; an address changes while its article is not listed; the
state is lost and only outdated documents remain.
"""


@contextmanager
def running_world(kind: Kind, flavour: int) -> Iterator[World]:
    """Run a world with its own server and temporary folder."""
    home = Path(tempfile.mkdtemp(prefix="feedpub-model-"))
    try:
        with running_site() as site:
            yield World(kind, flavour, site, home)
    finally:
        builder().restart()
        shutil.rmtree(home)


def random_steps(seed: int, number: int, without: Collection[str] = UNSUPPORTED) -> list[Step]:
    """Return random steps; the last one repairs everything."""
    chosen = random.Random(seed)  # noqa: S311
    weights = {
        step.__name__: weight for step, weight in WEIGHTS.items() if step.__name__ not in without
    }
    names = chosen.choices(list(weights), list(weights.values()), k=number - 1)
    return [*((name, chosen.randrange(1 << 16)) for name in names), ("settle", 0)]
