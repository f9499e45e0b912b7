"""Define fuzz targets: functions that take bytes, with examples of their inputs."""

import re
import time
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from feedpub.core.errors import FeedpubError

LONGEST_CPU = 2.0  # seconds that an input of up to 64 KiB may take
SEPARATOR = b"\xff"  # between the fields of an input: no byte of UTF-8
MARKUP = re.compile(rb"<[^<>]*>?|[^<]+", re.DOTALL)
LINES = re.compile(rb"[^\n]+\n?|\n")
WORDS = re.compile(rb"\w+|\W", re.DOTALL)
BYTES = re.compile(rb".", re.DOTALL)
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Target:
    """A part of feedpub to fuzz.

    Attributes:
        name: for the command line, and of the folder of initial inputs.
        run: reads an input and checks the result; may raise only FeedpubError.
        grammar: of its inputs, as words.toml names it.
        pieces: finds the parts of an input that are left out, doubled and moved.
        longest: the maximum bytes of an input.
        others: more initial inputs, made of the tests' data.
    """

    name: str
    run: Callable[[bytes], object]
    grammar: str
    pieces: re.Pattern[bytes]
    longest: int
    others: Callable[[], Iterable[bytes]] = tuple

    @property
    def words(self) -> tuple[bytes, ...]:
        """Return the fragments from which its inputs are made."""
        return (*_grammars()[self.grammar], SEPARATOR)

    def seeds(self) -> list[bytes]:
        """Return the inputs from which others are made, none longer than the limit."""
        planted = sorted((_HERE / "seeds" / self.name).glob("*"))
        return [
            seed[: self.longest]
            for seed in (*(path.read_bytes() for path in planted), *self.others())
        ]

    def check(self, data: bytes) -> None:
        """Run the target on an input.

        Raises:
            AssertionError: the result is wrong, or took too long.
            Exception: the target raised an error that it must not raise.
        """
        began = time.thread_time()
        try:
            self.run(data)
        except FeedpubError as error:
            str(error).encode()  # a message is shown and stored
        took = time.thread_time() - began
        assert took <= LONGEST_CPU, f"took {took:.1f} s for {len(data)} bytes"


@cache
def _grammars() -> dict[str, tuple[bytes, ...]]:
    listed = tomllib.loads((_HERE / "words.toml").read_text("utf-8"))
    return {
        name: (
            *(word.encode() for word in entry.get("words", ())),
            *map(bytes.fromhex, entry.get("bytes", ())),
        )
        for name, entry in listed.items()
    }


@dataclass(frozen=True, slots=True)
class Effort:
    """The effort to spend on a target.

    Attributes:
        inputs: the number of inputs.
        seconds: the time limit, whatever the number of inputs; 0 for no limit.
        seed: the same seed gives the same inputs, as long as the code is unchanged.
        longest: bytes of an input, if fewer than the target's own limit; small inputs are
            tried faster.
    """

    inputs: int
    seconds: int = 0
    seed: int = 1
    longest: int = 1 << 20


def fields(data: bytes, count: int) -> list[bytes]:
    """Split an input into n fields, the last with all that remains; missing ones are empty."""
    found = data.split(SEPARATOR, count - 1)
    return found + [b""] * (count - len(found))


def text(data: bytes) -> str:
    """Decode bytes to a text with any characters that Python allows, including lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def texts(data: bytes, count: int) -> list[str]:
    """Return the first n fields of an input as texts."""
    return [text(field) for field in fields(data, count)]
