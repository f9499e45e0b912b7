"""Example files of other programs, written for these tests, and their import."""

from pathlib import Path

from feedpub.cli.importers import Imported, ImportedFeed, parse_import

EXAMPLES = Path(__file__).parent / "examples"


def import_example(name: str, kind: str | None = None) -> Imported:
    """Import an example file."""
    return parse_import((EXAMPLES / name).read_bytes(), name, kind)


def feeds(found: Imported) -> dict[str, ImportedFeed]:
    """Return the feeds by title."""
    return {draft.title: draft for draft in found.feeds}


def format_losses(found: Imported, *, matters: bool = True) -> list[str]:
    """Return what is not imported, as the command prints it."""
    return [str(loss) for loss in found.unsupported if loss.is_important is matters]
