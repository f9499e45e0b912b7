"""Read mailboxes on IMAP servers, over checked connections that are always encrypted.

A mailbox is opened read-only (EXAMINE), and messages are read without changing them (BODY.PEEK),
unless it is opened to mark or delete messages. imaplib itself limits neither the time nor the size
of an answer, so each command has a deadline and a size limit.
"""

import base64
import binascii
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

import certifi

from feedpub.core.errors import FetchError
from feedpub.core.mail import MAX_MAIL_BYTES
from feedpub.fetch.limits import RequestDeadline
from feedpub.fetch.request import RequestOptions
from feedpub.fetch.transport import wrap_http_errors

IMAP_PORTS = {"imap": 143, "imaps": 993}
MAX_HEADER_BYTES = 64_000_000  # of the headers of one batch
MAX_ANSWER_BYTES = 1_000_000  # of other commands
BATCH_SIZE = 100  # messages whose headers are read at once
_MAX_UIDS = 500  # in one command
_MAX_SHOWN_CHARS = 200  # of the server's text in a message
_MAX_SHOWN_MAILBOXES = 10

_UID = re.compile(rb"\bUID (\d{1,10})\b")
_FLAGS = re.compile(rb"\bFLAGS \(([^()]*)\)")
_LISTED = re.compile(rb'\A\([^()]*\) (?:"[^"]*"|NIL) (.+)\Z', re.DOTALL)
_BEYOND_ASCII = re.compile(r"[^\x20-\x7e]+")
_ENCODED = re.compile(r"&([A-Za-z0-9+,]*)-")


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """The server and the name of a mailbox.

    Attributes:
        is_secure: True for TLS from the start, False for STARTTLS.
        name: as people write it.
    """

    host: str
    port: int
    name: str
    is_secure: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse "imaps://mail.example.org:993/INBOX"; INBOX is the default.

        Raises:
            FetchError: it is not such a URL.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or IMAP_PORTS[parts.scheme]
        except (ValueError, KeyError) as error:
            raise FetchError("this is not the URL of a mailbox", url) from error
        name = unquote(parts.path).strip("/") or "INBOX"
        return cls(parts.hostname or "", port, name, parts.scheme == "imaps")


class MessageHead(NamedTuple):
    """The headers of a message and its place in the mailbox: UIDVALIDITY and UID."""

    place: str
    is_read: bool
    head: bytes


class Mailbox:
    """An open mailbox. It is used in one thread, and closed by `close` or at the end of a block.

    Args:
        address: the mailbox.
        options: the user and the password.
        start_deadline: returns the deadline of one command, for its size limit in bytes.
        is_writable: open it for marking and deleting messages.
        ca_file: certificates to trust instead of certifi's.

    Raises:
        DisallowedError: the server's address is not public.
        FetchError: the server cannot be reached, refuses the login, or has no such mailbox.
    """

    def __init__(
        self,
        address: MailboxAddress,
        options: RequestOptions,
        start_deadline: Callable[[int], RequestDeadline],
        *,
        is_writable: bool = False,
        ca_file: str | None = None,
    ) -> None:
        self._options = options
        self._start_deadline = start_deadline
        context = ssl.create_default_context(cafile=ca_file or certifi.where())
        with self._limit(MAX_ANSWER_BYTES) as deadline:
            self._connection = _Connection(address, deadline, context)
        try:
            self._log_in()
            self._count, self._validity = self._select(address.name, is_writable=is_writable)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_heads(self, names: Sequence[str]) -> Iterator[list[MessageHead]]:
        """Yield the headers of all messages in batches, the newest message first.

        Args:
            names: the names of the headers to read.

        Raises:
            FetchError: the server does not answer as it should.
        """
        fields = " ".join(names).upper()
        query = f"(UID FLAGS BODY.PEEK[HEADER.FIELDS ({fields})])"
        last = self._count
        while last > 0:
            first = max(1, last - BATCH_SIZE + 1)
            with self._command(MAX_HEADER_BYTES) as connection:
                answer = _expect_ok(connection.fetch(f"{first}:{last}", query))
            heads = [self._parse_head(*pair) for pair in pairwise([*answer, b""])]
            yield sorted(filter(None, heads), key=_order, reverse=True)
            last = first - 1

    def read_message(self, place: str) -> bytes:
        """Return a message, or its first MAX_MAIL_BYTES. Raises FetchError."""
        uid = self._uid_of(place)
        if uid is None:
            raise FetchError(
                "the server has given the messages other numbers; the next run reads it"
            )
        query = f"(BODY.PEEK[]<0.{MAX_MAIL_BYTES}>)"
        with self._command(MAX_MAIL_BYTES) as connection:
            answer = _expect_ok(connection.uid("FETCH", uid, query))
        for part in answer:
            if isinstance(part, tuple):
                return bytes(part[1])
        raise FetchError("the message is not in the mailbox any more")

    def mark_read(self, places: Iterable[str]) -> None:
        """Mark messages as read; those that are gone are ignored. Raises FetchError."""
        self._set_flag(places, r"(\Seen)")

    def delete(self, places: Iterable[str]) -> None:
        """Delete messages; those that are gone are ignored.

        A server without UIDPLUS only marks them as deleted: to remove them, it would also remove
        the messages that another program has marked.

        Raises:
            FetchError: the server refuses.
        """
        places = list(places)
        self._set_flag(places, r"(\Deleted)")
        with self._command() as connection:
            capabilities = b" ".join(_expect_ok(connection.capability())).upper().split()
        for uids in self._uid_sets(places) if b"UIDPLUS" in capabilities else ():
            with self._command() as connection:
                _expect_ok(connection.uid("EXPUNGE", uids))

    def close(self) -> None:
        """Log out and close the connection."""
        with suppress(FetchError), self._command() as connection:
            connection.logout()
        with suppress(OSError):
            self._connection.shutdown()

    @contextmanager
    def _command(self, max_bytes: int = MAX_ANSWER_BYTES) -> Iterator["_Connection"]:
        """Limit the time and size of a command. Raises FetchError."""
        with self._limit(max_bytes) as deadline:
            self._connection.start_command(deadline)
            yield self._connection

    @contextmanager
    def _limit(self, max_bytes: int) -> Iterator[RequestDeadline]:
        """Start a deadline, and turn the errors of libraries into FetchError."""
        deadline = self._start_deadline(max_bytes)
        try:
            with wrap_http_errors(), deadline.is_running():
                yield deadline
        except imaplib.IMAP4.abort as error:
            reason = f"the server broke off the connection ({self._quote(error)})"
            raise FetchError(reason) from error
        except imaplib.IMAP4.error as error:
            raise FetchError(f"the server answers: {self._quote(error)}") from error

    def _quote(self, error: object) -> str:
        """Return the server's text on one line, without the password."""
        text = str(error)
        if text.startswith(("b'", 'b"')):
            text = text[2:-1]
        shown = "".join([c if c.isprintable() else " " for c in text])
        return self._options.without_secrets(" ".join(shown.split()))[:_MAX_SHOWN_CHARS]

    def _log_in(self) -> None:
        user, password = self._options.auth or ("", "")
        try:
            with self._command() as connection:
                if "AUTH=PLAIN" in connection.capabilities:
                    token = f"\0{user}\0{password}".encode()
                    connection.authenticate("PLAIN", lambda _: token)
                else:
                    connection.login(_quote_name(user), password)
        except FetchError as error:
            cause = error.__cause__
            is_broken_off = isinstance(cause, imaplib.IMAP4.abort)
            if is_broken_off or not isinstance(cause, imaplib.IMAP4.error):
                raise
            reason = f"login refused: check auth ({self._quote(cause)})"
            raise FetchError(reason) from error

    def _select(self, name: str, *, is_writable: bool) -> tuple[int, str]:
        """Select a mailbox. Return the number of its messages and its UIDVALIDITY."""
        with self._command() as connection:
            status, data = connection.select(
                _quote_name(encode_mailbox_name(name)), readonly=not is_writable
            )
            if status == "OK":
                validity = connection.response("UIDVALIDITY")[1] or [None]
                return int(data[0] or 0), _decode(validity[-1] or b"0")
            answer = self._quote(_decode(data[0] or b""))
            names = [_parse_listed(line) for line in _expect_ok(connection.list())]
        known = sorted({name for name in names if name})
        shown = ", ".join(known[:_MAX_SHOWN_MAILBOXES])
        raise FetchError(f"mailbox {name} does not exist: {answer}; there are {shown or 'none'}")

    def _parse_head(self, part: object, following: object) -> MessageHead | None:
        """Return the headers in one part of an answer; None if it has none."""
        if not isinstance(part, tuple):
            return None
        facts = part[0] + (following if isinstance(following, bytes) else b"")
        uid, flags = _UID.search(facts), _FLAGS.search(facts)
        if uid is None:
            return None
        words = flags[1].lower().split() if flags else []
        if b"\\deleted" in words:
            return None
        place = f"{self._validity}/{_decode(uid[1])}"
        return MessageHead(place, b"\\seen" in words, bytes(part[1]))

    def _set_flag(self, places: Iterable[str], flag: str) -> None:
        for uids in self._uid_sets(places):
            with self._command() as connection:
                _expect_ok(connection.uid("STORE", uids, "+FLAGS.SILENT", flag))

    def _uid_sets(self, places: Iterable[str]) -> Iterator[str]:
        uids = [uid for uid in map(self._uid_of, places) if uid]
        for start in range(0, len(uids), _MAX_UIDS):
            yield ",".join(uids[start : start + _MAX_UIDS])

    def _uid_of(self, place: str) -> str | None:
        """Return the UID of a place; None if the server has given other numbers since."""
        validity, _, uid = place.partition("/")
        return uid if validity == self._validity and uid.isdecimal() else None


class _Connection(imaplib.IMAP4):
    """A connection to a checked address, with the deadline of the current command."""

    def __init__(
        self, address: MailboxAddress, deadline: RequestDeadline, context: ssl.SSLContext
    ) -> None:
        self._deadline = deadline
        self._received = 0
        self._context = context if address.is_secure else None
        super().__init__(address.host, address.port)
        if not address.is_secure:
            try:
                self.starttls(context)
            except BaseException:
                with suppress(OSError):
                    self.shutdown()
                raise

    def start_command(self, deadline: RequestDeadline) -> None:
        """Use the deadline of the next command."""
        self._deadline = deadline
        self._received = 0
        deadline.guard(self.sock)
        self.sock.settimeout(deadline.remaining())

    def _create_socket(self, _timeout: float | None = None) -> socket.socket:
        connection = self._deadline.connect(self.host, self.port, checked=True)
        if self._context is None:
            return connection
        try:
            return self._context.wrap_socket(connection, server_hostname=self.host)
        except BaseException:
            connection.close()
            raise

    def read(self, size: int) -> bytes:
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self._received += size
        self._deadline.count_bytes(self._received)


def _expect_ok(answer: tuple[str, Sequence[Any]]) -> list[Any]:
    """Return the data of an answer; raise imaplib's error unless it is OK."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(_decode(data[0] or b"") if data else status)
    return [part for part in data if part is not None]


def _order(head: MessageHead | None) -> int:
    return int(head.place.partition("/")[2]) if head else 0


def _decode(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


# --- the names of mailboxes ---


def encode_mailbox_name(name: str) -> str:
    """Encode a name as IMAP does: modified UTF-7 (RFC 3501, section 5.1.3)."""

    def encode(found: re.Match[str]) -> str:
        data = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
        return f"&{data.rstrip('=').replace('/', ',')}-"

    return _BEYOND_ASCII.sub(encode, name.replace("&", "&-"))


def decode_mailbox_name(name: str) -> str:
    """Reverse `encode_mailbox_name`; a name that is not encoded correctly is returned unchanged."""

    def decode(found: re.Match[str]) -> str:
        data = found[1].replace(",", "/")
        try:
            return base64.b64decode(data + "=" * (-len(data) % 4)).decode("utf-16-be") or "&"
        except (binascii.Error, UnicodeDecodeError):
            return found[0]

    return _ENCODED.sub(decode, name)


def _quote_name(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _parse_listed(line: object) -> str:
    """Return the name of a mailbox in an answer to LIST; "" if there is none."""
    if isinstance(line, tuple):
        return decode_mailbox_name(_decode(line[1]))
    found = _LISTED.match(line) if isinstance(line, bytes) else None
    return decode_mailbox_name(_decode(found[1]).strip('"')) if found else ""
