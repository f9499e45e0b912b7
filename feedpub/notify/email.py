"""Send an alert by e-mail, as plain text over SMTP."""

import hashlib
import json
import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from feedpub.config import Email, resolve_secret
from feedpub.core.errors import DeliveryError
from feedpub.core.log import fields

_log = logging.getLogger(__name__)

SMTP_TIMEOUT_SECONDS = 10.0  # for each response of the server
_MAX_SUBJECT_CHARS = 200
# Python loses or adds spaces where it folds words beyond ASCII.
_UNFOLDED = policy.default.clone(max_line_length=900)
_DEFAULT_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def send_mail(email: Email, body: bytes) -> None:
    """Send an alert.

    Args:
        email: the server, the sender and the recipients.
        body: the alert's JSON.

    Raises:
        DeliveryError: the server cannot be reached or rejects the mail. The message never contains
            a response that may repeat the password.
        ConfigError: the user name or the password cannot be looked up.
    """
    user = resolve_secret(email.username) if email.username else None
    password = resolve_secret(email.password) if email.password else ""
    sender, *recipients = (parseaddr(person)[1] for person in (email.sender, *email.to))
    with _wrap_smtp_errors(email.server), _connect(email) as server:
        if user is not None:
            server.login(user, password)
        refused = server.send_message(format_mail(email, body), sender, recipients)
        for recipient in refused:
            _log.warning(
                "recipient_refused", extra=fields(target=email.server, recipient=recipient)
            )


def format_mail(email: Email, body: bytes) -> EmailMessage:
    """Return the mail for an alert.

    It is the same for each try, so that a mailbox can recognise one that arrives twice.
    """
    alert = json.loads(body)
    mail = EmailMessage(_UNFOLDED)
    mail["From"] = email.sender
    mail["To"] = ", ".join(email.to)
    mail["Subject"] = " ".join(f"[feedpub] {alert['text']}".split())[:_MAX_SUBJECT_CHARS]
    mail["Date"] = format_datetime(datetime.fromisoformat(alert["at"]))
    domain = parseaddr(email.sender)[1].rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<{hashlib.sha256(body).hexdigest()[:32]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents absence notices
    lines = [alert["text"], ""]
    lines += [f"{name}: {value}" for name, value in alert["evidence"].items()]
    mail.set_content("\n".join(lines))
    return mail


@contextmanager
def _connect(email: Email) -> Iterator[smtplib.SMTP]:
    host, port = _parse_server(email)
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if email.security == "tls":
        server = smtplib.SMTP_SSL(host, port, timeout=SMTP_TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_TIMEOUT_SECONDS)
    with server:
        if email.security == "starttls":
            server.starttls(context=context)
        yield server


def _parse_server(email: Email) -> tuple[str, int]:
    """Return the server's host and port; the default port if none is configured."""
    host, colon, port = email.server.rpartition(":")
    if not colon or email.server.endswith("]"):
        return email.server.strip("[]"), _DEFAULT_PORTS[email.security]
    if not port.isdecimal():
        raise DeliveryError(
            f"{email.server} is not a mail server; write HOST or HOST:PORT in [alerts.email]"
        )
    return host.strip("[]"), int(port)


@contextmanager
def _wrap_smtp_errors(server: str) -> Iterator[None]:
    """Raise errors of smtplib as DeliveryError."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        message = f"{server} rejects the user name or password ({error.smtp_code})"
        raise DeliveryError(message) from None  # the response may repeat them
    except smtplib.SMTPRecipientsRefused as error:
        refused = ", ".join(sorted(error.recipients))
        raise DeliveryError(f"{server} accepts no mail for {refused}") from error
    except smtplib.SMTPResponseException as error:
        response = error.smtp_error
        if isinstance(response, bytes):
            response = response.decode("utf-8", "replace")
        message = f"{server} rejects the mail: {error.smtp_code} {' '.join(response.split())}"
        raise DeliveryError(message) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(f"{server}: {getattr(error, 'strerror', None) or error}") from error
