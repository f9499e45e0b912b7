"""The log is written for users, for journald, and for programs."""

import io
import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from feedpub.core.log import LogFormat, configure_logging, fields

_log = logging.getLogger("feedpub.test")


def capture_log(
    *, form: LogFormat = "text", detail: bool = False, environ: Mapping[str, str] | None = None
) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(stream, form=form, detail=detail, environ=environ or {})
    return stream


def test_event_is_one_line_with_its_fields_except_none() -> None:
    stream = capture_log()
    _log.info(
        "run",
        extra=fields(
            feed="world",
            outcome="updated",
            new=3,
            failed=None,
            next=datetime(2026, 1, 1, 12, tzinfo=UTC),
        ),
    )
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ run feed=world outcome=updated new=3 "
        r"next=2026-01-01T12:00:00Z\n",
        stream.getvalue(),
    )


def test_value_with_spaces_is_quoted() -> None:
    stream = capture_log()
    _log.warning("problem", extra=fields(reason='it says "no"\nand more'))
    assert stream.getvalue().endswith(r'warning: problem reason="it says \"no\"\nand more"' + "\n")
    assert stream.getvalue().count("\n") == 1


def test_journald_gets_the_priority_of_each_line_and_no_time() -> None:
    stream = capture_log(environ={"JOURNAL_STREAM": "8:1"})
    _log.info("run", extra=fields(feed="a"))
    try:
        raise KeyError("bug")  # noqa: TRY301 -- a traceback is required
    except KeyError:
        logging.getLogger("feedpub.test").exception("crashed")
    first, *rest = stream.getvalue().splitlines()
    assert first == "<6>run feed=a"
    assert len(rest) > 2
    assert all(line.startswith("<3>") for line in rest)


def test_json_event_is_an_object_on_one_line() -> None:
    stream = capture_log(form="json")
    _log.info("run", extra=fields(feed="wörld", new=3))
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "event": "run", "feed": "wörld", "new": 3}


def test_debug_messages_of_feedpub_are_logged_on_request() -> None:
    logged_to = {}
    for detail in (False, True):
        stream = capture_log(detail=detail)
        logging.getLogger("feedpub.fetch").debug("asked")
        logging.getLogger("urllib3").debug("noise")
        logged_to[detail] = stream.getvalue()
    assert logged_to[False] == ""
    assert logged_to[True].endswith(" asked\n")


def test_quiet_log_has_only_warnings_without_tokens() -> None:
    stream = io.StringIO()
    configure_logging(stream, quiet=True)
    _log.info("sent", extra=fields(kind="ping"))
    _log.warning(
        "postponed", extra=fields(kind="ping", target="https://hub.example/?token=hunter2")
    )
    assert stream.getvalue().endswith(
        'Z warning: postponed kind=ping target="https://hub.example/?token=…"\n'
    )
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_foreign_text_is_cut_escaped_and_redacted(form: LogFormat) -> None:
    """In fields, in messages of libraries, and in tracebacks."""
    stream = capture_log(form=form)
    foreign = "\x9d0;title\x9c \x1b[2J \x7f \u202e" + "?" * 60_000
    _log.warning(
        "problem", extra=fields(reason=foreign, where="https://example.org/?token=" + "a" * 60_000)
    )
    logging.getLogger("urllib3").warning("Failed to parse headers: %s", foreign)
    try:
        raise ValueError(foreign)  # noqa: TRY301 -- a traceback is required
    except ValueError:
        logging.getLogger("feedpub").exception("crashed")
    assert len(stream.getvalue()) < 8000
    assert not set(stream.getvalue()) & {*"\x9d\x9c\x1b\x7f\u202e"}
    assert "token=…" in stream.getvalue()
