"""What servers, pages and feeds say is read quickly in the main process, however long and strange it is.

Each function is given 100 kB that repeat one piece: whatever looks back, or begins anew at each place, is found out.
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

from feedpub import notices, patterns, report
from feedpub.bounds import occurs
from feedpub.builder import identity, language, prepare, render_atom, render_json, render_rss
from feedpub.characters import escape_commands, shorten, without_commands
from feedpub.discretion import discreet_outcome
from feedpub.errors import FeedpubError
from feedpub.fetch import RequestOptions, answer, discreet, redacted, target
from feedpub.fetch.codings import codings
from feedpub.fetch.request import Validators, hidden
from feedpub.languages import normalise
from feedpub.limits import limit_fields
from feedpub.logs import event, log_to
from feedpub.model import Enclosure, Entry, Feed, Item, Outcome, Page, Problem, Status
from feedpub.paging import _MAY_GO_ON
from feedpub.sources import addresses, dates, kinds
from feedpub.store import Notice
from tests.support.patterns import MAX_SECONDS, SIZE, cpu_seconds

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADERS = (
    "Content-Type", "ETag", "Last-Modified", "Cache-Control", "Expires", "Age", "Date", "Retry-After", "Location",
    "Content-Encoding", "cf-mitigated", "Server",
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


def _answered(text: str) -> answer.Answer:
    return answer.Answer(200, CaseInsensitiveDict(dict.fromkeys(HEADERS, text)), text.encode("utf-8", "replace"))


def _is_answered(status: int, text: str) -> object:
    said = replace(_answered(text), status=status)
    return said.ok, said.location, answer.failure(said, NOW)


def _joined(text: str) -> object:
    return target.parse("https://example.org/a").join(text)


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


def _logged(text: str) -> None:
    handlers = logging.getLogger().handlers[:]
    level = logging.getLogger().level
    try:
        log_to(io.StringIO(), environ={})
        event(text, reason=text)
        logging.getLogger("urllib3").warning("Failed to parse headers: %s", text)
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)


def _outcome(text: str) -> object:
    outcome = Outcome("world", Status.FAILED, problems=(Problem(text, text, fatal=True),))
    return report.to_json(discreet_outcome(outcome))


def _noticed(text: str) -> object:
    notice = Notice("world", f"https://example.org/{text[:8000]}", "broken", NOW, NOW, text[:8000])
    return notices.headline(notice), notices.evidence(notice)


def _cookies(text: str) -> None:
    """As many of the longest that the gate lets in."""
    line = text.replace("\n", " ").replace("\r", " ")[:8192].encode("utf-8", "replace")
    headers = parse_headers(io.BytesIO((b"Set-Cookie: " + line[:8192] + b"\r\n") * 4 + b"\r\n"))
    request: Any = MockRequest(Request("GET", "https://example.org/").prepare())
    response: Any = type("Response", (), {"info": lambda _: headers})()
    RequestsCookieJar().extract_cookies(response, request)


READERS: Mapping[str, Callable[[str], object]] = {
    "a URL": target.parse,
    "a URL's host": lambda text: target.parse(f"https://{text}/"),
    "a URL's query": lambda text: target.parse(f"https://example.org/?{text[:8000]}"),
    "a redirect": _joined,
    "a redirect within bounds": lambda text: _joined(text[:8000]),
    "redacted": redacted,
    "discreet": discreet,
    "secrets": target.secrets_in,
    "secrets within a text": lambda text: hidden(text, target.secrets_in(text[:8192])),
    "options' secrets": RequestOptions(headers={"a": "secret-secret"}).without_secrets,
    "headers": lambda text: answer.page(_answered(text), "https://example.org/", NOW),
    "headers of an error": lambda text: _is_answered(503, text),
    "headers of a redirect": lambda text: _is_answered(302, text),
    "Cache-Control": lambda text: answer.freshness({"Cache-Control": text}, NOW),
    "Expires": lambda text: answer.freshness({"Expires": text}, NOW),
    "Age": lambda text: answer.freshness({"Cache-Control": "max-age=5", "Age": text}, NOW),
    "Retry-After": lambda text: answer.retry_after({"Retry-After": text}, NOW),
    "Content-Encoding": codings,
    "Set-Cookie": _cookies,
    "validators": lambda text: Validators(text, text).sendable(),
    "a page's marks of more pages": lambda text: occurs(_MAY_GO_ON, text.encode("utf-8", "replace")),
    "a document's kind": lambda text: kinds.kind(Page("https://example.org/", text.encode("utf-8", "replace"))),
    "a link": lambda text: addresses.absolute(text, "https://example.org/"),
    "a link within bounds": lambda text: addresses.resolve(text[:8000], "https://example.org/"),
    "a date": dates.parse_date,
    "a date of ordinary length": lambda text: dates.parse_date(text[:80]),
    "a date in a text": dates.find_date,
    "a date in a path": dates.date_in_path,
    "a language": normalise,
    "a language to publish": language.tag,
    "an article's key": lambda text: identity.url_key(f"https://example.org/{text[:8000]}"),
    "a host's key": lambda text: identity.url_key(f"https://{text[:8000].replace('[', 'a').replace(':', 'a')}/"),
    "an address without tracking": lambda text: identity.without_tracking(f"https://example.org/?{text[:8000]}"),
    "a slug": lambda text: identity.slug(text, text, ()),
    "an item": lambda text: limit_fields(Item(text, text, (text,) * 9, summary=text, categories=(text,), version=text)),
    "a title": prepare.plain,
    "an author": prepare.mailbox,
    "an address to publish": lambda text: prepare.uri(f"https://example.org/{text[:8000]}"),
    "a host to publish": lambda text: prepare.uri(f"https://{text[:8000]}/"),
    "an entry": lambda text: prepare.prepare(_feed(text[:8000])),
    "RSS": lambda text: render_rss(_feed(text[:500])),
    "Atom": lambda text: render_atom(_feed(text[:500])),
    "JSON Feed": lambda text: render_json(_feed(text[:500])),
    "a filter's words": lambda text: patterns.matches("ice melts*", text),
    "a filter's glob": lambda text: patterns.matches_url("*/a/*a*?*=*.b", text),
    "a log line": _logged,
    "an outcome": _outcome,
    "a notice": _noticed,
    "a terminal's line": without_commands,
    "a JSON document": escape_commands,
    "a short text": lambda text: shorten(text, 500),
}


@pytest.mark.slow(seconds=12)
@pytest.mark.parametrize("name", READERS)
def test_a_hostile_text_is_read_quickly(name: str) -> None:
    """In 50 ms of CPU at most, or refused with an error of ours in as little."""
    read = READERS[name]

    def attempt(text: str) -> None:
        with suppress(FeedpubError, ValueError):
            read(text)

    attempt("a")  # whatever is made once is made
    slow = {}
    for piece in PIECES:
        text = (piece * (SIZE // len(piece) + 1))[:SIZE]
        seconds = cpu_seconds(lambda text=text: attempt(text))  # type: ignore[misc]
        if seconds > MAX_SECONDS:
            slow[piece] = f"{seconds * 1000:.0f} ms"
    assert not slow
