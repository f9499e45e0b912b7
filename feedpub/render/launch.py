"""The browser's process: how it is started with no way out and a bound on its memory, and how it is ended.

Nothing here trusts that a page behaves, and little that the browser does: it has a home of its own that is removed,
an environment with no secret in it, and is ended by its own process group where it does not end by itself.
"""

import os
import shlex
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from feedpub.render.limits import Limits

# There is no way out but by the gate: every name leads nowhere, every connection to a proxy that nobody runs, loopback
# too; what does not go by proxies (WebRTC, QUIC) is off, and so is all that a browser asks for by itself.
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


class Launch:
    """One browser's home and what it is started with; `end` when it is over.

    Args:
        chromium: the program.
        limits: what its processes may take.
    """

    def __init__(self, chromium: str, limits: Limits) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="feedpub-browser-", ignore_cleanup_errors=True)
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
            "env": {**own, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "TMPDIR": home},
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

    def end(self, *, kill: bool) -> None:
        """Remove the home and what Playwright keeps beside it; with `kill`, end the processes first."""
        if kill:
            self.kill()
        if self._profile.exists():
            shutil.rmtree(self._profile.read_text("utf-8").strip(), ignore_errors=True)
        self._folder.cleanup()
