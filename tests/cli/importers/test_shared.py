"""Import real html2rss configs; each is imported, and its losses are named.

`python -m tests.cli.importers.test_shared` prints how many are imported without loss.
"""

from collections import Counter
from pathlib import Path

from feedpub.cli.importers import Imported, parse_import
from feedpub.config import validate_feed
from tests.support.shared import shared_data


def configs() -> dict[str, Imported]:
    """Return all imports by path."""
    folder = shared_data("data/html2rss-configs")
    paths = sorted(folder.rglob("*.yml"))
    return {
        str(path.relative_to(folder)): parse_import(path.read_bytes(), Path(path).name)
        for path in paths
    }


def outcome(found: Imported) -> str:
    """Return how completely a file was imported."""
    if not found.feeds:
        return "left out"
    return "with losses" if any(loss.is_important for loss in found.unsupported) else "whole"


def test_every_config_is_imported() -> None:
    """Each becomes one valid feed, or is left out with a reason: JSON that is not a feed."""
    found = configs()
    counts = Counter(map(outcome, found.values()))
    assert counts.total() == len(found) >= 50
    assert counts["whole"] >= 30
    for name, each in found.items():
        assert len(each.feeds) == 1 or any(loss.what == "json" for loss in each.unsupported), name
        assert not [
            problem for draft in each.feeds for problem in validate_feed(draft.as_toml_table("x"))
        ], name
        assert all(draft.links or draft.selectors for draft in each.feeds), name


if __name__ == "__main__":
    print(dict(Counter(map(outcome, configs().values()))))
