"""Versions of the libraries: bounds, known vulnerabilities, and the audit."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.audit import CLEAN, UNKNOWN, VULNERABLE, summarize

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
    "project"
]
NEEDED = {
    requirement.name: requirement for requirement in map(Requirement, PROJECT["dependencies"])
}
# The first version without the vulnerability.
FIXED = {
    "brotli": ("1.2.0", "CVE-2025-6176: a decompression bomb has no bound"),
    "certifi": ("2024.7.4", "CVE-2024-39689: a root that is no longer trusted"),
    "h11": ("0.16.0", "CVE-2025-43859: malformed chunks are taken, requests can be smuggled"),
    "idna": ("3.7", "CVE-2024-3651: a crafted name takes quadratic time"),
    "jinja2": ("3.1.6", "CVE-2025-27516: templates break out of the sandbox"),
    "lxml": ("6.1.1", "limits and entities of the libxml2 in its wheels"),
    "nh3": ("0.3.8", "ammonia before 4.1.4: mutation XSS where svg, math or style are allowed"),
    "pydantic": ("2.4.0", "CVE-2024-3772: a crafted mail address takes exponential time"),
    "requests": ("2.32.4", "CVE-2024-47081: credentials of .netrc go to other hosts"),
    "urllib3": ("2.6.0", "CVE-2025-66418, CVE-2025-66471: decompression without bounds"),
}


EXTRAS = (
    "procrastinate",
    "psycopg",
    "psycopg_pool",
    "playwright",
    "s3fs",
    "fsspec",
    "boto3",
    "botocore",
)
_WITHOUT = """
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({extras!r}))
import feedpub.cli
for package in ("cli", "service", "publisher", "web", "store", "fetch.browser"):
    importlib.import_module(f"feedpub.{{package}}")
for module in pkgutil.iter_modules(feedpub.cli.__path__):
    importlib.import_module(f"feedpub.cli.{{module.name}}")
"""


def test_optional_libraries_are_not_imported_without_their_extras() -> None:
    """The plain installation has all that one machine needs."""
    command = [sys.executable, "-c", _WITHOUT.format(extras=EXTRAS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- own code
    assert done.returncode == 0, done.stderr


def lowest(requirement: Requirement) -> Version:
    (bound,) = [Version(each.version) for each in requirement.specifier if each.operator == ">="]
    return bound


@pytest.mark.parametrize("name", NEEDED)
def test_every_library_has_a_lower_bound(name: str) -> None:
    """Otherwise, an old environment could keep an old version."""
    assert lowest(NEEDED[name])


@pytest.mark.parametrize("name", FIXED)
def test_vulnerable_versions_are_excluded(name: str) -> None:
    version, hole = FIXED[name]
    assert lowest(NEEDED[name]) >= Version(version), hole


def library(name: str, **known: object) -> dict[str, object]:
    return {"name": name, "version": "1.0", "vulns": []} | known


HOLE = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}


@pytest.mark.parametrize(
    ("found", "status", "line"),
    [
        ([library("a"), library("b")], CLEAN, "2 libraries, no known vulnerabilities"),
        ([library("a"), library("b", vulns=[HOLE])], VULNERABLE, "b 1.0: PYSEC-1, fixed in 1.1"),
        (
            [library("a", vulns=[{**HOLE, "fix_versions": []}])],
            VULNERABLE,
            "a 1.0: PYSEC-1, fixed in no version yet",
        ),
        (
            [library("a"), {"name": "b", "skip_reason": "not found"}],
            UNKNOWN,
            "1 of 2 libraries could not be audited, b first",
        ),
        (
            [library("a"), {"name": "feedpub", "skip_reason": "not found"}],
            CLEAN,
            "1 libraries, no known vulnerabilities",
        ),
    ],
)
def test_audit_without_a_service_does_not_succeed(
    found: list[dict[str, object]], status: int, line: str
) -> None:
    """pip-audit itself succeeds then."""
    assert summarize(found) == (status, [line])
