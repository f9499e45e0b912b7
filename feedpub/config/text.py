"""Text: what may stand in a setting of one line, and how a setting's value is shown in a message."""

import re

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Line breaks and other characters that are not text."""


def quote(value: str, length: int = 60) -> str:
    """A text as it is shown in messages: in quotes, on one line, cut to about `length` characters."""
    text = value if len(value) <= length else f"{value[:length]}…"
    return f'"{CONTROLS.sub("�", text)}"'


def one_line(value: str) -> str:
    """The text without blanks around it; ValueError where it is not one line of text."""
    value = value.strip()
    if CONTROLS.search(value):
        raise ValueError("line breaks and control characters cannot stand here; write one line of text")
    return value


def not_empty(value: str) -> str:
    """The text; ValueError where it says nothing."""
    if not value.strip():
        raise ValueError("empty; write some text, or leave the key out")
    return value
