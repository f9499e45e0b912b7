"""Alerts by a command: its input, its environment and its failures."""

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


def test_command_gets_the_alert_as_json_and_in_the_environment(tmp_path: Path) -> None:
    code = (
        "import json, os, sys; got = [sys.argv[1:], sys.stdin.read(), dict(os.environ)]; "
        "json.dump(got, open(sys.argv[1], 'w'))"
    )
    command.run_command(python(code, str(tmp_path / "got"), "$HOME"), BODY)
    arguments, stdin, environment = json.loads((tmp_path / "got").read_text("utf-8"))
    assert arguments == [str(tmp_path / "got"), "$HOME"]
    assert stdin.encode() == BODY
    variables = {name: value for name, value in environment.items() if name.startswith("FEEDPUB_")}
    assert variables["FEEDPUB_EVENT"] == "broken"
    assert variables["FEEDPUB_TEXT"] == ALERT["text"]
    assert variables["FEEDPUB_FEED"] == "world"
    assert variables["FEEDPUB_SOURCE"] == "https://example.org/news"
    assert variables["FEEDPUB_REASON"] == "HTTP404"
    assert (variables["FEEDPUB_SINCE"], variables["FEEDPUB_AT"]) == (ALERT["since"], ALERT["at"])


def test_command_gets_common_variables_but_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
            python("import sys; sys.exit('first\\n\\nno  such place\\n')"),
            "ended with status 1: no such place",
        ),
        (["/nowhere/tell"], "/nowhere/tell cannot be run: No such file or directory"),
        (["/dev/null"], "/dev/null cannot be run: Permission denied"),
    ],
)
def test_failure_states_the_exit_status_and_the_last_line(line: list[str], said: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        command.run_command(line, BODY)
    assert str(caught.value).endswith(said)


def test_command_that_hangs_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    """Return True if a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
