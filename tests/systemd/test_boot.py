"""The units on a systemd that is booted for the test. It is skipped if none can be booted."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.systemd.boot import CHECKS, SKIPPED

ROOT = Path(__file__).parents[2]


def boot(environ: Mapping[str, str] = os.environ) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.systemd.boot"]
    return subprocess.run(  # noqa: S603 -- ours
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900, env=environ
    )


@pytest.mark.slow(seconds=120)
def test_units_on_a_real_systemd() -> None:
    done = boot()
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert done.stdout.count(" holds\n") == len(CHECKS)


def test_missing_requirements_are_reported(tmp_path: Path) -> None:
    done = boot({**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == SKIPPED
    assert "no system booted: unshare, nsenter, systemd-nspawn not installed" in done.stdout
