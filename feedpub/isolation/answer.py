"""What comes back from a worker."""

from dataclasses import dataclass
from typing import Any

from feedpub.errors import SourceError


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call went; at most one of the first four says it.

    Attributes:
        value: what the function returned.
        error: what it raised, as it may.
        overrun: why it was too much for the process.
        bug: the traceback of an exception that nobody expects.
        last: whether the process ends now.
    """

    value: Any = None
    error: SourceError | None = None
    overrun: str = ""
    bug: str = ""
    last: bool = False
