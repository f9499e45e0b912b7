"""Due messages are sent once; failed ones are retried and do not delay others."""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from feedpub import notify
from feedpub.config import Config
from feedpub.core.errors import FetchError
from feedpub.core.log import JsonFormatter
from feedpub.notify import outbox
from feedpub.pipeline.context import RunContext
from feedpub.store import OutboxMessage
from tests.support.clock import FakeClock
from tests.support.newsroom import configure, open_context
from tests.support.site import Route, Site, running_site

MINUTE, HOUR = 60, 3600
ALERT = b'{"event": "broken", "feed": "world"}'
TOPIC = "https://feeds.example.org/world.atom"
FORM = f"hub.mode=publish&hub.topic={TOPIC}".encode()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Config:
    """Return a config with a hub and a webhook on the site."""
    settings = f'websub_hubs = ["{site.url("/hub")}"]\n[alerts]\nwebhook = "{site.url("/T0KEN")}"'
    return configure(tmp_path, settings=settings)


@pytest.fixture
def context(config: Config, clock: FakeClock) -> Iterator[RunContext]:
    with open_context(config, clock) as opened:
        yield opened


def webhook(context: RunContext, body: bytes = ALERT) -> OutboxMessage:
    return OutboxMessage("webhook", "", body, context.clock())


def logged_events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the log's events without their times."""
    lines = [
        json.loads(JsonFormatter().format(record))
        for record in caplog.records
        if hasattr(record, "fields")
    ]
    return [{name: value for name, value in line.items() if name != "time"} for line in lines]


def ping(context: RunContext, config: Config, body: bytes = FORM) -> OutboxMessage:
    return OutboxMessage("ping", config.feedpub.websub_hubs[0], body, context.clock())


def test_due_messages_are_sent_in_order_and_deleted(
    site: Site, config: Config, context: RunContext
) -> None:
    site["/T0KEN"] = site["/hub"] = b"ok"
    context.store.outbox.add(
        [webhook(context, ALERT), ping(context, config), webhook(context, ALERT + b" ")]
    )
    assert notify.deliver_due(config, context.store, context.clock) == 3
    assert [request.body for request in site.requests if request.path == "/T0KEN"] == [
        ALERT,
        ALERT + b" ",
    ]
    assert [request.body for request in site.requests if request.path == "/hub"] == [FORM]
    assert context.store.outbox.load_all() == ()
    assert notify.deliver_due(config, context.store, context.clock) == 0
    assert len(site.requests) == 3


def test_private_hub_needs_allow_private_but_a_webhook_does_not(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    site["/T0KEN"] = site["/hub"] = b"ok"
    settings = f'websub_hubs = ["{site.url("/hub")}"]\n[alerts]\nwebhook = "{site.url("/T0KEN")}"'
    config = configure(tmp_path, settings=settings)
    closed = config.model_copy(
        update={"feedpub": config.feedpub.model_copy(update={"allow_private": ()})}
    )
    with open_context(config, clock) as context:
        context.store.outbox.add([webhook(context), ping(context, config)])
        assert notify.deliver_due(closed, context.store, context.clock) == 1
        assert site.paths() == ["/T0KEN"]
        (waiting,) = context.store.outbox.load_all()
        assert "allow_private" in waiting.failure
        clock.pass_time(2 * MINUTE)
        assert notify.deliver_due(config, context.store, context.clock) == 1
    assert site.paths() == ["/T0KEN", "/hub"]


def test_retries_become_rarer_until_the_message_is_dropped(
    site: Site,
    config: Config,
    context: RunContext,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    site["/T0KEN"] = Route(b"no", "text/plain", 500)
    context.store.outbox.add([webhook(context)])
    for wait in (1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 6 * HOUR, 9 * HOUR):
        notify.deliver_due(config, context.store, context.clock)
        (left,) = context.store.outbox.load_all()
        assert left.failure == f"{site.url('').rstrip('/')}: HTTP 500: the server has an error: no"
        clock.pass_time(wait - 1)
        notify.deliver_due(config, context.store, context.clock)
        assert context.store.outbox.load_all() == (left,)
        clock.pass_time(1)
    notify.deliver_due(config, context.store, context.clock)
    assert context.store.outbox.load_all() == ()
    assert len(site.requests) == 8
    dropped = logged_events(caplog)[-1]
    assert (dropped["event"], dropped["level"], dropped["tries"]) == ("message_dropped", "error", 8)
    assert "T0KEN" not in str(logged_events(caplog))


def test_log_has_each_message_without_secrets(
    site: Site, tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hub = site.url("/hub")
    config = configure(
        tmp_path,
        settings=f'websub_hubs = ["{hub}?token=hunter2"]\n'
        f'[alerts]\nwebhook = "{site.url("/T0KEN")}"',
    )
    site["/T0KEN"] = b"ok"
    with open_context(config, clock) as context:
        context.store.outbox.add([ping(context, config), webhook(context)])
        notify.deliver_due(config, context.store, context.clock)
        site["/hub"] = b"ok"
        clock.pass_time(MINUTE)
        notify.deliver_due(config, context.store, context.clock)
    about = {"kind": "ping", "feed": "world", "topic": TOPIC, "target": f"{hub}?token=…"}
    failed, sent, alert = sorted(
        logged_events(caplog), key=lambda line: (line["event"], line["kind"])
    )
    assert sent == {"level": "info", "event": "message_sent"} | about
    assert alert == {
        "level": "info",
        "event": "message_sent",
        "kind": "webhook",
        "feed": "world",
        "alert": "broken",
    }
    assert failed.pop("reason").startswith(site.url("").rstrip("/"))
    assert failed.pop("next").endswith("Z")
    assert failed == {"level": "warning", "event": "message_retry", "tries": 1} | about


def test_failed_message_is_sent_once_when_the_target_is_back(
    site: Site, config: Config, context: RunContext, clock: FakeClock
) -> None:
    context.store.outbox.add([webhook(context)])
    assert notify.deliver_due(config, context.store, context.clock) == 0
    site["/T0KEN"] = b"ok"
    clock.pass_time(MINUTE)
    assert [notify.deliver_due(config, context.store, context.clock) for _ in range(3)] == [1, 0, 0]


def test_waiting_messages_follow_the_first_that_arrives(
    site: Site, config: Config, context: RunContext, clock: FakeClock
) -> None:
    site["/hub"] = site["/T0KEN"] = Route(b"no", "text/plain", 503)
    context.store.outbox.add(
        [
            ping(context, config, FORM + b"&a=1"),
            ping(context, config, FORM + b"&a=2"),
            webhook(context),
        ]
    )
    for wait in (MINUTE, 5 * MINUTE, 30 * MINUTE):
        notify.deliver_due(config, context.store, context.clock)
        notify.deliver_due(config, context.store, context.clock)
        clock.pass_time(wait)
    notify.deliver_due(config, context.store, context.clock)
    notify.deliver_due(config, context.store, context.clock)
    site["/hub"] = b"ok"
    site.clear_requests()
    context.store.outbox.add([ping(context, config, FORM + b"&a=3")])
    assert notify.deliver_due(config, context.store, context.clock) == 3
    assert [request.body for request in site.requests] == [
        FORM + b"&a=3",
        FORM + b"&a=1",
        FORM + b"&a=2",
    ]
    assert [message.kind for message in context.store.outbox.load_all()] == ["webhook"]


def test_claim_of_a_process_that_died_expires(
    site: Site, config: Config, context: RunContext, clock: FakeClock
) -> None:
    site["/T0KEN"] = b"ok"
    context.store.outbox.add([webhook(context)])
    (message,) = context.store.outbox.due(clock.now())
    context.store.outbox.claim(message, clock.now() + outbox._CLAIM_TIME)  # then the process dies
    with open_context(config, clock) as others:
        assert notify.deliver_due(config, others.store, others.clock) == 0
        clock.pass_time(91)
        assert notify.deliver_due(config, others.store, others.clock) == 1


def test_slow_target_costs_one_timeout_and_delays_no_other(
    site: Site, config: Config, context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_MESSAGE_SECONDS", 0.5)

    def silence(_: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    site["/hub"] = silence
    site["/T0KEN"] = b"ok"
    context.store.outbox.add(
        [
            *(ping(context, config, FORM + b"&n=%d" % n) for n in range(20)),
            *(webhook(context) for _ in range(20)),
        ]
    )
    began = time.monotonic()
    assert notify.deliver_due(config, context.store, context.clock) == 20
    assert time.monotonic() - began < 2
    waiting = context.store.outbox.load_all()
    assert [message.tries for message in waiting] == [1] + [0] * 19


def test_message_of_a_removed_channel_is_dropped(
    config: Config, context: RunContext, tmp_path: Path
) -> None:
    context.store.outbox.add([webhook(context), ping(context, config)])
    notify.deliver_due(configure(tmp_path), context.store, context.clock)
    assert context.store.outbox.load_all() == ()


def test_message_is_sent_to_the_current_webhook(
    site: Site, context: RunContext, tmp_path: Path
) -> None:
    site["/new"] = b"ok"
    context.store.outbox.add([webhook(context)])
    notify.deliver_due(
        configure(tmp_path, settings=f'[alerts]\nwebhook = "{site.url("/new")}"'),
        context.store,
        context.clock,
    )
    assert site.paths() == ["/new"]


def test_missing_secret_postpones_the_message(context: RunContext, tmp_path: Path) -> None:
    without = configure(tmp_path, settings='[alerts]\nwebhook = { env = "NOT_SET_ANYWHERE" }')
    context.store.outbox.add([webhook(context)])
    notify.deliver_due(without, context.store, context.clock)
    (left,) = context.store.outbox.load_all()
    assert "NOT_SET_ANYWHERE is not set" in left.failure


def test_retry_after_is_honoured_up_to_a_limit(clock: FakeClock) -> None:
    now = clock.now()
    patience = [
        (outbox.next_try(1, FetchError("x", retry_after=delay), now) - now).total_seconds()
        for delay in (None, 5.0, 600.0, 1e9)
    ]
    assert patience == [60, 60, 600, 9 * HOUR]


def test_concurrent_deliveries_send_each_message_once(config: Config, context: RunContext) -> None:
    with running_site() as other:
        other["/hub"] = b"ok"
        both = config.model_copy(
            update={
                "feedpub": config.feedpub.model_copy(update={"websub_hubs": (other.url("/hub"),)})
            }
        )
        context.store.outbox.add([ping(context, both, FORM + b"&n=%d" % n) for n in range(30)])
        with ThreadPoolExecutor(3) as pool:
            sent = sum(
                pool.map(lambda _: notify.deliver_due(both, context.store, context.clock), range(3))
            )
        assert sent == len(other.requests) == 30
