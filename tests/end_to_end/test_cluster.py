"""Several services and workers, as processes that share a PostgreSQL database."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from tests.support.home import BASE, Home
from tests.support.newsroom import feed
from tests.support.service import RunningService, eventually, running_service
from tests.support.site import Site

pytestmark = pytest.mark.slow
NAMES = ("world", "local", "sport")
KINDS = {"world": "page {}", "local": "feed {}", "sport": "sitemap {}"}
PATHS = {"world": "/news", "local": "/rss", "sport": "/sitemap.xml"}


def configure(home: Home, address: str, newsroom: Site, *names: str) -> None:
    head = (
        f'[feedpub]\nstate = "{address}"\nqueue = true\nbase_url = "{BASE}"\n'
        'allow_private = ["127.0.0.0/8"]\n'
        'request_delay = "0s"\n[http]\nadmin_token = "secret"\n'
    )
    places = {name: KINDS[name].format(newsroom.url(PATHS[name])) for name in names}
    home.configure(*(feed(name, place) for name, place in places.items()), head=head)


@contextmanager
def running_worker(home: Home) -> Iterator[RunningService]:
    """Run a worker. Kill it at the end if it still runs."""
    command = [
        sys.executable,
        "-m",
        "feedpub",
        "-c",
        str(home.config),
        "worker",
        "--log",
        "json",
        "--at-once",
        "2",
    ]
    with subprocess.Popen(  # noqa: S603 -- our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        worker = RunningService(process, 0)
        try:
            assert eventually(lambda: worker.has_started or process.poll() is not None), (
                worker.lines
            )
            yield worker
        finally:
            process.kill()
            worker._reader.join()


@contextmanager
def cluster(home: Home) -> Iterator[tuple[list[RunningService], list[RunningService]]]:
    """Run two services, the first of which leads, and two workers."""
    with ExitStack() as stack:
        services = [stack.enter_context(running_service(home.config))]
        assert services[0].wait_for_event("leader", outcome="this service is the leader")
        services.append(stack.enter_context(running_service(home.config)))
        yield services, [stack.enter_context(running_worker(home)) for _ in range(2)]


def run_now(service: RunningService, name: str) -> int:
    """Ask a service to run a feed now. Return the response's status."""
    headers = {"Authorization": "Bearer secret"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/run", f"feed={name}".encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def runs(workers: list[RunningService], name: str) -> int:
    """Count the runs of a feed by all workers."""
    return sum(len(worker.events_named("run_finished", feed=name)) for worker in workers)


def test_cluster_publishes_reloads_and_stops(newsroom: Site, home: Home, address: str) -> None:
    configure(home, address, newsroom, "world", "local")
    with cluster(home) as (services, workers):
        for name in ("world", "local"):
            assert eventually(lambda name=name: (home.feeds / f"{name}.json").exists(), 40), name  # type: ignore[misc]
            assert len(home.items(name)) == 5
        assert eventually(lambda: b"local" in services[1].get("/feeds.opml"))
        for service in services:
            assert json.loads(service.get("/local.json"))["items"]
            assert b"local" in service.get("/status")
            assert service.get("/healthz")
        assert not services[1].events_named("leader")

        before = runs(workers, "world")
        assert run_now(services[1], "world") == 202
        assert eventually(lambda: runs(workers, "world") > before)

        configure(home, address, newsroom, *NAMES)
        assert eventually((home.feeds / "sport.json").exists, 40)

        assert services[0].stop() == 0
        assert services[1].wait_for_event("leader", outcome="this service is the leader")
        assert run_now(services[1], "sport") in (202, 409)
        for process in (*workers, services[1]):
            assert process.stop() == 0


def test_run_now_takes_precedence_over_queued_feeds(
    newsroom: Site, home: Home, address: str
) -> None:
    configure(home, address, newsroom, *NAMES)
    with running_service(home.config) as service:
        assert service.wait_for_event("leader", outcome="this service is the leader")
        assert eventually(lambda: run_now(service, "sport") == 202)
        assert run_now(service, "sport") == 409
        assert eventually(lambda: _count_dispatched(address) == 3)
        with running_worker(home) as worker:
            assert eventually(lambda: len(worker.events_named("run_finished")) >= 3, 40)
            worker.send(signal.SIGTERM)
            assert worker.process.wait(20) == 0
            assert "sport" in [event["feed"] for event in worker.events_named("run_finished")][:2]


def _count_dispatched(address: str) -> int:
    with psycopg.connect(address) as connection:
        row = connection.execute(
            "SELECT count(*) FROM schedule WHERE handed IS NOT NULL"
        ).fetchone()
        return int(row[0]) if row else 0
