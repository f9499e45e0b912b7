"""Pages for people that say why there is nothing else to be had."""

from functools import cache, lru_cache
from http import HTTPStatus

from jinja2 import Environment

from feedpub.builder import html
from feedpub.builder.html import content_security_policy, load_stylesheet
from feedpub.core.i18n import translations_for
from feedpub.web.headers import page_headers
from feedpub.web.http import HTML, Response, content_response

RETRY_AFTER = (b"retry-after", b"10")


@lru_cache(maxsize=64)
def error_page(status: int, reason: str, *headers: tuple[bytes, bytes]) -> Response:
    """The page. The reason is a sentence for people."""
    html = (
        _environment()
        .get_template("refusal.html")
        .render(
            title=f"{status} {HTTPStatus(status).phrase}",
            reason=reason,
            words=translations_for("en"),
            policy=content_security_policy(load_stylesheet()),
        )
    )
    return content_response(status, HTML, html, *page_headers(html.encode()), *headers)


def method_not_allowed(*methods: str) -> Response:
    """There is something, and nothing that can be done to it in that way."""
    allowed = ", ".join(methods)
    return error_page(405, f"This address takes only {allowed}.", (b"allow", allowed.encode()))


@cache
def _environment() -> Environment:
    return html.jinja_environment("feedpub.web")
