"""Load the public benchmarks' own metrics, which are stored with their data."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

Shingles = tuple[float, float, float]  # right, too many, missing, as shares
Segments = tuple[int, int, int, int]  # found, leaked, missing, kept out


def metrics(bench: Path) -> ModuleType:
    """Import the module `metrics` from a benchmark's folder."""
    spec = importlib.util.spec_from_file_location("extraction_metrics", bench / "metrics.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(bench / "metrics.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def segment_shares(counts: Sequence[Segments]) -> Mapping[str, float]:
    """Return the share of wanted segments found, and the share of unwanted segments found."""
    found, wrong, missing, right = (sum(column) for column in zip(*counts, strict=True))
    return {"must": found / max(1, found + missing), "leaked": wrong / max(1, wrong + right)}
