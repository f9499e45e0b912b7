"""Measure the CPU time of each stage of feedpub's extraction, over the same pages."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from importlib import import_module
from typing import Any

import feedpub
from tests.benchmarks.examples import Row

STORY = "feedpub.cleaner.extract"
STAGES = {  # of the story, and the names in its module under which each step is called
    "parsing": ("parse_with_rules",),
    "metadata": ("metadata.read_metadata",),
    "segmentation": ("head_hints", "segment"),
    "words": ("tokenize_page",),
    "features": ("measure_features",),
    "trees": ("classifier.Model.probabilities",),
    "decisions": ("select_content",),
    "body": ("body.render_body",),
    "summary": ("choose_summary",),
}


def stages(pages: Iterable[Row]) -> Iterator[Sequence[str]]:
    """Yield a row per stage, with its mean milliseconds and its share.

    The last row but one is the time that belongs to no stage.
    """
    spent: dict[str, float] = defaultdict(float)
    count = 0
    with ExitStack() as stack:
        for stage, names in STAGES.items():
            for name in names:
                stack.enter_context(_timing(stage, name, spent))
        for row in pages:
            count += 1
            start = time.process_time()
            try:
                feedpub.extract(row.html, row.url)
            except feedpub.FeedpubError:
                continue  # its time up to there counts with its stages
            finally:
                spent["all"] += time.process_time() - start
    whole = spent.pop("all")
    spent["the rest"] = whole - sum(spent.values())
    for stage, seconds in (*spent.items(), ("all", whole)):
        yield [
            stage,
            f"{1000 * seconds / max(1, count):.2f}",
            f"{seconds / whole:.0%}".replace("%", " %"),
        ]


@contextmanager
def _timing(stage: str, name: str, spent: dict[str, float]) -> Iterator[None]:
    """Time a function of the extraction while the block runs."""
    *path, last = name.split(".")
    owner: Any = import_module(STORY)
    for part in path:
        owner = getattr(owner, part)
    step = getattr(owner, last)
    setattr(owner, last, _with_clock(step, stage, spent))
    try:
        yield
    finally:
        setattr(owner, last, step)


def _with_clock(
    step: Callable[..., Any], stage: str, spent: dict[str, float]
) -> Callable[..., Any]:
    @wraps(step)
    def timed(*values: Any, **named: Any) -> Any:
        start = time.process_time()
        try:
            return step(*values, **named)
        finally:
            spent[stage] += time.process_time() - start

    return timed
