"""Processes that are killed, stopped, started twice or starved, and threads that hang or die."""

import json
import os
import signal
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue.answers import Answer, with_length
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_news
from tests.catalogue.command import Ended, workers_of
from tests.catalogue.press import NEW, NOW, body, listing, story
from tests.catalogue.stage import FOLDER, HEAD, PAGE, SHORT, Stage, Start
from tests.support.faults import Faults
from tests.support.home import FAILED
from tests.support.newsroom import path, title
from tests.support.service import RunningService, eventually
from tests.support.site import Site
from tests.support.warm import MAX_COMMAND_SECONDS

_LONG_TICKS = 15  # a worker that has used more CPU reads a long page

TOKEN = "hush"
NOW_AND_THEN = Start("now-and-then", PAGE.feeds, head=f'{HEAD}[http]\nadmin_token = "{TOKEN}"\n')
HURRIED = Start("hurried", PAGE.feeds, head=SHORT)
SAVED_AND_HURRIED = Start("saved-and-hurried", FOLDER.feeds, head=SHORT)
_SLOW: dict[str, Any] = {"slow": True, "seconds": 60.0}


class Service:
    """A running service that can run a feed on request."""

    def __init__(self, running: RunningService) -> None:
        self._running = running
        self.pid, self.port = running.process.pid, running.port
        self.events_named, self.wait_for_event, self.send = (
            running.events_named,
            running.wait_for_event,
            running.send,
        )
        self.get = running.get

    @property
    def has_ended(self) -> bool:
        """Return True if its process has ended."""
        return self._running.process.poll() is not None

    @property
    def output(self) -> str:
        return "\n".join(self._running.lines)

    def run_feed(self, feed: str) -> None:
        """Run a feed, as soon as it is not running."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._running.port}/run",
            data=f"feed={feed}".encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"},
        )
        assert eventually(lambda: self._ask(request))

    def _ask(self, request: urllib.request.Request) -> bool:
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310 -- loopback
                return True
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != HTTPStatus.CONFLICT:
                raise
            return False


def play_script(
    stage: Stage, script: Callable[[Service], object], faults: Faults | None = None
) -> Ended:
    """Run the service with a script, then stop it if it has not ended."""
    with stage.service(faults) as (running, watch):
        script(Service(running))
        if running.process.poll() is None:
            running.stop()
    assert watch.ended is not None
    return watch.ended


def _do_nothing(_: Stage) -> None:
    """Do nothing; the run itself is the bad input."""


# --- killed and stopped ---


def _meanwhile(site: Site, place: str, what: Callable[[], object]) -> None:
    """Do something when a place is first requested, then answer normally."""
    route = site.routes[place]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        site[place] = route
        what()
        handler.do_GET()  # type: ignore[attr-defined]

    site[place] = answer


def _kill_and_rebuild(place: str, stage: Stage) -> Ended:
    """Kill a build when it requests the place, then build again."""
    _meanwhile(stage.site, place, lambda: os.kill(stage.pid, signal.SIGKILL))
    first = stage.build()
    assert first.status == -signal.SIGKILL, first
    return stage.build()


def _interrupt_and_rebuild(stage: Stage) -> Ended:
    """Interrupt a build while it reads an article, then build again."""
    _meanwhile(stage.site, path(NEW), lambda: os.kill(stage.pid, signal.SIGINT))
    first = stage.build()
    assert first.status == 130, first
    assert "Traceback" not in first.output, first.output
    return stage.build()


def _stop_during_run(number: signal.Signals, stage: Stage) -> Ended:
    """Stop or kill the service while it reads an article, then build."""

    def script(service: Service) -> None:
        _meanwhile(stage.site, path(NEW), lambda: service.send(number))
        assert eventually(lambda: service.has_ended, 30), service.output

    served = play_script(stage, script)
    build = stage.build()
    return Ended(
        build.status,
        served.seconds + build.seconds,
        max(served.megabytes, build.megabytes),
        build.output,
    )


def _kill_every_reader(stage: Stage) -> Ended:
    """Kill every build that reads the new story.

    The other feed is published nevertheless, and a last build succeeds.
    """
    story = stage.site.routes[path(NEW)]
    stage.site[path(NEW)] = lambda _: os.kill(stage.pid, signal.SIGKILL)
    # Both feeds may be running the first time; the second time, either may be the cause.
    for _ in range(3):
        killed = stage.build()
        assert killed.status == -signal.SIGKILL, killed
    assert "3 times in a row" not in killed.output
    assert "2 times in a row: it runs after all others, alone" in killed.output, killed.output
    assert stage.new("beside")["title"] == title(NEW)
    stage.site[path(NEW)] = story
    return stage.build()


def _poisoned_service(stage: Stage) -> Ended:
    """Kill the service when it reads the new story; after a restart, the other feed runs first."""

    def dies(service: Service) -> None:
        stage.site[path(NEW)] = lambda _: service.send(signal.SIGKILL)
        assert eventually(lambda: service.has_ended, 30), service.output

    def lives(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.events_named("run_crashed", feed="world"), service.output

    story = stage.site.routes[path(NEW)]
    play_script(stage, dies)
    stage.site[path(NEW)] = story
    last = play_script(stage, lives)
    build = stage.build()
    return Ended(
        build.status,
        last.seconds + build.seconds,
        max(last.megabytes, build.megabytes),
        build.output,
    )


# --- faults that the service must survive ---


def _bad_config(stage: Stage) -> Ended:
    """Reload an invalid config; the service keeps the valid one."""

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output
        stage.home.config.write_text("[[feed\n", "utf-8")
        service.send(signal.SIGHUP)
        assert service.wait_for_event("reload", outcome="refused"), service.output
        assert "feedpub.toml" in service.get("/status").decode()
        service.run_feed("world")
        assert service.wait_for_event("run_finished", times=2, feed="world"), service.output

    whole = stage.home.config.read_text("utf-8")
    try:
        return play_script(stage, script)
    finally:
        stage.home.config.write_text(whole, "utf-8")


def _second(stage: Stage) -> Ended:
    """Start another service on the same state; it is refused, and the first one continues."""
    refused: list[Ended] = []

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output
        refused.append(stage.run("run", "--listen", "127.0.0.1:0"))
        assert f"with pid {service.pid}" in refused[0].output, refused[0]
        assert refused[0].status == FAILED

    play_script(stage, script)
    return refused[0]


def _hung(stage: Stage) -> Ended:
    """Hang on the articles folder; the run times out, and other feeds are not delayed."""

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output
        assert service.wait_for_event("run_finished", feed="world", outcome="failed"), (
            service.output
        )

    return play_script(stage, script, {"hanging_folder": "articles", "short_grace": 1.0})


def _state_breaks(stage: Stage) -> Ended:
    """Rename a table of the state for a while; the service recovers afterwards."""
    file = stage.home.root / ".feedpub" / "feedpub.sqlite"

    def rename(old: str, new: str) -> None:
        connection = sqlite3.connect(file, timeout=20)
        connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        connection.close()

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world"), service.output
        assert service.wait_for_event("run_finished", feed="beside"), service.output
        rename("item_states", "unseen")
        stage.news()
        service.run_feed("world")
        assert service.wait_for_event("state_error", feed="world"), service.output
        assert "no such table" in service.events_named("state_error", feed="world")[0]["reason"]
        rename("unseen", "item_states")
        for name in ("world", "beside"):
            service.run_feed(name)
            assert service.wait_for_event("run_finished", feed=name, new=1), service.output

    stage.no_news(stage.site, stage.beside)
    return play_script(stage, script)


def _scheduler_dies(stage: Stage) -> Ended:
    """Kill the scheduler's thread; another one starts, and due feeds run."""

    def script(service: Service) -> None:
        assert service.wait_for_event("scheduler_restarted"), service.output
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output

    return play_script(stage, script, {"dying_scheduler": 1})


# --- malicious clients ---


def _pipeline_requests(stage: Stage) -> Ended:
    """Send 48 MB of requests in total from fifty clients that read nothing.

    Other clients are served, and waiting requests use no memory.
    """
    requests = b"GET /world.rss?1 HTTP/1.1\r\nHost: x\r\n\r\n" * 24_000

    def send(connection: socket.socket) -> None:
        with suppress(OSError):  # the server closed the connection or stopped reading
            connection.sendall(requests)

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output
        with ThreadPoolExecutor(50) as pool, ExitStack() as stack:
            for _ in range(50):
                client = stack.enter_context(
                    socket.create_connection(("127.0.0.1", service.port), timeout=5)
                )
                pool.submit(send, client)
            for _ in range(20):
                assert service.get("/world.rss").startswith(b"<?xml"), "a client got no feed"
                time.sleep(0.1)

    return play_script(stage, script)


def _rebound(stage: Stage) -> Ended:
    """Request the status by another site's name that resolves to this machine.

    The service refuses to answer.
    """

    def script(service: Service) -> None:
        assert service.wait_for_event("run_finished", feed="world", new=1), service.output
        assert service.wait_for_event("run_finished", feed="beside", new=1), service.output
        assert b"beside" in service.get("/status")
        for place in ("/status", "/metrics", "/run"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                service.get(place, {"Host": "rebound.example"})
            with caught.value as refused:
                assert (refused.code, b"beside" in refused.read()) == (
                    HTTPStatus.FORBIDDEN,
                    False,
                ), place
        assert json.loads(service.get("/healthz", {"Host": "rebound.example"})) == {"ok": True}

    return play_script(stage, script)


# --- missing resources ---


def _limit_resources(limits: dict[str, int], stage: Stage) -> Ended:
    return stage.build({"limits": limits})


def _killed_worker(stage: Stage) -> None:
    """Kill the worker that reads the new story, as the kernel does when memory runs out.

    The page takes a while to read.
    """
    long = "".join(
        f"<p>And then the {n} members of the council went home, one after another.</p>"
        for n in range(60_000)
    )
    page = story(NEW, text=body(NEW) + long).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with_length(page)(handler)
        threading.Thread(target=kill_busy_worker).start()

    def kill_busy_worker() -> None:
        until = time.monotonic() + MAX_COMMAND_SECONDS
        while time.monotonic() < until:
            for worker in workers_of(stage.pid):
                if _work(worker) > _LONG_TICKS:
                    os.kill(worker, signal.SIGKILL)
                    return
            time.sleep(0.01)

    stage.site[path(NEW)] = answer


def _work(pid: int) -> int:
    """Return the CPU time of a process in clock ticks; 0 if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _fifty_hang(stage: Stage) -> None:
    """Let each of fifty new articles fail after five seconds.

    The run ends in time nevertheless.
    """

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        time.sleep(5)

    numbers = range(60, 0, -1)
    stage.site["/news"] = listing(numbers)
    answer: Answer = drip
    for n in numbers:
        if n not in NOW[1:]:
            stage.site[path(n)] = answer


CASES = (
    Case("kill-9", _do_nothing, right=has_news, run=partial(_kill_and_rebuild, path(NEW))),
    Case(
        "sigterm-midrun",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=partial(_stop_during_run, signal.SIGTERM),
        **_SLOW,
    ),
    Case(
        "sighup-bad-config",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=_bad_config,
        **_SLOW,
    ),
    Case(
        "second-instance",
        _do_nothing,
        "feedpub is already running",
        has_news,
        in_output=True,
        run=_second,
        **_SLOW,
    ),
    Case("hung-job", _do_nothing, "run was cancelled", start=SAVED_AND_HURRIED, run=_hung, **_SLOW),
    Case(
        "store-error", _do_nothing, right=has_news, start=NOW_AND_THEN, run=_state_breaks, **_SLOW
    ),
    Case(
        "thread-death",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=_scheduler_dies,
        **_SLOW,
    ),
    Case(
        "out-of-memory",
        _killed_worker,
        "was killed, most likely because the machine ran out of memory",
        **_SLOW,
    ),
    # --- further cases ---
    Case("kill-9-at-listing", _do_nothing, right=has_news, run=partial(_kill_and_rebuild, "/news")),
    Case(
        "kill-9-service",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=partial(_stop_during_run, signal.SIGKILL),
        **_SLOW,
    ),
    Case("poison-pill", _do_nothing, right=has_news, run=_kill_every_reader),
    Case(
        "poison-pill-service",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=_poisoned_service,
        **_SLOW,
    ),
    Case("ctrl-c-midbuild", _do_nothing, right=has_news, run=_interrupt_and_rebuild),
    Case(
        "out-of-descriptors",
        _do_nothing,
        "unable to open|Too many open files",
        run=partial(_limit_resources, {"RLIMIT_NOFILE": 8}),
        in_output=True,
        spares_others=False,
    ),
    Case(
        "pipelined-requests",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=_pipeline_requests,
        **_SLOW,
    ),
    Case(
        "status-by-rebinding",
        _do_nothing,
        right=has_news,
        start=NOW_AND_THEN,
        run=_rebound,
        **_SLOW,
    ),
    Case("fifty-articles-hang", _fifty_hang, "the run's time is up", start=HURRIED, **_SLOW),
)
