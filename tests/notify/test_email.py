"""Alerts by e-mail, to a real server."""

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
from tests.support.tls import server_context

ALERT = {
    "event": "broken",
    "text": "example.org/news is failing: HTTP 404: the page is gone – für immer",
    "at": "2026-11-23T12:00:00+00:00",
    "evidence": {"Feed": "world", "Since": "2026-11-23 11:00 UTC"},
}
BODY = json.dumps(ALERT).encode()


def email_settings(port: int, **others: Any) -> Email:
    settings = {
        "to": ["jane@example.org"],
        "sender": "feedpub@example.net",
        "server": f"127.0.0.1:{port}",
    }
    return Email.model_validate(settings | others)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Return a certificate authority that this process trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return ca


def test_mail_contains_the_alert() -> None:
    with running_mailbox(Mailbox()) as mailbox:
        email.send_mail(
            email_settings(mailbox.port, to=["Jane Doe <jane@example.org>", "joe@example.org"]),
            BODY,
        )
    (mail,) = mailbox.mails
    assert mailbox.recipients == [["jane@example.org", "joe@example.org"]]
    assert mail["Subject"] == f"[feedpub] {ALERT['text']}"
    assert (mail["From"], mail["To"]) == (
        "feedpub@example.net",
        "Jane Doe <jane@example.org>, joe@example.org",
    )
    assert mail["Date"].datetime.isoformat() == ALERT["at"]
    assert mail.get_content().splitlines() == [
        ALERT["text"],
        "",
        "Feed: world",
        "Since: 2026-11-23 11:00 UTC",
    ]


def test_message_id_depends_only_on_the_alert() -> None:
    numbers = {
        email.format_mail(email_settings(1), body)["Message-ID"]
        for body in (BODY, BODY, BODY + b" ")
    }
    assert len(numbers) == 2
    assert all(number.endswith("@example.net>") for number in numbers)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_login_works_with_each_security(security: str, authority: trustme.CA) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    contexts = {"none": {}, "starttls": {"starttls": context}, "tls": {"tls": context}}
    with running_mailbox(Mailbox(b"me", b"hunter2"), **contexts[security]) as mailbox:
        email.send_mail(
            email_settings(mailbox.port, security=security, username="me", password="hunter2"), BODY
        )
    assert len(mailbox.mails) == 1
    assert mailbox.logins == [b"me"]
    assert mailbox.encrypted == [security != "none"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_untrusted_certificate_is_refused(security: str, authority: trustme.CA) -> None:
    assert authority
    context = server_context(trustme.CA().issue_cert("127.0.0.1"))
    contexts = {"starttls": {"starttls": context}, "tls": {"tls": context}}
    with (
        running_mailbox(Mailbox(b"me", b"hunter2"), **contexts[security]) as mailbox,
        pytest.raises(DeliveryError, match="certificate verify failed"),
    ):
        email.send_mail(
            email_settings(mailbox.port, security=security, username="me", password="hunter2"), BODY
        )
    assert (mailbox.logins, mailbox.mails) == ([], [])


def test_password_is_not_sent_if_the_server_lacks_starttls() -> None:
    with (
        running_mailbox(Mailbox(b"me", b"hunter2")) as mailbox,
        pytest.raises(DeliveryError, match="STARTTLS"),
    ):
        email.send_mail(
            email_settings(mailbox.port, security="starttls", username="me", password="hunter2"),
            BODY,
        )
    assert mailbox.logins == []


def test_error_does_not_contain_the_wrong_password() -> None:
    with (
        running_mailbox(Mailbox(b"me", b"right")) as mailbox,
        pytest.raises(DeliveryError) as caught,
    ):
        email.send_mail(email_settings(mailbox.port, username="me", password="hunter2"), BODY)
    assert str(caught.value) == f"127.0.0.1:{mailbox.port} rejects the user name or password (535)"


def test_refused_recipients_are_named_and_others_get_the_mail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running_mailbox(Mailbox(refused={"jane@example.org"})) as mailbox:
        with pytest.raises(DeliveryError, match=r"accepts no mail for jane@example\.org"):
            email.send_mail(email_settings(mailbox.port), BODY)
        email.send_mail(
            email_settings(mailbox.port, to=["jane@example.org", "joe@example.org"]),
            BODY,
        )
    assert mailbox.recipients == [["joe@example.org"]]
    (record,) = (record for record in caplog.records if record.getMessage() == "recipient_refused")
    assert vars(record)["fields"] == {
        "target": f"127.0.0.1:{mailbox.port}",
        "recipient": "jane@example.org",
    }


def test_unreachable_or_invalid_server_is_an_error() -> None:
    port = free_port()
    with pytest.raises(DeliveryError, match=rf"127\.0\.0\.1:{port}: Connection refused"):
        email.send_mail(email_settings(port), BODY)
    with pytest.raises(DeliveryError, match="is not a mail server"):
        email.send_mail(email_settings(port, server="mail.example.org:smtp"), BODY)


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
def test_default_port_depends_on_the_security(
    server: str, security: str, place: tuple[str, int]
) -> None:
    assert email._parse_server(email_settings(1, server=server, security=security)) == place
