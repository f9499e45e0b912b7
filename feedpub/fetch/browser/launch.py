"""Whether there is what rendering needs.

Playwright, and a Chromium that is installed. Starts neither.
"""

import os
import shlex
import shutil
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EXTRA = "pip install 'feedpub[browser]'"
PACKAGE = "apt install chromium"


def find_chromium(setting: Path | None) -> str | None:
    """The path of the browser.

    The config's, else the first that is installed; None where there is none.
    """
    names = (str(setting),) if setting else _NAMES
    return next((path for name in names if (path := shutil.which(name))), None)


def why_unavailable(setting: Path | None) -> str | None:
    """What is missing and what to do about it, for people; None where all is there.

    Args:
        setting: the browser that the config names.
    """
    wants: list[str] = []
    if find_chromium(setting) is None:
        none = (
            f"there is no program {setting}, which browser_path names"
            if setting
            else "no Chromium is installed"
        )
        wants.append(f"{none}: {PACKAGE}")
    if find_spec("playwright") is None:
        wants.append(f"feedpub's extra is not installed: {EXTRA}")
    return f"render = true needs a browser; {'; '.join(wants)}" if wants else None


# SECTION: What one page may cost.


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """What one page may cost; the defaults are those of the product.

    Attributes:
        seconds: for all of it, from the document's arrival to its DOM.
        unresponsive: seconds that its scripts may run without a pause.
        quiet: seconds without a request under way and without a change after which it is taken for
            finished.
        settle: seconds after which it is taken as it is, finished or not.
        requests: that it may make.
        received: bytes that come with them, all together.
        documents: times that it may lead on to another document.
        heap: megabytes of what its scripts keep.
        memory: megabytes of each of the browser's processes.
        length: characters of the DOM that is read off.
    """

    seconds: float = 30.0
    unresponsive: float = 8.0
    quiet: float = 0.5
    settle: float = 15.0
    requests: int = 100
    received: int = 20_000_000
    documents: int = 5
    heap: int = 512
    memory: int = 2048
    length: int = 20_000_000


# SECTION: The browser's process: how it is started with no way out and a bound on its memory, and
# how it is ended.
#
# Nothing here trusts that a page behaves, and little that the browser does: it has a home of its
# own that is removed,
# an environment with no secret in it, and is ended by its own process group where it does not end
# by itself.

# There is no way out but by the gate: every name leads nowhere, every connection to a proxy that
# nobody runs, loopback
# too; what does not go by proxies (WebRTC, QUIC) is off, and so is all that a browser asks for by
# itself.
_NO_WAY_OUT = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-crash-reporter",
    "--no-first-run",
    "--block-new-web-contents",
    "--disable-gpu",
    "--disable-webgl",
    "--disable-3d-apis",
    "--disable-file-system",
    "--disable-notifications",
    "--disable-speech-api",
    "--mute-audio",
)
_SCRIPT = """#!/bin/sh
ulimit -c 0
ulimit -d {memory} || exit 1
echo $$ > {pid}
for word; do case $word in --user-data-dir=*) echo "${{word#*=}}" > {profile};; esac; done
exec {chromium} "$@"
"""
_FROM_OURS = ("PATH", "LANG", "LC_ALL", "TZ")


class ChromiumProcess:
    """One browser's home and what it is started with; `end` when it is over.

    Args:
        chromium: the program.
        limits: what its processes may take.
    """

    def __init__(self, chromium: str, limits: RenderLimits) -> None:
        self._folder = tempfile.TemporaryDirectory(
            prefix="feedpub-browser-", ignore_cleanup_errors=True
        )
        self._home = Path(self._folder.name)
        self._limits = limits
        self._pid = self._home / "pid"
        self._profile = self._home / "profile"
        script = self._home / "start"
        script.write_text(
            _SCRIPT.format(
                memory=limits.memory * 1024,
                pid=shlex.quote(str(self._pid)),
                profile=shlex.quote(str(self._profile)),
                chromium=shlex.quote(chromium),
            ),
            "utf-8",
        )
        script.chmod(0o700)
        self._script = script

    @property
    def options(self) -> dict[str, Any]:
        """What Playwright's launch takes."""
        home = str(self._home)
        own = {name: os.environ[name] for name in _FROM_OURS if name in os.environ}
        return {
            "executable_path": str(self._script),
            "artifacts_dir": home,
            "args": [*_NO_WAY_OUT, f"--js-flags=--max-old-space-size={self._limits.heap}"],
            "chromium_sandbox": os.geteuid() != 0,  # Chromium's own does not work for root
            "env": {
                **own,
                "HOME": home,
                "XDG_CONFIG_HOME": home,
                "XDG_CACHE_HOME": home,
                "TMPDIR": home,
            },
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,
        }

    @property
    def pid(self) -> int | None:
        """The browser's process, which leads a group of its own; None before it has started."""
        text = self._pid.read_text("utf-8").strip() if self._pid.exists() else ""
        return int(text) if text else None

    def kill(self) -> None:
        """End the browser and all its processes at once."""
        if pid := self.pid:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def stop(self, *, kill: bool) -> None:
        """Remove the home and what Playwright keeps beside it.

        With `kill`, end the processes first.
        """
        if kill:
            self.kill()
        if self._profile.exists():
            shutil.rmtree(self._profile.read_text("utf-8").strip(), ignore_errors=True)
        self._folder.cleanup()
