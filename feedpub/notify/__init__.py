"""Telling others: what waits in the store is sent, tried again while it cannot be, and forgotten when it is done.

`delivery` is the round: what is due, target by target. `ways` is how a message of each kind is
sent: pings and webhooks by POST, alerts by `mail` and by a `command` too.
"""

from feedpub.notify.outbox import deliver_due, send_now

__all__ = ["deliver_due", "send_now"]
