"""`python -m tests.catalogue [NAME]...`.

Play the cases, or those with the given names or groups, and print the table.
"""

import argparse
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.catalogue.case import Case, Played, Theatre
from tests.catalogue.cases import GROUPS
from tests.catalogue.stage import Stage

_WIDTH = 76  # characters of an outcome


def main() -> int:
    """Play the cases, print the table, and exit with 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.catalogue", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a case or a group (default: all)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="number of stages to run in parallel"
    )
    options = parser.parse_args()
    cases = list(_chosen(options.names))
    began = time.monotonic()
    played = _play(cases, options.jobs)
    for group, of_group in GROUPS.items():
        if shown := [case for case in of_group if case in cases]:
            print(f"\n{group}")
            for case in shown:
                print(_row(case, played[case.name]))
    return _sum(played, time.monotonic() - began)


def _chosen(names: Sequence[str]) -> Iterator[Case]:
    unknown = (
        set(names)
        - GROUPS.keys()
        - {case.name for of_group in GROUPS.values() for case in of_group}
    )
    if unknown:
        sys.exit(f"no case or group is named {', '.join(sorted(unknown))}")
    for group, of_group in GROUPS.items():
        yield from (case for case in of_group if not names or case.name in names or group in names)


def _play(cases: Sequence[Case], jobs: int) -> dict[str, Played | str]:
    """Return the result of each case, or the reason for skipping it.

    Cases that share a run are played by the same thread.
    """
    waiting: queue.SimpleQueue[list[Case]] = queue.SimpleQueue()
    together: dict[str, list[Case]] = {}
    for case in sorted(cases, key=lambda case: not case.slow):
        together.setdefault(case.shared or f"={case.name}", []).append(case)
    for some in together.values():
        waiting.put(some)
    played: dict[str, Played | str] = {}

    def work() -> None:
        with (
            tempfile.TemporaryDirectory(prefix="feedpub-catalogue-") as folder,
            Stage.open(Path(folder)) as stage,
        ):
            theatre = Theatre(stage)
            while not waiting.empty():
                try:
                    some = waiting.get_nowait()
                except queue.Empty:
                    return
                for case in some:
                    played[case.name] = case.needs() or theatre.play(case)

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return played


def _row(case: Case, played: Played | str) -> str:
    if isinstance(played, str):
        return f"  {case.name:32} {'skipped: ' + played}"
    shown = f"FAILED: {'; '.join(played.faults)}" if played.faults else played.outcome[:_WIDTH]
    return (
        f"  {case.name:32} {shown:{_WIDTH}} "
        f"{played.seconds:6.2f} s {played.ended.megabytes:5.0f} MB"
    )


def _sum(played: dict[str, Played | str], seconds: float) -> int:
    done = [each for each in played.values() if isinstance(each, Played)]
    failed = [each for each in done if each.faults]
    unchanged = sum(each.case.right is None for each in done if not each.faults)
    most = max((each.ended.megabytes for each in done), default=0.0)
    print(
        f"\n{len(played)} cases: {len(done) - len(failed)} hold ({unchanged} unchanged, "
        f"{len(done) - len(failed) - unchanged} correct), {len(failed)} fail, "
        f"{len(played) - len(done)} skipped; "
        f"{seconds:.0f} s in total, at most {most:.0f} MB"
    )
    return (
        1
        if failed
        or len(done) < len(played) - sum(isinstance(each, str) for each in played.values())
        else 0
    )


if __name__ == "__main__":
    sys.exit(main())
