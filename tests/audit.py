"""Search the installed libraries for known vulnerabilities.

    python -m tests.audit

It needs the extra "audit". pip-audit queries public advisory services. If they cannot be reached,
it lists every library as skipped and still succeeds, so this module sets the exit status: 0 if all
libraries were audited and have no known vulnerability, 1 if some have one, 3 if the services could
not be queried.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 3
_PROJECT = "feedpub"
_TIMEOUT_SECONDS = 300


def audit() -> tuple[int, list[str]]:
    """Run pip-audit. Return the exit status and the lines to print."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        return UNKNOWN, [f"nothing was audited: {last}"]
    return summarize(found)


def summarize(found: Iterable[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit status and the lines to print for pip-audit's list of libraries."""
    libraries = [each for each in found if each["name"] != _PROJECT]
    skipped = [each["name"] for each in libraries if "skip_reason" in each]
    lines = [_format(each, found) for each in libraries for found in each.get("vulns", ())]
    if lines:
        return VULNERABLE, lines
    if skipped:
        return UNKNOWN, [
            f"{len(skipped)} of {len(libraries)} libraries could not be audited, {skipped[0]} first"
        ]
    return CLEAN, [f"{len(libraries)} libraries, no known vulnerabilities"]


def _format(library: Mapping[str, Any], vulnerability: Mapping[str, Any]) -> str:
    fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
    return f"{library['name']} {library['version']}: {vulnerability['id']}, fixed in {fixed}"


def main() -> int:
    """Run the audit and print its result."""
    status, lines = audit()
    print(*lines, sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
