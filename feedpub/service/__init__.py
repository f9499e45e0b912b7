"""The long-running process: feeds are regenerated when they are due and published over HTTP, for months, by itself.

lock       one service a state folder
memory     how the C library hands out memory
systemd    what systemd is told: ready, reloading, stopping, alive
watch      whether the config file has changed
chores     small things that have to be done again and again, each in a thread of its own
jobs       which feed runs when, and what comes of it
service    the process from its start to its end: signals, watchdog, reload
"""

from feedpub.service.lock import service_lock
from feedpub.service.service import Service

__all__ = ["Service", "service_lock"]
