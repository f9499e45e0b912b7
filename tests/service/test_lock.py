"""One service per state."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from feedpub.core.errors import ServiceError
from feedpub.service.lock import FILE_NAME, service_lock

HOLDER = """
import sys, pathlib
from feedpub.service.lock import service_lock
place = sys.argv[1]
with service_lock(place if "://" in place else pathlib.Path(place)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_service_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(  # noqa: S603 -- ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(ServiceError, match=f"with pid {first.pid} on the state in {tmp_path}"),
            service_lock(tmp_path),
        ):
            pass
        first.kill()
        first.wait()
    with service_lock(tmp_path):
        assert (tmp_path / FILE_NAME).read_text() == f"{os.getpid()}\n"


def test_folder_is_created_private(tmp_path: Path) -> None:
    with service_lock(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(ServiceError, match="state"), service_lock(tmp_path / "state"):
        pass


def test_second_service_on_a_database_is_refused_unless_shared(address: str) -> None:
    command = [sys.executable, "-c", HOLDER, address]
    with subprocess.Popen(  # noqa: S603 -- ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        message = (
            f"already running as .* {first.pid} on this state.* Set queue = true to run several"
        )
        with pytest.raises(ServiceError, match=message), service_lock(address):
            pass
        with service_lock(address, shared=True):
            pass
        first.kill()
        first.wait()
    with service_lock(address):
        pass
