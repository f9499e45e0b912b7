"""Run now: somebody who knows the token has a feed looked at, from the status page or from a program."""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from feedpub.errors import FeedpubError
from feedpub.web.access import bearer_token, knows_token
from feedpub.web.console import Console
from feedpub.web.http import JSON, Answer, Receive, Request, TooLargeError, body_of, content
from feedpub.web.refusals import not_allowed, refusal

ADDRESS = "/run"
_MOST = 4096  # bytes of a form
_NOBODY = (
    "Nobody can have feeds run from here. That takes `feedpub run`, with a token in its config: "
    '[http] admin_token = { env = "FEEDPUB_TOKEN" }'
)


@dataclass(frozen=True, slots=True)
class _Order:
    """Which feed is to run.

    Attributes:
        given: the token that came with it.
        program: it comes from a program, which wants no page.
    """

    feed: str
    given: str
    program: bool


async def take(request: Request, receive: Receive, console: Console) -> Answer:
    """Have a feed run, if whoever asks for it knows the token."""
    if request.method != "POST":
        return not_allowed("POST")
    try:
        order = _read(request, await body_of(receive, _MOST))
    except TooLargeError:
        return refusal(413, f"The form is larger than {_MOST} bytes.", (b"connection", b"close"))
    try:
        return await _judged(order, console)
    except FeedpubError as error:
        return _told(order, 503, str(error))


async def _judged(order: _Order, console: Console) -> Answer:
    token = await asyncio.to_thread(console.token) if console.runs_feeds else None
    if token is None:
        return _told(order, 403, _NOBODY)
    if not await knows_token(order.given, token):
        return _told(order, 403, "This is not the token that stands in the config.")
    return await asyncio.to_thread(_run, order, console)


def _read(request: Request, body: bytes) -> _Order:
    form = parse_qs(body.decode("utf-8", "replace"))
    bearer = bearer_token(request)
    feed, token = (form.get(field, [""])[0] for field in ("feed", "token"))
    return _Order(feed, bearer or token, bool(bearer))


def _run(order: _Order, console: Console) -> Answer:
    if order.feed not in {feed.name for feed in console.overview().feeds}:
        return _told(order, 404, "No feed has this name.")
    if not console.run_now(order.feed):
        return _told(order, 409, "This feed is being looked at already.")
    if order.program:
        return _told(order, 202, "The feed is looked at now.")
    return Answer(303, ((b"location", f"status#{quote(order.feed)}".encode()), (b"content-length", b"0")))


def _told(order: _Order, status: int, text: str) -> Answer:
    if order.program:
        return content(status, JSON, json.dumps({"feed": order.feed, "message": text}))
    return refusal(status, text)
