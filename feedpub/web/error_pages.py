"""Render error pages for browsers."""

from functools import cache, lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from feedpub.builder.html import content_security_policy, jinja_environment, load_stylesheet
from feedpub.core.languages import translations_for
from feedpub.web.headers import page_headers
from feedpub.web.http import HTML, Response, content_response

if TYPE_CHECKING:
    from jinja2 import Environment

RETRY_AFTER = (b"retry-after", b"10")


@lru_cache(maxsize=64)
def error_page(status: int, reason: str, *headers: tuple[bytes, bytes]) -> Response:
    """Return an error page. The reason is one or more sentences for the user."""
    template = _environment().get_template("error.html")
    page = template.render(
        title=f"{status} {HTTPStatus(status).phrase}",
        reason=reason,
        words=translations_for("en"),
        policy=content_security_policy(load_stylesheet()),
    )
    return content_response(status, HTML, page, *page_headers(page.encode()), *headers)


def method_not_allowed(*methods: str) -> Response:
    """Return the error page for a method that an address does not support."""
    allowed = ", ".join(methods)
    reason = f"This address only supports {allowed}."
    return error_page(405, reason, (b"allow", allowed.encode()))


@cache
def _environment() -> "Environment":
    return jinja_environment("feedpub.web")
