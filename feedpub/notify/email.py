"""An alert told by e-mail.

Plain text, by SMTP. One alert is one mail, however often it has to be sent.
"""

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

SECONDS = 10.0  # for each answer of the server
_SUBJECT = 200  # characters
_UNFOLDED = policy.default.clone(
    max_line_length=900
)  # Python loses or adds spaces where it folds words beyond ASCII
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def send_mail(email: Email, body: bytes) -> None:
    """Send an alert.

    Args:
        email: how, from whom and to whom.
        body: the alert's JSON.

    Raises:
        DeliveryError: the server cannot be reached, or refuses. No answer of it is shown that could
            hold a password.
        ConfigError: the user's name or password cannot be looked up.
    """
    user = resolve_secret(email.username) if email.username else None
    password = resolve_secret(email.password) if email.password else ""
    sender, *receivers = (parseaddr(person)[1] for person in (email.sender, *email.to))
    with _explained(email.server), _connected(email) as server:
        if user is not None:
            server.login(user, password)
        for receiver in server.send_message(
            format_mail(email, body), sender, receivers
        ):  # those that were refused
            _log.warning("recipient_refused", extra=fields(target=email.server, recipient=receiver))


def format_mail(email: Email, body: bytes) -> EmailMessage:
    """The mail for an alert.

    The same one each time, so that a mailbox that has it knows it again.
    """
    alert = json.loads(body)
    mail = EmailMessage(_UNFOLDED)
    mail["From"] = email.sender
    mail["To"] = ", ".join(email.to)
    mail["Subject"] = " ".join(f"[feedpub] {alert['text']}".split())[:_SUBJECT]
    mail["Date"] = format_datetime(datetime.fromisoformat(alert["at"]))
    domain = parseaddr(email.sender)[1].rpartition("@")[2] or "localhost"
    mail["Message-ID"] = f"<{hashlib.sha256(body).hexdigest()[:32]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
    lines = [alert["text"], "", *(f"{name}: {value}" for name, value in alert["evidence"].items())]
    mail.set_content("\n".join(lines))
    return mail


@contextmanager
def _connected(email: Email) -> Iterator[smtplib.SMTP]:
    host, port = _place(email)
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
        if email.security == "tls"
        else smtplib.SMTP(host, port, timeout=SECONDS)
    )
    with server:
        if email.security == "starttls":
            server.starttls(context=context)
        yield server


def _place(email: Email) -> tuple[str, int]:
    """Host and port of the server; the usual port where none is given."""
    host, colon, port = email.server.rpartition(":")
    if not colon or email.server.endswith("]"):
        return email.server.strip("[]"), _PORTS[email.security]
    if not port.isdecimal():
        raise DeliveryError(f"{email.server} is no host and port of a mail server")
    return host.strip("[]"), int(port)


@contextmanager
def _explained(server: str) -> Iterator[None]:
    """The one boundary where what smtplib raises becomes ours."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{server} refuses the user's name or password ({error.smtp_code})"
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        refused = ", ".join(sorted(error.recipients))
        raise DeliveryError(f"{server} takes no mail for {refused}") from error
    except smtplib.SMTPResponseException as error:
        said = (
            error.smtp_error
            if isinstance(error.smtp_error, str)
            else error.smtp_error.decode("utf-8", "replace")
        )
        raise DeliveryError(
            f"{server} refuses the mail: {error.smtp_code} {' '.join(said.split())}"
        ) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise DeliveryError(f"{server}: {getattr(error, 'strerror', None) or error}") from error
