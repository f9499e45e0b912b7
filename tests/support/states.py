"""The location of the state in tests."""

from pathlib import Path

from feedpub.config import GlobalSettings


def state_folder(settings: GlobalSettings) -> Path:
    """Return the folder of a state that is stored in one."""
    assert isinstance(settings.state, Path)
    return settings.state
