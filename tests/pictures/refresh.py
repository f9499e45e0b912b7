"""Takes README's pictures again: `python -m tests.pictures.refresh` after a `feedpub build` of the default config."""

import tempfile
from pathlib import Path

from feedpub.overview import Health, Overview
from feedpub.web import status
from tests.support import overviews
from tests.support.chromium import screenshot

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def main() -> None:
    """The page of the first sample feed, and a status page, as a browser shows them."""
    screenshot(ROOT / "feeds" / "quay.html", HERE / "feed-page.png", width=900, height=860)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "status.html")
        page.write_text(status.page(_overview(), token_needed=True), encoding="utf-8")
        screenshot(page, HERE / "status-page.png", width=900, height=860)


def _overview() -> Overview:
    """One feed whose source has gone, and one that is well."""
    source = overviews.broken_source("https://gazette.example.org/feed")
    gone = overviews.feed("gazette", "The Gazette", health=Health.BROKEN, sources=(source,))
    return overviews.overview(gone, overviews.feed(removals=(overviews.removal(),)))


if __name__ == "__main__":
    main()
