"""Run the service with one hostile feed of each kind; healthy feeds must stay on time.

`python -m tests.soak` prints how late each healthy feed was, the longest stall of the main
process, and its memory. Exit status: 0; 1 if a healthy feed was later than the bound, an article
was lost, or the service was restarted; 77 if no system can be booted.
"""

import argparse
import sys
from pathlib import Path

from tests.soak.report import format_table
from tests.soak.siege import MAX_LATENESS_SECONDS, SoakOptions, run_locally, run_on_systemd
from tests.systemd.machine import NoMachineError

SKIPPED = 77


def main() -> int:
    """Run the soak test, print the result, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--systemd",
        action="store_true",
        help="run as the unit under a real systemd; needs root",
    )
    parser.add_argument("--healthy", type=int, default=20, help="healthy feeds")
    parser.add_argument(
        "--bound",
        type=float,
        default=MAX_LATENESS_SECONDS,
        help="seconds that a healthy feed may be late",
    )
    parser.add_argument("--log", type=Path, help="write the service's log to this file")
    parser.add_argument("names", nargs="*", metavar="NAME", help="hostile feeds (default: all)")
    options = parser.parse_args()
    siege = SoakOptions(
        options.minutes * 60, options.healthy, tuple(options.names), options.bound, log=options.log
    )
    try:
        found, lines = run_on_systemd(siege) if options.systemd else run_locally(siege)
    except NoMachineError as error:
        print(f"no system booted: {error}")
        return SKIPPED
    for line in lines:
        print(line)
    for line in format_table(found):
        print(line)
    faults = list(found.faults(options.bound))
    for fault in faults:
        print(f"FAILS: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
