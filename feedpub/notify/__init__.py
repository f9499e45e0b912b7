"""Alerts, WebSub pings and the health feed.

`outbox` sends the stored messages that are due and retries those that failed: WebSub pings and
webhooks by POST, alerts by `email` and by `command` too.
"""

from feedpub.notify.outbox import deliver_due, send_now

__all__ = ["deliver_due", "send_now"]
