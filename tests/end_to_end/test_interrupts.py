"""Ctrl-C and SIGTERM end a command at once, with one message and no leftovers."""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from feedpub.cli.terminal import _GRACE_SECONDS
from tests.support.home import Home
from tests.support.newsroom import feed, open_newsroom, path
from tests.support.site import Site

pytestmark = pytest.mark.slow(seconds=4)
PATIENCE_SECONDS = 20.0  # on a busy machine
ENDS = {signal.SIGINT: (130, "Interrupted.\n"), signal.SIGTERM: (143, "Terminated.\n")}


@pytest.fixture(autouse=True)
def _interrupts_arrive() -> Iterator[None]:
    """Enable SIGINT, which shells disable for background processes and their children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def hanging_pages(site: Site) -> Iterator[threading.Event]:
    """Run a newsroom in which an article and another page never respond.

    The event is set when one of them is requested.
    """
    requested, over = threading.Event(), threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        requested.set()
        over.wait(60)

    open_newsroom(site, [3, 2, 1])
    site[path(2)] = site["/slow"] = hang
    yield requested
    over.set()


@contextmanager
def running_command(
    home: Home, *arguments: str, terminal: int | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Start a command in a process group of its own, as a shell does."""
    given: dict[str, int] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    if terminal is not None:
        given = dict.fromkeys(given, terminal)
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "feedpub", *arguments],
        cwd=home.root,
        env=os.environ
        | {"PYTHONPATH": str(Path(__file__).parents[2]), "FEEDPUB_CONFIG": str(home.config)},
        text=True,
        start_new_session=True,
        **given,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("build", signal.SIGINT),
        ("build", signal.SIGTERM),
        ("clean", signal.SIGINT),
        ("add", signal.SIGINT),
        ("repair", signal.SIGINT),
    ],
)
def test_interrupted_command_ends_while_a_server_does_not_respond(
    home: Home, site: Site, hanging_pages: threading.Event, command: str, number: signal.Signals
) -> None:
    """Its last line is the message, without a traceback."""
    home.configure(
        feed("world", f"page {site.url('/news')}"), feed("other", f"page {site.url(path(2))}")
    )
    words = {
        "build": ["build"],
        "clean": ["clean", site.url(path(2))],
        "add": ["add", site.url("/slow")],
        "repair": ["repair", "--all", "other"],
    }[command]
    with running_command(home, *words) as process:
        assert hanging_pages.wait(PATIENCE_SECONDS)
        began = time.monotonic()
        os.killpg(process.pid, number)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert time.monotonic() - began < _GRACE_SECONDS + PATIENCE_SECONDS / 4
    status, message = ENDS[number]
    assert (process.returncode, output) == (status, "")
    assert "Traceback" not in errors
    assert errors.endswith(message)
    assert not any(home.feeds.glob("*.tmp*"))


@pytest.mark.parametrize(
    ("arguments", "number"),
    [(("import", "feeds.opml"), signal.SIGINT), (("reclean", "--force"), signal.SIGTERM)],
    ids=["import", "reclean"],
)
def test_interrupt_at_a_prompt_writes_nothing(
    home: Home, site: Site, arguments: tuple[str, ...], number: signal.Signals
) -> None:
    open_newsroom(site, [2, 1])
    home.configure(feed("world", f"page {site.url('/news')}"))
    home.build()
    home.configure(
        feed("world", f"page {site.url('/news')}", more='[feed.rules]\nremove = ["p:last-of-type"]')
    )
    outline = '<outline type="rss" text="New" xmlUrl="https://example.org/rss"/>'
    (home.root / "feeds.opml").write_text(f"<opml><body>{outline}</body></opml>", "utf-8")
    before = home.config.read_bytes(), home.read_published()
    controller, tty = pty.openpty()
    with running_command(home, *arguments, terminal=tty) as process:
        os.close(tty)
        shown = _until(controller, "[y/N]")
        os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2 * _GRACE_SECONDS)
        if process.poll() is None:  # the signal arrived before the prompt waited for the answer
            os.killpg(process.pid, number)
        shown += _until(controller, None)
        os.close(controller)
        status, message = ENDS[number]
        assert process.wait(PATIENCE_SECONDS) == status, shown
    assert "Traceback" not in shown
    assert "Aborted" not in shown
    assert shown.replace("\r", "").endswith(f"\n{message}")
    assert (home.config.read_bytes(), home.read_published()) == before


def test_ignored_interrupt_stays_ignored_in_the_background(
    home: Home, site: Site, hanging_pages: threading.Event
) -> None:
    home.configure(feed("world", f"page {site.url('/news')}"))
    code = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {_MAIN}"
    with subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-c", code, "clean", site.url(path(2))],
        env=os.environ | {"FEEDPUB_CONFIG": str(home.config)},
        stderr=subprocess.PIPE,
    ) as process:
        assert hanging_pages.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 143


_MAIN = "from feedpub.cli import main; main()"


def _until(terminal: int, word: str | None) -> str:
    """Read what a terminal shows until a text appears, or to the end."""
    shown = bytearray()
    with suppress(OSError):  # the terminal is closed
        while select.select([terminal], [], [], PATIENCE_SECONDS)[0] and (
            piece := os.read(terminal, 4096)
        ):
            shown += piece
            if word is not None and word.encode() in shown:
                break
    return shown.decode()
