"""An incident is opened and closed once, in one transaction with the alerts about it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from feedpub.store import Incident, OutboxMessage, Store
from tests.store import examples
from tests.store.examples import DAY, NOW


def incident(kind: Any = "broken", key: str = "s", **others: Any) -> Incident:
    fields: dict[str, Any] = {"at": NOW, "since": NOW - DAY, "reason": "HTTP 404"}
    return Incident("world", key, kind, **fields | others)


def compose(incident: Incident) -> list[OutboxMessage]:
    return [OutboxMessage("webhook", "", f"{incident.kind} {incident.key}".encode(), incident.at)]


def alerts(store: Store) -> list[bytes]:
    return [message.body for message in store.outbox.load_all()]


@given(examples.incidents)
def test_incident_is_read_as_it_was_stored(shared_store: Store, incident: Incident) -> None:
    shared_store.incidents.close(incident, lambda _: ())
    assert shared_store.incidents.open(incident, lambda _: ())
    assert incident in [replace(each, at=incident.at) for each in shared_store.incidents.newest()]


def test_incident_is_opened_and_closed_once(store: Store) -> None:
    assert [store.incidents.open(incident(), compose) for _ in range(3)] == [True, False, False]
    assert store.incidents.open_of("world") == {"s": (NOW - DAY, "HTTP 404")}
    assert store.incidents.feeds() == {"world"}
    assert [store.incidents.close(incident("recovered"), compose) for _ in range(3)] == [
        True,
        False,
        False,
    ]
    assert store.incidents.open_of("world") == {}
    assert alerts(store) == [b"broken s", b"recovered s"]
    assert store.incidents.open(incident(at=NOW + DAY), compose)


def test_sources_and_their_feed_have_separate_incidents(store: Store) -> None:
    for key in ("", "s", "t"):
        store.incidents.open(incident(key=key), compose)
    store.incidents.close(incident("recovered", key="s"), compose)
    assert set(store.incidents.open_of("world")) == {"", "t"}
    assert store.incidents.open_of("other") == {}


def test_incident_is_not_stored_if_its_alert_cannot_be_stored(store: Store) -> None:
    def fails(_: Incident) -> list[OutboxMessage]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.incidents.open(incident(), fails)
    assert (store.incidents.open_of("world"), store.incidents.newest()) == ({}, ())
    assert store.incidents.open(incident(), compose)


def test_incidents_have_distinct_times(store: Store) -> None:
    times = []

    def record(incident: Incident) -> list[OutboxMessage]:
        times.append(incident.at)
        return []

    for key in "abc":
        store.incidents.open(incident(key=key, at=NOW + timedelta(milliseconds=300)), record)
    assert times == [NOW - timedelta(seconds=n) for n in range(3)]
    assert [each.at for each in store.incidents.newest()] == times
    assert len(store.incidents.newest(2)) == 2


def test_first_incident_is_only_added_to_an_empty_state(store: Store) -> None:
    for reason in ("1 feed", "2 feeds"):
        store.incidents.start(Incident("", "", "started", NOW, NOW, reason))
    assert [each.reason for each in store.incidents.newest()] == ["1 feed"]
