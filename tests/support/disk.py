"""A small real disk, mounted for one child process only.

It tests full and read-only disks without patching.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def run_on_disk(
    mount_point: Path, code: str, *, size: str = "64k", read_only: bool = False
) -> list[str]:
    """Run Python code with a small disk mounted on a folder, and return the lines that it prints.

    The disk has the content of the folder. Skip the calling test if mounting is not permitted.
    """
    copied = f"{mount_point}.before"
    mount = (
        f"cp -a '{mount_point}' '{copied}' && mount -t tmpfs -o size={size} none "
        f"'{mount_point}' && "
        f"cp -a '{copied}/.' '{mount_point}' && rm -r '{copied}'"
    )
    if read_only:
        mount += f" && mount -o remount,ro none '{mount_point}'"
    if _in_namespace("sh", "-c", mount).returncode:
        pytest.skip("not permitted to mount a small disk")
    run = _in_namespace("sh", "-c", f'{mount} && exec "$0" -c "$1"', sys.executable, code)
    assert not run.returncode, run.stderr
    return run.stdout.splitlines()


def _in_namespace(*command: str) -> subprocess.CompletedProcess[str]:
    unshare = shutil.which("unshare") or pytest.skip("no unshare: cannot mount a small disk")
    return subprocess.run(  # noqa: S603 -- commands written in the tests
        [unshare, "-rm", *command], capture_output=True, text=True, check=False, timeout=60
    )
