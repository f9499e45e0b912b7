"""How a message of each kind is sent.

What is secret about a way is looked up in the config at that moment.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from feedpub.config import Config, resolve_secret, secret_variables
from feedpub.fetch import WebhookClient
from feedpub.notify import command, email
from feedpub.store import Channel, OutboxMessage


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What messages are sent with.

    Attributes:
        anywhere: for a webhook, which is often a server of one's own.
        public: for hubs: addresses are checked as those of sources are.
    """

    config: Config
    webhooks: WebhookClient
    hubs: WebhookClient


Sender: TypeAlias = Callable[[DeliveryContext, OutboxMessage], None]
"""Sends a message.

Raises FeedpubError where that fails; does nothing where the config does not want it any more.
"""


def _ping(office: DeliveryContext, message: OutboxMessage) -> None:
    if message.target in office.config.feedpub.websub_hubs:
        office.hubs.post(message.target, message.body, "application/x-www-form-urlencoded")


def _webhook(office: DeliveryContext, message: OutboxMessage) -> None:
    if office.config.alerts.webhook is not None:
        office.webhooks.post(
            resolve_secret(office.config.alerts.webhook), message.body, "application/json"
        )


def _email(office: DeliveryContext, message: OutboxMessage) -> None:
    if office.config.alerts.email is not None:
        email.send_mail(office.config.alerts.email, message.body)


def _command(office: DeliveryContext, message: OutboxMessage) -> None:
    if office.config.alerts.command:
        command.run_command(
            office.config.alerts.command, message.body, secret_variables(office.config)
        )


CHANNELS: Mapping[Channel, Sender] = {
    "ping": _ping,
    "webhook": _webhook,
    "email": _email,
    "command": _command,
}


def log_fields(message: OutboxMessage) -> dict[str, Any]:
    """What the log may say of a message.

    Its way, its feed, and a ping's topic and hub or what an alert tells of.
    """
    if message.kind == "ping":
        (topic,) = parse_qs(message.body.decode()).get("hub.topic", [""])
        feed = PurePosixPath(urlsplit(topic).path).stem
        return {"kind": message.kind, "feed": feed, "topic": topic, "target": message.target}
    alert = json.loads(message.body)
    return {"kind": message.kind, "feed": alert["feed"], "alert": alert["event"]}
