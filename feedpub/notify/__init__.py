"""Alerts, WebSub pings and the health feed.

`outbox` sends the stored messages that are due and retries those that failed: WebSub pings and
webhooks by POST, alerts by `email` and by `command` too.
"""

from typing import TYPE_CHECKING

from feedpub.core.loading import lazy_exports

if TYPE_CHECKING:
    from feedpub.notify.outbox import deliver_due, send_now

__all__ = ["deliver_due", "send_now"]

__getattr__ = lazy_exports(__name__, {"outbox": ("deliver_due", "send_now")})
