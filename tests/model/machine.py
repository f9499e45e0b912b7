"""The steps as rules of Hypothesis, which finds the fewest that violate an invariant."""

from contextlib import ExitStack
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.model.site import Kind
from tests.model.world import STEPS, UNSUPPORTED, World, running_world

_BUILDS = ("build", "rebuild", "kill", "restart", "settle")
_SEEDS = st.integers(0, (1 << 16) - 1)


class SiteMachine(RuleBasedStateMachine):
    """A site and its feed; each rule is a change that a build may follow."""

    kind: ClassVar[Kind]

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self._world: World | None = None

    @initialize(flavour=st.integers(0, 1))
    def begin(self, flavour: int) -> None:
        self._world = self._open.enter_context(running_world(self.kind, flavour))
        self._world.take_step(("build", 0))

    @rule(
        name=st.sampled_from(
            [name for name in STEPS if name not in _BUILDS and name not in UNSUPPORTED]
        ),
        seed=_SEEDS,
        then=st.sampled_from(["", "build", "build", *_BUILDS]),
        how=_SEEDS,
    )
    def change(self, name: str, seed: int, then: str, how: int) -> None:
        assert self._world
        self._world.take_step((name, seed))
        if then:
            self._world.take_step((then, how))

    def teardown(self) -> None:
        try:
            if self._world:
                self._world.take_step(("settle", 0))
        finally:
            self._open.close()


def make_machine(kind: Kind) -> type[SiteMachine]:
    """Return the state machine for one kind of site."""
    return type(f"{kind.title()}Machine", (SiteMachine,), {"kind": kind})
