"""Publishing over HTTP: the files of the output folder, and how everything is.

sockets      where it listens: an address, a path, or what systemd hands over
server       the server library in a thread of its own
patience     what a client may take its time for, and how much it may send
shortcut     answers that need no waiting, without the library's detour
http         a request and an answer, without a connection
site         which address gets which answer
names        which addresses stand for published files
files        the files as they lie on the disk
bucket       the files as they lie in a bucket
copies       the files as they go over the wire, compressed once and kept
codings      which compression a client takes
validators   whether a client has the newest version already
headers      what an answer says about itself: how long it holds, where else to look, what it may
load
upcoming     when each feed runs next, and so for how long its files hold
refusals     pages that say why there is nothing else to be had
access       who may see how everything is
console      what the site asks of the process that it runs in
reports      the pages made from that: status, metrics, healthz
orders       "Run now", for those who know the token
status       the status page
chart        its pictures
metrics      for Prometheus
healthz      for supervisors
"""

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
