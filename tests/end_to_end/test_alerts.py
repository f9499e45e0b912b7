"""Alerts of builds and of the service, and the health feed."""

import json
import sqlite3
import sys
import time
from contextlib import closing

import pytest

from tests.support.home import FAILED, HEAD, Home
from tests.support.mailbox import Mailbox, running_mailbox
from tests.support.newsroom import feed, listing
from tests.support.service import eventually, running_service
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow


def read_alerts(site: Site) -> list[str]:
    return [
        json.loads(request.body)["text"] for request in site.requests if request.path == "/hook"
    ]


def test_builds_send_one_alert_per_channel_on_failure_and_recovery(
    newsroom: Site, home: Home
) -> None:
    newsroom["/hook"] = b"ok"
    file = home.root / "alert"
    code = "import os, sys; open(sys.argv[1], 'a').write(os.environ['FEEDPUB_EVENT'] + ' ')"
    with running_mailbox(Mailbox()) as mailbox:
        ways = (
            f'[alerts]\nwebhook = "{newsroom.url("/hook")}"\n'
            f"command = {json.dumps([sys.executable, '-c', code, str(file)])}\n"
            '[alerts.email]\nto = ["jane@example.org"]\nsender = "feedpub@example.net"\n'
            f'server = "127.0.0.1:{mailbox.port}"\n'
        )
        home.configure(feed("world", f"page {newsroom.url('/news')}"), head=HEAD + ways)
        home.build()
        time.sleep(1)  # of two incidents within a second, the later one is dated before the other
        newsroom["/news"] = Route(b"gone", status=404)
        for _ in range(3):
            home.build(status=FAILED)
        time.sleep(1)
        newsroom["/news"] = listing([5, 4, 3, 2, 1])
        home.build()
        home.build()
    place = f"127.0.0.1:{newsroom.port}/news"
    expected = [
        f"{place} is failing: HTTP 404: the page is gone",
        f"{place} recovered after less than a minute",
    ]
    assert read_alerts(newsroom) == expected
    assert [mail["Subject"] for mail in mailbox.mails] == [f"[feedpub] {text}" for text in expected]
    assert file.read_text("utf-8") == "broken recovered "
    assert [item["title"] for item in home.items("health")] == [
        *reversed(expected),
        "feedpub monitors 1 feed",
    ]
    for form in ("rss", "atom"):
        assert len(home.entries("health", form)) == 3


def test_service_alerts_at_once_if_a_feed_cannot_be_written(newsroom: Site, home: Home) -> None:
    newsroom["/hook"] = b"ok"
    (home.feeds / "world.rss").mkdir(parents=True)
    head = f'{HEAD}[alerts]\nwebhook = "{newsroom.url("/hook")}"\n'
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        feed("other", f"feed {newsroom.url('/rss')}"),
        head=head,
    )
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="other", outcome="updated")
        assert eventually(lambda: read_alerts(newsroom))
        assert eventually(lambda: b"The feed world is failing" in service.get("/health.json"))
        assert service.stop() == 0
    (text,) = read_alerts(newsroom)
    assert text.startswith("The feed world is failing: ")
    assert "a folder is in the place of the file" in text


def test_service_alerts_once_if_the_state_cannot_be_written(newsroom: Site, home: Home) -> None:
    newsroom["/hook"] = b"ok"
    head = f'{HEAD}[alerts]\nwebhook = "{newsroom.url("/hook")}"\n[http]\nadmin_token = "t"\n'
    home.configure(feed("world", f"page {newsroom.url('/news')}"), head=head)
    home.build()
    with closing(sqlite3.connect(home.root / ".feedpub" / "feedpub.sqlite")) as database:
        for table in ("runs", "unchanged_checks", "incidents"):
            refusal = "BEGIN SELECT RAISE(ABORT, 'no room left'); END"
            database.execute(f"CREATE TRIGGER full_{table} BEFORE INSERT ON {table} {refusal}")
        database.execute("DELETE FROM schedule")
        database.commit()
    with running_service(home.config) as service:
        assert eventually(lambda: read_alerts(newsroom))
        assert service.wait_for_event("state_error", feed="world")
        assert service.stop() == 0
    (text,) = read_alerts(newsroom)
    assert "no room left" in text
