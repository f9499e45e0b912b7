"""Serve the sites of a soak test, hostile and healthy, in a process of their own.

`python -m tests.soak.world` prints the feeds in its first line, then the address and time of each
article. It ends when its standard input is closed. Every line is JSON.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path

from tests.catalogue.press import publish
from tests.soak.hostile import HostileFeed, hostile_feeds
from tests.support.newsroom import feed, title
from tests.support.site import Site, running_site

KINDS = ("page /news", "feed /rss", "feed /feed.json", "sitemap /sitemap.xml")
INITIAL_STORIES = 5  # stories that a healthy site has at the beginning
MAX_STORIES = 29  # days in a month of the stories
MINUTE_SECONDS = 60.0


class HealthySite:
    """A site on which a new story appears now and then, with its feed."""

    def __init__(self, number: int, site: Site) -> None:
        self.name = f"healthy-{number:02}"
        self._kind, self._place = KINDS[number % len(KINDS)].split(" ")
        self._site = site
        self._newest = INITIAL_STORIES
        publish(site, tuple(range(INITIAL_STORIES, 0, -1)))

    @property
    def config(self) -> str:
        every = 'every = "1m"\nrecheck = false'
        return feed(self.name, f"{self._kind} {self._site.url(self._place)}", more=every)

    def advance(self) -> None:
        """Publish one more story."""
        if self._newest < MAX_STORIES:
            self._newest += 1
            publish(self._site, tuple(range(self._newest, 0, -1)))
            _print_json({"published": self.name, "title": title(self._newest), "at": time.time()})


def _print_json(what: object) -> None:
    print(json.dumps(what), flush=True)


def _publish_stories(
    healthy: list[HealthySite], hostile: list[HostileFeed], gap: float, ended: threading.Event
) -> None:
    """Publish one story after another, each at the next site.

    Renew the hostile feeds every minute.
    """
    began, turn, minute = time.monotonic(), 0, 0
    while not ended.wait(gap):
        healthy[turn % len(healthy)].advance()
        turn += 1
        if time.monotonic() - began > (minute + 1) * MINUTE_SECONDS:
            minute += 1
            for each in hostile:
                each.advance(minute)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.world", description=__doc__)
    parser.add_argument("--healthy", type=int, default=20, help="healthy feeds")
    parser.add_argument("--gap", type=float, default=6.0, help="seconds between two articles")
    parser.add_argument("names", nargs="*", metavar="NAME", help="hostile feeds (default: all)")
    options = parser.parse_args()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedpub-soak-world-")))
        root.chmod(0o755)
        sites = [
            stack.enter_context(running_site(f"127.77.2.{n}"))
            for n in range(1, options.healthy + 1)
        ]
        healthy = [HealthySite(number, site) for number, site in enumerate(sites)]
        hostile = hostile_feeds(root, stack, options.names)
        # Mixed, so that no kind has the first seconds for itself.
        both = zip_longest((each.config for each in healthy), (each.config for each in hostile))
        feeds = [config for pair in both for config in pair if config]
        names = {
            "healthy": [each.name for each in healthy],
            "hostile": [each.name for each in hostile],
        }
        _print_json({"feeds": feeds, **names})
        ended = threading.Event()
        thread = threading.Thread(
            target=_publish_stories, args=(healthy, hostile, options.gap, ended)
        )
        thread.start()
        sys.stdin.read()
        ended.set()
        thread.join()


if __name__ == "__main__":
    main()
