"""Send a message through its channel.

Secrets of a channel are not stored with the message; they are looked up when it is sent.
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
    """The config and the HTTP clients that messages are sent with.

    Attributes:
        config: the settings of the channels.
        webhooks: the client for webhooks. It may connect to private addresses, since many webhooks
            are servers of the operator.
        hubs: the client for WebSub hubs, whose addresses are checked like those of sources.
    """

    config: Config
    webhooks: WebhookClient
    hubs: WebhookClient


Sender: TypeAlias = Callable[[DeliveryContext, OutboxMessage], None]
"""Sends a message.

It raises FeedpubError if that fails, and does nothing if the config no longer has the channel.
"""


def _send_ping(context: DeliveryContext, message: OutboxMessage) -> None:
    if message.target in context.config.feedpub.websub_hubs:
        context.hubs.post(message.target, message.body, "application/x-www-form-urlencoded")


def _send_webhook(context: DeliveryContext, message: OutboxMessage) -> None:
    webhook = context.config.alerts.webhook
    if webhook is not None:
        context.webhooks.post(resolve_secret(webhook), message.body, "application/json")


def _send_email(context: DeliveryContext, message: OutboxMessage) -> None:
    if context.config.alerts.email is not None:
        email.send_mail(context.config.alerts.email, message.body)


def _run_command(context: DeliveryContext, message: OutboxMessage) -> None:
    arguments = context.config.alerts.command
    if arguments:
        command.run_command(arguments, message.body, secret_variables(context.config))


CHANNELS: Mapping[Channel, Sender] = {
    "ping": _send_ping,
    "webhook": _send_webhook,
    "email": _send_email,
    "command": _run_command,
}


def log_fields(message: OutboxMessage) -> dict[str, Any]:
    """Return what the log may contain about a message: no secret, and not its complete body."""
    if message.kind == "ping":
        (topic,) = parse_qs(message.body.decode()).get("hub.topic", [""])
        feed = PurePosixPath(urlsplit(topic).path).stem
        return {"kind": message.kind, "feed": feed, "topic": topic, "target": message.target}
    alert = json.loads(message.body)
    return {"kind": message.kind, "feed": alert["feed"], "alert": alert["event"]}
