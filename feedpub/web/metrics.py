"""For Prometheus."""

from feedpub.overview import Overview


def text(overview: Overview) -> str:
    """The metrics."""
    return f"feedpub_feeds {len(overview.feeds)}\n"
