"""Host names with the system's resolver and a real DNS server."""

from collections.abc import Iterator

import pytest

from tests.support.dns import CUT, GARBAGE, NXDOMAIN, REFUSED, SERVFAIL, SILENT, WRONG_ID, Answer
from tests.support.laboratory import IsolatedNetwork, isolated_network

pytestmark = pytest.mark.slow
PUBLIC, PUBLIC_6, INNER = "93.184.216.34", "2606:2800:21f:cb07::1", "10.0.0.9"


@pytest.fixture(scope="module")
def lab() -> Iterator[IsolatedNetwork]:
    with isolated_network() as running:
        running.add(names={"public.example": [[PUBLIC]], "inner.example": [[INNER]]})
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
def test_public_names_are_reached(lab: IsolatedNetwork, answer: Answer) -> None:
    """By IPv4 and IPv6, by an alias, and with an answer that is too long for one datagram."""
    lab.add(names={"name.example": [answer], "whole.name.example": [[PUBLIC]]})
    report = lab.get("http://name.example/a")
    assert report.outcomes == ["page"]
    assert (
        report.queried_names == ["name.example"] * 2
    )  # for robots.txt, and for the page: the server closes connections


@pytest.mark.parametrize(
    "answer",
    [
        [INNER],
        "alias inner.example",
        [PUBLIC, INNER],
        [INNER, PUBLIC],
        [PUBLIC, "::1"],
        [PUBLIC_6, "127.0.0.1"],
        [*(f"93.184.216.{n}" for n in range(1, 25)), INNER],
    ],
    ids=[
        "private",
        "alias",
        "private-last",
        "private-first",
        "private-ipv6",
        "private-ipv4",
        "one-of-many",
    ],
)
def test_name_with_one_private_address_is_forbidden(lab: IsolatedNetwork, answer: Answer) -> None:
    lab.add(names={"name.example": [answer]})
    report = lab.get("http://name.example/a")
    assert "name.example resolves to a forbidden address" in report.outcomes[0]
    assert report.outcomes[0].startswith("DisallowedError")
    assert report.reached == {}


@pytest.mark.parametrize("fault", [NXDOMAIN, SERVFAIL, REFUSED, GARBAGE, WRONG_ID, []], ids=str)
def test_name_without_an_answer_is_reported(lab: IsolatedNetwork, fault: Answer) -> None:
    lab.add(names={"name.example": [fault]})
    report = lab.get("http://name.example/a")
    assert "the name name.example does not resolve" in report.outcomes[0]
    assert report.reached == {}


def test_silent_dns_server_costs_only_the_deadline(lab: IsolatedNetwork) -> None:
    lab.add(names={"name.example": [SILENT]})
    report = lab.get("http://name.example/a", seconds=0.5)
    assert (
        "not resolved in time" in report.outcomes[0]
        or "no complete answer within 0.5 s" in report.outcomes[0]
    )
    assert report.seconds < 1.5


def test_name_that_becomes_private_is_forbidden(lab: IsolatedNetwork) -> None:
    lab.add(names={"name.example": [[PUBLIC], [PUBLIC], [INNER], [PUBLIC]]})
    first, second, third = lab.get(*(f"http://name.example/{n}" for n in "abc")).outcomes
    assert (first, third) == ("page", "page")
    assert "10.0.0.9 is a private address" in second


def test_robots_txt_cannot_redirect_to_a_private_address(lab: IsolatedNetwork) -> None:
    lab.add(
        names={"name.example": [[PUBLIC]]},
        pages={"name.example/robots.txt": f"=> http://{INNER}/robots.txt"},
    )
    report = lab.get("http://name.example/a")
    assert "10.0.0.9 is a private address" in report.outcomes[0]
    assert report.reached.keys() == {PUBLIC}


def test_names_of_redirects_are_resolved_again(lab: IsolatedNetwork) -> None:
    lab.add(
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
def test_websub_hubs_must_be_public_unless_allowed(lab: IsolatedNetwork, host: str) -> None:
    report = lab.post(f"http://{host}/hub", allow=[])
    assert report.outcomes[0].startswith("DisallowedError")
    assert report.reached == {}
    assert lab.post(f"http://{host}/hub", allow=["0.0.0.0/0", "::/0"]).outcomes == ["page"]


def test_webhook_may_be_private(lab: IsolatedNetwork) -> None:
    assert lab.post("http://inner.example/hook").outcomes == ["page"]


def test_address_behind_nat64_must_be_allowed_too(lab: IsolatedNetwork) -> None:
    url = "http://[64:ff9b::10.0.0.9]/"
    assert "10.0.0.9 is a private address" in lab.get(url, allow=["64:ff9b::/96"]).outcomes[0]
    assert lab.get(url, allow=["64:ff9b::/96", "10.0.0.0/8"]).outcomes == ["page"]
