"""The units on a systemd that was booted for them; where none can be, the reason is told."""

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
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900, env=environ)  # noqa: S603 -- ours


@pytest.mark.slow(seconds=120)
def test_on_a_real_systemd() -> None:
    """Installed as the manual says: started, reloaded, watched, drained, activated, upgraded, restored and removed."""
    done = boot()
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert done.stdout.count(" holds\n") == len(CHECKS)


def test_where_no_system_can_be_booted(tmp_path: Path) -> None:
    """The reason is told."""
    done = boot({**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == SKIPPED
    assert "no system booted: unshare, nsenter, systemd-nspawn not installed" in done.stdout
