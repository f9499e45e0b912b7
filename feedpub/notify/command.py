"""An alert told by a command: its JSON on the standard input, its main points in the environment.

No shell reads any of it. The command and all that it starts have half a minute. Of the service's
environment it gets what programs need to find their way; secrets that are kept there are not its
own.
"""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from typing import IO

from feedpub.core.errors import DeliveryError

MAX_COMMAND_SECONDS = 30.0  # for one alert; less than a message is claimed for
_TOLD = ("event", "text", "feed", "source", "reason", "since", "at")  # as FEEDPUB_EVENT and so on
_PLACES = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "LANG",
    "LANGUAGE",
    "TZ",
)  # and LC_*
_SCREEN = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
)  # for a notice on it
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_HANDED_ON = frozenset((*_PLACES, *_SCREEN, *_CERTIFICATES))
_SHOWN = 200  # characters of what a command says about its failure


def run_command(command: Sequence[str], body: bytes, secret: Collection[str] = ()) -> None:
    """Run a command for an alert, and wait for its end.

    Args:
        command: the program and its arguments.
        body: the alert's JSON.
        secret: names of environment variables that are not handed on, whatever they are called.

    Raises:
        DeliveryError: it cannot be started, takes too long, or its exit status is not 0.
    """
    with (
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as given,
    ):  # no pipe: nobody waits for its end
        given.write(body)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 -- the config's own command
                list(command),
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=_environment(os.environ, json.loads(body), secret),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise DeliveryError(
                f"{command[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
            ) from error
        _wait(process, command[0])
        if process.returncode != 0:
            raise DeliveryError(
                ": ".join(
                    [f"{command[0]} ended with status {process.returncode}", *_last_line(said)]
                )
            )


def _environment(
    ours: Mapping[str, str], alert: Mapping[str, object], secret: Collection[str]
) -> dict[str, str]:
    usual = {
        name: value for name, value in ours.items() if name in _HANDED_ON or name.startswith("LC_")
    }
    told = {f"FEEDPUB_{name.upper()}": _plain(alert.get(name)) for name in _TOLD}
    return {name: value for name, value in usual.items() if name not in secret} | told


def _wait(process: "subprocess.Popen[bytes]", name: str) -> None:
    try:
        process.wait(MAX_COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"{name} did not end within {MAX_COMMAND_SECONDS:g} seconds") from None
    finally:
        if process.poll() is None:
            os.killpg(
                process.pid, signal.SIGKILL
            )  # a session of its own: what it started goes with it
            process.wait()


def _plain(value: object) -> str:
    return str(value or "").replace("\0", "")


def _last_line(said: IO[bytes]) -> list[str]:
    """The last thing that the command said about its failure, if it did."""
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").split("\n")
    told = [" ".join(line.split())[:_SHOWN] for line in lines if line.strip()]
    return told[-1:]
