"""Where a case is played.

Two sites on loopback, and a home for the command in which all went well so far.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import trustme

from tests.catalogue import press
from tests.catalogue.command import Ended, Memory, command, run_cold, watched
from tests.support.faults import Faults
from tests.support.home import OK, Home
from tests.support.newsroom import feed
from tests.support.service import RunningService, running_service
from tests.support.site import Site, running_site
from tests.support.tls import server_side
from tests.support.warm import Order, warm

ALLOWED = "127.77.0.0/16"  # where the sites are; the rest of loopback is as private as ever
HEAD = (
    f'[feedpub]\nallow_private = ["{ALLOWED}"]\nrequest_delay = "0s"\nrun_timeout = "1m"\n'
    'base_url = "https://feeds.example.net/"\n'
)
SHORT = HEAD.replace('"1m"', '"10s"')  # the shortest time for a look that a config may give
PATIENCE = 60.0  # seconds for a command with which nothing is wrong


@dataclass(frozen=True, slots=True)
class Start:
    """How things are before the bad input appears.

    Attributes:
        name: of all that begin so.
        feeds: the feeds of the config besides the one of the site beside.
        prepare: what else there is to do before the first build.
        numbers: the stories that there are.
        looks: how many builds there were, a day apart.
        head: of the config.
        faults: of every command.
        within: the script that every command is run in; "" for none.
    """

    name: str
    feeds: "Callable[[Stage], list[str]]"
    prepare: "Callable[[Stage], None]" = lambda _: None
    numbers: tuple[int, ...] = press.OLD
    looks: int = 1
    head: str = HEAD
    faults: "Callable[[Stage], Faults]" = lambda _: {}
    within: "Callable[[Stage], str]" = lambda _: ""


class Stage:
    """Two sites and a home; `site` is the one that things happen to, `beside` the one that must not notice.

    Attributes:
        secure: a site with TLS, by `authority`.
        home: the command's, in which the case is played.
        marks: what a scene has to remember.
        pid: the process of the command under way, or of the last one.
    """

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root = root
        self.authority = trustme.CA()
        self.site, self.beside = (
            stack.enter_context(running_site(f"127.77.0.{n}")) for n in (1, 2)
        )
        self.secure = stack.enter_context(
            running_site("127.77.0.3", self.secured_for("127.77.0.3"))
        )
        self.home = Home(root)
        self.marks: dict[str, Any] = {}
        self.pid = 0
        self.ca_file = root / "authority.pem"
        self.authority.cert_pem.write_to_path(self.ca_file)
        self._start = PAGE
        self._props = ExitStack()
        stack.callback(self._props.close)
        self._homes = 0
        self._sites: dict[str, Site] = {}
        self._stack = stack

    @classmethod
    @contextmanager
    def open(cls, root: Path) -> Iterator[Self]:
        """A stage whose files are in this folder."""
        root.chmod(0o755)
        with ExitStack() as stack:
            yield cls(root, stack)

    def own_site(self, name: str) -> Site:
        """A site for one feed alone."""
        if name not in self._sites:
            self._sites[name] = self._stack.enter_context(
                running_site(f"127.77.1.{len(self._sites) + 1}")
            )
        return self._sites[name]

    def secured_for(self, name: str) -> Any:
        """TLS with a certificate of the trusted authority for a name or address."""
        return server_side(self.authority.issue_cert(name))

    # --- before ---

    def set(self, start: Start) -> None:
        """Let everything be as it is before a case, with a home of its own.

        Then the news comes out everywhere.
        """
        self._props.close()
        self._props = ExitStack()
        self.marks = {}
        self._start = start
        self.secure.tls = self.secured_for(self.secure.host)
        whole = self.root / "starts" / start.name
        if not whole.exists():
            self._begin(start, whole)
        self._homes += 1
        self.home = Home(self.root / f"home-{self._homes}")
        shutil.copytree(whole, self.home.root, symlinks=True)
        start.prepare(self)
        self.news()

    def _begin(self, start: Start, whole: Path) -> None:
        """Make the home in which the first builds went well."""
        self.home = Home(whole)
        whole.mkdir(parents=True)
        for site in (self.site, self.secure, self.beside):
            press.publish(site, start.numbers)
        for n in start.numbers:
            self.home.save(f"{n:02}.txt", press.saved(n))
        start.prepare(self)
        self.configure(*start.feeds(self))
        for days in reversed(range(start.looks)):
            ended = self.build(
                faults={"clock": self.offset(-86400.0 * days)} if days else {}, seconds=PATIENCE
            )
            assert ended.status == OK, ended.said

    def news(self) -> None:
        """One more story on every site, and in the folder."""
        numbers = (max(self._start.numbers) + 1, *self._start.numbers)
        for site in (self.site, self.secure, self.beside):
            press.publish(site, numbers)
        self.home.save(f"{numbers[0]:02}.txt", press.saved(numbers[0]))

    def no_news(self, *sites: Site) -> None:
        """The site that things happen to, or these, have nothing new after all."""
        for site in sites or (self.site,):
            press.publish(site, self._start.numbers)

    def configure(self, *feeds: str) -> None:
        """Write the config, with the feed of the site beside."""
        self.home.configure(
            *feeds, feed("beside", f"page {self.beside.url('/news')}"), head=self._start.head
        )

    def prop(self, thing: Any) -> Any:
        """Enter a context that lasts until the next case."""
        return self._props.enter_context(thing)

    def offset(self, seconds: float) -> str:
        """The file of a clock that is off by so much."""
        file = self.home.root / "offset"
        file.write_text(str(seconds), "utf-8")
        self.marks["clock"] = str(file)
        return str(file)

    # --- the command ---

    def build(
        self,
        faults: Faults | None = None,
        within: str = "",
        seconds: float = PATIENCE,
        **environ: str,
    ) -> Ended:
        """`feedpub build`, in a process of its own."""
        return self.run("build", faults=faults, within=within, seconds=seconds, **environ)

    def run(
        self,
        *arguments: str,
        faults: Faults | None = None,
        within: str = "",
        seconds: float = PATIENCE,
        **environ: str,
    ) -> Ended:
        """A command, in a process of its own."""
        order = self._order(arguments, {**self._start.faults(self), **(faults or {})}, environ)
        if within := within or self._start.within(self):
            return run_cold(order, within, seconds)
        return self._watched(order, seconds)

    def _order(
        self, arguments: tuple[str, ...], faults: Faults, environ: Mapping[str, str]
    ) -> Order:
        said = self.root / "said"
        said.write_bytes(b"")
        environ = {"FEEDPUB_CONFIG": str(self.home.config), **environ}
        return Order(arguments, self.home.root, said, environ=environ, faults=faults)

    def _watched(self, order: Order, seconds: float) -> Ended:
        started = warm().start(order)
        self.pid = started.pid
        return watched(started, order.output, seconds)

    def status(self) -> tuple[dict[str, Any], str]:
        """What `feedpub status --json` says, read, and as it is said."""
        faults = {"clock": self.marks["clock"]} if "clock" in self.marks else {}
        ended = self._watched(self._order(("status", "--json"), faults, {}), PATIENCE)
        try:
            return dict(json.loads(ended.said)), ended.said
        except ValueError:
            return {}, ended.said

    # --- the service ---

    @contextmanager
    def service(self, faults: Faults | None = None) -> "Iterator[tuple[RunningService, Watch]]":
        """`feedpub run`, until the block ends or it ends by itself."""
        watch = Watch()
        with (
            running_service(self.home.config, command=command(faults or {})) as running,
            watch.over(running),
        ):
            yield running, watch

    # --- after ---

    def items(self, name: str = "world") -> list[dict[str, Any]]:
        """The entries of a feed."""
        return self.home.items(name)

    def new(self, name: str = "world") -> dict[str, Any]:
        """The one entry of a feed that was not there before."""
        before = json.loads(self.marks["before"][f"{name}.json"])["items"]
        known = {item["id"] for item in before}
        fresh = [item for item in self.items(name) if item["id"] not in known]
        assert len(fresh) == 1, [item["title"] for item in fresh]
        return fresh[0]


@dataclass
class Watch:
    """Measures a service while it runs."""

    began: float = field(default_factory=time.monotonic)
    ended: Ended | None = None

    @contextmanager
    def over(self, running: RunningService) -> Iterator[None]:
        """Keep an eye on it while the block runs."""
        memory, done = Memory(running.process.pid), Event()

        def look() -> None:
            while not done.wait(0.1):
                memory.look()

        thread = Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            in_time = running.process.poll() is not None
            done.set()
            thread.join()
        took = time.monotonic() - self.began
        self.ended = Ended(
            running.process.returncode or 0,
            took,
            memory.megabytes,
            "\n".join(running.said),
            in_time,
        )


def whole(files: Mapping[str, bytes]) -> None:
    """Every published document is there from its first byte to its last."""
    from lxml import etree  # noqa: PLC0415

    for name, content in files.items():
        if name.endswith((".rss", ".atom", ".opml")):
            etree.fromstring(content)
        elif name.endswith(".json"):
            json.loads(content)
        elif name.endswith(".html"):
            assert content.rstrip().endswith(b"</html>"), f"{name} breaks off"


PAGE = Start("page", lambda stage: [feed("world", f"page {stage.site.url('/news')}")])
FEED = Start("feed", lambda stage: [feed("world", f"feed {stage.site.url('/rss')}")])
JSON = Start("json", lambda stage: [feed("world", f"feed {stage.site.url('/feed.json')}")])
SITEMAP = Start(
    "sitemap", lambda stage: [feed("world", f"sitemap {stage.site.url('/sitemap.xml')}")]
)
FOLDER = Start("folder", lambda _: [feed("world", "folder articles")])
SECURE = Start(
    "secure",
    lambda stage: [feed("world", f"page {stage.secure.url('/news')}")],
    faults=lambda stage: {"trust": str(stage.ca_file)},
)
USUAL = Start("usual", PAGE.feeds, numbers=tuple(range(12, 0, -1)), looks=6)
