"""What is due is sent, once.

What cannot be sent is tried again, wider and wider apart, and holds up nobody.
"""

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
from tests.support.newsroom import configure, tools_for
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
    """With a hub and a webhook on the site."""
    settings = f'websub_hubs = ["{site.url("/hub")}"]\n[alerts]\nwebhook = "{site.url("/T0KEN")}"'
    return configure(tmp_path, settings=settings)


@pytest.fixture
def tools(config: Config, clock: FakeClock) -> Iterator[RunContext]:
    with tools_for(config, clock) as made:
        yield made


def webhook(tools: RunContext, body: bytes = ALERT) -> OutboxMessage:
    return OutboxMessage("webhook", "", body, tools.clock())


def known(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What programs that read the log know of its events, but for the time."""
    lines = [
        json.loads(JsonFormatter().format(record))
        for record in caplog.records
        if hasattr(record, "fields")
    ]
    return [{name: value for name, value in line.items() if name != "time"} for line in lines]


def ping(tools: RunContext, config: Config, body: bytes = FORM) -> OutboxMessage:
    return OutboxMessage("ping", config.feedpub.websub_hubs[0], body, tools.clock())


def test_what_is_due_is_sent_and_gone(site: Site, config: Config, tools: RunContext) -> None:
    """In its order, each by its way."""
    site["/T0KEN"] = site["/hub"] = b"ok"
    tools.store.outbox.add(
        [webhook(tools, ALERT), ping(tools, config), webhook(tools, ALERT + b" ")]
    )
    assert notify.deliver_due(config, tools.store, tools.clock) == 3
    assert [request.body for request in site.requests if request.path == "/T0KEN"] == [
        ALERT,
        ALERT + b" ",
    ]
    assert [request.body for request in site.requests if request.path == "/hub"] == [FORM]
    assert tools.store.outbox.load_all() == ()
    assert notify.deliver_due(config, tools.store, tools.clock) == 0
    assert len(site.requests) == 3


def test_a_hub_on_a_private_address_is_told_nothing(
    site: Site, tmp_path: Path, clock: FakeClock
) -> None:
    """Unless allow_private names it.

    A webhook there is told all the same: it is a server of one's own.
    """
    site["/T0KEN"] = site["/hub"] = b"ok"
    settings = f'websub_hubs = ["{site.url("/hub")}"]\n[alerts]\nwebhook = "{site.url("/T0KEN")}"'
    config = configure(tmp_path, settings=settings)
    closed = config.model_copy(
        update={"feedpub": config.feedpub.model_copy(update={"allow_private": ()})}
    )
    with tools_for(config, clock) as tools:
        tools.store.outbox.add([webhook(tools), ping(tools, config)])
        assert notify.deliver_due(closed, tools.store, tools.clock) == 1
        assert site.paths() == ["/T0KEN"]
        (waiting,) = tools.store.outbox.load_all()
        assert "allow_private" in waiting.failure
        clock.pass_time(2 * MINUTE)
        assert notify.deliver_due(config, tools.store, tools.clock) == 1
    assert site.paths() == ["/T0KEN", "/hub"]


def test_waits_grow_until_it_is_given_up(
    site: Site,
    config: Config,
    tools: RunContext,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """About a minute, then five, then half an hour … for a day.

    Then it is gone, and the log says so.
    """
    site["/T0KEN"] = Route(b"no", "text/plain", 500)
    tools.store.outbox.add([webhook(tools)])
    for wait in (1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 6 * HOUR, 9 * HOUR):
        notify.deliver_due(config, tools.store, tools.clock)
        (left,) = tools.store.outbox.load_all()
        assert left.failure == f"{site.url('').rstrip('/')}: HTTP 500: the server has an error: no"
        clock.pass_time(wait - 1)
        notify.deliver_due(config, tools.store, tools.clock)
        assert tools.store.outbox.load_all() == (left,)
        clock.pass_time(1)
    notify.deliver_due(config, tools.store, tools.clock)
    assert tools.store.outbox.load_all() == ()
    assert len(site.requests) == 8
    dropped = known(caplog)[-1]
    assert (dropped["event"], dropped["level"], dropped["tries"]) == ("message_dropped", "error", 8)
    assert "T0KEN" not in str(known(caplog))


def test_the_log_says_what_was_told_to_whom(
    site: Site, tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """As key and value, whatever came of it; no token of an address is in it."""
    caplog.set_level(logging.INFO)
    hub = site.url("/hub")
    config = configure(
        tmp_path,
        settings=f'websub_hubs = ["{hub}?token=hunter2"]\n[alerts]\nwebhook = "{site.url("/T0KEN")}"',
    )
    site["/T0KEN"] = b"ok"
    with tools_for(config, clock) as tools:
        tools.store.outbox.add([ping(tools, config), webhook(tools)])
        notify.deliver_due(config, tools.store, tools.clock)
        site["/hub"] = b"ok"
        clock.pass_time(MINUTE)
        notify.deliver_due(config, tools.store, tools.clock)
    about = {"kind": "ping", "feed": "world", "topic": TOPIC, "target": f"{hub}?token=…"}
    failed, told, alert = sorted(known(caplog), key=lambda line: (line["event"], line["kind"]))
    assert told == {"level": "info", "event": "message_sent"} | about
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


def test_it_is_sent_when_the_other_side_is_back(
    site: Site, config: Config, tools: RunContext, clock: FakeClock
) -> None:
    """Once."""
    tools.store.outbox.add([webhook(tools)])
    assert notify.deliver_due(config, tools.store, tools.clock) == 0
    site["/T0KEN"] = b"ok"
    clock.pass_time(MINUTE)
    assert [notify.deliver_due(config, tools.store, tools.clock) for _ in range(3)] == [1, 0, 0]


def test_what_waits_for_a_hub_follows_what_reaches_it(
    site: Site, config: Config, tools: RunContext, clock: FakeClock
) -> None:
    """In the same round, though it would be asked again only hours later.

    What waits for others waits on.
    """
    site["/hub"] = site["/T0KEN"] = Route(b"no", "text/plain", 503)
    tools.store.outbox.add(
        [ping(tools, config, FORM + b"&a=1"), ping(tools, config, FORM + b"&a=2"), webhook(tools)]
    )
    for wait in (MINUTE, 5 * MINUTE, 30 * MINUTE):
        notify.deliver_due(config, tools.store, tools.clock)
        notify.deliver_due(config, tools.store, tools.clock)
        clock.pass_time(wait)
    notify.deliver_due(config, tools.store, tools.clock)
    notify.deliver_due(config, tools.store, tools.clock)
    site["/hub"] = b"ok"
    site.forget()
    tools.store.outbox.add([ping(tools, config, FORM + b"&a=3")])
    assert notify.deliver_due(config, tools.store, tools.clock) == 3
    assert [request.body for request in site.requests] == [
        FORM + b"&a=3",
        FORM + b"&a=1",
        FORM + b"&a=2",
    ]
    assert [message.kind for message in tools.store.outbox.load_all()] == ["webhook"]


def test_a_process_that_dies_meanwhile_loses_nothing(
    site: Site, config: Config, tools: RunContext, clock: FakeClock
) -> None:
    """What it had taken is due again after a while."""
    site["/T0KEN"] = b"ok"
    tools.store.outbox.add([webhook(tools)])
    (message,) = tools.store.outbox.due(clock.now())
    tools.store.outbox.claim(
        message, clock.now() + outbox._CLAIM_TIME
    )  # and then the light goes out
    with tools_for(config, clock) as others:
        assert notify.deliver_due(config, others.store, others.clock) == 0
        clock.pass_time(91)
        assert notify.deliver_due(config, others.store, others.clock) == 1


def test_a_slow_target_holds_up_no_other(
    site: Site, config: Config, tools: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs its deadline once a round, however many messages wait for it."""
    monkeypatch.setattr(outbox, "MAX_MESSAGE_SECONDS", 0.5)

    def silence(_: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    site["/hub"] = silence
    site["/T0KEN"] = b"ok"
    tools.store.outbox.add(
        [
            *(ping(tools, config, FORM + b"&n=%d" % n) for n in range(20)),
            *(webhook(tools) for _ in range(20)),
        ]
    )
    began = time.monotonic()
    assert notify.deliver_due(config, tools.store, tools.clock) == 20
    assert time.monotonic() - began < 2
    waiting = tools.store.outbox.load_all()
    assert [message.tries for message in waiting] == [1] + [0] * 19


def test_what_the_config_does_not_want_any_more_is_dropped(
    config: Config, tools: RunContext, tmp_path: Path
) -> None:
    """A hub or a webhook that left it."""
    tools.store.outbox.add([webhook(tools), ping(tools, config)])
    notify.deliver_due(configure(tmp_path), tools.store, tools.clock)
    assert tools.store.outbox.load_all() == ()


def test_the_way_is_the_one_that_the_config_has_now(
    site: Site, tools: RunContext, tmp_path: Path
) -> None:
    """A webhook that moved gets what its old address did not."""
    site["/new"] = b"ok"
    tools.store.outbox.add([webhook(tools)])
    notify.deliver_due(
        configure(tmp_path, settings=f'[alerts]\nwebhook = "{site.url("/new")}"'),
        tools.store,
        tools.clock,
    )
    assert site.paths() == ["/new"]


def test_a_secret_that_cannot_be_looked_up_is_a_failure_like_others(
    tools: RunContext, tmp_path: Path
) -> None:
    """The message stays until it can."""
    without = configure(tmp_path, settings='[alerts]\nwebhook = { env = "NOT_SET_ANYWHERE" }')
    tools.store.outbox.add([webhook(tools)])
    notify.deliver_due(without, tools.store, tools.clock)
    (left,) = tools.store.outbox.load_all()
    assert "NOT_SET_ANYWHERE is not set" in left.failure


def test_a_server_may_ask_for_more_time(clock: FakeClock) -> None:
    """But not for more than there is."""
    now = clock.now()
    patience = [
        (outbox.next_try(1, FetchError("x", retry_after=asked), now) - now).total_seconds()
        for asked in (None, 5.0, 600.0, 1e9)
    ]
    assert patience == [60, 60, 600, 9 * HOUR]


def test_two_rounds_at_once_send_everything_once(config: Config, tools: RunContext) -> None:
    """A build beside the service."""
    with running_site() as other:
        other["/hub"] = b"ok"
        both = config.model_copy(
            update={
                "feedpub": config.feedpub.model_copy(update={"websub_hubs": (other.url("/hub"),)})
            }
        )
        tools.store.outbox.add([ping(tools, both, FORM + b"&n=%d" % n) for n in range(30)])
        with ThreadPoolExecutor(3) as pool:
            sent = sum(
                pool.map(lambda _: notify.deliver_due(both, tools.store, tools.clock), range(3))
            )
        assert sent == len(other.requests) == 30
