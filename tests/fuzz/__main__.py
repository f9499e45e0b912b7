"""Run parts of feedpub on hostile inputs, guided by the branches that the inputs reach.

`python -m tests.fuzz urls --inputs 1000000`, or `all`: a target reads each input. It may raise
only feedpub's own errors, must finish in time, and must return valid results. Inputs that break
these rules are reduced and kept under tests/fuzz/regressions, which the tests read. Needs atheris:
`pip install atheris`.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.findings import REGRESSIONS, keep, smallest
from tests.fuzz.target import Effort, Target
from tests.fuzz.targets import TARGETS

_ROOT = Path(__file__).parents[2]
_COVERED = re.compile(r"^#\d+\s+(\w+)\s+cov: (\d+) ft: (\d+)", re.MULTILINE)
_EXECUTED = re.compile(r"^(?:stat::number_of_executed_units: |#)(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Total:
    """The result of a run on one target.

    Attributes:
        inputs: the number of inputs tried.
        seconds: the time taken.
        before, after: edges of the code that the seeds reach, and that all inputs reach.
        found: the files of failing inputs.
    """

    name: str
    inputs: int
    seconds: float
    before: int
    after: int
    found: tuple[Path, ...]

    def __str__(self) -> str:
        speed = self.inputs / max(self.seconds, 0.001)
        edges = f"{self.before:>6,} → {self.after:>6,} edges"
        return (
            f"{self.name:12} {self.inputs:>10,} inputs {speed:>8,.0f}/s  {edges}  "
            f"{len(self.found)} findings"
        )


def fuzz(
    target: Target, effort: Effort, kept: Path = REGRESSIONS, extra: Path | None = None
) -> Total:
    """Try inputs on a target.

    Args:
        target: the target.
        effort: the number of inputs and the time limit.
        kept: the folder for failing inputs.
        extra: a folder of initial inputs, in addition to the target's own.
    """
    with tempfile.TemporaryDirectory(prefix="feedpub-fuzz-") as name:
        corpus, found = Path(name, "corpus"), Path(name, "found")
        found.mkdir()
        _plant(corpus, target, extra)
        arguments = (
            target.name,
            effort.inputs,
            effort.seconds,
            effort.seed,
            effort.longest,
            corpus,
            found,
        )
        command = [sys.executable, "-m", "tests.fuzz.process", *map(str, arguments)]
        began = time.monotonic()
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, check=False)  # noqa: S603 -- this program
        took = time.monotonic() - began
        report = done.stderr.decode("utf-8", "replace")
        results = tuple(_save_findings(target, found, kept))
    if done.returncode and not results:
        raise RuntimeError(
            f"{target.name}: the fuzzer ended with {done.returncode}:\n{report[-3000:]}"
        )
    edges = [
        int(line[1])
        for line in _COVERED.findall(report)
        if line[0] in ("INITED", "DONE", "NEW", "REDUCE")
    ]
    executed = [int(number) for number in _EXECUTED.findall(report)]
    return Total(
        target.name,
        max(executed, default=0),
        took,
        edges[0] if edges else 0,
        max(edges, default=0),
        results,
    )


def _plant(corpus: Path, target: Target, extra: Path | None) -> None:
    """Save the inputs from which others are made."""
    corpus.mkdir()
    files = [*(REGRESSIONS / target.name).glob("*"), *(extra.rglob("*") if extra else ())]
    for seed in [*target.seeds(), *(path.read_bytes() for path in files if path.is_file())]:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed[: target.longest])


def _save_findings(target: Target, found: Path, kept: Path) -> Iterator[Path]:
    """Save the findings, reduced; an input that crashed the process is saved unchanged."""
    for path in sorted((found / target.name).glob("*")):
        yield keep(kept, target, path.name, smallest(target, path.read_bytes()))
    for path in sorted(found.glob(f"{target.name}-*")):
        yield keep(kept, target, path.name.removeprefix(f"{target.name}-"), path.read_bytes())


def main() -> int:
    """Run the command; return 1 if it found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="+", choices=[*TARGETS, "all"])
    parser.add_argument("--inputs", type=int, default=10_000, help="for each target")
    parser.add_argument(
        "--seconds", type=int, default=0, help="time limit for each target; 0 for no limit"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--longest", type=int, default=1 << 20, help="bytes of an input; small ones are quicker"
    )
    parser.add_argument("--keep", type=Path, default=REGRESSIONS, help="a folder for the findings")
    parser.add_argument("--corpus", type=Path, help="a folder of more initial inputs")
    options = parser.parse_args()
    names = TARGETS if "all" in options.target else options.target
    effort, findings = Effort(options.inputs, options.seconds, options.seed, options.longest), 0
    for name in names:
        total = fuzz(TARGETS[name], effort, options.keep, options.corpus)
        findings += len(total.found)
        print(total, *(f"  {path}" for path in total.found), sep="\n", flush=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
