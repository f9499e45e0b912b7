"""Names, with the system's resolver and a real DNS server.

Each is asked for once, and its faults are told in time.
"""

from collections.abc import Iterator

import pytest

from tests.support.dns import CUT, GARBAGE, NXDOMAIN, REFUSED, SERVFAIL, SILENT, WRONG_ID, Answer
from tests.support.laboratory import Laboratory, laboratory

pytestmark = pytest.mark.slow
PUBLIC, PUBLIC_6, INNER = "93.184.216.34", "2606:2800:21f:cb07::1", "10.0.0.9"


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as running:
        running.learn(names={"public.example": [[PUBLIC]], "inner.example": [[INNER]]})
        yield running


@pytest.mark.parametrize(
    "answer",
    [
        [PUBLIC],
        [PUBLIC_6],
        [PUBLIC, PUBLIC_6],
        "alias public.example",
        CUT,
        [f"93.184.216.{n}" for n in range(1, 20)],
    ],
    ids=["ipv4", "ipv6", "both", "alias", "over-tcp", "many"],
)
def test_public_names_are_reached(lab: Laboratory, answer: Answer) -> None:
    """By either family, by an alias, and where the answer is too long for one datagram."""
    lab.learn(names={"name.example": [answer], "whole.name.example": [[PUBLIC]]})
    report = lab.get("http://name.example/a")
    assert report.outcomes == ["page"]
    assert (
        report.asked == ["name.example"] * 2
    )  # for robots.txt, and for the page: the server closes connections


@pytest.mark.parametrize(
    "answer",
    [[INNER], "alias inner.example", [PUBLIC, INNER], [INNER, PUBLIC], [PUBLIC, "::1"], [PUBLIC_6, "127.0.0.1"],
     [*(f"93.184.216.{n}" for n in range(1, 25)), INNER]],
    ids=["private", "alias", "private-last", "private-first", "private-ipv6", "private-ipv4", "one-of-many"],
)  # fmt: skip
def test_one_private_address_is_enough_to_refuse(lab: Laboratory, answer: Answer) -> None:
    """Nobody is connected to, the public ones neither."""
    lab.learn(names={"name.example": [answer]})
    report = lab.get("http://name.example/a")
    assert "name.example resolves to a forbidden address" in report.outcomes[0]
    assert report.outcomes[0].startswith("RefusedError")
    assert report.reached == {}


@pytest.mark.parametrize("fault", [NXDOMAIN, SERVFAIL, REFUSED, GARBAGE, WRONG_ID, []], ids=str)
def test_a_name_without_an_answer_is_told(lab: Laboratory, fault: Answer) -> None:
    """As one that does not resolve."""
    lab.learn(names={"name.example": [fault]})
    report = lab.get("http://name.example/a")
    assert "the name name.example does not resolve" in report.outcomes[0]
    assert report.reached == {}


def test_a_silent_dns_server_costs_the_deadline_and_no_more(lab: Laboratory) -> None:
    """The system's resolver would wait for four times as long."""
    lab.learn(names={"name.example": [SILENT]})
    report = lab.get("http://name.example/a", seconds=0.5)
    assert (
        "not resolved in time" in report.outcomes[0]
        or "no complete answer within 0.5 s" in report.outcomes[0]
    )
    assert report.seconds < 1.5


def test_an_address_that_changes_for_the_worse_is_not_followed(lab: Laboratory) -> None:
    """Public for robots.txt and for the first page, private for the second one.

    And public again later.
    """
    lab.learn(names={"name.example": [[PUBLIC], [PUBLIC], [INNER], [PUBLIC]]})
    first, second, third = lab.get(*(f"http://name.example/{n}" for n in "abc")).outcomes
    assert (first, third) == ("page", "page")
    assert "10.0.0.9 is a private address" in second


def test_a_robots_txt_leads_nowhere_private(lab: Laboratory) -> None:
    """Its redirects are checked as all others are, and without it the page is not asked for."""
    lab.learn(
        names={"name.example": [[PUBLIC]]},
        pages={"name.example/robots.txt": f"=> http://{INNER}/robots.txt"},
    )
    report = lab.get("http://name.example/a")
    assert "10.0.0.9 is a private address" in report.outcomes[0]
    assert report.reached.keys() == {PUBLIC}


def test_names_of_redirects_are_asked_for_anew(lab: Laboratory) -> None:
    """Each by its own answer."""
    lab.learn(
        names={"moved.example": [[PUBLIC]]}, pages={"moved.example/a": "=> http://inner.example/"}
    )
    report = lab.get("http://moved.example/a")
    assert (
        "redirected to http://inner.example/: inner.example resolves to a forbidden address"
        in report.outcomes[0]
    )
    assert report.reached.keys() == {PUBLIC}


@pytest.mark.parametrize(
    "host", ["inner.example", "127.1", "[::1]", "169.254.169.254", "public.example:25"]
)
def test_hubs_are_public_servers(lab: Laboratory, host: str) -> None:
    """Unless the config's allow_private names them."""
    report = lab.post(f"http://{host}/hub", allow=[])
    assert report.outcomes[0].startswith("RefusedError")
    assert report.reached == {}
    assert lab.post(f"http://{host}/hub", allow=["0.0.0.0/0", "::/0"]).outcomes == ["page"]


def test_a_webhook_may_be_private(lab: Laboratory) -> None:
    """It stands in the config, and is mostly a server of one's own."""
    assert lab.post("http://inner.example/hook").outcomes == ["page"]


def test_where_all_is_allowed_what_an_address_carries_still_counts(lab: Laboratory) -> None:
    """NAT64 to a private address is refused where only NAT64 is allowed."""
    url = "http://[64:ff9b::10.0.0.9]/"
    assert "10.0.0.9 is a private address" in lab.get(url, allow=["64:ff9b::/96"]).outcomes[0]
    assert lab.get(url, allow=["64:ff9b::/96", "10.0.0.0/8"]).outcomes == ["page"]
