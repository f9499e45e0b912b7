"""Lets a site and its feed evolve for long, and holds after each build what must hold.

`python -m tests.model --kind listing feed sitemap --seeds 20 --steps 300` prints a table; a run that fails says what
does not hold, and the shortest steps to it that were found. `--seed N` plays one run again.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from tests.model.oracle import Violation
from tests.model.site import KINDS, Kind
from tests.model.world import Step, World, a_world, steps_of


def play(kind: Kind, seed: int, steps: Sequence[Step]) -> tuple[World, int, Violation | None]:
    """Take the steps, up to the first that something does not hold after: the world then, that step's place, and why."""
    with a_world(kind, seed) as world:
        for place, step in enumerate(steps):
            try:
                world.do(step)
            except Violation as violation:
                return world, place, violation
        return world, len(steps), None


def shortest(kind: Kind, seed: int, steps: Sequence[Step], what: str, seconds: float) -> list[Step]:
    """The steps without those that the violation of a rule does not need; within some time, as good as can be."""
    end = time.monotonic() + seconds
    steps, size = list(steps), max(1, len(steps) // 2)
    while time.monotonic() < end:
        start, dropped = 0, False
        while start < len(steps) and time.monotonic() < end:
            fewer = steps[:start] + steps[start + size :]
            _, place, violation = play(kind, seed, fewer)
            if violation and violation.what == what:
                steps, dropped = fewer[: place + 1], True
            else:
                start += size
        if size == 1 and not dropped:
            break
        size = max(1, size // 2)
    return steps


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=KINDS, help="how the site lists its articles")
    parser.add_argument("--seeds", type=int, default=20, help="runs of each kind")
    parser.add_argument("--seed", type=int, help="play this one alone")
    parser.add_argument("--steps", type=int, default=300, help="in a run")
    parser.add_argument("--without", nargs="+", default=[], metavar="STEP", help="steps that are not taken")
    parser.add_argument("--shrink", type=float, default=120, metavar="SECONDS", help="to look for fewer steps")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1) if options.seed is None else [options.seed]
    row = "{:8} {:>4} {:>5} {:>6} {:>5} {:>7} {:>8} {:>7} {:>8} {:>7}  {}"
    head = "kind", "seed", "steps", "builds", "kills", "refused", "articles", "entries", "archives", "CPU s", "violation"
    print(row.format(*head), flush=True)
    failed = False
    for kind in options.kind:
        for seed in seeds:
            steps, began = steps_of(seed, options.steps, options.without), _cpu()
            world, place, violation = play(kind, seed, steps)
            tally, oracle = world.tally, world.oracle
            numbers = (tally.steps, tally.builds, tally.kills, tally.refused, len(world.site.articles), oracle.entries)
            seconds = f"{_cpu() - began + tally.seconds:.1f}"
            cells = kind, seed, *numbers, oracle.archives, seconds, violation.what if violation else "-"
            print(row.format(*cells), flush=True)
            if violation:
                failed = True
                print(f"  {violation}", flush=True)
                for step in shortest(kind, seed, steps[: place + 1], violation.what, options.shrink):
                    print(f"    {step},", flush=True)
    sys.exit(1 if failed else 0)


def _cpu() -> float:
    return sum(use.ru_utime + use.ru_stime for use in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


if __name__ == "__main__":
    main()
