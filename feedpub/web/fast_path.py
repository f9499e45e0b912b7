"""Write responses that are in memory as soon as a request's head has arrived.

For each request, uvicorn creates a task and passes messages. That takes several times as long as
sending a file from memory. Responses that need no waiting skip it; all others use it.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from feedpub.web.http import CHUNK_BYTES, Request, Response

_PLAIN_PATH = re.compile(rb"/[\w./-]*")  # without percent-encoding or query
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class _CompletedCycle:
    """Replace uvicorn's request cycle for a request that has been answered."""

    response_complete = True
    message_event = asyncio.Event()


class FastPathProtocol(HttpToolsProtocol):
    """A connection whose application may answer at once through `try_fast`."""

    cycle: Any

    def on_headers_complete(self) -> None:
        response = self._try_fast()
        if response:
            self.cycle = _CompletedCycle
            self._write(response)
            self.on_response_complete()
        else:
            super().on_headers_complete()

    def _try_fast(self) -> Response | None:
        if self.cycle and not self.cycle.response_complete:
            return None
        if self.flow.write_paused or self.transport.is_closing():
            return None
        if not _PLAIN_PATH.fullmatch(self.url):
            return None
        method = self.parser.get_method().decode("ascii")
        request = Request.from_scope(method, self.url.decode("ascii"), self.headers)
        response: Response | None = self.app.try_fast(request)
        return response if response and len(response.body) <= CHUNK_BYTES else None

    def _write(self, response: Response) -> None:
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        headers = [*self.server_state.default_headers, *response.headers]
        if not keep_alive:
            headers.append((b"connection", b"close"))
        lines = [b"%b: %b\r\n" % header for header in headers]
        body = b"" if self.parser.get_method() == b"HEAD" else response.body
        self.transport.write(b"".join((_STATUS_LINES[response.status], *lines, b"\r\n", body)))
        if not keep_alive:
            self.transport.close()
