"""The stage of a case: two sites on loopback, and a home whose builds have succeeded so far."""

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
from click.testing import CliRunner

from feedpub.cli import cli
from feedpub.core.errors import FeedpubError
from tests.catalogue import press
from tests.catalogue.command import Ended, Memory, command, run_cold, wait_for_end
from tests.support.faults import Faults
from tests.support.home import OK, Home
from tests.support.newsroom import feed
from tests.support.service import RunningService, running_service
from tests.support.site import Site, running_site
from tests.support.tls import server_context
from tests.support.warm import Command, fork_server

ALLOWED = "127.77.0.0/16"  # the sites' addresses; the rest of loopback stays private
HEAD = (
    f'[feedpub]\nallow_private = ["{ALLOWED}"]\nrequest_delay = "0s"\nrun_timeout = "1m"\n'
    'base_url = "https://feeds.example.net/"\n'
)
SHORT = HEAD.replace('"1m"', '"10s"')  # the shortest run timeout that a config may set
PATIENCE = 60.0  # seconds for a command without faults


@dataclass(frozen=True, slots=True)
class Start:
    """The state before the bad input appears.

    Attributes:
        name: identifies the start.
        feeds: the feeds of the config, without the second site's.
        prepare: further preparation before the first build.
        numbers: the stories that exist.
        builds: the number of builds, one a day.
        head: the beginning of the config.
        faults: the faults of every command.
        within: the script that runs every command; "" for none.
    """

    name: str
    feeds: "Callable[[Stage], list[str]]"
    prepare: "Callable[[Stage], None]" = lambda _: None
    numbers: tuple[int, ...] = press.OLD
    builds: int = 1
    head: str = HEAD
    faults: "Callable[[Stage], Faults]" = lambda _: {}
    within: "Callable[[Stage], str]" = lambda _: ""


class Stage:
    """Two sites and a home; a case affects the first site and no other.

    Attributes:
        secure: a TLS site with a certificate of `authority`.
        home: the command's home for the current case.
        marks: values that a scene stores.
        pid: the process of the current or last command.
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
        """Open a stage that keeps its files in this folder."""
        root.chmod(0o755)
        with ExitStack() as stack:
            yield cls(root, stack)

    def own_site(self, name: str) -> Site:
        """Return the site that belongs to one feed."""
        if name not in self._sites:
            self._sites[name] = self._stack.enter_context(
                running_site(f"127.77.1.{len(self._sites) + 1}")
            )
        return self._sites[name]

    def secured_for(self, name: str) -> Any:
        """Return a TLS context with a trusted certificate for a name or address."""
        return server_context(self.authority.issue_cert(name))

    # --- before ---

    def set(self, start: Start) -> None:
        """Restore the state of a start in a new home, then publish the news everywhere."""
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
        """Make the home in which the first builds succeed."""
        self.home = Home(whole)
        whole.mkdir(parents=True)
        for site in (self.site, self.secure, self.beside):
            press.publish(site, start.numbers)
        for n in start.numbers:
            self.home.save(f"{n:02}.txt", press.text_story(n))
        start.prepare(self)
        self.configure(*start.feeds(self))
        for days in reversed(range(start.builds)):
            ended = self.build(
                faults={"clock": self.offset(-86400.0 * days)} if days else {}, seconds=PATIENCE
            )
            assert ended.status == OK, ended.output

    def news(self) -> None:
        """Publish one more story on every site and in the folder."""
        numbers = (max(self._start.numbers) + 1, *self._start.numbers)
        for site in (self.site, self.secure, self.beside):
            press.publish(site, numbers)
        self.home.save(f"{numbers[0]:02}.txt", press.text_story(numbers[0]))

    def no_news(self, *sites: Site) -> None:
        """Withdraw the news from these sites, by default from `site`."""
        for site in sites or (self.site,):
            press.publish(site, self._start.numbers)

    def configure(self, *feeds: str) -> None:
        """Write the config, including the second site's feed."""
        self.home.configure(
            *feeds, feed("beside", f"page {self.beside.url('/news')}"), head=self._start.head
        )

    def prop(self, thing: Any) -> Any:
        """Enter a context that lasts until the next case."""
        return self._props.enter_context(thing)

    def offset(self, seconds: float) -> str:
        """Return the file that sets the clock off by this many seconds."""
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
        """Run `feedpub build` in its own process."""
        return self.run("build", faults=faults, within=within, seconds=seconds, **environ)

    def run(
        self,
        *arguments: str,
        faults: Faults | None = None,
        within: str = "",
        seconds: float = PATIENCE,
        **environ: str,
    ) -> Ended:
        """Run a command in its own process."""
        order = self._order(arguments, {**self._start.faults(self), **(faults or {})}, environ)
        if within := within or self._start.within(self):
            return run_cold(order, within, seconds)
        return self._watched(order, seconds)

    def _order(
        self, arguments: tuple[str, ...], faults: Faults, environ: Mapping[str, str]
    ) -> Command:
        output = self.root / "output"
        output.write_bytes(b"")
        environ = {"FEEDPUB_CONFIG": str(self.home.config), **environ}
        return Command(arguments, self.home.root, output, environ=environ, faults=faults)

    def _watched(self, order: Command, seconds: float) -> Ended:
        started = fork_server().start(order)
        self.pid = started.pid
        return wait_for_end(started, order.output, seconds)

    def status(self) -> tuple[dict[str, Any], str]:
        """Return the output of `feedpub status --json`, parsed and as printed.

        It runs in this process, unless the clock of the case is wrong.
        """
        if "clock" in self.marks:
            order = self._order(("status", "--json"), {"clock": self.marks["clock"]}, {})
            output = self._watched(order, PATIENCE).output
        else:
            arguments = ["-c", str(self.home.config), "status", "--json"]
            try:
                output = CliRunner().invoke(cli, arguments, catch_exceptions=False).output
            except FeedpubError as error:  # such as a config that is not valid
                output = str(error)
        try:
            return dict(json.loads(output)), output
        except ValueError:
            return {}, output

    # --- the service ---

    @contextmanager
    def service(self, faults: Faults | None = None) -> "Iterator[tuple[RunningService, Watch]]":
        """Run `feedpub run` until the block or the process ends."""
        watch = Watch()
        with (
            running_service(self.home.config, command=command(faults or {})) as running,
            watch.over(running),
        ):
            yield running, watch

    # --- after ---

    def items(self, name: str = "world") -> list[dict[str, Any]]:
        """Return a feed's entries."""
        return self.home.items(name)

    def new(self, name: str = "world") -> dict[str, Any]:
        """Return the single new entry of a feed."""
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
        """Sample the service's memory while the block runs."""
        memory, done = Memory(running.process.pid), Event()

        def look() -> None:
            while not done.wait(0.1):
                memory.sample()

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
            "\n".join(running.lines),
            in_time,
        )


def whole(files: Mapping[str, bytes]) -> None:
    """Check that every published document is complete."""
    from lxml import etree  # noqa: PLC0415

    for name, content in files.items():
        if name.endswith((".rss", ".atom", ".opml")):
            etree.fromstring(content)
        elif name.endswith(".json"):
            json.loads(content)
        elif name.endswith(".html"):
            assert content.rstrip().endswith(b"</html>"), f"{name} is incomplete"


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
USUAL = Start("usual", PAGE.feeds, numbers=tuple(range(12, 0, -1)), builds=6)
