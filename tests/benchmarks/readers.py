"""Subscribe twelve feed readers to a running service, and check that they show a later entry.

    python -m tests.benchmarks.readers [rss atom json]

For each document it prints a line per reader: how many entries the reader shows, how many of them
complete, the answer to each of its polls, and how many entries it shows a minute after one more
article appeared. Some readers obey Cache-Control and do not ask sooner. The readers are those of
the shared tools; if these are absent, the script does nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.support.newsroom import configure, feed, open_newsroom
from tests.support.service import RunningService, eventually, running_service
from tests.support.site import Site, running_site

SUBSCRIBE = Path("tools/readers/subscribe.sh")
STORIES = 12
LAST_WORDS = "and the weather holds"  # of each story: they show that the text is complete
# seconds after which every cached copy of a feed checked each minute has expired
KEPT = 61
KNOW_JSON = "reader,miniflux,feedsmith"  # the others do not support JSON Feed


def main() -> int:
    """Subscribe to each document; return the number of documents on which a reader failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", nargs="*", default=["rss", "atom", "json"])
    parser.add_argument("--only", help="names of readers, separated by commas")
    options = parser.parse_args()
    shared = Path(os.environ.get("FEEDPUB_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    if not (shared / SUBSCRIBE).exists():
        print(
            f"{shared / SUBSCRIBE} is absent: set FEEDPUB_SHARED to a folder that holds {SUBSCRIBE}"
        )
        return 0
    return sum(
        _subscribe(shared / SUBSCRIBE, document, options.only) for document in options.documents
    )


def _subscribe(script: Path, document: str, only: str | None) -> bool:
    """Subscribe the readers that support a kind of document; return whether one failed."""
    print(f"--- {document}", flush=True)
    readers = only or (KNOW_JSON if document == "json" else None)
    with (
        running_site() as site,
        tempfile.TemporaryDirectory() as home,
        _publishing(site, Path(home)) as service,
    ):
        command = [
            str(script),
            *(("--only", readers) if readers else ()),
            *("--marker", LAST_WORDS),
            *("--expect", str(STORIES)),
            *("--after", f"curl -sSf -o /dev/null {site.url('/one-more')}"),
            f"http://127.0.0.1:{service.port}/world.{document}",
        ]
        return subprocess.run(command, check=False).returncode != 0  # noqa: S603 -- the shared tool


@contextmanager
def _publishing(site: Site, home: Path) -> Iterator[RunningService]:
    """Serve one feed of a site's stories.

    A request to the site for /one-more adds one more story to the feed.
    """
    open_newsroom(site, list(range(STORIES, 0, -1)))
    configure(home, feed("world", f"page {site.url('/news')}", more='every = "1m"'))
    with running_service(home / "config" / "feedpub.toml") as service:
        assert service.wait_for_event("run_finished", feed="world", outcome="updated"), (
            service.lines
        )

        def one_more(handler: BaseHTTPRequestHandler) -> None:
            open_newsroom(site, list(range(STORIES + 1, 0, -1)))
            seen = eventually(
                lambda: service.events_named("run_finished", feed="world", new=1), 2 * KEPT
            )
            time.sleep(KEPT)
            handler.send_response(200 if seen else 500)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        site["/one-more"] = one_more
        yield service


if __name__ == "__main__":
    sys.exit(main())
