"""The network of a machine: a resolver on a private address and a news site on a public one.

`python -m tests.systemd.world` runs in the machine's network. It prints "ready" and serves until it
is ended.
"""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.support.newsroom import listing, path, story

SITE = "93.184.215.14"
RESOLVER = "192.168.77.1"
TOKEN = "open-sesame"
_NUMBERS = [3, 2, 1]
_PAGES = {
    "/news": listing(_NUMBERS),
    "/members": listing(_NUMBERS),
    **{path(n): story(n) for n in _NUMBERS},
}
_HEADER = 12  # bytes of a DNS message before its question
_A = 1


class _Site(BaseHTTPRequestHandler):
    """A site: /news is public, /members needs the token, /slow is slow.

    /asked returns the requests.
    """

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/slow":
            time.sleep(600)
        if self.path == "/asked":
            self._answer(200, "\n".join(self.asked))
        elif self.path == "/members" and self.headers.get("X-Token") != TOKEN:
            self._answer(403, "members only")
        else:
            self._answer(200 if self.path in _PAGES else 404, _PAGES.get(self.path, ""))

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        """Keep the check's output clean."""


def _resolve(question: bytes) -> bytes:
    """Return the response to a question for any name: the site's IPv4 address."""
    end = question.index(b"\0", _HEADER) + 5  # the name, its type and its class
    wanted = int.from_bytes(question[end - 4 : end - 2])
    found = (
        b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + socket.inet_aton(SITE) if wanted == _A else b""
    )
    head = question[:2] + b"\x81\x80\0\x01" + (b"\0\x01" if found else b"\0\0") + b"\0\0\0\0"
    return head + question[_HEADER:end] + found


def main() -> None:
    """Serve both until the process is ended."""
    site = ThreadingHTTPServer((SITE, 80), _Site)
    site.daemon_threads = True
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        resolver.bind((RESOLVER, 53))
        print("ready", flush=True)
        while True:
            question, client = resolver.recvfrom(512)
            resolver.sendto(_resolve(question), client)


if __name__ == "__main__":
    main()
