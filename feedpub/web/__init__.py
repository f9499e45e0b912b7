"""Serve published feeds, the status page, metrics and the manual over HTTP."""

from typing import TYPE_CHECKING

from feedpub.core.loading import lazy_exports

if TYPE_CHECKING:
    from feedpub.web.app import FeedApp
    from feedpub.web.backends import FileBackend, FolderBackend, open_backend
    from feedpub.web.control import ReadOnlyControl, ServiceControl
    from feedpub.web.server import Server

__all__ = [
    "FeedApp",
    "FileBackend",
    "FolderBackend",
    "ReadOnlyControl",
    "Server",
    "ServiceControl",
    "open_backend",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "app": ("FeedApp",),
        "backends": ("FileBackend", "FolderBackend", "open_backend"),
        "control": ("ReadOnlyControl", "ServiceControl"),
        "server": ("Server",),
    },
)
