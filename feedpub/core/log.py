"""Configure the log: one line per event, "name key=value …", as text or JSON.

Modules log with `logging.getLogger(__name__)` and pass an event's fields as
`extra=fields(feed=name)`. The formatter redacts every line, including tracebacks and the messages
of libraries, so that passwords and tokens in URLs never reach the log.
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

LogFormat = Literal["text", "json"]

MAX_CHARS = 1000  # of a message, of a field's value and of a line of a traceback
MAX_READ_CHARS = 20_000  # of a text are searched for secrets
_PLAIN = re.compile(r"[^\s\"=\\]+")
_PRIORITIES = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}
_log = logging.getLogger("feedpub")


def fields(**values: object) -> dict[str, dict[str, object]]:
    """Return the `extra` argument of a log call: the event's fields, without None values."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


def to_milliseconds(seconds: float) -> int:
    """Return a duration in the unit that log fields use."""
    return round(seconds * 1000)


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
        stream: the destination.
        form: "text" for users and journald, "json" for programs.
        detail: log debug messages too.
        quiet: log only warnings and errors.
        environ: journald sets JOURNAL_STREAM if it receives the output.
    """
    handler = logging.StreamHandler(stream)
    if form == "json":
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(_TextFormatter(journal=bool(environ.get("JOURNAL_STREAM"))))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # the level for libraries
    if detail:
        _log.setLevel(logging.DEBUG)
    else:
        _log.setLevel(logging.WARNING if quiet else logging.INFO)


class _RedactingFormatter(logging.Formatter):
    """Removes secrets from an event before a subclass formats it."""

    def format(self, record: logging.LogRecord) -> str:
        event = _redact(record.getMessage())
        values: dict[str, Any] = {}
        for key, value in getattr(record, "fields", {}).items():
            if isinstance(value, datetime):
                values[key] = f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
            elif isinstance(value, str):
                # Redacted before it is quoted: a quotation mark is not part of a token.
                values[key] = _redact(value)
            else:
                values[key] = value
        trace: list[str] = []
        if record.exc_info:
            for part in traceback.format_exception(*record.exc_info):
                trace += map(_redact, part.splitlines())
        return self.format_event(record, event, values, trace)

    def format_event(
        self, record: logging.LogRecord, event: str, values: Mapping[str, Any], trace: list[str]
    ) -> str:
        """Return the lines of an event.

        Args:
            record: the original record.
            event: the redacted message.
            values: the redacted fields.
            trace: the redacted lines of the traceback, if there is one.
        """
        raise NotImplementedError


class _TextFormatter(_RedactingFormatter):
    """Formats an event as `2026-11-25T10:00:00Z run_finished feed=world outcome=updated`.

    Args:
        journal: write the priority in the form that journald reads, without the time, which
            journald adds.
    """

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format_event(
        self, record: logging.LogRecord, event: str, values: Mapping[str, Any], trace: list[str]
    ) -> str:
        start = f"{_format_time(record)} "
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        if self._journal:
            start, level = f"<{_PRIORITIES.get(record.levelno, 6)}>", ""
        pairs = [f" {key}={_format_value(value)}" for key, value in values.items()]
        lines: list[str] = []
        for part in (level + event + "".join(pairs), *trace):
            lines += part.splitlines() or [""]
        return "\n".join(start + line for line in lines)


class JsonFormatter(_RedactingFormatter):
    """Formats an event as a JSON object on one line: time, level, event and the fields."""

    def format_event(
        self, record: logging.LogRecord, event: str, values: Mapping[str, Any], trace: list[str]
    ) -> str:
        document: dict[str, Any] = {
            "time": _format_time(record),
            "level": record.levelname.lower(),
            "event": event,
        }
        if trace:
            document["trace"] = "".join(f"{line}\n" for line in trace)
        document.update(values)
        return escape_commands(json.dumps(document, ensure_ascii=False, default=str))


def _format_time(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S}Z"


def _format_value(value: object) -> str:
    text = value if isinstance(value, str) else _redact(str(value))
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _redact(text: str) -> str:
    """Remove secrets from a text, cut it, and escape its control characters.

    The text can quote a server, a page or a library, at any length.
    """
    text = redact(text[:MAX_READ_CHARS])
    if len(text) > MAX_CHARS:
        text = f"{text[:MAX_CHARS]}… ({len(text):,} characters)"
    if text.isprintable():
        return text
    return "".join(map(_escape, text))


def _escape(char: str) -> str:
    if char.isprintable() or char in "\n\t":
        return char
    return char.encode("unicode_escape").decode("ascii")
