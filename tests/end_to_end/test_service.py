"""`feedpub run`: what it serves and requests, how it starts, reloads and stops."""

import json
import signal
import time
from http.server import BaseHTTPRequestHandler

import pytest

from tests.support.home import HEAD, Home
from tests.support.newsroom import feed, listing, open_newsroom, path, story
from tests.support.service import eventually, free_port, running_service
from tests.support.site import Route, Site

pytestmark = pytest.mark.slow(seconds=10)


@pytest.fixture
def newsroom(site: Site) -> Site:
    open_newsroom(site, [3, 2, 1])
    return site


def titles(body: bytes) -> list[str]:
    return [item["title"] for item in json.loads(body)["items"]]


def test_service_runs_and_serves_feeds_at_once(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world", outcome="updated", new=3)
        assert len(titles(service.get("/world.json"))) == 3
        assert service.get("/world.rss") == (home.feeds / "world.rss").read_bytes()
        assert eventually((home.feeds / "feeds.opml").exists)
        assert eventually(lambda: b"world.rss" in service.get("/feeds.opml"))
        assert service.stop() == 0


def test_restart_requests_nothing_before_it_is_due(newsroom: Site, home: Home) -> None:
    """This holds after a normal exit and after a kill."""
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        feed("other", f"feed {newsroom.url('/rss')}"),
    )
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world")
        assert service.wait_for_event("run_finished", feed="other")
        service.send(signal.SIGKILL)
    newsroom.clear_requests()
    with running_service(home.config) as service:
        time.sleep(3)
        assert not service.events_named("run_finished")
        assert newsroom.requests == []
        assert len(titles(service.get("/world.json"))) == 3


def test_due_feed_is_checked_with_a_conditional_request(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}", more='every = "1m"'))
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world", new=3)
        newsroom[path(4)] = story(4)
        newsroom["/news"] = listing([4, 3, 2, 1])
        assert eventually(lambda: service.events_named("run_finished", feed="world", new=1), 75)
        assert len(titles(service.get("/world.json"))) == 4


def test_readable_secrets_are_logged_on_start_and_reload(newsroom: Site, home: Home) -> None:
    home.configure(
        feed("world", f"page {newsroom.url('/news')}"),
        head=HEAD + '[http]\nadmin_token = "hunter2"\n',
    )
    home.config.chmod(0o600)
    with running_service(home.config) as service:
        assert not service.events_named("config_warning")
        home.config.chmod(0o644)
        service.send(signal.SIGHUP)
        assert service.wait_for_event("config_warning")
        assert (
            "[http] has a secret in this file"
            in service.events_named("config_warning")[0]["reason"]
        )
        assert "hunter2" not in "".join(service.lines)


def test_changed_config_is_applied_on_sighup_or_on_change(newsroom: Site, home: Home) -> None:
    """Only changed feeds run again. An invalid config changes nothing."""
    world, other = (
        feed("world", f"page {newsroom.url('/news')}"),
        feed("other", f"feed {newsroom.url('/rss')}"),
    )
    home.configure(world, other)
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world")
        assert service.wait_for_event("run_finished", feed="other")
        home.configure(world.replace("The world feed", "The whole world"), other)
        service.send(signal.SIGHUP)
        assert service.wait_for_event("reload", outcome="applied", changed="world")
        assert service.wait_for_event("run_finished", times=2, feed="world")
        assert len(service.events_named("run_finished", feed="other")) == 1
        assert json.loads(service.get("/world.json"))["title"] == "The whole world"

        home.configure(world.replace("page", "pgae"), other)
        assert service.wait_for_event("reload", outcome="refused")
        assert str(home.config) in service.events_named("reload", outcome="refused")[0]["reason"]
        assert b"pgae" in service.get("/status")
        assert json.loads(service.get("/world.json"))["title"] == "The whole world"

        home.configure(other, feed("third", f"sitemap {newsroom.url('/sitemap.xml')}"))
        assert service.wait_for_event("reload", outcome="applied", added="third", removed="world")
        assert service.wait_for_event("run_finished", feed="third", new=3)

        rules = home.config.parent / "sites" / "127.0.0.1.toml"
        rules.parent.mkdir()
        rules.write_text('remov = ["aside"]', "utf-8")
        assert service.wait_for_event("reload", times=2, outcome="refused")
        assert (
            f"{rules}:1: remov: unknown key"
            in service.events_named("reload", outcome="refused")[1]["reason"]
        )
        rules.write_text('remove = ["aside"]', "utf-8")
        assert service.wait_for_event("reload", times=3, outcome="applied")
        assert service.stop() == 0


def test_feed_files_are_added_changed_and_removed_at_run_time(newsroom: Site, home: Home) -> None:
    """An invalid file changes nothing."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    file = home.config.parent / "feeds.d" / "other.toml"
    other = feed("other", f"feed {newsroom.url('/rss')}")
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world")
        file.parent.mkdir()
        file.write_text(other, "utf-8")
        assert service.wait_for_event("reload", outcome="applied", added="other")
        assert service.wait_for_event("run_finished", feed="other", new=3)
        file.write_text(other.replace("The other feed", "Another feed"), "utf-8")
        assert service.wait_for_event("reload", outcome="applied", changed="other")
        assert service.wait_for_event("run_finished", times=2, feed="other")
        assert json.loads(service.get("/other.json"))["title"] == "Another feed"
        file.write_text("[http]\n", "utf-8")
        assert service.wait_for_event("reload", outcome="refused")
        assert f"{file}:1: http:" in service.events_named("reload", outcome="refused")[0]["reason"]
        file.unlink()
        assert service.wait_for_event("reload", outcome="applied", removed="other")
        file.write_text(other, "utf-8")
        service.send(signal.SIGHUP)
        assert service.wait_for_event("reload", times=2, outcome="applied", added="other")
        assert len(service.events_named("run_finished", feed="world")) == 1
        assert service.stop() == 0


def test_second_service_is_refused_with_the_pid_of_the_first(newsroom: Site, home: Home) -> None:
    """A build at the same time works."""
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world")
        refused = home.run("run", "--listen", f"127.0.0.1:{free_port()}")
        assert refused.returncode == 1
        assert f"with pid {service.process.pid}" in refused.stderr
        home.build()


def test_used_address_is_reported_before_any_request(newsroom: Site, home: Home) -> None:
    home.configure(feed("world", f"page {newsroom.url('/news')}"))
    refused = home.run("run", "--listen", f"127.0.0.1:{newsroom.port}")
    assert refused.returncode == 1
    assert f"127.0.0.1:{newsroom.port}" in refused.stderr
    assert newsroom.requests == []


def test_service_stops_in_time_despite_a_hanging_source(newsroom: Site, home: Home) -> None:
    """Other feeds are not delayed, and published files stay."""

    def hang(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(60)
        handler.close_connection = True

    newsroom["/slow"] = hang
    home.configure(feed("slow", f"page {newsroom.url('/slow')}"), feed("world", "folder articles"))
    home.save(
        "one.txt",
        "A headline that says something\n\n"
        + "A paragraph of some length, with words in it. " * 20,
    )
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="world", new=1)
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 20
        assert service.events_named("stopping", cancelled="slow")
    assert len(home.items("world")) == 1


def test_failed_source_is_logged_with_reason_and_next_check(newsroom: Site, home: Home) -> None:
    del newsroom.routes["/news"]
    home.configure(feed("world", f"page {newsroom.url('/news')}"), head=HEAD)
    with running_service(home.config) as service:
        assert service.wait_for_event(
            "run_finished", feed="world", outcome="failed", why="failed once"
        )
        assert service.wait_for_event("run_problem", kind="source", where=newsroom.url("/news"))


def test_verbose_logs_requests_sources_articles_and_plans(newsroom: Site, home: Home) -> None:
    newsroom[path(1)] = Route(b"", status=404)
    listed = f"page {newsroom.url('/news')}?token=hush"
    home.configure(feed("quiet", listed), head=HEAD)
    with running_service(home.config) as service:
        assert service.wait_for_event("run_finished", feed="quiet")
        assert not any(event["level"] == "debug" for event in service.events)
    home.configure(feed("world", listed), head=HEAD)
    with running_service(home.config, "-v") as service:
        assert service.wait_for_event("run_finished", feed="world")
        (listing,) = service.events_named("request", url=newsroom.url("/news?token=…"))
        assert (listing["method"], listing["feed"], listing["status"]) == ("GET", "world", 304)
        assert (listing["conditional"], listing["bytes"]) == (True, 0)
        (page,) = service.events_named(
            "request", url=newsroom.url(path(2)), status=200, conditional=False
        )
        assert page["bytes"] == len(story(2).encode())
        (source,) = service.events_named("source", feed="world", verdict="normal")
        assert (source["source"], source["known"]) == (listing["url"], 0)
        assert service.events_named("article", url=newsroom.url(path(2)), outcome="new")
        (article,) = service.events_named("article", url=newsroom.url(path(1)))
        assert article["outcome"].startswith("failed: HTTP 404: the page is gone; next try at ")
        (plan,) = service.events_named("plan", source=listing["url"])
        assert "publication dates to estimate a rate from" in plan["why"]
        assert "hush" not in "".join(service.lines)
