"""Make `feedpub.1` from the manual's reference pages when the package is built."""

import runpy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PAGES = ("commands", "exit-codes")


class ManualPageHook(BuildHookInterface):
    """Adds `share/man/man1/feedpub.1` to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatchling's interface
        """Render the page before the wheel is written."""
        folder = Path(self.root, "feedpub", "manual")
        pages = [(folder / f"{name}.md").read_text("utf-8") for name in _PAGES]
        # By its path: the package cannot be imported before its requirements are installed.
        render = runpy.run_path(str(folder / "roff.py"))["render"]
        metadata = self.metadata.core
        self._folder = TemporaryDirectory()
        page = Path(self._folder.name, "feedpub.1")
        page.write_text(
            render(metadata.name, metadata.description, metadata.version, pages), "utf-8"
        )
        build_data["shared_data"][str(page)] = "share/man/man1/feedpub.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 -- as above
        """Delete the page once the wheel is written."""
        self._folder.cleanup()
