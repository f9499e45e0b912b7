"""Mailboxes on servers that answer wrongly, endlessly or with secrets."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import trustme

from feedpub.core.errors import DisallowedError, FetchError
from feedpub.fetch import Fetcher, RequestOptions
from feedpub.fetch.imap import MailboxAddress, decode_mailbox_name, encode_mailbox_name
from tests.support.tls import server_context

PASSWORD = "a-long-secret"
OPTIONS = RequestOptions(auth=("reader", PASSWORD))
Answer = Callable[[str, str], bytes]
SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@contextmanager
def serving(ca: trustme.CA, answer: Answer) -> Iterator[str]:
    """Run a server that answers each command as a function returns; yield its URL."""
    context = server_context(ca.issue_cert("127.0.0.1"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context, answer))
        thread.start()
        try:
            yield f"imaps://127.0.0.1:{listener.getsockname()[1]}/INBOX"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)


def _serve(listener: socket.socket, context: ssl.SSLContext, answer: Answer) -> None:
    with suppress(OSError):
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as connection:
            connection.sendall(b"* OK ready\r\n")
            for line in connection.makefile("rb"):
                tag, _, command = line.decode("utf-8", "replace").strip().partition(" ")
                connection.sendall(answer(tag, command))


def answers(**others: bytes) -> Answer:
    """Return a function that answers as a healthy server does, except to some commands."""

    def answer(tag: str, command: str) -> bytes:
        name = command.split(" ", maxsplit=1)[0].upper()
        done = f"{tag} OK done\r\n".encode()
        if name in others:
            return others[name].replace(b"TAG", tag.encode())
        healthy = {"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", "EXAMINE": SELECTED}
        return healthy.get(name, b"") + done

    return answer


@pytest.fixture
def fetcher(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetcher]:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(file)
    with Fetcher(delay=0, allow_private=["127.0.0.0/8"], ca_file=str(file), deadline=3) as fetcher:
        yield fetcher


def read(fetcher: Fetcher, url: str) -> bytes:
    with fetcher.open_mailbox(url, OPTIONS) as mailbox:
        return mailbox.read_message("7/1")


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ({"LOGIN": b"TAG NO wrong a-long-secret\r\n"}, "login refused: check auth (wrong …)"),
        ({"LOGIN": b"* BYE too many\r\n"}, "the server broke off the connection"),
        ({"UID": b"* 1 FETCH (BODY[]<0> {4000000000}\r\n"}, "larger than 10000000 bytes"),
        ({"UID": b"* 1 FETCH (BODY[]<0> {10}\r\nabc"}, "no complete answer within 3 s"),
        ({"UID": b"TAG OK nothing\r\n"}, "the message is not in the mailbox any more"),
        ({"UID": b"TAG NO out of order\r\n"}, "the server answers: out of order"),
        ({"UID": b"TAG BAD what?\r\n"}, "the server answers: "),
        ({"UID": b"x" * 2_000_000}, "got more than 1000000 bytes"),
        ({"EXAMINE": (b"* 1 NOISE " + b"x" * 900_000 + b"\r\n") * 3}, "larger than 1000000 bytes"),
        ({"UID": b"\xff\xfe\r\n"}, "the server broke off the connection"),
        ({"EXAMINE": b"TAG NO no\r\n"}, "mailbox INBOX does not exist: no; there are none"),
    ],
)
def test_failure_of_a_server_is_named_and_bounded(
    ca: trustme.CA, fetcher: Fetcher, commands: dict[str, bytes], reason: str
) -> None:
    with serving(ca, answers(**commands)) as url, pytest.raises(FetchError) as caught:
        read(fetcher, url)
    assert reason in caught.value.reason
    assert PASSWORD not in str(caught.value)
    assert len(caught.value.reason) < 400


def test_message_of_a_healthy_server_is_read(ca: trustme.CA, fetcher: Fetcher) -> None:
    message = b"* 1 FETCH (BODY[]<0> {10}\r\nSubject: a UID 1)\r\nTAG OK done\r\n"
    with serving(ca, answers(UID=message)) as url:
        assert read(fetcher, url) == b"Subject: a"


def test_mailbox_with_other_numbers_is_not_read(ca: trustme.CA, fetcher: Fetcher) -> None:
    with (
        serving(ca, answers()) as url,
        fetcher.open_mailbox(url, OPTIONS) as mailbox,
        pytest.raises(FetchError, match="given the messages other numbers"),
    ):
        mailbox.read_message("6/1")


def test_server_at_an_unusual_port_requires_allow_private() -> None:
    with (
        Fetcher(resolver=lambda *_: ["93.184.216.34"]) as fetcher,
        pytest.raises(DisallowedError, match="port 8080 is not a usual IMAP port"),
    ):
        fetcher.open_mailbox("imaps://mail.example.org:8080/INBOX", OPTIONS)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("INBOX", "INBOX"),
        ("Entwürfe", "Entw&APw-rfe"),
        ("A & B", "A &- B"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ],
)
def test_names_of_mailboxes_are_encoded(name: str, encoded: str) -> None:
    assert encode_mailbox_name(name) == encoded
    assert decode_mailbox_name(encoded) == name


def test_name_that_is_not_encoded_correctly_stays() -> None:
    assert decode_mailbox_name("&A-") == "&A-"


def test_address_of_a_mailbox_has_usual_ports() -> None:
    assert MailboxAddress.parse("imap://a.example/") == MailboxAddress(
        "a.example", 143, "INBOX", is_secure=False
    )
    assert MailboxAddress.parse("imaps://a.example/x%2Fy%20z").name == "x/y z"
    with pytest.raises(FetchError, match=re.escape("not the URL of a mailbox")):
        MailboxAddress.parse("https://a.example/")
