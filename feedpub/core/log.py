"""The log: one line an event, "name key=value …", on standard error, as text or JSON.

Modules log with `logging.getLogger(__name__)` and pass an event's fields as
`extra=fields(feed=name)`. The formatters redact every line, including what libraries write and
tracebacks: passwords and tokens in addresses never reach the log.
"""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from feedpub.core.redact import redact
from feedpub.core.text import escape_commands


def to_milliseconds(seconds: float) -> int:
    """A length of time as the log has it."""
    return round(seconds * 1000)


MAX_CHARS = 1000  # of a message, of a field's value and of a line of a traceback
MAX_READ_CHARS = 20_000  # of a text are looked through for secrets
LogFormat = Literal["text", "json"]
_PLAIN = re.compile(r"[^\s\"=\\]+")
_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
_OURS = "feedpub"
_log = logging.getLogger(_OURS)


def fields(**values: object) -> dict[str, dict[str, object]]:
    """Return the `extra` of a log call: the event's fields, without those that are None."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


def configure_logging(
    stream: TextIO = sys.stderr,
    *,
    form: LogFormat = "text",
    detail: bool = False,
    quiet: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Send the log to a stream.

    Args:
        stream: where to.
        form: text for people and journald, json for programs.
        detail: debug messages too.
        quiet: only what is wrong.
        environ: JOURNAL_STREAM says that journald reads along.
    """
    handler = logging.StreamHandler(stream)
    journal = bool(environ.get("JOURNAL_STREAM"))
    handler.setFormatter(Json() if form == "json" else _Text(journal=journal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # of libraries: what is wrong
    _log.setLevel(logging.DEBUG if detail else logging.WARNING if quiet else logging.INFO)


class _Text(logging.Formatter):
    """`2026-11-25T10:00:00Z run_finished feed=world outcome=updated`.

    Journald adds the time and reads the priority.
    """

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        start = f"<{_PRIORITIES.get(record.levelno, 6)}>" if self._journal else f"{_time(record)} "
        level = (
            f"{record.levelname.lower()}: "
            if record.levelno >= logging.WARNING and not self._journal
            else ""
        )
        fields = "".join(f" {key}={_value(value)}" for key, value in _fields(record).items())
        lines = [f"{level}{_shown(record.getMessage())}{fields}", *_trace(record)]
        return "\n".join(f"{start}{line}" for text in lines for line in text.splitlines() or [""])


class Json(logging.Formatter):
    """One object a line: time, level, event, and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        known: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "event": _shown(record.getMessage()),
        }
        if trace := _trace(record):
            known["trace"] = "".join(f"{line}\n" for line in trace)
        return escape_commands(json.dumps(known | _fields(record), ensure_ascii=False, default=str))


def _time(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S}Z"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = getattr(record, "fields", {})
    # before values are quoted: a quotation mark is no part of a token
    return {
        key: _shown(value) if isinstance(value, str) else _plain(value)
        for key, value in fields.items()
    }


def _plain(value: object) -> object:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z" if isinstance(value, datetime) else value


def _value(value: object) -> str:
    text = value if isinstance(value, str) else _shown(str(value))
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _trace(record: logging.LogRecord) -> list[str]:
    """Return the lines of the traceback, if there is one."""
    parts = traceback.format_exception(*record.exc_info) if record.exc_info else []
    return [_shown(line) for part in parts for line in part.splitlines()]


def _shown(text: str) -> str:
    """Return a text as a log line holds it: without secrets, cut, and with control characters escaped.

    A server, a page or a library may have said it, at any length.
    """
    text = redact(text[:MAX_READ_CHARS])
    text = text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}… ({len(text):,} characters)"
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    return (
        char
        if char.isprintable() or char in "\n\t"
        else char.encode("unicode_escape").decode("ascii")
    )
