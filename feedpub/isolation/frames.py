"""Messages over a socket: their length, then their bytes; and no wait without an end."""

import socket
import struct
import time

_LENGTH = struct.Struct("!Q")
_PIECE = 1 << 20  # bytes


class TooLongError(Exception):
    """A message is longer than anybody wants to read."""


def send(channel: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send a message. Raises TimeoutError after the deadline, a moment of the monotonic clock, and OSError."""
    for part in (_LENGTH.pack(len(message)), message):
        channel.settimeout(_left(deadline))
        channel.sendall(part)


def receive(channel: socket.socket, deadline: float | None = None, most: int | None = None) -> bytearray:
    """The next message.

    Args:
        channel: where it comes from.
        deadline: a moment of the monotonic clock; None waits for ever.
        most: bytes that it may have.

    Raises:
        EOFError: the other side is gone.
        TooLongError: it is longer than `most`.
        TimeoutError: it was not there in time.
        OSError: the channel is broken.
    """
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size, deadline))
    if most is not None and length > most:
        raise TooLongError(f"{length} bytes")
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
