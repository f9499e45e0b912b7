"""Query JSON documents with JMESPath, and describe their shape in messages."""

from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

MAX_QUERY_CHARS = 2000
MAX_KEYS_SHOWN = 12


@lru_cache(maxsize=1000)
def compile_query(expression: str) -> Any:
    """Compile a JMESPath expression. Raises ValueError with the mistake on one line."""
    if len(expression) > MAX_QUERY_CHARS:
        raise ValueError(f"longer than {MAX_QUERY_CHARS} characters")
    try:
        return jmespath.compile(expression)
    except (JMESPathError, ValueError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def query(expression: str, data: Any) -> Any:
    """Return the value of an expression in a document; None if there is none.

    Raises:
        ValueError: a function of the expression does not take the document's value.
    """
    try:
        return compile_query(expression).search(data)
    except (JMESPathError, TypeError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def describe_value(value: Any) -> str:
    """Return the shape of a value: 'an object with the keys "a" and "b"', "a list of 3"."""
    if isinstance(value, dict):
        keys = [f'"{str(key)[:40]}"' for key in value]
        shown = ", ".join(keys[:MAX_KEYS_SHOWN])
        more = len(keys) - MAX_KEYS_SHOWN
        return f"an object with the keys {shown}{f' and {more} more' if more > 0 else ''}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "null"
    return "a text" if isinstance(value, str) else "a number or a truth value"
