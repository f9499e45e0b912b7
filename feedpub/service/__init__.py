"""The long-running process: it runs feeds when they are due and publishes them over HTTP.

service   the process from start to shutdown: main loop, watchdog, reload
worker    the process that runs feeds from the queue, on any number of machines
lock      one service per state
reload    polls the config for changes, and applies what a running process can change
process   signals, notifications for systemd, and settings of the C library's allocator
"""

from feedpub.service.lock import service_lock
from feedpub.service.service import Service

__all__ = ["Service", "service_lock"]
