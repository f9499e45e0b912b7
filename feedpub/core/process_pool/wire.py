"""Exchange messages with the processes of the pool: length-prefixed bytes over a socket."""

import socket
import struct
import time
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from feedpub.core.errors import SourceError

ForkRequest: TypeAlias = tuple[Literal["fork", "poll", "kill"], int]
"""A request to the fork server: an action, and the process id of a worker; 0 for a new one.

The socket of a new worker follows its request.
"""

ForkResponse: TypeAlias = int | str | None
"""The process id of a new worker, or the reason why there is none.

Otherwise, the exit status of the worker; None if it runs or is unknown.
"""

_LENGTH = struct.Struct("!Q")
_CHUNK_BYTES = 1 << 20


class MessageTooLargeError(Exception):
    """A message exceeds the receiver's limit."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a call; at most one of the first four attributes is set.

    Attributes:
        value: the value that the function returned.
        error: the expected error that it raised.
        exceeded: the limit that it exceeded.
        bug: the traceback of an unexpected exception.
        is_last: True if the process ends after this call.
    """

    value: Any = None
    error: SourceError | None = None
    exceeded: str = ""
    bug: str = ""
    is_last: bool = False


def send_message(channel: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send a message.

    Args:
        channel: the socket to the receiver.
        message: the bytes to send.
        deadline: a time of the monotonic clock; None waits without limit.

    Raises:
        TimeoutError: the receiver did not read it in time.
        OSError: the socket failed.
    """
    for part in (_LENGTH.pack(len(message)), message):
        channel.settimeout(_remaining_seconds(deadline))
        channel.sendall(part)


def receive_message(
    channel: socket.socket, deadline: float | None = None, max_bytes: int | None = None
) -> bytearray:
    """Receive the next message.

    Args:
        channel: the socket to the sender.
        deadline: a time of the monotonic clock; None waits without limit.
        max_bytes: the maximum size of the message.

    Raises:
        EOFError: the other end of the socket was closed.
        MessageTooLargeError: the message exceeds `max_bytes`.
        TimeoutError: the message did not arrive in time.
        OSError: the socket failed.
    """
    (length,) = _LENGTH.unpack(_receive_exactly(channel, _LENGTH.size, deadline))
    if max_bytes is not None and length > max_bytes:
        raise MessageTooLargeError(f"{length} bytes")
    return _receive_exactly(channel, length, deadline)


def _receive_exactly(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    message = bytearray()
    while len(message) < size:
        channel.settimeout(_remaining_seconds(deadline))
        chunk = channel.recv(min(size - len(message), _CHUNK_BYTES))
        if not chunk:
            raise EOFError
        message += chunk
    return message


def _remaining_seconds(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
