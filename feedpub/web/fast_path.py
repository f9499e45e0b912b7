"""Answers that need no waiting, written as soon as a request's head is there.

The server library makes a task and passes messages for each request, which takes several times as
long as finding and sending a file that is in memory. What takes no waiting takes no such detour;
everything else does.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from feedpub.web.http import CHUNK_BYTES, Request, Response

_PLAIN = re.compile(rb"/[\w./-]*")  # an address that stands for itself: nothing to decode, no query
_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class _Answered:
    """Stands where the library keeps the request under way: there is none."""

    response_complete = True
    message_event = asyncio.Event()


class FastPathProtocol(HttpToolsProtocol):
    """A connection whose application may have an answer `try_fast`."""

    cycle: Any

    def on_headers_complete(self) -> None:
        answer = self._try_fast()
        if answer:
            self.cycle = _Answered
            self._write(answer)
            self.on_response_complete()
        else:
            super().on_headers_complete()

    def _try_fast(self) -> Response | None:
        under_way = self.cycle and not self.cycle.response_complete
        if (
            under_way
            or self.flow.write_paused
            or self.transport.is_closing()
            or not _PLAIN.fullmatch(self.url)
        ):
            return None
        request = Request.from_scope(
            self.parser.get_method().decode("ascii"), self.url.decode("ascii"), self.headers
        )
        answer: Response | None = self.app.try_fast(request)
        return answer if answer and len(answer.body) <= CHUNK_BYTES else None

    def _write(self, answer: Response) -> None:
        keep = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        closing = () if keep else ((b"connection", b"close"),)
        lines = [
            b"%b: %b\r\n" % header
            for header in (*self.server_state.default_headers, *answer.headers, *closing)
        ]
        body = b"" if self.parser.get_method() == b"HEAD" else answer.body
        self.transport.write(b"".join((_LINES[answer.status], *lines, b"\r\n", body)))
        if not keep:
            self.transport.close()
