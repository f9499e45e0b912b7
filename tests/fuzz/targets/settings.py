"""What people write in the config."""

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

from feedpub.config import cron, durations, load, warnings
from feedpub.errors import ConfigError
from feedpub.scheduler.triggers import next_fire
from tests.fuzz.oracle import NOW
from tests.fuzz.target import LINES, Target, texts

_HOME = Path(__file__).parents[3]
_LINE = re.compile(r":[0-9]+: .", re.DOTALL)


@cache
def folder() -> Path:
    """A folder for this process, for as long as it lasts."""
    made = Path(tempfile.mkdtemp(prefix="feedpub-fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def config(data: bytes) -> None:
    """A whole config; each complaint has its line."""
    path = folder() / "feedpub.toml"
    path.write_bytes(data)
    try:
        found = load(path, {})
    except ConfigError as error:
        for line in str(error).split("\n"):
            assert line.startswith(str(path)), line
            assert _LINE.match(line.removeprefix(str(path))), line
        raise
    for warning in warnings(found, path):
        warning.encode()


def _configs() -> Iterator[bytes]:
    yield (_HOME / "config" / "feedpub.toml").read_bytes()
    for file in sorted((_HOME / "tests" / "config" / "problems").glob("*.txt")):
        _, frame, rest = re.split(r"^=====\n", file.read_text("utf-8"), maxsplit=2, flags=re.MULTILINE)
        for example in rest.split("\n\n"):
            yield (frame + "\n".join(line for line in example.split("\n") if not line.startswith("!"))).encode()


def times(data: bytes) -> None:
    """A cron expression, with its next moment; a duration, which is written as it was read."""
    expression, length = texts(data, 2)
    try:
        checked = cron.check(expression)
    except ValueError:
        checked = ""
    if checked:
        for timezone in ("UTC", "Europe/Berlin", "Australia/Lord_Howe"):
            assert NOW < next_fire(checked, timezone, NOW) < NOW + timedelta(days=366 * 8 + 1)
    try:
        found = durations.parse(length)
    except ValueError:
        return
    assert durations.parse(durations.written(found)) == found


_KEYS = ("[feedpub]", "[http]", "[alerts]", "[[feed]]", "[[feed.source]]", "[feed.rules]", "[alerts.email]") + tuple(
    f"{key} = "
    for key in (
        "output state base_url contact delay deadline hubs keep allow_private listen token webhook command to sender "
        "server security username password name title description language every cron timezone limit include exclude "
        "type url path glob links headers cookies auth fetch content remove env file author icon"
    ).split()
)

TARGETS = (
    Target(
        "times",
        times,
        lambda: (b"*/5 0-6,12 1 jan-mar mon\xff1w2d3h4m5s", b"0 0 29 2 *\xff90s", b"0 0 30 4 7\xff", b"@daily\xff0s"),
        (
            b"*",
            b"/",
            b"-",
            b",",
            b"jan",
            b"sun",
            b"7",
            b"31",
            b" ",
            b"w",
            b"d",
            b"h",
            b"m",
            b"s",
            "٣".encode(),
            "²".encode(),
        ),
        longest=80,
    ),
    Target(
        "config",
        config,
        _configs,
        (
            *(key.encode() for key in _KEYS),
            b'"""',
            b"'''",
            b"{",
            b"}",
            b"[",
            b"]",
            b"\\u0000",
            b"\\ud800",
            b"\\U0010ffff",
            b'"auto"',
        )
        + (
            b'"text:',
            b'"re:',
            b'"https://',
            b"true",
            b"nan",
            b"1e400",
            b"1979-05-27T07:32:00Z",
            b"= {",
            b'env = "',
            b"\r\n",
            b"\x00",
        ),
        LINES,
    ),
)
