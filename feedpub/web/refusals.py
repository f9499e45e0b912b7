"""Pages for people that say why there is nothing else to be had."""

from functools import cache, lru_cache
from http import HTTPStatus

from jinja2 import Environment

from feedpub.builder import look
from feedpub.builder.words import words_for
from feedpub.web.headers import of_page
from feedpub.web.http import HTML, Answer, content

RETRY = (b"retry-after", b"10")


@lru_cache(maxsize=64)
def refusal(status: int, reason: str, *headers: tuple[bytes, bytes]) -> Answer:
    """The page. The reason is a sentence for people."""
    html = (
        _environment()
        .get_template("refusal.html")
        .render(
            title=f"{status} {HTTPStatus(status).phrase}",
            reason=reason,
            words=words_for("en"),
            policy=look.policy(look.style()),
        )
    )
    return content(status, HTML, html, *of_page(html.encode()), *headers)


def not_allowed(*methods: str) -> Answer:
    """There is something, and nothing that can be done to it in that way."""
    allowed = ", ".join(methods)
    return refusal(405, f"This address takes only {allowed}.", (b"allow", allowed.encode()))


@cache
def _environment() -> Environment:
    return look.environment("feedpub.web")
