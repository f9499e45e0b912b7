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

PAUSE_SECONDS = (6.0, 18.0)  # seconds between two events
FROZEN_SECONDS = 45.0  # seconds that a stopped process does not run
CUT_SECONDS = 40.0  # seconds that a node is cut off
SERVER_STOP_SECONDS = (1.0, 6.0)  # seconds that PostgreSQL is away
FAULT_WEIGHTS = {  # and their relative frequencies
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
class FaultInjector:
    """Random faults of some members and of PostgreSQL.

    Attributes:
        happened: how often each kind of fault happened.
        server_back: when PostgreSQL was last available again.
    """

    members: list[Member]
    server: Server
    leader: Callable[[], Member | None]
    chance: random.Random
    report: Callable[[str], None]
    counts: Counter[str] = field(default_factory=Counter)
    server_is_down: bool = False
    server_up_at: float = 0.0
    _later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Inject faults for some seconds, then undo them."""
        end = time.monotonic() + seconds
        following = time.monotonic() + self.chance.uniform(*PAUSE_SECONDS)
        while time.monotonic() < end:
            self._undo(time.monotonic())
            if time.monotonic() > following:
                self._inject_fault()
                following = time.monotonic() + self.chance.uniform(*PAUSE_SECONDS)
            time.sleep(0.2)
        while self._later:
            self._undo(time.monotonic())
            time.sleep(0.2)

    def _undo(self, now: float) -> None:
        for moment, undo in list(self._later):
            if moment <= now:
                self._later.remove((moment, undo))
                undo()

    def _inject_fault(self) -> None:
        kind = self.chance.choices(list(FAULT_WEIGHTS), list(FAULT_WEIGHTS.values()))[0]
        subject, _, verb = kind.partition(" ")
        if subject == "PostgreSQL":
            self._stop_server(kind, signal.SIGQUIT if verb == "crashed" else signal.SIGINT)
            return
        member = self._choose_member(subject)
        if member is None:
            return
        self._record(kind, f" on {member.node.name}, {member.role[0]}")
        if verb == "killed":
            member.send(signal.SIGKILL)
        elif verb == "ended":
            member.send(signal.SIGTERM)
        elif verb.startswith("stopped"):
            member.send(signal.SIGSTOP)
            self._undo_after(FROZEN_SECONDS, member, lambda: member.send(signal.SIGCONT))
        else:
            member.node.disconnect()
            self._undo_after(CUT_SECONDS, member, member.node.reconnect)

    def _choose_member(self, subject: str) -> Member | None:
        """Choose the member for a fault; never one that is still affected by the last."""
        free = [
            member
            for member in self.members
            if member.busy_until < time.monotonic() and member.is_running
        ]
        if subject == "leader":
            leader = self.leader()
            return leader if leader in free else None
        if subject == "worker":
            free = [member for member in free if not member.is_service]
        return self.chance.choice(free) if free else None

    def _undo_after(self, seconds: float, member: Member, undo: Callable[[], None]) -> None:
        member.busy_until = time.monotonic() + seconds + 5
        self._later.append((time.monotonic() + seconds, undo))

    def _stop_server(self, kind: str, how: signal.Signals) -> None:
        if self.server_is_down:
            return
        away = self.chance.uniform(*SERVER_STOP_SECONDS)
        self._record(kind, f", {away:.0f} s away")
        self.server_is_down = True
        self.server.stop(how)

        def back() -> None:
            self.server.start()
            self.server_is_down, self.server_up_at = False, time.monotonic()

        self._later.append((time.monotonic() + away, back))

    def _record(self, kind: str, where: str) -> None:
        self.counts[kind] += 1
        self.report(f"{kind}{where}")
