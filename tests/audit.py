"""What is known against the installed libraries: `python -m tests.audit`, with the extra "audit" installed.

pip-audit asks public advisory services; where those cannot be reached it lists every library as
skipped, and still ends well. Here that is said: the status is 0 where all were audited and nothing
is known against them, 1 where something is, 3 where the services could not be asked.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 3
_OURS = "feedpub"
_SECONDS = 300


def audit() -> tuple[int, list[str]]:
    """The status, and what to say."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return UNKNOWN, [f"nothing was audited: {last}"]
    return judged(found)


def judged(found: Iterable[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """The status, and what to say, of pip-audit's list of libraries."""
    theirs = [each for each in found if each["name"] != _OURS]
    skipped = [each["name"] for each in theirs if "skip_reason" in each]
    lines = [_line(each, hole) for each in theirs for hole in each.get("vulns", ())]
    if lines:
        return VULNERABLE, lines
    if skipped:
        return UNKNOWN, [
            f"{len(skipped)} of {len(theirs)} libraries could not be audited, {skipped[0]} first"
        ]
    return CLEAN, [f"{len(theirs)} libraries, nothing known against any"]


def _line(library: Mapping[str, Any], hole: Mapping[str, Any]) -> str:
    fixed = ", ".join(hole["fix_versions"]) or "no version yet"
    return f"{library['name']} {library['version']}: {hole['id']}, fixed in {fixed}"


def main() -> int:
    """Audit, and say it."""
    status, lines = audit()
    print(*lines, sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
