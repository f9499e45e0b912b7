"""Telling others: what waits in the store is sent, tried again while it cannot be, and forgotten when it is done.

`delivery` is the round: what is due, target by target. `ways` is how a message of each kind is sent.
"""

from feedpub.messages.delivery import deliver

__all__ = ["deliver"]
