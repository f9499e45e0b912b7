"""Take README's pictures again.

`python -m tests.pictures.refresh` after a `feedpub build` of the default config.
"""

import tempfile
from contextlib import chdir
from pathlib import Path

from feedpub.core.models import Page
from feedpub.web import Server
from feedpub.web.preview import PreviewPage, PreviewServer, PreviewSession
from feedpub.web.sockets import open_socket
from feedpub.web.status import Health, ServiceStatus
from tests.support import overviews
from tests.support.chromium import screenshot
from tests.support.newsroom import configure, open_context, path, title
from tests.support.tab import open_tab
from tests.web.preview.stories import SAID, story_with_box

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def main() -> None:
    """Take pictures of the first sample feed's page, a status page and a preview in a browser."""
    screenshot(ROOT / "feeds" / "quay.html", HERE / "feed-page.png", width=900, height=860)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "status.html")
        page.write_text(overviews.render_status_page(_overview(), can_run=True), encoding="utf-8")
        screenshot(page, HERE / "status-page.png", width=900, height=860)
        _preview(Path(folder), HERE / "preview.png")


def _preview(folder: Path, picture: Path) -> None:
    """Draft a rule for a box in the newest of four stories."""
    config = configure(folder)
    urls = {n: f"https://times.example.org{path(n)}" for n in sorted(SAID, reverse=True)}
    subjects = [
        PreviewPage(title(n), url, Page(url, story_with_box(n).encode(), "text/html"))
        for n, url in urls.items()
    ]
    with chdir(folder), open_context(config) as context, open_tab("--disable-lcd-text") as tab:
        listening = open_socket("127.0.0.1:0")
        bureau = PreviewServer(
            PreviewSession(subjects, context, config.rules.sites, subjects),
            listening.getsockname()[1],
        )
        server = Server(bureau, [listening])
        server.start()
        tab.resize(1200, 700)
        tab.open(bureau.url)
        tab.wait_for("document.querySelector('[data-selector=\".join-box\"] .block')")
        tab.click('[data-selector=".join-box"] .block')
        tab.click("[data-act=remove]")
        tab.wait_for("document.querySelector('#effects details')")
        picture.write_bytes(tab.screenshot())
        server.stop(5)


def _overview() -> ServiceStatus:
    """Publish one feed whose source has gone, and one that works."""
    source = overviews.failing_source("https://gazette.example.org/feed")
    gone = overviews.feed_status("gazette", "The Gazette", health=Health.BROKEN, sources=(source,))
    return overviews.service_status(
        gone, overviews.feed_status(removals=(overviews.removal_stat(),))
    )


if __name__ == "__main__":
    main()
