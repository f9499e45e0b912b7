"""Where the state of a test lies."""

from pathlib import Path

from feedpub.config import GlobalSettings


def state_folder(settings: GlobalSettings) -> Path:
    """The folder of a state that lies in one."""
    assert isinstance(settings.state, Path)
    return settings.state
