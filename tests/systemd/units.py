"""The unit files of systemd/, parsed as systemd does, and the files that a check of them needs."""

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "systemd"
INSTALLED = "/opt/feedpub/bin/feedpub"  # the path of the manual's installation
SERVICES = ("feedpub.service", "feedpub-build@.service")
DROP_INS = sorted(path.name for path in (FOLDER / "drop-ins").iterdir())


def settings(unit: str, section: str = "Service") -> list[tuple[str, str]]:
    """Return the settings of one section of a unit in their order.

    A setting that can be repeated is listed each time.
    """
    found, current = [], ""
    for line in (FOLDER / unit).read_text("utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif "=" in line and not line.startswith("#") and current == section:
            key, _, value = line.partition("=")
            found.append((key, value))
    return found


def values(unit: str, key: str, section: str = "Service") -> list[str]:
    """Return all words of a setting."""
    return [
        word for name, value in settings(unit, section) if name == key for word in value.split()
    ]


def analyzer() -> str:
    """Return the command systemd-analyze. Skip the calling test if it is missing."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed: it judges the units")
    return found
