"""What the log's lines look like: for people, for journald, for programs."""

import io
import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from feedpub.core.log import LogFormat, configure_logging, fields

_log = logging.getLogger("feedpub.test")


def logged(
    *, form: LogFormat = "text", detail: bool = False, environ: Mapping[str, str] | None = None
) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(stream, form=form, detail=detail, environ=environ or {})
    return stream


def test_one_line_an_event() -> None:
    """With the time, and what is to be known as key=value; what is not known is left out."""
    stream = logged()
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
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ run feed=world outcome=updated new=3 next=2026-01-01T12:00:00Z\n",
        stream.getvalue(),
    )


def test_values_with_spaces_stand_in_quotes() -> None:
    """So a line can be taken apart again, and stays one line."""
    stream = logged()
    _log.warning("problem", extra=fields(reason='it says "no"\nand more'))
    assert stream.getvalue().endswith(r'warning: problem reason="it says \"no\"\nand more"' + "\n")
    assert stream.getvalue().count("\n") == 1


def test_journald_is_told_the_priority() -> None:
    """And knows the time by itself; every line of a trace has its priority."""
    stream = logged(environ={"JOURNAL_STREAM": "8:1"})
    _log.info("run", extra=fields(feed="a"))
    try:
        raise KeyError("bug")  # noqa: TRY301 -- a trace is wanted
    except KeyError:
        logging.getLogger("feedpub.test").exception("crashed")
    first, *rest = stream.getvalue().splitlines()
    assert first == "<6>run feed=a"
    assert len(rest) > 2
    assert all(line.startswith("<3>") for line in rest)


def test_json_on_request() -> None:
    """One object a line."""
    stream = logged(form="json")
    _log.info("run", extra=fields(feed="wörld", new=3))
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "event": "run", "feed": "wörld", "new": 3}


def test_detail_on_demand() -> None:
    """Debug messages are shown only where somebody asks for them; libraries' are not."""
    logged_to = {}
    for detail in (False, True):
        stream = logged(detail=detail)
        logging.getLogger("feedpub.fetch").debug("asked")
        logging.getLogger("urllib3").debug("noise")
        logged_to[detail] = stream.getvalue()
    assert logged_to[False] == ""
    assert logged_to[True].endswith(" asked\n")


def test_only_what_is_wrong_where_it_is_to_be_quiet() -> None:
    """A build by hand says in its own words what it did."""
    stream = io.StringIO()
    configure_logging(stream, quiet=True)
    _log.info("told", extra=fields(kind="ping"))
    _log.warning(
        "postponed", extra=fields(kind="ping", target="https://hub.example/?token=hunter2")
    )
    assert stream.getvalue().endswith(
        'Z warning: postponed kind=ping target="https://hub.example/?token=…"\n'
    )
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_others_say_is_cut_and_escaped(form: LogFormat) -> None:
    """In fields, in messages of libraries and in traces.

    Neither pages of it nor commands for a terminal.
    """
    stream = logged(form=form)
    foreign = "\x9d0;title\x9c \x1b[2J \x7f \u202e" + "?" * 60_000
    _log.warning(
        "problem", extra=fields(reason=foreign, where="https://example.org/?token=" + "a" * 60_000)
    )
    logging.getLogger("urllib3").warning("Failed to parse headers: %s", foreign)
    try:
        raise ValueError(foreign)  # noqa: TRY301 -- a trace is wanted
    except ValueError:
        logging.getLogger("feedpub").exception("crashed")
    assert len(stream.getvalue()) < 8000
    assert not set(stream.getvalue()) & {*"\x9d\x9c\x1b\x7f\u202e"}
    assert "token=…" in stream.getvalue()
