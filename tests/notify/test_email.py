"""Alerts by e-mail, to a real server.

Readable, encrypted where that is wanted, and no password in an error.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import trustme

from feedpub.config import Email
from feedpub.core.errors import DeliveryError
from feedpub.notify import email
from tests.support.mailbox import Mailbox, running_mailbox
from tests.support.service import free_port
from tests.support.tls import server_side

ALERT = {
    "event": "broken",
    "text": "example.org/news is failing: HTTP 404: the page is gone – für immer",
    "at": "2026-11-23T12:00:00+00:00",
    "evidence": {"Feed": "world", "Since": "2026-11-23 11:00 UTC"},
}
BODY = json.dumps(ALERT).encode()


def to(port: int, **others: Any) -> Email:
    settings = {
        "to": ["jane@example.org"],
        "sender": "feedpub@example.net",
        "server": f"127.0.0.1:{port}",
    }
    return Email.model_validate(settings | others)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Whose certificates this process trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return ca


def test_a_mail_says_what_the_alert_says() -> None:
    """In its subject, and with the evidence in its text."""
    with running_mailbox(Mailbox()) as mailbox:
        email.send_mail(
            to(mailbox.port, to=["Jane Doe <jane@example.org>", "joe@example.org"]), BODY
        )
    (letter,) = mailbox.mails
    assert mailbox.receivers == [["jane@example.org", "joe@example.org"]]
    assert letter["Subject"] == f"[feedpub] {ALERT['text']}"
    assert (letter["From"], letter["To"]) == (
        "feedpub@example.net",
        "Jane Doe <jane@example.org>, joe@example.org",
    )
    assert letter["Date"].datetime.isoformat() == ALERT["at"]
    assert letter.get_content().splitlines() == [
        ALERT["text"],
        "",
        "Feed: world",
        "Since: 2026-11-23 11:00 UTC",
    ]


def test_the_same_alert_is_the_same_mail() -> None:
    """A mailbox that gets it twice knows it again."""
    numbers = {email.format_mail(to(1), body)["Message-ID"] for body in (BODY, BODY, BODY + b" ")}
    assert len(numbers) == 2
    assert all(number.endswith("@example.net>") for number in numbers)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_with_a_login_in_each_security(security: str, authority: trustme.CA) -> None:
    """The server's certificate is checked, and the user's name and password are what it wants."""
    context = server_side(authority.issue_cert("127.0.0.1"))
    ways = {"none": {}, "starttls": {"starttls": context}, "tls": {"tls": context}}
    with running_mailbox(Mailbox(b"me", b"hunter2"), **ways[security]) as mailbox:
        email.send_mail(
            to(mailbox.port, security=security, username="me", password="hunter2"), BODY
        )
    assert len(mailbox.mails) == 1
    assert mailbox.logins == [b"me"]
    assert mailbox.encrypted == [security != "none"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_nothing_is_sent_to_a_server_that_cannot_prove_itself(
    security: str, authority: trustme.CA
) -> None:
    """A certificate of somebody else's."""
    assert authority
    context = server_side(trustme.CA().issue_cert("127.0.0.1"))
    ways = {"starttls": {"starttls": context}, "tls": {"tls": context}}
    with (
        running_mailbox(Mailbox(b"me", b"hunter2"), **ways[security]) as mailbox,
        pytest.raises(DeliveryError, match="certificate verify failed"),
    ):
        email.send_mail(
            to(mailbox.port, security=security, username="me", password="hunter2"), BODY
        )
    assert (mailbox.logins, mailbox.mails) == ([], [])


def test_a_password_is_never_sent_in_the_clear_where_starttls_is_wanted() -> None:
    """By a server that does not know it."""
    with (
        running_mailbox(Mailbox(b"me", b"hunter2")) as mailbox,
        pytest.raises(DeliveryError, match="STARTTLS"),
    ):
        email.send_mail(
            to(mailbox.port, security="starttls", username="me", password="hunter2"), BODY
        )
    assert mailbox.logins == []


def test_a_wrong_password_is_not_repeated() -> None:
    """The error names the server alone."""
    with (
        running_mailbox(Mailbox(b"me", b"right")) as mailbox,
        pytest.raises(DeliveryError) as caught,
    ):
        email.send_mail(to(mailbox.port, username="me", password="hunter2"), BODY)
    assert str(caught.value) == f"127.0.0.1:{mailbox.port} rejects the user name or password (535)"


def test_who_is_refused_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """All of them: nothing was told. One of two: the other has it, and nobody gets it twice."""
    with running_mailbox(Mailbox(refused={"jane@example.org"})) as mailbox:
        with pytest.raises(DeliveryError, match=r"accepts no mail for jane@example\.org"):
            email.send_mail(to(mailbox.port), BODY)
        email.send_mail(to(mailbox.port, to=["jane@example.org", "joe@example.org"]), BODY)
    assert mailbox.receivers == [["joe@example.org"]]
    (record,) = (record for record in caplog.records if record.getMessage() == "recipient_refused")
    assert vars(record)["fields"] == {
        "target": f"127.0.0.1:{mailbox.port}",
        "recipient": "jane@example.org",
    }


def test_a_server_that_is_not_there_is_a_failure() -> None:
    """And so is a place that is none."""
    port = free_port()
    with pytest.raises(DeliveryError, match=rf"127\.0\.0\.1:{port}: Connection refused"):
        email.send_mail(to(port), BODY)
    with pytest.raises(DeliveryError, match="is not a mail server"):
        email.send_mail(to(port, server="mail.example.org:smtp"), BODY)


@pytest.mark.parametrize(
    ("server", "security", "place"),
    [
        ("mail.example.org", "none", ("mail.example.org", 25)),
        ("mail.example.org", "starttls", ("mail.example.org", 587)),
        ("mail.example.org", "tls", ("mail.example.org", 465)),
        ("mail.example.org:2525", "tls", ("mail.example.org", 2525)),
        ("[::1]:25", "none", ("::1", 25)),
        ("[::1]", "none", ("::1", 25)),
    ],
)
def test_the_usual_port_need_not_be_given(
    server: str, security: str, place: tuple[str, int]
) -> None:
    """It goes with the security."""
    assert email._parse_server(to(1, server=server, security=security)) == place
