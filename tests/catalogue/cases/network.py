"""Networks that fail: names that lead nowhere or astray, hosts that are silent, certificates that are not valid."""

import socket
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import trustme

from tests.catalogue import dns
from tests.catalogue.answers import OK, raw, redirect
from tests.catalogue.case import Case
from tests.catalogue.cases.rights import has_news
from tests.catalogue.command import may_mount
from tests.catalogue.press import NOW, listing
from tests.catalogue.stage import SECURE, Stage, Start
from tests.support.evil import running_evil
from tests.support.newsroom import feed
from tests.support.tls import server_side

NAME = "news.test"
_SLOW: dict[str, Any] = {"slow": True, "seconds": 25.0}


def _serve_names(stage: Stage) -> None:
    server = stage.prop(dns.name_server())
    server.names[NAME] = lambda: [stage.site.host]
    stage.marks["names"] = server


NAMED = Start(
    "named",
    lambda stage: [feed("world", f"page http://{NAME}:{stage.site.port}/news")],
    prepare=_serve_names,
    within=lambda stage: dns.asking(stage.marks["names"], stage.home.root),
)


def needs_names() -> str:
    """Why names cannot be served here; "" where they can."""
    if not may_mount():
        return "not permitted to mount a resolv.conf"
    return "" if dns.may_serve() else "not permitted to listen on port 53"


def _named(name: str, answer: Callable[[Stage], dns.Answer], reason: str = "", **more: Any) -> Case:
    """The site's name is answered so from now on."""

    def scene(stage: Stage) -> None:
        stage.marks["names"].names[NAME] = lambda: answer(stage)

    return Case(name, scene, reason, start=NAMED, needs=needs_names, **more)


def _private(stage: Stage) -> None:
    """A listener on the site's port that nobody may reach; it would have news."""
    page = OK + b"Connection: close\r\n\r\n" + listing(NOW).encode()
    stage.marks["private"] = stage.prop(running_evil(page, host="127.0.0.1", port=stage.site.port))


def unreached(stage: Stage) -> None:
    """Nobody connected to the private listener."""
    assert stage.marks["private"].connections == 0, "a private address was reached"


def _mixed(stage: Stage) -> None:
    _private(stage)
    stage.marks["names"].names[NAME] = lambda: [stage.site.host, "127.0.0.1"]


def _rebinding(stage: Stage) -> None:
    """The first look-up (of both kinds of address) is answered with the site's address, each later one otherwise."""
    _private(stage)
    queries = count()
    stage.marks["names"].names[NAME] = lambda: [stage.site.host] if next(queries) < 2 else ["127.0.0.1"]


def _moved_to(stage: Stage, place: str) -> None:
    stage.site["/news"] = redirect(place)


def _refused(stage: Stage) -> None:
    with socket.create_server(("127.77.0.9", 0)) as nobody:
        port = nobody.getsockname()[1]
    _moved_to(stage, f"http://127.77.0.9:{port}/news")


def _blackhole(stage: Stage) -> None:
    """A listener whose queue is full: whoever connects now gets no answer at all."""
    full = stage.prop(socket.create_server(("127.77.0.9", 0), backlog=0))
    stage.prop(socket.create_connection(full.getsockname()))
    _moved_to(stage, f"http://127.77.0.9:{full.getsockname()[1]}/news")


def _mute(stage: Stage) -> None:
    """A listener that never says a word."""
    listener = stage.prop(socket.create_server(("127.77.0.9", 0)))
    _moved_to(stage, f"https://127.77.0.9:{listener.getsockname()[1]}/news")


def _reset(connection: socket.socket, _: threading.Event) -> None:
    connection.sendall(OK + b"Content-Length: 100000\r\n\r\n" + listing(NOW).encode())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RD)
    connection.close()


def _answers(answer: Any, stage: Stage) -> None:
    stage.site["/news"] = raw(answer)


def _certificate(name: str, issue: Callable[[Stage], trustme.LeafCert], reason: str) -> Case:
    """The site shows another certificate from now on."""

    def scene(stage: Stage) -> None:
        stage.secure.tls = server_side(issue(stage))

    return Case(name, scene, reason, start=SECURE)


def _days(number: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=number)


HOST = "127.77.0.3"
_NAMES: dict[str, Any] = {"start": NAMED, "needs": needs_names}
CASES = (
    _named("nxdomain", lambda _: 3, r"the name news\.test does not resolve \(Name or service not known\)"),
    _named("dns-timeout", lambda _: None, "not resolved in time|does not resolve|no complete answer", **_SLOW),
    Case("dns-mixed-public-private", _mixed, "leads to a forbidden address", **_NAMES, also=unreached),
    Case("dns-rebind", _rebinding, right=has_news, also=unreached, **_NAMES),
    Case("refused", _refused, r"cannot be reached on port \d+ .*Connection refused"),
    Case("blackhole", _blackhole, "cannot be reached|no complete answer within", **_SLOW),
    _named("first-ip-dead", lambda stage: ["127.77.0.9", stage.site.host], right=has_news),
    _certificate("tls-expired", lambda s: s.authority.issue_cert(HOST, not_after=_days(-1)), "certificate has expired"),
    _certificate("tls-wrong-host", lambda s: s.authority.issue_cert("127.77.0.4"), "not valid: .*mismatch"),
    _certificate("tls-self-signed", lambda _: trustme.CA().issue_cert(HOST), "not valid: .*(issuer|self.signed)"),
    Case("reset-midbody", partial(_answers, _reset), "broke off the connection|breaks off"),
    Case("ssh-banner", partial(_answers, b"SSH-2.0-OpenSSH_9.9\r\n"), "does not speak HTTP; it said 'SSH-2.0-"),
    # --- found missing ---
    _named("dns-servfail", lambda _: 2, "does not resolve"),
    _named("dns-empty", lambda _: [], "does not resolve"),
    _named("dns-refused", lambda _: 5, "does not resolve"),
    _certificate("tls-not-yet", lambda s: s.authority.issue_cert(HOST, not_before=_days(1)), "not yet valid"),
    Case("tls-plain", lambda stage: setattr(stage.secure, "tls", None), "no secure connection", start=SECURE),
    Case("tls-mute", _mute, "no complete answer within|no secure connection|no answer in time", **_SLOW),
    Case("ftp-banner", partial(_answers, b"220 FTP ready\r\n"), "does not speak HTTP; it said '220 FTP"),
    Case("binary-noise", partial(_answers, bytes(range(256)) * 300), "no valid HTTP|does not speak HTTP|too long"),
)
