"""Files of other programs, written for these tests, and what has become of them."""

from pathlib import Path

from feedpub.cli.importers import Imported, ImportedFeed, parse_import

EXAMPLES = Path(__file__).parent / "examples"


def imported(name: str, kind: str | None = None) -> Imported:
    """What is in one of the examples."""
    return parse_import((EXAMPLES / name).read_bytes(), name, kind)


def feeds(found: Imported) -> dict[str, ImportedFeed]:
    """The feeds by their titles."""
    return {draft.title: draft for draft in found.feeds}


def lost(found: Imported, *, matters: bool = True) -> list[str]:
    """What is lost, a line each, as people are told."""
    return [str(loss) for loss in found.unsupported if loss.is_important is matters]
