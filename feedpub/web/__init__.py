"""Serve published feeds, the status page, metrics and the manual over HTTP."""

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
