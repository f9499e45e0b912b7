"""Read the texts that users write in the config."""

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from feedpub.config import cron, find_warnings, load_config, types
from feedpub.core.errors import ConfigError
from feedpub.scheduler.cron import next_cron_time
from tests.fuzz.oracle import NOW
from tests.fuzz.target import LINES, WORDS, Target, texts

_HOME = Path(__file__).parents[3]
_LINE = re.compile(r":[0-9]+: .", re.DOTALL)


@cache
def folder() -> Path:
    """Return a folder that lasts as long as this process."""
    created = Path(tempfile.mkdtemp(prefix="feedpub-fuzz-"))
    atexit.register(shutil.rmtree, created, ignore_errors=True)
    return created


def config(data: bytes) -> None:
    """Read a complete config; each complaint has its line."""
    path = folder() / "feedpub.toml"
    path.write_bytes(data)
    try:
        found = load_config(path, {})
    except ConfigError as error:
        for line in str(error).split("\n"):
            assert line.startswith(str(path)), line
            assert _LINE.match(line.removeprefix(str(path))), line
        raise
    for warning in find_warnings(found, path):
        warning.encode()


def _configs() -> Iterator[bytes]:
    yield (_HOME / "config" / "feedpub.toml").read_bytes()
    for file in sorted((_HOME / "tests" / "config" / "problems").glob("*.txt")):
        _, frame, rest = re.split(
            r"^=====\n", file.read_text("utf-8"), maxsplit=2, flags=re.MULTILINE
        )
        for example in rest.split("\n\n"):
            yield (
                frame + "\n".join(line for line in example.split("\n") if not line.startswith("!"))
            ).encode()


def times(data: bytes) -> None:
    """Read a cron expression and find its next moment; read a duration and write it again."""
    expression, length = texts(data, 2)
    try:
        checked = cron.check_cron(expression)
    except ValueError:
        checked = ""
    if checked:
        for timezone in ("UTC", "Europe/Berlin", "Australia/Lord_Howe"):
            assert NOW < next_cron_time(checked, timezone, NOW) < NOW + timedelta(days=366 * 8 + 1)
    try:
        found = types.parse_duration(length)
    except ValueError:
        return
    assert types.parse_duration(types.format_duration(found)) == found


TARGETS = (
    Target("times", times, "times", WORDS, 80),
    Target("config", config, "toml", LINES, 4096, _configs),
)
