"""The long-running process: feeds are regenerated when they are due and published over HTTP, for months, by itself.

lock       one service a state
memory     how the C library hands out memory
systemd    what systemd is told: ready, reloading, stopping, alive
signals    what the process is told by others
watch      whether the config file has changed
reload     what of a changed config a running process can take
chores     small things that have to be done again and again, each in a thread of its own
jobs       which feed runs when, in this process
shared     which feed runs when, where workers do the work
worker     the process that does it
service    the process from its start to its end: signals, watchdog, reload
"""

from feedpub.service.lock import service_lock
from feedpub.service.service import Service

__all__ = ["Service", "service_lock"]
