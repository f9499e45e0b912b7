"""Data that is too large or not ours to ship.

Found beside the checkout, or the test skips and says so.
"""

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).resolve().parents[3] / "shared"


def shared(path: str) -> Path:
    """A file or folder of the shared data; skips the calling test where it is absent."""
    found = Path(os.environ.get("FEEDPUB_SHARED", _DEFAULT)) / path
    if not found.exists():
        pytest.skip(f"{found} is absent: set FEEDPUB_SHARED to a folder that holds {path}")
    return found
