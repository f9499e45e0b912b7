"""A real browser, headless: what it makes of a page."""

import shutil
import subprocess
import tempfile

import pytest

_FLAGS = (
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


def dump(url: str, *flags: str) -> str:
    """The page's DOM after it has loaded, as HTML; skips the calling test where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here: install it to see the pages in a real browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *_FLAGS, f"--user-data-dir={profile}", *flags, "--dump-dom", url]
        return subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout  # noqa: S603 -- our own words
