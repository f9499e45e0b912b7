"""Whether there is what rendering needs: Playwright, and a Chromium that is installed. Starts neither."""

import shutil
from importlib.util import find_spec
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EXTRA = "pip install 'feedpub[browser]'"
PACKAGE = "apt install chromium"


def chromium(setting: Path | None) -> str | None:
    """The path of the browser: the config's, else the first that is installed; None where there is none."""
    names = (str(setting),) if setting else _NAMES
    return next((path for name in names if (path := shutil.which(name))), None)


def missing(setting: Path | None) -> str | None:
    """What is missing and what to do about it, for people; None where all is there.

    Args:
        setting: the browser that the config names.
    """
    wants: list[str] = []
    if chromium(setting) is None:
        none = f"there is no program {setting}, which browser_path names" if setting else "no Chromium is installed"
        wants.append(f"{none}: {PACKAGE}")
    if find_spec("playwright") is None:
        wants.append(f"feedpub's extra is not installed: {EXTRA}")
    return f"render = true needs a browser; {'; '.join(wants)}" if wants else None
