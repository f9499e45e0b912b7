"""What comes back from a worker."""

import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from feedpub.core.errors import SourceError


@dataclass(frozen=True, slots=True)
class CallResult:
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


# SECTION: Messages over a socket: their length, then their bytes; and no wait without an end.

_LENGTH = struct.Struct("!Q")
_PIECE = 1 << 20  # bytes


class MessageTooLargeError(Exception):
    """A message is longer than anybody wants to read."""


def send_message(channel: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send a message.

    Raises TimeoutError after the deadline, a moment of the monotonic clock, and OSError.
    """
    for part in (_LENGTH.pack(len(message)), message):
        channel.settimeout(_left(deadline))
        channel.sendall(part)


def receive_message(
    channel: socket.socket, deadline: float | None = None, most: int | None = None
) -> bytearray:
    """The next message.

    Args:
        channel: where it comes from.
        deadline: a moment of the monotonic clock; None waits for ever.
        most: bytes that it may have.

    Raises:
        EOFError: the other side is gone.
        MessageTooLargeError: it is longer than `most`.
        TimeoutError: it was not there in time.
        OSError: the channel is broken.
    """
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size, deadline))
    if most is not None and length > most:
        raise MessageTooLargeError(f"{length} bytes")
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    message = bytearray()
    while len(message) < size:
        channel.settimeout(_left(deadline))
        piece = channel.recv(min(size - len(message), _PIECE))
        if not piece:
            raise EOFError
        message += piece
    return message


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
