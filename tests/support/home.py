"""A folder with a config, and the installed command, run on it from outside."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import feedparser  # type: ignore[import-untyped]

from tests.support.warm import MAX_COMMAND_SECONDS, Command, fork_server

OK, FAILED, REFUSED = 0, 1, 2  # exit statuses
BASE = "https://feeds.example.net/"
PNG = (  # an image of one pixel
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
)
HEAD = f'[feedpub]\nallow_private = ["127.0.0.0/8"]\nrequest_delay = "0s"\nbase_url = "{BASE}"\n'


@dataclass(frozen=True)
class Home:
    """A folder with a config, and the command that uses it."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config" / "feedpub.toml"

    @property
    def feeds(self) -> Path:
        return self.root / "feeds"

    def configure(self, *feeds: str, head: str = HEAD) -> None:
        """Write the config file."""
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(head + "\n".join(feeds), "utf-8")

    def save(self, name: str, content: str | bytes) -> None:
        """Save an article, or a file next to it, into the folder of folder sources."""
        file = self.config.parent / "articles" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own. The environment names the config."""
        with TemporaryDirectory(prefix="feedpub-said-") as folder:
            output, errors = Path(folder, "output"), Path(folder, "errors")
            environ = {"FEEDPUB_CONFIG": str(self.config)}
            end = fork_server().start(Command(arguments, self.root, output, errors, environ)).wait()
            text = output.read_text("utf-8"), errors.read_text("utf-8")
            return subprocess.CompletedProcess(arguments, end.status, *text)

    def build(self, *arguments: str, status: int = OK) -> str:
        """Build, check the exit status, and return the output."""
        done = self.run("build", *arguments)
        message = done.stdout + done.stderr
        assert done.returncode == status, message
        return message

    def items(self, name: str = "world") -> list[dict[str, Any]]:
        """Return the entries of a JSON Feed."""
        return list(json.loads((self.feeds / f"{name}.json").read_text("utf-8"))["items"])

    def entries(self, name: str, form: str) -> list[Any]:
        """Return the entries of an RSS or Atom document as a reader parses them."""
        parsed = feedparser.parse((self.feeds / f"{name}.{form}").read_bytes())
        assert not parsed.bozo
        return list(parsed.entries)

    def read_published(self) -> dict[str, bytes]:
        """Return the bytes of every published file."""
        files = (file for file in self.feeds.rglob("*") if file.is_file())
        return {str(file.relative_to(self.feeds)): file.read_bytes() for file in files}


class FreshProcessHome(Home):
    """A home whose commands are new interpreters.

    Each of them orders sets differently.
    """

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command. The environment names the config."""
        return subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "-m", "feedpub", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FEEDPUB_CONFIG": str(self.config)},
            cwd=self.root,
            timeout=MAX_COMMAND_SECONDS,
        )


def hash_files(files: Mapping[str, bytes]) -> str:
    """Return one hash of all files, for a readable failure if bytes differ."""
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
