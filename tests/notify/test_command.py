"""Alerts by a command: what it is given, and that no command holds feedpub up."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub import notify
from feedpub.core.errors import DeliveryError
from feedpub.notify import command
from feedpub.store import OutboxMessage
from tests.support.newsroom import configure, feed
from tests.support.service import eventually

ALERT = {
    "event": "broken",
    "text": 'it is failing: "; rm -rf $HOME `id`\n',
    "feed": "world",
    "source": "https://example.org/news",
    "reason": "HTTP\x00404",
    "since": "2026-11-23T11:00:00+00:00",
    "at": "2026-11-23T12:00:00+00:00",
}
BODY = json.dumps(ALERT).encode()


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def test_it_gets_the_alert_twice(tmp_path: Path) -> None:
    """As JSON on its standard input, and its main points in the environment.

    Its arguments are its own.
    """
    code = "import json, os, sys; json.dump([sys.argv[1:], sys.stdin.read(), dict(os.environ)], open(sys.argv[1], 'w'))"
    command.run_command(python(code, str(tmp_path / "got"), "$HOME"), BODY)
    arguments, given, environment = json.loads((tmp_path / "got").read_text("utf-8"))
    assert arguments == [str(tmp_path / "got"), "$HOME"]
    assert given.encode() == BODY
    told = {name: value for name, value in environment.items() if name.startswith("FEEDPUB_")}
    assert told["FEEDPUB_EVENT"] == "broken"
    assert told["FEEDPUB_TEXT"] == ALERT["text"]
    assert told["FEEDPUB_FEED"] == "world"
    assert told["FEEDPUB_SOURCE"] == "https://example.org/news"
    assert told["FEEDPUB_REASON"] == "HTTP404"
    assert (told["FEEDPUB_SINCE"], told["FEEDPUB_AT"]) == (ALERT["since"], ALERT["at"])


def test_it_gets_of_the_environment_what_programs_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that the config takes a secret from, whatever it is called, and nothing else that may be one."""
    usual = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/home/jane",
        "LANG": "C.UTF-8",
        "LC_TIME": "de_DE.UTF-8",
        "TZ": "UTC",
    }
    for name, value in (
        usual | {"FEEDPUB_TOKEN": "hunter2", "SMTP_PASSWORD": "hunter2", "LC_PASS": "hunter2"}
    ).items():
        monkeypatch.setenv(name, value)
    code = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    settings = (
        f"[alerts]\ncommand = {json.dumps(python(code, str(tmp_path / 'got')))}\n"
        '[http]\nadmin_token = { env = "FEEDPUB_TOKEN" }'
    )
    source = (
        feed("world", "page https://example.org/") + 'headers = { "X-Key" = { env = "LC_PASS" } }\n'
    )
    config = configure(tmp_path, source, settings=settings)
    notify.send_now(config, [OutboxMessage("command", "", BODY, datetime.now(UTC))])
    environment = json.loads((tmp_path / "got").read_text("utf-8"))
    assert usual.items() <= environment.items()
    assert environment["FEEDPUB_EVENT"] == "broken"
    assert "hunter2" not in environment.values()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (python("import sys; sys.exit(3)"), "ended with status 3"),
        (
            python("import sys; sys.exit('first\\n\\nno  such room\\n')"),
            "ended with status 1: no such room",
        ),
        (["/nowhere/tell"], "/nowhere/tell cannot be run: No such file or directory"),
        (["/dev/null"], "/dev/null cannot be run: Permission denied"),
    ],
)
def test_what_went_wrong_is_said(line: list[str], said: str) -> None:
    """The status, and the last words of the command."""
    with pytest.raises(DeliveryError) as caught:
        command.run_command(line, BODY)
    assert str(caught.value).endswith(said)


def test_a_command_that_hangs_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody waits for what it left behind."""
    monkeypatch.setattr(command, "MAX_COMMAND_SECONDS", 1.0)
    file = tmp_path / "child"
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(DeliveryError, match="did not end within 1 seconds"):
        command.run_command(python(code, str(file)), BODY)
    assert time.monotonic() - began < 10
    assert eventually(lambda: not _runs(int(file.read_text("utf-8"))))


def _runs(pid: int) -> bool:
    """Whether a process is there, and not only waiting to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
