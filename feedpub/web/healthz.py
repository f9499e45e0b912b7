"""For supervisors."""

from typing import Any

from feedpub.overview import Overview


def report(overview: Overview) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and what is not."""
    return overview.running is not None, {"feeds": len(overview.feeds)}
