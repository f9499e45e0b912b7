"""`feedpub add` chooses a source that reads the entries of each kind."""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from feedpub.core.budget import RunBudget
from feedpub.core.process_pool import InlineExecutor
from feedpub.fetch import Fetcher
from feedpub.sources.discovery import Candidate, DiscoverySession, discover_sources
from tests.support.clock import FakeClock
from tests.zoo.kind import NOW, Kind, names, serve_kind

# Kinds that have no address to give, or that the address does not suffice for.
WITHOUT_ADDRESS = {
    "json-graphql": "the body of the request is not in the address",
    "school-menu": "the page changes and has no list",
    "watched-page": "the page changes and has no list",
}
# Other sources than those of the kind that read the same entries.
EQUIVALENT = {"headlines-in-pages": "items"}
MISSES: dict[str, str] = {}


@dataclass(frozen=True)
class Found:
    """The first source of the config of a kind, and the one that is discovered."""

    kind: Kind
    candidate: Candidate


def remote_kinds() -> list[str]:
    """Return the names of the kinds that have an address."""
    local = ("mail-", "saved-", "obsidian-")
    return [each for each in names() if not each.startswith(local) and each not in WITHOUT_ADDRESS]


def discover(name: str) -> Found:
    with ExitStack() as stack:
        kind = stack.enter_context(serve_kind(name))
        fetcher = stack.enter_context(
            Fetcher(delay=0, allow_private=["127.0.0.0/8"], clock=FakeClock(NOW))
        )
        session = DiscoverySession(fetcher, InlineExecutor(), RunBudget())
        found = discover_sources(kind.feed["source"][0]["url"], session, NOW)
        return Found(kind, found.candidates[0].candidate)


@pytest.mark.parametrize("name", remote_kinds())
def test_add_chooses_the_type_of_the_kind(name: str) -> None:
    """Known misses must still fail: a change that repairs one removes its name."""
    found = discover(name)
    (source, *_) = found.kind.feed["source"]
    expected = EQUIVALENT.get(name, source["type"])
    is_right = found.candidate.kind == expected and len(found.candidate.items) > 0
    assert is_right is (name not in MISSES), found.candidate
