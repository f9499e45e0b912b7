"""A case, and the oracle that judges every case.

The command ends before its deadline, and its memory stays below its limit. The published files are
the last good ones byte for byte, or correct as the case defines it. The status gives the reason,
and the unaffected site's feed still gets its news.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.catalogue.command import Ended
from tests.catalogue.stage import PAGE, Stage, Start, whole
from tests.support.home import Home
from tests.support.newsroom import title

Scene = Callable[[Stage], object]
Right = Callable[[Stage], object]


def _build(stage: Stage) -> Ended:
    return stage.build()


@dataclass(frozen=True, slots=True)
class Case:
    """A bad input.

    Attributes:
        name: identifies the case.
        scene: sets up the bad input on a stage where every build has succeeded so far.
        reason: the pattern that the feed's status must match; "" if nothing is wrong.
        right: checks the published files, raising AssertionError; None if nothing may have changed.
        also: checks further conditions.
        start: the state before the case.
        run: the command that meets the input.
        feed: the affected feed.
        shared: cases with the same value share one run; each affects its own feed.
        in_output: the reason is in the command's output, because the status cannot contain it.
        spares_others: the second site's feed must get its news; False if the input affects it too.
        seconds: the deadline.
        megabytes: the limit on memory.
        slow: it takes seconds, because something waits for a deadline.
        needs: returns why the case cannot run on this machine; "" if it can.
    """

    name: str
    scene: Scene
    reason: str = ""
    right: Right | None = None
    also: Right | None = None
    start: Start = PAGE
    run: Callable[[Stage], Ended] = _build
    feed: str = "world"
    shared: str = ""
    in_output: bool = False
    spares_others: bool = True
    seconds: float = 30.0
    megabytes: float = 500.0
    slow: bool = False
    needs: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True)
class Played:
    """The result of a case; `faults` is empty if the oracle holds."""

    case: Case
    ended: Ended
    outcome: str
    seconds: float
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenery:
    """The result of a run, for all cases that share it."""

    ended: Ended
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    status: Mapping[str, Any]
    told: str


@dataclass
class Theatre:
    """Plays cases on a stage, one after another."""

    stage: Stage
    _shared: dict[str, tuple[Scenery, Home, dict[str, Any]]] = field(default_factory=dict)

    def play(self, case: Case) -> Played:
        """Play a case and check it against the oracle."""
        if case.shared in self._shared:
            scenery, self.stage.home, self.stage.marks = self._shared[case.shared]
        else:
            scenery = self._run(case)
        if case.shared:
            self._shared[case.shared] = scenery, self.stage.home, self.stage.marks
        faults = tuple(_faults(case, scenery, self.stage))
        return Played(case, scenery.ended, _outcome(case, scenery), _seconds(case, scenery), faults)

    def _run(self, case: Case) -> Scenery:
        stage = self.stage
        stage.set(case.start)
        before = stage.home.read_published()
        stage.marks["before"] = before
        case.scene(stage)
        try:
            ended = case.run(stage)
        except AssertionError as error:  # an expected event did not occur
            ended = Ended(-1, 0.0, 0.0, f"the run failed: {error}", in_time=False)
        status, told = stage.status()
        return Scenery(ended, before, stage.home.read_published(), status, told)


def _faults(case: Case, scenery: Scenery, stage: Stage) -> Iterator[str]:
    """Yield each respect in which the oracle does not hold."""
    ended, reasons = scenery.ended, _reasons(case, scenery)
    if not ended.in_time or ended.seconds > case.seconds:
        yield f"took {ended.seconds:.1f} s; the limit is {case.seconds:.0f} s"
    if ended.megabytes > case.megabytes:
        yield f"used {ended.megabytes:.0f} MB; the limit is {case.megabytes:.0f} MB"
    if "Traceback" in ended.output:
        yield f"raised an exception: {ended.output[-2000:]}"
    if not re.search(case.reason, reasons, re.DOTALL) or (not case.reason and reasons):
        yield (
            f"the status should match {case.reason!r}, but is {reasons!r}; "
            f"the command printed {ended.output[-1500:]!r}"
        )
    try:
        _check(case, scenery, stage)
    except AssertionError as error:
        yield str(error) or f"the published files are wrong: {error!r}"


def _check(case: Case, scenery: Scenery, stage: Stage) -> None:
    before, after = scenery.before, scenery.after
    whole(after)
    lost = {name for name in before if name not in after}
    assert not lost, f"files are missing: {lost}"
    if case.right is None:
        own = [
            name
            for name in {*before, *after}
            if name.startswith((f"{case.feed}.", f"{case.feed}-", f"{case.feed}/"))
        ]
        assert own, "nothing was published before"
        changed = [name for name in own if before.get(name) != after.get(name)]
        assert not changed, f"files changed: {changed}"
    else:
        case.right(stage)
    if case.also:
        case.also(stage)
    if case.spares_others:
        newest = {item["title"] for item in stage.items("beside")}
        expected = title(max(case.start.numbers) + 1)
        assert expected in newest, f"the unaffected feed did not get its news: {newest}"


def _reasons(case: Case, scenery: Scenery) -> str:
    """Return every reason given for the feed's failure."""
    if case.in_output:
        return scenery.ended.output
    told = next((one for one in scenery.status.get("feeds", ()) if one["name"] == case.feed), None)
    if told is None:
        return scenery.told
    problems = (told["outcome"] or {}).get("problems", ())
    reasons = [
        *told["reasons"],
        *(source["reason"] for source in told["sources"] if source["reason"]),
    ]
    reasons += [f"{problem['where']}: {problem['reason']}" for problem in problems]
    return "\n".join(dict.fromkeys(reasons))


def _outcome(case: Case, scenery: Scenery) -> str:
    """Describe the outcome in one line: the reason given, or the property that was checked."""
    kept = "unchanged" if case.right is None else "correct"
    lines = (
        _reasons(case, scenery).splitlines() if case.reason else [inspect.getdoc(case.right) or ""]
    )
    line = next((line for line in lines if re.search(case.reason, line)), "").partition("\n")[0]
    return f"{kept}: {_anonymize(line)}" if line else kept


def _anonymize(line: str) -> str:
    """Remove the folders and ports, which differ between machines."""
    return re.sub(
        r"/\S*/home-\d+/|http://127\.77\.0\.1:\d+(?=/)", "", line.removeprefix("feedpub: ").strip()
    )


def _seconds(case: Case, scenery: Scenery) -> float:
    """Return the command's duration; for a shared run, the time spent on the case's feed."""
    if case.shared:
        for told in scenery.status.get("feeds", ()):
            if told["name"] == case.feed:
                return float((told["outcome"] or {}).get("seconds", 0.0))
    return scenery.ended.seconds
