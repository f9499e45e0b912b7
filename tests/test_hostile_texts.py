"""Texts of servers, pages and feeds are parsed quickly in the main process, whatever they contain.

Each function gets 100 kB that repeat one piece. Functions that backtrack, or start again at each
position, are found.
"""

import io
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.client import parse_headers
from typing import Any

import pytest
from requests import Request
from requests.cookies import MockRequest, RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from feedpub.builder import ids, render_atom, render_json, render_rss, rss_atom_text
from feedpub.cleaner.pagination import _MAY_HAVE_NEXT
from feedpub.cli import output
from feedpub.core import article_keys, dates, languages, patterns, urls
from feedpub.core.errors import FeedpubError
from feedpub.core.field_limits import limit_fields
from feedpub.core.html import contains_ignoring_case
from feedpub.core.languages import normalize_language
from feedpub.core.log import configure_logging, fields
from feedpub.core.models import Enclosure, Entry, Failure, Feed, Item, Page, RunResult, RunStatus
from feedpub.core.redact import find_secrets, redact, redact_result, strip_credentials
from feedpub.core.text import escape_commands, shorten, strip_terminal_commands
from feedpub.fetch import RequestOptions, response, url
from feedpub.fetch.compression import content_codings
from feedpub.fetch.request import Validators, mask_secrets
from feedpub.notify import alert_text
from feedpub.sources import document
from feedpub.store import Incident
from tests.support.patterns import MAX_SECONDS, SIZE, cpu_seconds

_log = logging.getLogger("feedpub.test")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADERS = (
    "Content-Type", "ETag", "Last-Modified", "Cache-Control", "Expires", "Age", "Date",
    "Retry-After", "Location", "Content-Encoding", "cf-mitigated", "Server",
)  # fmt: skip
PIECES = (
    "?", "=", "&", "&a=", ";", ";a=", "%", "%4", "%41", "%ff", "a", "aA", "a ", " ", "\t", "\n",
    "\r\n", "/", "//", "../", "/a", "a.", ".", "..", "-", "_", ",", ", ", ":", "::", "@", "a@",
    "a@b.", "[", "]", "(", ")", "\\", '"', "'", "<", "<a ", "</", "<!--", ">", "&#", "&#6", "&amp;",
    "&lt;", "#", "1", "0", "1/", "1-", "1:", "1 ", "-00:", "+", "T", "https://", "http://a@",
    "http://[", "://", "?token=", "?token=a.", "&sid=abcdef&b", "?a=0123456789abcdef0123456789",
    "é", "中", "\u0301", "e\u0301", "\u202e", "\u200d", "xn--", "xn--a.", "ß.", "\U0001f600",
    "\ud800", "\x00", "\x9d", "\x1b[", "{", "[{", "GMT ", "Mon, ", "1 Jan ", "max-age=1,",
    "max-age ", "charset=", "; charset=", 'rel="next" ', "text/", "gzip, ", "utf-8 ", "de-",
    "a,b;c", "rel=", "|", " | ",
)  # fmt: skip


def _response_with(text: str) -> response.Response:
    return response.Response(
        200, CaseInsensitiveDict(dict.fromkeys(HEADERS, text)), text.encode("utf-8", "replace")
    )


def _is_answered(status: int, text: str) -> object:
    hostile = replace(_response_with(text), status=status)
    return hostile.ok, hostile.location, response.failure_of(hostile, NOW)


def _join(text: str) -> object:
    return url.parse_url("https://example.org/a").join(text)


def _entry(text: str) -> Entry:
    return Entry(
        id=f"tag:example.org,2026-03-01:world/{text}",
        url=f"https://example.org/{text}",
        title=text,
        first_seen=NOW,
        published=NOW,
        updated=NOW,
        authors=(text,),
        summary=text,
        language=text,
        image=f"https://example.org/{text}",
        categories=(text,),
        enclosures=(Enclosure(f"https://example.org/{text}", text, 1),),
    )


def _feed(text: str) -> Feed:
    return Feed(
        name="world",
        title="World",
        base_url="https://feeds.example/",
        link=f"https://example.org/{text}",
        description="",
        language="en",
        updated=NOW,
        entries=(_entry(text),),
    )


def _write_log_line(text: str) -> None:
    handlers = logging.getLogger().handlers[:]
    level = logging.getLogger().level
    try:
        configure_logging(io.StringIO(), environ={})
        _log.info(text, extra=fields(reason=text))
        logging.getLogger("urllib3").warning("Failed to parse headers: %s", text)
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)


def _outcome(text: str) -> object:
    outcome = RunResult("world", RunStatus.FAILED, problems=(Failure(text, text, fatal=True),))
    return output.results_as_json(redact_result(outcome))


def _notify(text: str) -> object:
    notice = Incident(
        "world", f"https://example.org/{text[:8000]}", "broken", NOW, NOW, text[:8000]
    )
    return alert_text.describe_incident(notice), alert_text.describe_evidence(notice)


def _cookies(text: str) -> None:
    """Return as many of the longest cookies as the HTTP client accepts."""
    line = text.replace("\n", " ").replace("\r", " ")[:8192].encode("utf-8", "replace")
    headers = parse_headers(io.BytesIO((b"Set-Cookie: " + line[:8192] + b"\r\n") * 4 + b"\r\n"))
    request: Any = MockRequest(Request("GET", "https://example.org/").prepare())
    response: Any = type("Response", (), {"info": lambda _: headers})()
    RequestsCookieJar().extract_cookies(response, request)


READERS: Mapping[str, Callable[[str], object]] = {
    "a URL": url.parse_url,
    "a URL's host": lambda text: url.parse_url(f"https://{text}/"),
    "a URL's query": lambda text: url.parse_url(f"https://example.org/?{text[:8000]}"),
    "a redirect": _join,
    "a redirect within bounds": lambda text: _join(text[:8000]),
    "redacted": strip_credentials,
    "discreet": redact,
    "secrets": find_secrets,
    "secrets within a text": lambda text: mask_secrets(text, find_secrets(text[:8192])),
    "options' secrets": RequestOptions(headers={"a": "secret-secret"}).without_secrets,
    "headers": lambda text: response.page_from(_response_with(text), "https://example.org/", NOW),
    "headers of an error": lambda text: _is_answered(503, text),
    "headers of a redirect": lambda text: _is_answered(302, text),
    "Cache-Control": lambda text: response.parse_freshness({"Cache-Control": text}, NOW),
    "Expires": lambda text: response.parse_freshness({"Expires": text}, NOW),
    "Age": lambda text: response.parse_freshness({"Cache-Control": "max-age=5", "Age": text}, NOW),
    "Retry-After": lambda text: response.parse_retry_after({"Retry-After": text}, NOW),
    "Content-Encoding": content_codings,
    "Set-Cookie": _cookies,
    "validators": lambda text: Validators(text, text).as_headers(),
    "a page's marks of more pages": lambda text: contains_ignoring_case(
        _MAY_HAVE_NEXT, text.encode("utf-8", "replace")
    ),
    "a document's kind": lambda text: document.detect_type(
        Page("https://example.org/", text.encode("utf-8", "replace"))
    ),
    "a link": lambda text: urls.absolute_url(text, "https://example.org/"),
    "a link within bounds": lambda text: urls.resolve_link(text[:8000], "https://example.org/"),
    "a date": dates.parse_date,
    "a date of ordinary length": lambda text: dates.parse_date(text[:80]),
    "a date in a text": dates.find_date,
    "a date in a path": dates.date_in_path,
    "a language": normalize_language,
    "a language to publish": languages.parse_language_tag,
    "an article's key": lambda text: article_keys.url_key(f"https://example.org/{text[:8000]}"),
    "a host's key": lambda text: article_keys.url_key(
        f"https://{text[:8000].replace('[', 'a').replace(':', 'a')}/"
    ),
    "an address without tracking": lambda text: article_keys.strip_tracking(
        f"https://example.org/?{text[:8000]}"
    ),
    "a slug": lambda text: ids.page_slug(text, text, ()),
    "an item": lambda text: limit_fields(
        Item(text, text, (text,) * 9, summary=text, categories=(text,), version=text)
    ),
    "a title": rss_atom_text.to_plain_text,
    "an author": rss_atom_text.split_mailbox,
    "an address to publish": lambda text: rss_atom_text.to_uri(
        f"https://example.org/{text[:8000]}"
    ),
    "a host to publish": lambda text: rss_atom_text.to_uri(f"https://{text[:8000]}/"),
    "an entry": lambda text: rss_atom_text.prepare_feed(_feed(text[:8000])),
    "RSS": lambda text: render_rss(_feed(text[:500])),
    "Atom": lambda text: render_atom(_feed(text[:500])),
    "JSON Feed": lambda text: render_json(_feed(text[:500])),
    "a filter's words": lambda text: patterns.matches_pattern("ice melts*", text),
    "a filter's glob": lambda text: patterns.matches_url("*/a/*a*?*=*.b", text),
    "a log line": _write_log_line,
    "an outcome": _outcome,
    "a notice": _notify,
    "a terminal's line": strip_terminal_commands,
    "a JSON document": escape_commands,
    "a short text": lambda text: shorten(text, 500),
}


@pytest.mark.slow(seconds=12)
@pytest.mark.parametrize("name", READERS)
def test_hostile_text_takes_at_most_50_ms(name: str) -> None:
    """CPU time counts. The text is parsed, or refused with an error of feedpub."""
    read = READERS[name]

    def attempt(text: str) -> None:
        with suppress(FeedpubError, ValueError):
            read(text)

    attempt("a")  # fill all caches
    slow = {}
    for piece in PIECES:
        text = (piece * (SIZE // len(piece) + 1))[:SIZE]
        seconds = cpu_seconds(lambda text=text: attempt(text))  # type: ignore[misc]
        if seconds > MAX_SECONDS:
            slow[piece] = f"{seconds * 1000:.0f} ms"
    assert not slow
