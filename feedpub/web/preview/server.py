"""Serve the preview page and the commands of its script, to one local user.

A client has to send the token in the path, which each command generates. It has to use this
server's own address, so that no other host name can lead here. If a browser states the origin of a
request, it has to be this page. All other clients get an error without any information.
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
_MAX_BODY_BYTES = 64 << 10
_MAX_RULES = 200  # of a draft
_MAX_RULE_CHARS = 500
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Accepted values of Sec-Fetch-Site; some browsers do not send it
_SAME_SITE = (b"", b"same-origin", b"none")


class BadRequestError(Exception):
    """A command that the page's script never sends."""


class PreviewServer:
    """Serve a preview session; an ASGI application.

    Args:
        session: The session.
        port: The port on 127.0.0.1 that it is served at.

    Attributes:
        path: The page's path, which contains the token.
        done: Set when the user ends the preview.
    """

    def __init__(self, session: PreviewSession, port: int) -> None:
        self._session = session
        self._port = port
        self._token = secrets.token_urlsafe(32)
        self.path = f"/{self._token}/"
        self.done = threading.Event()
        self._commands: Mapping[str, Callable[[dict[str, Any]], object]] = {
            "articles": self._list_articles,
            "preview": lambda args: session.preview(self._number(args), _parse_draft(args)),
            "effects": lambda args: session.effects(self._number(args), _parse_draft(args)),
            "save": lambda args: session.save(self._number(args), _parse_draft(args)),
            "done": self._end,
        }

    @property
    def url(self) -> str:
        """Return the page's URL."""
        return f"http://127.0.0.1:{self._port}{self.path}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request through the ASGI interface."""
        request = Request.from_scope(scope["method"], scope["path"], scope["headers"])
        if self._is_allowed(request):
            response = await self._answer(request, receive)
        else:
            response = _error_response(403, "Access denied.")
        await response.send(send, bodiless=request.method == "HEAD")

    def try_fast(self, _request: Request) -> Response | None:
        """Return None: no response here needs the fast path."""
        return None

    def _is_allowed(self, request: Request) -> bool:
        token = request.path.removeprefix("/").partition("/")[0]
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
            return False
        host = f"127.0.0.1:{self._port}".encode()
        if request.headers.get(b"host") != host:
            return False
        if request.headers.get(b"sec-fetch-site", b"") not in _SAME_SITE:
            return False
        origin = request.headers.get(b"origin")
        if origin is None:
            return request.method != "POST"
        return origin == b"http://" + host

    async def _answer(self, request: Request, receive: Receive) -> Response:
        name = request.path.removeprefix(self.path)
        if name in _FILES and request.method in ("GET", "HEAD"):
            media_type, load_text = _FILES[name]
            return content_response(200, media_type, load_text(), *_SECURITY_HEADERS)
        if name not in self._commands:
            return _error_response(404, "There is nothing at this address.")
        if request.method != "POST" or request.headers.get(b"content-type") != JSON.encode():
            return _error_response(405, "This address only supports POST with JSON.")
        try:
            body = await read_body(receive, _MAX_BODY_BYTES)
        except BodyTooLargeError:
            return _error_response(413, "The request body is too large.", (b"connection", b"close"))
        status, result = await self._run_command(name, body)
        text = json.dumps(result, default=_to_json, ensure_ascii=False)
        return content_response(status, JSON, text, *_SECURITY_HEADERS)

    async def _run_command(self, name: str, body: bytes) -> tuple[int, object]:
        """Return a command's HTTP status and result."""
        try:
            return 200, await asyncio.to_thread(self._commands[name], _parse_object(body))
        except BadRequestError as error:
            return 400, {"problem": str(error)}
        except ConfigError as error:
            return 422, {"problem": str(error)}
        except FeedpubError as error:
            return 503, {"problem": str(error)}

    def _number(self, args: Mapping[str, Any]) -> int:
        number = args.get("number")
        if not isinstance(number, int) or not 0 <= number < len(self._session.pages):
            raise BadRequestError("there is no article of this number")
        return number

    def _list_articles(self, _args: Mapping[str, Any]) -> object:
        articles = []
        for number, page in enumerate(self._session.pages):
            site = self._session.site(number)
            articles.append(
                {
                    "title": page.title,
                    "url": page.url,
                    "site": site,
                    "content_reason": page.content_reason,
                }
            )
        return articles

    def _end(self, _args: Mapping[str, Any]) -> object:
        self.done.set()
        return {}


def _parse_object(body: bytes) -> dict[str, Any]:
    """Parse a command's arguments. Raises BadRequestError."""
    try:
        args = json.loads(body)
    except ValueError as error:
        raise BadRequestError(f"invalid JSON: {error}") from error
    if not isinstance(args, dict):
        raise BadRequestError("a command's arguments must be an object")
    return args


def _parse_draft(args: Mapping[str, Any]) -> RuleDraft:
    """Parse the draft among a command's arguments. Raises BadRequestError."""
    draft = args.get("draft", {})
    names = {field.name for field in dataclasses.fields(RuleDraft)}
    if not isinstance(draft, dict) or not draft.keys() <= names:
        raise BadRequestError("a draft has remove, keep, title, author and date")
    remove, keep = draft.get("remove", []), draft.get("keep", [])
    if not isinstance(remove, list) or not isinstance(keep, list):
        raise BadRequestError("remove and keep must be lists")
    single = {name: draft.get(name, "") for name in ("title", "author", "date")}
    rules = [*remove, *keep, *single.values()]
    if len(rules) > _MAX_RULES or not all(map(_may_be_rule, rules)):
        raise BadRequestError(
            f"a draft has at most {_MAX_RULES} rules, "
            f"each a string of at most {_MAX_RULE_CHARS} characters"
        )
    return RuleDraft(tuple(remove), tuple(keep), **single)


def _may_be_rule(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_RULE_CHARS


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _error_response(status: int, text: str, *headers: tuple[bytes, bytes]) -> Response:
    return content_response(
        status, "text/plain; charset=utf-8", f"{text}\n", *_SECURITY_HEADERS, *headers
    )


@cache
def _load_template(name: str) -> str:
    return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")


_FILES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "": (HTML, lambda: _load_template("page.html").replace("{{ icon }}", html.ICON)),
    "preview.css": (
        "text/css; charset=utf-8",
        lambda: html.load_stylesheet(_PACKAGE, "preview.css"),
    ),
    "preview.js": ("text/javascript; charset=utf-8", lambda: _load_template("preview.js")),
}
