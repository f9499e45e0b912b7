"""The public benchmarks' own metrics, which live beside their data and not in this repository."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

Shingles = tuple[float, float, float]  # right, too many, missing, as shares
Segments = tuple[int, int, int, int]  # found, leaked, missing, kept out


def metrics(bench: Path) -> ModuleType:
    """The module `metrics` of a benchmark's folder."""
    spec = importlib.util.spec_from_file_location("extraction_metrics", bench / "metrics.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(bench / "metrics.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaked(counts: Sequence[Segments]) -> Mapping[str, float]:
    """The share of wanted segments that were found, and of unwanted ones that were."""
    found, wrong, missing, right = (sum(column) for column in zip(*counts, strict=True))
    return {"must": found / max(1, found + missing), "leaked": wrong / max(1, wrong + right)}
