"""A WebSub hub on loopback, as in the W3C recommendation, and a subscriber.

The hub accepts subscriptions and verifies their intent with a challenge. It accepts pings of
publishers, fetches the changed content, and sends it with a signature. It distributes only content
that is new to it, as real hubs do.
"""

import hashlib
import hmac
import re
import secrets
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlencode

from tests.support.site import Site


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "text/plain")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@dataclass
class Hub:
    """A hub at /hub of a site.

    Attributes:
        where: Maps a topic's public URL to the one that can be fetched here.
        pings: The topics of all valid pings.
        subscriptions: Topic and callback → secret, for verified subscriptions.
        down: The status of every response; 0 if the hub works.
    """

    site: Site
    fetchable_url: Callable[[str], str]
    pings: list[str] = field(default_factory=list)
    subscriptions: dict[tuple[str, str], bytes] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    down: int = 0
    pending: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site["/hub"] = self._serve

    @property
    def url(self) -> str:
        return self.site.url("/hub")

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body: bytes = getattr(handler, "body", b"")  # the site has read it
        if self.down:
            answer(handler, self.down, b"closed for repairs")
        elif (
            handler.headers["Content-Type"] != "application/x-www-form-urlencoded"
            or handler.command != "POST"
        ):
            answer(handler, 400, b"a form, please")
        else:
            self._act(handler, dict(parse_qsl(body.decode("ascii"), strict_parsing=True)))

    def wait_until_idle(self) -> None:
        """Wait until all accepted work is done. Hubs respond first and work afterwards."""
        deadline = time.monotonic() + 5
        while self.pending and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not self.pending

    def _act(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        topic = form.get("hub.topic") or form.get("hub.url", "")
        self.pending.append(topic)
        try:
            self._work(handler, form, topic)
        finally:
            self.pending.remove(topic)

    def _work(self, handler: BaseHTTPRequestHandler, form: dict[str, str], topic: str) -> None:
        if form.get("hub.mode") == "subscribe":
            answer(handler, 202)
            self._verify(topic, form["hub.callback"], form.get("hub.secret", "").encode())
        elif form.get("hub.mode") == "publish" and topic.startswith(("http://", "https://")):
            self.pings.append(topic)
            answer(handler, 204)
            self._fetch_and_distribute(topic)
        else:
            answer(handler, 400, b"what shall I do?")

    def _verify(self, topic: str, callback: str, secret: bytes) -> None:
        challenge = secrets.token_hex(16)
        query = {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.challenge": challenge,
            "hub.lease_seconds": "3600",
        }
        with urllib.request.urlopen(f"{callback}?{urlencode(query)}", timeout=5) as response:  # noqa: S310 -- loopback
            if response.read().decode() == challenge:
                self.subscriptions[topic, callback] = secret

    def _fetch_and_distribute(self, topic: str) -> None:
        with urllib.request.urlopen(self.fetchable_url(topic), timeout=5) as response:  # noqa: S310 -- loopback
            content, kind = response.read(), response.headers["Content-Type"]
        if self.contents.get(topic) == content:
            return
        self.contents[topic] = content
        for (wanted, callback), secret in self.subscriptions.items():
            if wanted == topic:
                self._deliver(topic, content, kind, callback, secret)

    def _deliver(self, topic: str, content: bytes, kind: str, callback: str, secret: bytes) -> None:
        signature = hmac.new(secret, content, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": kind,
            "Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"',
            "X-Hub-Signature": f"sha256={signature}",
        }
        request = urllib.request.Request(callback, content, headers)  # noqa: S310 -- loopback
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 -- loopback

    def advertised_links(self, topic: str) -> tuple[str | None, str | None]:
        """Return the addresses of the hub and of the topic in fetched content, if it has them."""
        text = self.contents[topic].decode()
        found = {
            rel: re.search(rf'<(?:atom:)?link[^>]*\bhref="([^"]+)"[^>]*\brel="{rel}"', text)
            for rel in ("hub", "self")
        }
        hub, own = (match[1] if match else None for match in found.values())
        return hub, own


@dataclass
class Subscriber:
    """A reader's server at a path of a site. It subscribes to a topic and checks signatures.

    Attributes:
        received: The contents with valid signatures.
    """

    site: Site
    topic: str
    path: str = "/callback"
    secret: bytes = b"between us"
    received: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site[self.path] = self._serve

    def subscribe(self, hub: str) -> None:
        """Subscribe at the hub, which verifies the intent."""
        form = {
            "hub.mode": "subscribe",
            "hub.topic": self.topic,
            "hub.callback": self.site.url(self.path),
            "hub.secret": self.secret.decode(),
        }
        urllib.request.urlopen(hub, urlencode(form).encode(), timeout=5).close()  # noqa: S310 -- loopback

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "GET":
            query = dict(parse_qsl(handler.path.partition("?")[2]))
            meant = query.get("hub.topic") == self.topic
            answer(
                handler,
                200 if meant else 404,
                query.get("hub.challenge", "").encode() if meant else b"",
            )
            return
        body: bytes = getattr(handler, "body", b"")  # the site has read it
        expected = "sha256=" + hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        if handler.headers.get("X-Hub-Signature") == expected:
            self.received.append(body)
        answer(handler, 200)
