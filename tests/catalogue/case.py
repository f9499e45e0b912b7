"""What a case is, and the oracle that each is held against.

The command ends before its deadline, its memory stays under its cap, the published files are the
last good ones byte for byte, or correct in the way that the case says, the status names the reason,
and the site beside is not affected.
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
        name: by which it is known.
        scene: brings it about, on a stage on which all went well so far.
        reason: what the status says of the feed, as a pattern; "" where nothing is wrong.
        right: looks at what is published and raises AssertionError; None where nothing may have
            changed.
        also: looks at what else must hold.
        start: how things are before.
        run: the command that meets it.
        feed: the feed that it happens to.
        shared: cases of one such name happen together, each to a feed of its own.
        said: the reason is said by the command itself, because the status cannot know it.
        beside: the site beside can go on; False where it is struck as well.
        seconds: the deadline.
        megabytes: the cap on memory.
        slow: it takes seconds, because somebody waits for a deadline.
        needs: says why it cannot be played here; "" where it can.
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
    said: bool = False
    beside: bool = True
    seconds: float = 30.0
    megabytes: float = 500.0
    slow: bool = False
    needs: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case: `faults` is empty where the oracle holds."""

    case: Case
    ended: Ended
    outcome: str
    seconds: float
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenery:
    """What came of a run, for all cases that share it."""

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
        """Play a case and hold it against the oracle."""
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
        before = stage.home.published()
        stage.marks["before"] = before
        case.scene(stage)
        try:
            ended = case.run(stage)
        except AssertionError as error:  # somebody waited for something that did not come
            ended = Ended(-1, 0.0, 0.0, f"the run went otherwise: {error}", in_time=False)
        status, told = stage.status()
        return Scenery(ended, before, stage.home.published(), status, told)


def _faults(case: Case, scenery: Scenery, stage: Stage) -> Iterator[str]:
    """Everything in which the oracle does not hold."""
    ended, reasons = scenery.ended, _reasons(case, scenery)
    if not ended.in_time or ended.seconds > case.seconds:
        yield f"took {ended.seconds:.1f} s, and had {case.seconds:.0f}"
    if ended.megabytes > case.megabytes:
        yield f"took {ended.megabytes:.0f} MB, and had {case.megabytes:.0f}"
    if "Traceback" in ended.said:
        yield f"ended in a fault of its own: {ended.said[-2000:]}"
    if not re.search(case.reason, reasons, re.DOTALL) or (not case.reason and reasons):
        yield f"the status should say {case.reason!r}, and says {reasons!r}; the command said {ended.said[-1500:]!r}"
    try:
        _check(case, scenery, stage)
    except AssertionError as error:
        yield str(error) or f"what is published is not right: {error!r}"


def _check(case: Case, scenery: Scenery, stage: Stage) -> None:
    before, after = scenery.before, scenery.after
    whole(after)
    lost = {name for name in before if name not in after}
    assert not lost, f"{lost} are gone"
    if case.right is None:
        own = [
            name
            for name in {*before, *after}
            if name.startswith((f"{case.feed}.", f"{case.feed}-", f"{case.feed}/"))
        ]
        assert own, "nothing was published before"
        changed = [name for name in own if before.get(name) != after.get(name)]
        assert not changed, f"{changed} changed"
    else:
        case.right(stage)
    if case.also:
        case.also(stage)
    if case.beside:
        newest = {item["title"] for item in stage.items("beside")}
        expected = title(max(case.start.numbers) + 1)
        assert expected in newest, f"the site beside lost its news: {newest}"


def _reasons(case: Case, scenery: Scenery) -> str:
    """Everything that is said to be wrong with the feed."""
    if case.said:
        return scenery.ended.said
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
    """What came of it, in a line: what is said to be wrong, else in what way it is right."""
    kept = "unchanged" if case.right is None else "correct"
    lines = (
        _reasons(case, scenery).splitlines() if case.reason else [inspect.getdoc(case.right) or ""]
    )
    line = next((line for line in lines if re.search(case.reason, line)), "").partition("\n")[0]
    return f"{kept}: {_shortened(line)}" if line else kept


def _shortened(line: str) -> str:
    """Without what differs from machine to machine: folders, and the ports of sites."""
    return re.sub(
        r"/\S*/home-\d+/|http://127\.77\.0\.1:\d+(?=/)", "", line.removeprefix("feedpub: ").strip()
    )


def _seconds(case: Case, scenery: Scenery) -> float:
    """How long the command took; where cases share one, how long it took for the case's feed."""
    if case.shared:
        for told in scenery.status.get("feeds", ()):
            if told["name"] == case.feed:
                return float((told["outcome"] or {}).get("seconds", 0.0))
    return scenery.ended.seconds
