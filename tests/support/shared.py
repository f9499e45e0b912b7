"""Data that is too large, or not licensed, for the repository.

It is in a folder next to the checkout. Tests that need it are skipped if it is missing.
"""

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).resolve().parents[3] / "shared"


def shared_data(path: str) -> Path:
    """Return a file or folder of the shared data. Skip the calling test if it is missing."""
    found = Path(os.environ.get("FEEDPUB_SHARED", _DEFAULT)) / path
    if not found.exists():
        pytest.skip(f"{found} is absent: set FEEDPUB_SHARED to a folder that holds {path}")
    return found
