"""Run one target under atheris in a process of its own: `python -m tests.fuzz.process`.

The process ends after the last input. A failure is recorded and the next input follows: only an
input that crashes the process ends it early.
"""

import argparse
import random
import sys
from pathlib import Path

import atheris

from tests.fuzz.findings import keep, signature
from tests.fuzz.mutation import mutate
from tests.fuzz.target import Effort, Target

INSTRUMENTED = ["feedpub", "feedparser", "markdown_it", "yaml", "uvicorn.protocols"]
BY_GRAMMAR = 0.6  # share of inputs made by the grammar; the others are made byte by byte
MOST_MEGABYTES = 2048
MOST_SECONDS = 60  # for one input

with atheris.instrument_imports(include=INSTRUMENTED):
    from tests.fuzz.targets import TARGETS


def fuzz(target: Target, effort: Effort, corpus: Path, found: Path) -> None:
    """Run the target on inputs; never return."""

    def judge(data: bytes) -> None:
        try:
            target.check(data)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is what we look for
            keep(found, target, signature(error), data)

    def mutate_or_keep(data: bytes, longest: int, seed: int) -> bytes:
        if random.Random(seed).random() < BY_GRAMMAR:  # noqa: S311 -- inputs, not secrets
            return mutate(target, data, longest, seed)
        return bytes(atheris.Mutate(data, longest))

    options = {
        "runs": effort.inputs,
        "max_total_time": effort.seconds,
        "seed": effort.seed,
        "max_len": min(target.longest, effort.longest),
        "timeout": MOST_SECONDS,
        # elapsed time; the target measures the CPU time of an input
        "report_slow_units": MOST_SECONDS,
        "rss_limit_mb": MOST_MEGABYTES,
        "artifact_prefix": f"{found}/{target.name}-",
        "print_final_stats": 1,
    }
    arguments = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], judge, custom_mutator=mutate_or_keep)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.process", description=__doc__)
    parser.add_argument("name", choices=TARGETS)
    parser.add_argument("inputs", type=int)
    parser.add_argument("seconds", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("longest", type=int)
    parser.add_argument(
        "corpus", type=Path, help="a folder to read inputs from, and to add new ones to"
    )
    parser.add_argument("found", type=Path, help="a folder for failing inputs")
    options = parser.parse_args()
    fuzz(
        TARGETS[options.name],
        Effort(options.inputs, options.seconds, options.seed, options.longest),
        options.corpus,
        options.found,
    )


if __name__ == "__main__":
    main()
