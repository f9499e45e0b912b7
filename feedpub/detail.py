"""What is told of each step to those who ask for debug detail; where nobody does, telling it costs next to nothing.

Every room may call this. How a line looks, and that the secrets of addresses are left out of it, is the log's business.
"""

import logging

_log = logging.getLogger("feedpub")


def is_wanted() -> bool:
    """True where somebody asked for detail."""
    return _log.isEnabledFor(logging.DEBUG)


def tell(step: str, **fields: object) -> None:
    """Log a step with what is to be known of it; fields that are None are left out."""
    if is_wanted():
        _log.debug("%s", step, extra={"fields": {key: value for key, value in fields.items() if value is not None}})


def ms(seconds: float) -> int:
    """A length of time as the log has it."""
    return round(seconds * 1000)
