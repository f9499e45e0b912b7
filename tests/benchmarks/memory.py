"""Measure how much memory hostile sites can make a build's processes take.

    python -m tests.benchmarks.memory [NAME ...]

plays the catalogue's cases of memory and two larger ones, or those of these names. It prints the
sum of every process's peak, which counts shared memory and replaced workers several times, and the
most that all held at one time (PSS).
"""

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.compare import table
from tests.catalogue import command
from tests.catalogue.case import Case, Theatre
from tests.catalogue.cases import memory
from tests.catalogue.stage import Stage


class _AtOnce(command.Memory):
    """Also measure the memory that all processes hold at the same time, in MB."""

    most = 0.0

    def sample(self) -> None:
        super().sample()
        _AtOnce.most = max(_AtOnce.most, command.megabytes_of(command.family(self._pid)))


def main() -> None:
    command.Memory = _AtOnce  # type: ignore[misc]
    wanted = sys.argv[1:]
    cases = [case for case in (*memory.CASES, *memory.LARGEST) if not wanted or case.name in wanted]
    with (
        tempfile.TemporaryDirectory(prefix="feedpub-memory-") as folder,
        Stage.open(Path(folder)) as stage,
    ):
        rows = [_row(case, Theatre(stage)) for case in cases]
    print(table(("case", "sum of peaks, MB", "at once, MB", "seconds"), rows))


def _row(case: Case, theatre: Theatre) -> tuple[str, ...]:
    _AtOnce.most = 0.0
    played = theatre.play(case)
    return (
        case.name,
        f"{played.ended.megabytes:.0f}",
        f"{_AtOnce.most:.0f}",
        f"{played.seconds:.0f}",
    )


if __name__ == "__main__":
    main()
