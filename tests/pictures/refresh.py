"""Takes README's picture again: `python -m tests.pictures.refresh` after a `feedpub build` of the default config."""

from pathlib import Path

from tests.support.chromium import screenshot

ROOT = Path(__file__).parents[2]


def main() -> None:
    """The page of the first sample feed, as a browser shows it."""
    screenshot(ROOT / "feeds" / "quay.html", Path(__file__).parent / "feed-page.png", width=900, height=860)


if __name__ == "__main__":
    main()
