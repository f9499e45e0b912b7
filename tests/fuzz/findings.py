"""Handle failing inputs: name them by where they failed, reduce them, and keep them."""

import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fuzz.target import Target

REGRESSIONS = Path(__file__).parent / "regressions"
_PACKAGE = "/feedpub/"
_NUMBER = re.compile(r"U\+\w+|'.*|\d+")  # differs from input to input
_MOST_TRIES = 3000  # attempts to reduce an input


def signature(error: BaseException) -> str:
    """Return a readable name for a failure.

    It consists of the error and the function of feedpub or of the tests that raised it.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own_frames = [frame for frame in frames if _PACKAGE in frame.filename] or frames
    what = str(error)[:40] if isinstance(error, AssertionError) else type(error).__name__
    where = f"{Path(own_frames[-1].filename).stem} {own_frames[-1].name}"
    return re.sub(r"[^a-z]+", "-", f"{_NUMBER.sub('', what)} in {where}".lower()).strip("-")


def failure_signature(target: Target, data: bytes) -> str | None:
    """Return the signature of an input's failure; None if the input passes."""
    try:
        target.check(data)
    except Exception as error:  # noqa: BLE001 -- any error is a finding
        return signature(error)
    return None


def smallest(target: Target, data: bytes) -> bytes:
    """Reduce an input until no part can be left out without losing its failure.

    Stop after a limited number of attempts.
    """
    wrong, tries = failure_signature(target, data), iter(range(_MOST_TRIES))
    if wrong is None:
        return data
    for split in (
        target.pieces.findall,
        lambda whole: [whole[at : at + 1] for at in range(len(whole))],
    ):
        parts = list(filter(None, split(data)))
        data = b"".join(
            _minimize(parts, lambda some: failure_signature(target, b"".join(some)) == wrong, tries)
        )
    return data


def _minimize(
    parts: list[bytes], fails: Callable[[list[bytes]], bool], tries: Iterator[int]
) -> list[bytes]:
    """Leave out parts that the failure does not need, in runs of a half, a quarter, and so on."""
    size = len(parts) // 2
    while size:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size :]
            if next(tries, None) is None:
                return parts
            if fails(fewer):
                parts = fewer
            else:
                at += size
        size //= 2
    return parts


def keep(folder: Path, target: Target, name: str, data: bytes) -> Path:
    """Save an input, unless a smaller one of the same name exists."""
    path = folder / target.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or len(data) < path.stat().st_size:
        path.write_bytes(data)
    return path
