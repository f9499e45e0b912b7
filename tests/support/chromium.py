"""A headless Chromium."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=NetworkTimeServiceQuerying",
)
# loads abort when another test adds or removes a network
NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
MAX_ATTEMPTS = 5
UPDATE_URL = (
    "http://update.googleapis.com/"  # newer versions search it for components despite the flags
)


def dump(url: str, *flags: str) -> str:
    """Return the page's DOM after loading, as HTML.

    Skip the calling test if Chromium is not installed.
    """
    for _ in range(MAX_ATTEMPTS):
        dom = _run(url, *flags, "--dump-dom")
        if NETWORK_CHANGED not in dom:
            break
    return dom


def screenshot(page: Path, picture: Path, *, width: int, height: int) -> None:
    """Take a screenshot of a local page with the given size in pixels."""
    _run(
        page.resolve().as_uri(),
        f"--screenshot={picture}",
        f"--window-size={width},{height}",
        "--hide-scrollbars",
    )


def _run(url: str, *flags: str) -> str:
    chromium = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if chromium is None:
        pytest.skip("no Chromium here: install it to see the pages in a real browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", *flags, url]
        return subprocess.run(  # noqa: S603 -- our own words
            command, capture_output=True, check=True, timeout=60, text=True
        ).stdout
