"""What systemd hears, over a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedpub.service.systemd import SystemdNotifier


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_the_states_of_a_service(listener: socket.socket) -> None:
    """Ready with a word for `systemctl status`, reloading with the time that systemd wants, stopping."""
    notifier = SystemdNotifier({"NOTIFY_SOCKET": listener.getsockname()})
    notifier.ready("4 feeds")
    assert heard(listener) == ["READY=1", "STATUS=4 feeds"]
    notifier.reloading()
    reloading, moment = heard(listener)
    assert reloading == "RELOADING=1"
    assert moment.removeprefix("MONOTONIC_USEC=").isdecimal()
    notifier.ping_watchdog()
    assert heard(listener) == ["WATCHDOG=1"]
    notifier.stopping()
    assert heard(listener) == ["STOPPING=1"]


def test_an_abstract_socket() -> None:
    """Begins with @ in the environment."""
    name = f"feedpub-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        SystemdNotifier({"NOTIFY_SOCKET": f"@{name}"}).ping_watchdog()
        assert heard(listening) == ["WATCHDOG=1"]


def test_where_nobody_listens() -> None:
    """Nothing is told, and nobody waits for signs of life."""
    notifier = SystemdNotifier({})
    notifier.ready("x")
    assert notifier.watchdog is None


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "x"}, None),
        ({}, None),
    ],
)
def test_how_often_a_sign_of_life_is_due(environ: dict[str, str], seconds: float | None) -> None:
    """Three times as often as systemd waits, where this process is meant."""
    assert SystemdNotifier(environ).watchdog == seconds
