"""Inject random faults into a cluster, and check that each article appears once and in time.

`python -m tests.chaos --minutes 10 --feeds 8 --workers 3`: nodes are network namespaces with
addresses of their own. Two run `feedpub run`, the others `feedpub worker`. Papers publish all the
time. Processes are killed and stopped, nodes are cut off, PostgreSQL is restarted and crashes.
Then the faults end until every feed was due once more, and the result is checked. `--seed` repeats
the same events in the same order. Needs root.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedpub.store import Store
from tests.chaos.cluster import Member, supervising
from tests.chaos.network import HOST_ADDRESS, NETWORK, missing_requirement, network
from tests.chaos.papers import Paper, Publishers, running_publishers
from tests.chaos.reign import LeaderMonitor, measuring
from tests.chaos.storm import FaultInjector
from tests.chaos.watcher import FeedWatcher, watching
from tests.support.postgres import SKIP_REASON, Server, is_available, temporary_server
from tests.support.service import eventually

SERVICES = 2
RECOVERY_SECONDS = 120.0  # the longest interval and a minute
MAX_LATENESS_SECONDS = 60.0 + 60.0  # seconds: the interval, and time for a run on a busy machine
MAX_START_SECONDS = 120.0  # seconds until each feed is published for the first time
MAX_LEADERLESS_SECONDS = 60.0  # seconds

CONFIG = """\
[feedpub]
state = "{state}"
queue = true
output = "{output}"
base_url = "https://feeds.example.net/"
allow_private = ["{network}"]
request_delay = "0s"

"""


@dataclass
class Result:
    """The outcome of a run.

    Attributes:
        faults: rules that were broken; empty if the run passed.
        lateness: the longest delay in seconds from an article to its feed: of the complete
            run, and since the recovery began.
    """

    fault_counts: dict[str, int]
    starts: int
    articles: int
    checks: int
    leaders: int
    leaderless: float
    lateness: tuple[float, float]
    faults: list[str]

    def __str__(self) -> str:
        rows: dict[str, object] = {
            **dict(sorted(self.fault_counts.items())),
            "all events": sum(self.fault_counts.values()),
            "processes started": self.starts,
            "articles published": self.articles,
            "checks of feeds": self.checks,
            "leaders": self.leaders,
            "longest without a leader": f"{self.leaderless:.0f} s",
            "longest from site to feed": f"{self.lateness[0]:.0f} s",
            "the same since the recovery": f"{self.lateness[1]:.0f} s",
            "faults": len(self.faults),
        }
        return "\n".join(
            [*(f"{name:<28}{value!s:>8}" for name, value in rows.items()), *self.faults]
        )


class ChaosRun:
    """A cluster, from its first start to the last check."""

    def __init__(  # noqa: PLR0913, PLR0917 -- all that takes part
        self,
        folder: Path,
        server: Server,
        members: list[Member],
        press: Publishers,
        address: str,
        seed: int,
        tell: Callable[[str], None],
    ) -> None:
        self._members = members
        self._press = press
        self._address = address
        self._tell = tell
        self._watcher = FeedWatcher(folder / "feeds", press.papers)
        chance = random.Random(seed)  # noqa: S311 -- events, not secrets
        self._storm = FaultInjector(members, server, self._leader, chance, tell)
        self._reign = LeaderMonitor(address, lambda: self._storm.server_up_at)

    def run(self, seconds: float, recovery_seconds: float) -> Result:
        """Start, inject faults for some seconds, recover for some more, and check the result."""
        with supervising(self._members), watching(self._watcher):
            there = eventually(
                lambda: len(self._published_ids()) == len(self._press.papers), MAX_START_SECONDS
            )
            assert there, (
                f"only {self._published_ids()} were published in {MAX_START_SECONDS:.0f} s"
            )
            self._tell("every feed is there")
            with measuring(self._reign):
                self._storm.run(seconds)
                recovered = time.monotonic()
                self._tell("recovery")
                time.sleep(recovery_seconds)
            faults = list(self._late_feeds())
            self._press.stop()
            eventually(lambda: not list(self._misplaced_articles()), MAX_LATENESS_SECONDS)
            self._watcher.read_feeds()
        faults = [
            *self._watcher.faults,
            *faults,
            *self._misplaced_articles(),
            *self._misplaced_in_state(),
            *self._failed_exits(),
        ]
        return self._result(recovered, faults)

    def _published_ids(self) -> list[str]:
        return [paper.name for paper in self._press.papers if self._watcher.seen_ids(paper)]

    def _leader(self) -> Member | None:
        """Return the member that most recently became leader."""
        claims = [
            (event["time"], number)
            for number, member in enumerate(self._members)
            if member.is_service
            for event in member.events()
            if event.get("outcome") == "this service leads"
        ]
        return self._members[max(claims)[1]] if claims else None

    def _late_feeds(self) -> list[str]:
        """Return the feeds whose last run is too long ago."""
        now = datetime.now(UTC)
        with Store.open(self._address) as store:
            runs = store.stats.last_runs()
        since = {
            paper.name: (now - runs[paper.name].started).total_seconds()
            for paper in self._press.papers
        }
        return [
            f"{name}: its last run was {seconds:.0f} s ago"
            for name, seconds in since.items()
            if seconds > MAX_LATENESS_SECONDS
        ]

    def _misplaced_articles(self) -> list[str]:
        """Return the articles that are not exactly once in their feed."""
        faults = []
        for paper in self._press.papers:
            wanted = {paper.link(number) for number in list(paper.articles)}
            found = self._watcher.published_ids(paper)
            if lacking := wanted - found.keys():
                faults.append(
                    f"{paper.name}: {len(lacking)} articles are not published: "
                    f"{sorted(lacking)[:3]}"
                )
            faults += [
                f"{paper.name}: {link} has the ids {ids}"
                for link, ids in found.items()
                if len(ids) > 1
            ]
        return faults

    def _misplaced_in_state(self) -> list[str]:
        """Return the articles that are not exactly once in the state."""
        with Store.open(self._address) as store:
            return [
                fault for paper in self._press.papers for fault in _count_duplicates(paper, store)
            ]

    def _failed_exits(self) -> list[str]:
        """Return the processes that failed when they were asked to end."""
        ends = {member.node.name: member.statuses[-1] for member in self._members}
        return [f"{name} ended with {status}" for name, status in ends.items() if status]

    def _result(self, recovered: float, faults: list[str]) -> Result:
        if self._reign.longest > MAX_LEADERLESS_SECONDS:
            faults.append(f"there was no leader for {self._reign.longest:.0f} s")
        late = self._watcher.lateness
        after = [seconds for seconds, moment in late if moment - seconds > recovered]
        if after and max(after) > MAX_LATENESS_SECONDS:
            faults.append(
                f"an article that came after the recovery was published after {max(after):.0f} s"
            )
        return Result(
            fault_counts=dict(self._storm.counts),
            starts=sum(member.starts for member in self._members),
            articles=sum(len(paper.articles) for paper in self._press.papers),
            checks=self._watcher.checks,
            leaders=len(self._reign.leaders),
            leaderless=max([self._reign.longest, *self._reign.gaps]),
            lateness=(max(seconds for seconds, _ in late), max(after, default=0.0)),
            faults=faults,
        )


def _count_duplicates(paper: Paper, store: Store) -> list[str]:
    urls = [entry.url for entry in store.entries(paper.name)]
    wanted = {paper.link(number) for number in paper.articles}
    faults = []
    if len(set(urls)) != len(urls):
        faults.append(f"{paper.name}: {len(urls) - len(set(urls))} articles are in the state twice")
    if set(urls) != wanted:
        faults.append(f"{paper.name}: the state has {len(urls)} articles of {len(wanted)}")
    return faults


def run_chaos(  # noqa: PLR0913 -- all that may be chosen
    minutes: float,
    feeds: int,
    workers: int,
    *,
    seed: int,
    tell: Callable[[str], None],
    recovery_seconds: float = RECOVERY_SECONDS,
) -> Result:
    """Inject faults into a cluster for some minutes.

    Args:
        minutes: of faults; the start and the recovery take some more.
        feeds: the number of feeds, each with a paper of its own.
        workers: nodes with a worker; two more have a service.
        seed: selects the faults and their order.
        tell: receives each event.
        recovery_seconds: time without faults before the final check.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedpub-chaos-")))
        nodes = stack.enter_context(network(SERVICES + workers, feeds))
        # Commits must survive a crash of the server; a crash of the machine is not tried.
        server = stack.enter_context(
            temporary_server(HOST_ADDRESS, NETWORK, synchronous_commit="on", max_connections="200")
        )
        press = stack.enter_context(running_publishers(feeds, seed))
        address = server.create_database()
        config = _configure(folder, address, press)
        members = [
            Member(
                node,
                _role_arguments(node.address, node.number),
                config,
                folder / f"{node.name}.log",
            )
            for node in nodes
        ]
        report = lambda line: tell(f"{time.monotonic() - began:5.0f} s  {line}")  # noqa: E731
        result = ChaosRun(folder, server, members, press, address, seed, report).run(
            minutes * 60, recovery_seconds
        )
        if result.faults:
            _keep_logs(folder, members)
    return result


def _configure(folder: Path, address: str, press: Publishers) -> Path:
    config = folder / "feedpub.toml"
    head = CONFIG.format(state=address, output=folder / "feeds", network=NETWORK)
    config.write_text(head + "\n".join(paper.config() for paper in press.papers), "utf-8")
    return config


def _role_arguments(address: str, number: int) -> tuple[str, ...]:
    return (
        ("run", "--listen", f"{address}:8080")
        if number < SERVICES
        else ("worker", "--at-once", "4")
    )


def _keep_logs(folder: Path, members: list[Member]) -> None:
    """Keep the logs for an investigation."""
    kept = Path(tempfile.mkdtemp(prefix="feedpub-chaos-logs-"))
    for member in members:
        (kept / member.log.name).write_bytes(member.log.read_bytes())
    for path in (folder / "feeds").glob("*.json"):
        (kept / path.name).write_bytes(path.read_bytes())
    print(f"the logs are in {kept}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes of faults")
    parser.add_argument("--feeds", type=int, default=8, help="feeds, each from a paper of its own")
    parser.add_argument(
        "--workers",
        type=int,
        default=3,
        help="nodes with a worker, in addition to two with a service",
    )
    parser.add_argument("--seed", type=int, default=1, help="selects the faults and their order")
    options = parser.parse_args()
    if why := (missing_requirement() or ("" if is_available() else SKIP_REASON)):
        sys.exit(why)
    tell = lambda line: print(line, flush=True)  # noqa: E731
    result = run_chaos(
        options.minutes, options.feeds, options.workers, seed=options.seed, tell=tell
    )
    print(result)
    sys.exit(1 if result.faults else 0)


if __name__ == "__main__":
    main()
