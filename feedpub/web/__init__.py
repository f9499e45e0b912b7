"""Publishing over HTTP: the files of the output folder, and how everything is.

sockets      where it listens: an address, a path, or what systemd hands over
server       the server library in a thread of its own
patience     what a client may take its time for, and how much it may send
http         a request and an answer, without a connection
site         which address gets which answer
files        which addresses stand for published files, and of what kind those are
copies       the files as they go over the wire, compressed once and kept
codings      which compression a client takes
validators   whether a client has the newest version already
headers      what an answer says about itself: how long it holds, where else to look, what it may load
"""

from feedpub.web.server import Server
from feedpub.web.site import Site

__all__ = ["Server", "Site"]
