"""The local page: who may ask for it, and what its script asks. Decides nothing about articles.

Whoever asks has to know the token, which stands in the address and is made anew by each command;
has to call this server by its own address, so that no other name can be made to lead here; and,
where a browser says from which page it asks, has to ask from this one. All others learn nothing.
"""

import asyncio
import dataclasses
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from feedpub.builder import html
from feedpub.cleaner.rules import RuleDraft
from feedpub.core.errors import ConfigError, FeedpubError
from feedpub.web.http import (
    HTML,
    JSON,
    BodyTooLargeError,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    content_response,
    read_body,
)
from feedpub.web.preview.workspace import PreviewSession

_PACKAGE = "feedpub.web.preview"
_LARGEST = 64 << 10  # bytes of what is asked
_MOST_RULES = 200  # of a draft
_LONGEST_RULE = 500  # characters
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_OWN = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_FROM_HERE = (b"", b"same-origin", b"none")  # what Sec-Fetch-Site says, where a browser says it


class BadRequestError(Exception):
    """What was asked is nothing that the page's script asks."""


class PreviewServer:
    """What is served; an ASGI application.

    Args:
        desk: does the work.
        port: where it is served, on 127.0.0.1.

    Attributes:
        path: the page's; the token is a part of it.
        done: set once the page says that the person is done.
    """

    def __init__(self, desk: PreviewSession, port: int) -> None:
        self._desk = desk
        self._port = port
        self._token = secrets.token_urlsafe(32)
        self.path = f"/{self._token}/"
        self.done = threading.Event()
        self._orders: Mapping[str, Callable[[dict[str, Any]], object]] = {
            "articles": self._articles,
            "look": lambda asked: desk.preview(self._number(asked), _draft(asked)),
            "effects": lambda asked: desk.effects(self._number(asked), _draft(asked)),
            "save": lambda asked: desk.save(self._number(asked), _draft(asked)),
            "done": self._done,
        }

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self._port}{self.path}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as the server library wants it."""
        request = Request.from_scope(scope["method"], scope["path"], scope["headers"])
        answer = (
            await self._answer(request, receive)
            if self._may(request)
            else _refused(403, "This is not for you.")
        )
        await answer.send(send, bodiless=request.method == "HEAD")

    def try_fast(self, _request: Request) -> Response | None:
        """Nothing here is worth a detour around the library."""
        return None

    def _may(self, request: Request) -> bool:
        """Whether somebody asks who may."""
        _, token, _ = f"{request.path}//".split("/", 2)
        known = hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())
        asked = request.headers
        here = f"127.0.0.1:{self._port}".encode()
        own = asked.get(b"host") == here and asked.get(b"sec-fetch-site", b"") in _FROM_HERE
        origin = asked.get(b"origin")
        return (
            known
            and own
            and (origin == b"http://" + here or (origin is None and request.method != "POST"))
        )

    async def _answer(self, request: Request, receive: Receive) -> Response:
        name = request.path.removeprefix(self.path)
        if name in _FILES and request.method in ("GET", "HEAD"):
            media_type, text = _FILES[name]
            return content_response(200, media_type, text(), *_OWN)
        if name not in self._orders:
            return _refused(404, "There is nothing under this address.")
        if request.method != "POST" or request.headers.get(b"content-type") != JSON.encode():
            return _refused(405, "This takes POST with JSON.")
        try:
            status, told = await self._carried_out(name, await read_body(receive, _LARGEST))
        except BodyTooLargeError:
            return _refused(413, "That is too much.", (b"connection", b"close"))
        return _json(status, told)

    async def _carried_out(self, name: str, body: bytes) -> tuple[int, object]:
        """What comes of an order: a status of HTTP, and what is told."""
        try:
            return 200, await asyncio.to_thread(self._orders[name], _order(body))
        except BadRequestError as error:
            return 400, {"problem": str(error)}
        except ConfigError as error:
            return 422, {"problem": str(error)}
        except FeedpubError as error:
            return 503, {"problem": str(error)}

    def _number(self, asked: Mapping[str, Any]) -> int:
        number = asked.get("number")
        if not isinstance(number, int) or not 0 <= number < len(self._desk.pages):
            raise BadRequestError("there is no such article")
        return number

    def _articles(self, _asked: Mapping[str, Any]) -> object:
        subjects = enumerate(self._desk.pages)
        return [
            {"title": each.title, "url": each.url, "site": self._desk.site(at)}
            for at, each in subjects
        ]

    def _done(self, _asked: Mapping[str, Any]) -> object:
        self.done.set()
        return {}


def _order(body: bytes) -> dict[str, Any]:
    """What is asked. Raises BadRequestError."""
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise BadRequestError(f"this is no JSON: {error}") from error
    if not isinstance(asked, dict):
        raise BadRequestError("an order is an object")
    return asked


def _draft(asked: Mapping[str, Any]) -> RuleDraft:
    """The draft that comes with an order. Raises BadRequestError."""
    said = asked.get("draft", {})
    if not isinstance(said, dict) or not said.keys() <= {
        each.name for each in dataclasses.fields(RuleDraft)
    }:
        raise BadRequestError("a draft has remove, keep, title, author and date")
    lists = {name: said.get(name, []) for name in ("remove", "keep")}
    single = {name: said.get(name, "") for name in ("title", "author", "date")}
    if not all(isinstance(each, list) for each in lists.values()):
        raise BadRequestError("remove and keep are lists")
    rules = [*lists["remove"], *lists["keep"], *single.values()]
    if len(rules) > _MOST_RULES or not all(
        isinstance(rule, str) and len(rule) <= _LONGEST_RULE for rule in rules
    ):
        raise BadRequestError(
            f"at most {_MOST_RULES} rules, each a text of at most {_LONGEST_RULE} characters"
        )
    return RuleDraft(tuple(lists["remove"]), tuple(lists["keep"]), **single)


def _json(status: int, told: object) -> Response:
    return content_response(
        status, JSON, json.dumps(told, default=_plain, ensure_ascii=False), *_OWN
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}


def _refused(status: int, text: str, *headers: tuple[bytes, bytes]) -> Response:
    return content_response(status, "text/plain; charset=utf-8", text + "\n", *_OWN, *headers)


@cache
def _text(name: str) -> str:
    return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")


_FILES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "": (HTML, lambda: _text("page.html").replace("{{ icon }}", html.ICON)),
    "preview.css": (
        "text/css; charset=utf-8",
        lambda: html.load_stylesheet(_PACKAGE, "preview.css"),
    ),
    "preview.js": ("text/javascript; charset=utf-8", lambda: _text("preview.js")),
}
