"""The units on a systemd that was booted for them; where none can be, the reason is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.systemd.boot import CHECKS, SKIPPED

pytestmark = pytest.mark.slow


def test_on_a_real_systemd() -> None:
    """Installed as README says: started, reloaded, watched, drained, activated, upgraded, restored and removed."""
    command = [sys.executable, "-m", "tests.systemd.boot"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=900)  # noqa: S603 -- ours
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert done.stdout.count(" holds\n") == len(CHECKS)
