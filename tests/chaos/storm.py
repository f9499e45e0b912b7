"""Inject random faults.

They follow one after the other; some last for a while. Each is logged.
"""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.cluster import Member
from tests.support.postgres import Server

PAUSE = (6.0, 18.0)  # seconds between two events
FROZEN = 45.0  # seconds that a stopped process does not run
CUT = 40.0  # seconds that a node is cut off
AWAY = (1.0, 6.0)  # seconds that PostgreSQL is away
KINDS = {  # and their relative frequencies
    "worker killed": 4,
    "worker stopped for 45 s": 2,
    "leader killed": 2,
    "leader ended": 2,
    "leader stopped for 45 s": 2,
    "PostgreSQL restarted": 2,
    "PostgreSQL crashed": 2,
    "node cut off for 40 s": 3,
}


@dataclass
class Storm:
    """Random faults of some members and of PostgreSQL.

    Attributes:
        happened: how often each kind of fault happened.
        server_back: when PostgreSQL was last available again.
    """

    members: list[Member]
    server: Server
    leader: Callable[[], Member | None]
    chance: random.Random
    tell: Callable[[str], None]
    happened: Counter[str] = field(default_factory=Counter)
    server_away: bool = False
    server_back: float = 0.0
    _later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def rage(self, seconds: float) -> None:
        """Inject faults for some seconds, then undo them."""
        end = time.monotonic() + seconds
        following = time.monotonic() + self.chance.uniform(*PAUSE)
        while time.monotonic() < end:
            self._undo(time.monotonic())
            if time.monotonic() > following:
                self._one()
                following = time.monotonic() + self.chance.uniform(*PAUSE)
            time.sleep(0.2)
        while self._later:
            self._undo(time.monotonic())
            time.sleep(0.2)

    def _undo(self, now: float) -> None:
        for moment, undo in list(self._later):
            if moment <= now:
                self._later.remove((moment, undo))
                undo()

    def _one(self) -> None:
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        subject, _, verb = kind.partition(" ")
        if subject == "PostgreSQL":
            self._server(kind, signal.SIGQUIT if verb == "crashed" else signal.SIGINT)
            return
        member = self._somebody(subject)
        if member is None:
            return
        self._note(kind, f" on {member.node.name}, {member.role[0]}")
        if verb == "killed":
            member.send(signal.SIGKILL)
        elif verb == "ended":
            member.send(signal.SIGTERM)
        elif verb.startswith("stopped"):
            member.send(signal.SIGSTOP)
            self._until(FROZEN, member, lambda: member.send(signal.SIGCONT))
        else:
            member.node.cut()
            self._until(CUT, member, member.node.restore)

    def _somebody(self, subject: str) -> Member | None:
        """Choose the member for a fault; never one that is still affected by the last."""
        free = [
            member
            for member in self.members
            if member.busy_until < time.monotonic() and member.runs
        ]
        if subject == "leader":
            leader = self.leader()
            return leader if leader in free else None
        if subject == "worker":
            free = [member for member in free if not member.leads_maybe]
        return self.chance.choice(free) if free else None

    def _until(self, seconds: float, member: Member, undo: Callable[[], None]) -> None:
        member.busy_until = time.monotonic() + seconds + 5
        self._later.append((time.monotonic() + seconds, undo))

    def _server(self, kind: str, how: signal.Signals) -> None:
        if self.server_away:
            return
        away = self.chance.uniform(*AWAY)
        self._note(kind, f", {away:.0f} s away")
        self.server_away = True
        self.server.stop(how)

        def back() -> None:
            self.server.start()
            self.server_away, self.server_back = False, time.monotonic()

        self._later.append((time.monotonic() + away, back))

    def _note(self, kind: str, where: str) -> None:
        self.happened[kind] += 1
        self.tell(f"{kind}{where}")
