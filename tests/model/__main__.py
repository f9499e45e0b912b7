"""Let a site and its feed change for a long time, and check the invariants after each build.

`python -m tests.model --kind listing feed sitemap --seeds 20 --steps 300` prints a table. A failed
run reports the violated rule and the shortest steps found that violate it. `--seed N` plays one run
again; `--replay FILE` takes the steps from a file.
"""

import argparse
import ast
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from tests.model.oracle import ViolationError
from tests.model.site import KINDS, Kind
from tests.model.world import UNSUPPORTED, Step, World, random_steps, running_world


def take_steps(
    kind: Kind, seed: int, steps: Sequence[Step], tell: Callable[[str], None] = lambda _: None
) -> tuple[World, int, ViolationError | None]:
    """Take the steps, up to the first that violates a rule.

    Args:
        kind: the kind of the site's list.
        seed: the run's seed; it decides between Atom and RSS.
        steps: the steps in their order.
        tell: called with each step and the result of the last build.

    Returns:
        The final world, the index of the last step, and the violation, if any.
    """
    with running_world(kind, seed) as world:
        for place, step in enumerate(steps):
            try:
                world.take_step(step)
            except ViolationError as violation:
                tell(f"{step} {world.describe()}")
                return world, place, violation
            tell(f"{step} {world.describe()}")
        return world, len(steps), None


def shrink(kind: Kind, seed: int, steps: Sequence[Step], what: str, seconds: float) -> list[Step]:
    """Return the fewest of the steps that still violate the rule, as far as the time allows."""
    best, end = list(steps), time.monotonic() + seconds

    def fails(fewer: Sequence[Step]) -> bool:
        nonlocal best
        if time.monotonic() >= end:
            return False
        _, place, violation = take_steps(kind, seed, fewer)
        if failed := violation is not None and violation.what == what:
            best = list(fewer[: place + 1])
        return failed

    for name in sorted({name for name, _ in best}):
        fails([step for step in best if step[0] != name])
    size = max(1, len(best) // 2)
    while time.monotonic() < end:
        start, before = 0, len(best)
        while start < len(best):
            if not fails(best[:start] + best[start + size :]):
                start += size
        if size == 1 and len(best) == before:
            break
        size = max(1, size // 2)
    return best


def replay(kind: Kind, seed: int, file: Path) -> None:
    """Take the steps from a file, and print the result of each."""
    steps = [
        ast.literal_eval(line.strip().rstrip(","))
        for line in file.read_text("utf-8").splitlines()
        if line.strip()
    ]
    _, _, violation = take_steps(kind, seed, steps, print)
    print(violation or "no violation")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument(
        "--kind", nargs="+", choices=KINDS, default=KINDS, help="how the site lists its articles"
    )
    parser.add_argument("--seeds", type=int, default=20, help="runs of each kind")
    parser.add_argument("--seed", type=int, help="play only the run with this seed")
    parser.add_argument("--steps", type=int, default=300, help="steps of a run (default: 300)")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="STEP", help="leave out these steps"
    )
    parser.add_argument(
        "--with",
        nargs="+",
        default=[],
        metavar="STEP",
        dest="more",
        help="also take these steps, which are left out by default",
    )
    parser.add_argument(
        "--shrink",
        type=float,
        default=120,
        metavar="SECONDS",
        help="time limit for finding fewer steps",
    )
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="FILE",
        help="take the steps from a file, one a line, and print each result",
    )
    options = parser.parse_args()
    if options.replay:
        replay(options.kind[0], options.seed or 0, options.replay)
        return
    seeds = range(1, options.seeds + 1) if options.seed is None else [options.seed]
    without = {*options.without, *UNSUPPORTED} - {*options.more}
    row = "{:8} {:>4} {:>5} {:>6} {:>5} {:>7} {:>8} {:>7} {:>8} {:>7}  {}"
    head = (
        "kind",
        "seed",
        "steps",
        "builds",
        "kills",
        "refused",
        "articles",
        "entries",
        "archives",
        "CPU s",
        "violation",
    )
    print(row.format(*head), flush=True)
    failed = False
    for kind in options.kind:
        for seed in seeds:
            steps, began = random_steps(seed, options.steps, without), _cpu()
            world, place, violation = take_steps(kind, seed, steps)
            tally, oracle = world.tally, world.oracle
            numbers = (
                tally.steps,
                tally.builds,
                tally.kills,
                tally.refused,
                len(world.site.articles),
                oracle.entries,
            )
            seconds = f"{_cpu() - began + tally.seconds:.1f}"
            cells = (
                kind,
                seed,
                *numbers,
                oracle.archives,
                seconds,
                violation.what if violation else "-",
            )
            print(row.format(*cells), flush=True)
            if violation:
                failed = True
                print(f"  {violation}", flush=True)
                for step in shrink(kind, seed, steps[: place + 1], violation.what, options.shrink):
                    print(f"    {step},", flush=True)
    sys.exit(1 if failed else 0)


def _cpu() -> float:
    return sum(
        use.ru_utime + use.ru_stime for use in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
