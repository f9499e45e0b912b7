"""Sources that never finish their response.

Each run ends at its deadline. All cases share a run, and each has its own site.
"""

import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler

from tests.catalogue.answers import OK, Answer, raw, redirect
from tests.catalogue.case import Case
from tests.catalogue.press import NOW, OLD, publish
from tests.catalogue.stage import SHORT, Stage, Start
from tests.support.evil import send_slowly
from tests.support.newsroom import feed
from tests.support.site import Site

_DEAF = "127.77.0.9"


def _answers(answer: Answer, _: Stage, site: Site) -> None:
    site["/news"] = answer


def _hang(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    time.sleep(30)


def _blackhole(stage: Stage, site: Site) -> None:
    """Redirect to a listener whose queue is full, so new connections get no answer."""
    full = stage.prop(socket.create_server((_DEAF, 0), backlog=0))
    stage.prop(socket.create_connection(full.getsockname()))
    site["/news"] = redirect(f"http://{_DEAF}:{full.getsockname()[1]}/news")


def _mute(stage: Stage, site: Site) -> None:
    """Redirect to a listener that never answers the TLS handshake."""
    listener = stage.prop(socket.create_server((_DEAF, 0)))
    site["/news"] = redirect(f"https://{_DEAF}:{listener.getsockname()[1]}/news")


_CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_SCENES: Mapping[str, Callable[[Stage, Site], None]] = {
    "blackhole": _blackhole,
    "tls-mute": _mute,
    "drip-body": partial(_answers, raw(send_slowly(OK + b"Content-Length: 100000\r\n\r\n", b"a"))),
    "drip-headers": partial(_answers, raw(send_slowly(OK + b"X-Drop: ", b"a"))),
    "drip-chunks": partial(_answers, raw(send_slowly(_CHUNKS, b"1\r\na\r\n"))),
    "drip-status-line": partial(_answers, raw(send_slowly(b"HTTP/1.1 200 ", b"O"))),
    "drip-error-page": partial(
        _answers, raw(send_slowly(b"HTTP/1.1 500 Oh\r\nContent-Length: 60000\r\n\r\n", b"a"))
    ),
    "no-word": partial(_answers, _hang),
}


def _feeds(stage: Stage) -> list[str]:
    return [feed(name, f"page {stage.own_site(name).url('/news')}") for name in _SCENES]


def _publish(stage: Stage) -> None:
    for name in _SCENES:
        publish(stage.own_site(name), OLD)


def _bring_about(stage: Stage) -> None:
    for name, scene in _SCENES.items():
        publish(stage.own_site(name), NOW)
        scene(stage, stage.own_site(name))


_START = Start("waiting", _feeds, prepare=_publish, head=SHORT)


def waits(name: str, reason: str = "no complete answer within|no answer in time") -> Case:
    """Return the case of this name, whose run uses all of its ten seconds."""
    return Case(
        name,
        _bring_about,
        reason,
        start=_START,
        feed=name,
        shared="waiting",
        slow=True,
        seconds=60.0,
    )
