"""Network failures: DNS errors, unresponsive hosts and invalid certificates."""

import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import trustme

from tests.catalogue import dns
from tests.catalogue.answers import OK, raw, redirect
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_news
from tests.catalogue.cases.waiting import waits
from tests.catalogue.press import NOW, listing
from tests.catalogue.stage import SECURE, Stage, Start
from tests.support.dns import GARBAGE, NXDOMAIN, REFUSED, SERVFAIL, SILENT, WRONG_ID, Answer
from tests.support.evil import running_raw_server
from tests.support.newsroom import feed
from tests.support.tls import server_context

NAME = "news.test"


def _serve_names(stage: Stage, *names: str) -> None:
    stage.marks["names"] = stage.prop(dns.name_server(stage.site.host, *names or (NAME,)))


NAMED = Start(
    "named",
    lambda stage: [feed("world", f"page http://{NAME}:{stage.site.port}/news")],
    prepare=_serve_names,
    within=lambda stage: dns.resolver_script(stage.marks["names"], stage.home.root),
)


def _answer_queries(answers: Callable[[Stage], Sequence[Answer]], stage: Stage) -> None:
    stage.marks["names"].add({NAME: answers(stage)})


_FAULTS: Mapping[str, Answer] = {
    "nxdomain": NXDOMAIN,
    "dns-timeout": SILENT,
    "dns-servfail": SERVFAIL,
    "dns-refused": REFUSED,
    "dns-garbage": GARBAGE,
    "dns-wrong-id": WRONG_ID,
    "dns-empty": [],
}
NAMELESS = Start(
    "nameless",
    lambda stage: [
        feed(name, f"page http://{name}.test:{stage.site.port}/news") for name in _FAULTS
    ],
    prepare=lambda stage: _serve_names(stage, *(f"{name}.test" for name in _FAULTS)),
    within=NAMED.within,
)


def _fail(stage: Stage) -> None:
    stage.marks["names"].add({f"{name}.test": [answer] for name, answer in _FAULTS.items()})


def nameless(name: str, reason: str = "Temporary failure in name resolution") -> Case:
    """Return a case whose host name gets a DNS error; all these cases share a run."""
    pattern = rf"the name {name}\.test does not resolve \(.*{reason}"
    return Case(
        name, _fail, pattern, start=NAMELESS, feed=name, shared="nameless", needs=dns.needs_names
    )


def _private(stage: Stage) -> None:
    """Put a listener with news on the site's port of a private address."""
    page = OK + b"Connection: close\r\n\r\n" + listing(NOW).encode()
    stage.marks["private"] = stage.prop(
        running_raw_server(page, host="127.0.0.1", port=stage.site.port)
    )


def check_unreached(stage: Stage) -> None:
    """Check that the private listener had no connection."""
    assert stage.marks["private"].connections == 0, "a private address was reached"


def _mix_addresses(stage: Stage) -> None:
    _private(stage)
    _answer_queries(lambda _: [[stage.site.host, "127.0.0.1"]], stage)


def _alias_private(stage: Stage) -> None:
    """Make the site's name an alias of a private address."""
    _private(stage)
    stage.marks["names"].add({"within.test": [["127.0.0.1"]]})
    _answer_queries(lambda _: ["alias within.test"], stage)


def _rebind(stage: Stage) -> None:
    """Resolve the name to the site's address first, then always to a private one."""
    _private(stage)
    _answer_queries(lambda _: [[stage.site.host], ["127.0.0.1"]], stage)


def _moved_to(stage: Stage, place: str) -> None:
    stage.site["/news"] = redirect(place)


def _refuse_connections(stage: Stage) -> None:
    with socket.create_server(("127.77.0.9", 0)) as nobody:
        port = nobody.getsockname()[1]
    _moved_to(stage, f"http://127.77.0.9:{port}/news")


def _reset(connection: socket.socket, _: threading.Event) -> None:
    connection.sendall(OK + b"Content-Length: 100000\r\n\r\n" + listing(NOW).encode())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RD)
    connection.close()


def _answers(answer: Any, stage: Stage) -> None:
    stage.site["/news"] = raw(answer)


def _certificate(name: str, issue: Callable[[Stage], trustme.LeafCert], reason: str) -> Case:
    """Return a case whose site presents another certificate."""

    def scene(stage: Stage) -> None:
        stage.secure.tls = server_context(issue(stage))

    return Case(name, scene, reason, start=SECURE)


def _days(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=number)


HOST = "127.77.0.3"
_NAMES: dict[str, Any] = {"start": NAMED, "needs": dns.needs_names}
CASES = (
    nameless("nxdomain", "Name or service not known"),
    nameless("dns-timeout"),
    Case(
        "dns-mixed-public-private",
        _mix_addresses,
        "resolves to a forbidden address",
        **_NAMES,
        also=check_unreached,
    ),
    Case("dns-rebind", _rebind, right=has_news, also=check_unreached, **_NAMES),
    Case("refused", _refuse_connections, r"cannot be reached on port \d+ .*Connection refused"),
    waits("blackhole", "cannot be reached|no complete answer within"),
    Case(
        "first-ip-dead",
        partial(_answer_queries, lambda stage: [["127.77.0.9", stage.site.host]]),
        right=has_news,
        **_NAMES,
    ),
    _certificate(
        "tls-expired",
        lambda s: s.authority.issue_cert(HOST, not_after=_days(-1)),
        "certificate has expired",
    ),
    _certificate(
        "tls-wrong-host", lambda s: s.authority.issue_cert("127.77.0.4"), "not valid: .*mismatch"
    ),
    _certificate(
        "tls-self-signed",
        lambda _: trustme.CA().issue_cert(HOST),
        "not valid: .*(issuer|self.signed)",
    ),
    Case("reset-midbody", partial(_answers, _reset), "broke off the connection|breaks off"),
    Case(
        "ssh-banner",
        partial(_answers, b"SSH-2.0-OpenSSH_9.9\r\n"),
        "does not speak HTTP; its first line is 'SSH-2.0-",
    ),
    # --- further cases ---
    nameless("dns-servfail"),
    nameless("dns-refused"),
    nameless("dns-garbage"),
    nameless("dns-wrong-id"),
    nameless("dns-empty", "No address associated"),
    Case(
        "dns-alias-to-private",
        _alias_private,
        "resolves to a forbidden address",
        also=check_unreached,
        **_NAMES,
    ),
    _certificate(
        "tls-not-yet", lambda s: s.authority.issue_cert(HOST, not_before=_days(1)), "not yet valid"
    ),
    Case(
        "tls-plain",
        lambda stage: setattr(stage.secure, "tls", None),
        "no secure connection",
        start=SECURE,
    ),
    waits("tls-mute", "no complete answer within|no secure connection|no answer in time"),
    Case(
        "ftp-banner",
        partial(_answers, b"220 FTP ready\r\n"),
        "does not speak HTTP; its first line is '220 FTP",
    ),
    Case(
        "binary-noise",
        partial(_answers, bytes(range(256)) * 300),
        "not valid HTTP|does not speak HTTP|too long",
    ),
)
