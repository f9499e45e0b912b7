"""Find, start and stop Chromium, without network access and with limited memory.

Nothing here relies on the page, and little on the browser. The browser has a home directory that is
removed afterwards and an environment without secrets. If it does not end, its process group is
killed.
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

# Every host name fails to resolve, and every connection, loopback included, goes to a proxy that
# does not exist. Protocols that ignore proxies (WebRTC, QUIC) and the browser's own requests are
# switched off.
_FLAGS = (
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
_INHERITED_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")


def find_chromium(setting: Path | None) -> str | None:
    """Return the path of the browser in the config, or of an installed one; None without one."""
    for name in (str(setting),) if setting else _NAMES:
        if path := shutil.which(name):
            return path
    return None


def why_unavailable(setting: Path | None) -> str | None:
    """Return what is missing for rendering and how to install it; None if nothing is missing.

    Args:
        setting: the browser in the config.
    """
    missing: list[str] = []
    if find_chromium(setting) is None:
        found = "no Chromium is installed"
        if setting:
            found = f"there is no program {setting}, which browser_path names"
        missing.append(f"{found}: {PACKAGE}")
    if find_spec("playwright") is None:
        missing.append(f"feedpub's extra is not installed: {EXTRA}")
    return f"render = true needs a browser; {'; '.join(missing)}" if missing else None


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """The limits of one page.

    Attributes:
        seconds: the time from the document's arrival to its DOM.
        unresponsive: the seconds that scripts may run without a pause.
        quiet: the seconds without requests and changes after which the page is finished.
        settle: the seconds after which the page is read, finished or not.
        requests: the number of requests.
        received: the bytes of all responses.
        documents: the number of documents, as pages may navigate.
        heap: the megabytes of script memory.
        memory: the megabytes of each browser process.
        length: the characters of the DOM.
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


class ChromiumProcess:
    """The home directory and the launch options of a browser; call `stop` at its end.

    Args:
        chromium: the path of the program.
        limits: the limits of a page.
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
        """Return the options for Playwright's `launch`."""
        home = str(self._home)
        inherited = {k: os.environ[k] for k in _INHERITED_VARIABLES if k in os.environ}
        return {
            "executable_path": str(self._script),
            "artifacts_dir": home,
            "args": [*_FLAGS, f"--js-flags=--max-old-space-size={self._limits.heap}"],
            "chromium_sandbox": os.geteuid() != 0,  # Chromium's sandbox does not work as root
            "env": {
                **inherited,
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
        """Return the id of the browser's process and process group; None before it has started."""
        text = self._pid.read_text("utf-8").strip() if self._pid.exists() else ""
        return int(text) if text else None

    def kill(self) -> None:
        """Kill the browser and all its processes."""
        if pid := self.pid:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def stop(self, *, kill: bool) -> None:
        """Remove the home directory and the profile; with `kill`, kill the browser first."""
        if kill:
            self.kill()
        if self._profile.exists():
            shutil.rmtree(self._profile.read_text("utf-8").strip(), ignore_errors=True)
        self._folder.cleanup()
