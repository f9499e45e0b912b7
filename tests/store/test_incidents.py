"""A break is opened once and closed once, and what is told of it is kept with it or not at all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from feedpub.store import Incident, OutboxMessage, Store
from tests.store import examples
from tests.store.examples import DAY, NOW


def notice(kind: Any = "broken", key: str = "s", **others: Any) -> Incident:
    said: dict[str, Any] = {"at": NOW, "since": NOW - DAY, "reason": "HTTP 404"}
    return Incident("world", key, kind, **said | others)


def tell(notice: Incident) -> list[OutboxMessage]:
    return [OutboxMessage("webhook", "", f"{notice.kind} {notice.key}".encode(), notice.at)]


def told(store: Store) -> list[bytes]:
    return [message.body for message in store.outbox.load_all()]


@given(examples.notices)
def test_a_notice_comes_back(shared_store: Store, notice: Incident) -> None:
    """Every field; only its moment may be taken."""
    shared_store.incidents.close(notice, lambda _: ())
    assert shared_store.incidents.open(notice, lambda _: ())
    assert notice in [replace(each, at=notice.at) for each in shared_store.incidents.newest()]


def test_a_break_is_told_once(store: Store) -> None:
    """However many notice it; and so is its end."""
    assert [store.incidents.open(notice(), tell) for _ in range(3)] == [True, False, False]
    assert store.incidents.open_of("world") == {"s": (NOW - DAY, "HTTP 404")}
    assert store.incidents.feeds() == {"world"}
    assert [store.incidents.close(notice("recovered"), tell) for _ in range(3)] == [
        True,
        False,
        False,
    ]
    assert store.incidents.open_of("world") == {}
    assert told(store) == [b"broken s", b"recovered s"]
    assert store.incidents.open(notice(at=NOW + DAY), tell)


def test_each_source_for_itself(store: Store) -> None:
    """And the feed as a whole beside them."""
    for key in ("", "s", "t"):
        store.incidents.open(notice(key=key), tell)
    store.incidents.close(notice("recovered", key="s"), tell)
    assert set(store.incidents.open_of("world")) == {"", "t"}
    assert store.incidents.open_of("other") == {}


def test_what_cannot_be_told_did_not_happen(store: Store) -> None:
    """One transaction: the next look notices it anew."""

    def fails(_: Incident) -> list[OutboxMessage]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.incidents.open(notice(), fails)
    assert (store.incidents.open_of("world"), store.incidents.newest()) == ({}, ())
    assert store.incidents.open(notice(), tell)


def test_no_two_notices_share_a_moment(store: Store) -> None:
    """The later of two is dated a second before; messages are told of that moment."""
    moments = []

    def note(notice: Incident) -> list[OutboxMessage]:
        moments.append(notice.at)
        return []

    for key in "abc":
        store.incidents.open(notice(key=key, at=NOW + timedelta(milliseconds=300)), note)
    assert moments == [NOW - timedelta(seconds=n) for n in range(3)]
    assert [each.at for each in store.incidents.newest()] == moments
    assert len(store.incidents.newest(2)) == 2


def test_there_is_one_first_notice(store: Store) -> None:
    """None where there is any other already."""
    for reason in ("1 feed", "2 feeds"):
        store.incidents.start(Incident("", "", "started", NOW, NOW, reason))
    assert [each.reason for each in store.incidents.newest()] == ["1 feed"]
