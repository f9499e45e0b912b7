"""Run the operator's command for an alert.

The command gets the alert's JSON on its standard input, and its main fields as environment
variables. No shell interprets any of it. Of the service's environment the command only gets what
programs generally need, so that it cannot read secrets that are stored there.
"""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from typing import IO

from feedpub.core.errors import DeliveryError

MAX_COMMAND_SECONDS = 30.0  # less than the time for which a message is claimed
_MAX_MESSAGE_CHARS = 200  # of a failed command's output
_ALERT_FIELDS = ("event", "text", "feed", "source", "reason", "since", "at")
_INHERITED_VARIABLES = frozenset(
    [
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "LANGUAGE", "TZ"),
        # for desktop notifications
        *("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    ]
)


def run_command(command: Sequence[str], body: bytes, secret: Collection[str] = ()) -> None:
    """Run a command for an alert and wait until it ends.

    Args:
        command: the program and its arguments.
        body: the alert's JSON.
        secret: names of environment variables that the command must not get.

    Raises:
        DeliveryError: the command cannot be started, takes too long or fails.
    """
    program = command[0]
    # Files rather than pipes: a process that the command leaves behind may keep a pipe open.
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as alert:
        alert.write(body)
        alert.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 -- the config's own command
                list(command),
                stdin=alert,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=_make_environment(os.environ, json.loads(body), secret),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DeliveryError(f"{program} cannot be run: {reason}") from error
        _wait(process, program)
        if process.returncode != 0:
            status = f"{program} ended with status {process.returncode}"
            message = _read_last_line(errors)
            raise DeliveryError(f"{status}: {message}" if message else status)


def _make_environment(
    inherited: Mapping[str, str], alert: Mapping[str, object], secret: Collection[str]
) -> dict[str, str]:
    environment = {}
    for name, value in inherited.items():
        is_common = name in _INHERITED_VARIABLES or name.startswith("LC_")
        if is_common and name not in secret:
            environment[name] = value
    for name in _ALERT_FIELDS:
        value = str(alert.get(name) or "")
        environment[f"FEEDPUB_{name.upper()}"] = value.replace("\0", "")
    return environment


def _wait(process: "subprocess.Popen[bytes]", program: str) -> None:
    try:
        process.wait(MAX_COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        message = f"{program} did not end within {MAX_COMMAND_SECONDS:g} seconds"
        raise DeliveryError(message) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # with every process that it started
            process.wait()


def _read_last_line(errors: IO[bytes]) -> str:
    """Return the last line that a command wrote to its standard error."""
    errors.seek(0)
    lines = errors.read().decode("utf-8", "replace").split("\n")
    for line in reversed(lines):
        if line.strip():
            return " ".join(line.split())[:_MAX_MESSAGE_CHARS]
    return ""
