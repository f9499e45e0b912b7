"""Compile and check the XPath of rules: XPath 1.0 without extensions, limited to the page.

libxml2 detects many errors only when it evaluates an expression on a page. They are detected here
when a rule is read.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from cssselect import HTMLTranslator
from lxml import etree

_UNLIMITED = 1000
_FUNCTIONS = {  # of XPath 1.0: the minimum and maximum number of arguments
    **dict.fromkeys(("last", "position", "true", "false", "text", "node", "comment"), (0, 0)),
    **dict.fromkeys(
        ("local-name", "namespace-uri", "name", "string", "string-length", "normalize-space"),
        (0, 1),
    ),
    **dict.fromkeys(("number", "processing-instruction"), (0, 1)),
    **dict.fromkeys(
        ("count", "id", "boolean", "not", "lang", "sum", "floor", "ceiling", "round"), (1, 1)
    ),
    **dict.fromkeys(("starts-with", "contains", "substring-before", "substring-after"), (2, 2)),
    "substring": (2, 3),
    "translate": (3, 3),
    "concat": (2, _UNLIMITED),
}
_OPERATORS = frozenset({"and", "or", "div", "mod"})  # may precede a bracket, but are not called
_OPENING, _CLOSING = ("(", "["), (")", "]")
_PART = re.compile(r"""'[^']*'|"[^"]*"|(?<![\w.-])[\w.-]++(?::[\w.-]++)?(?=\s*\()|[(),\[\]]|\S""")
_EMPTY_PAGE = etree.HTML("<html><head><title>-</title></head><body><p>-</p></body></html>")


@lru_cache(maxsize=4000)
def compile_xpath(expression: str) -> etree.XPath:
    """Compile an expression.

    Raises:
        ValueError: it is not XPath 1.0.
    """
    try:
        xpath = etree.XPath(expression, regexp=False)
        xpath(_EMPTY_PAGE)
    except (etree.XPathError, ValueError) as error:  # ValueError: invalid characters
        raise ValueError(f"not XPath 1.0: {str(error).lower() or 'it cannot be read'}") from error
    return xpath


def check_xpath(expression: str) -> str:
    """Return an expression if it is valid, as far as can be determined without a page.

    Raises:
        ValueError: it is not XPath 1.0.
    """
    compile_xpath(expression)
    for name, arguments in _function_calls(expression):
        if name not in _FUNCTIONS:
            raise ValueError(f"not XPath 1.0: there is no function {name}()")
        fewest, most = _FUNCTIONS[name]
        if not fewest <= arguments <= most:
            raise ValueError(f"not XPath 1.0: {name}() is given {arguments} arguments")
    return expression


def _function_calls(expression: str) -> Iterator[tuple[str, int]]:
    """Yield the name of each function that is called, with the number of its arguments."""
    # Of each open bracket: the part before it, and the number of arguments in it so far.
    names, counts = [""], [0]
    before = ""
    for part in _PART.findall(expression):
        if part in _CLOSING and len(names) > 1:
            name, arguments = names.pop().rpartition("::")[2], counts.pop()
            if name[:1].isalpha() and name not in _OPERATORS:
                yield name, arguments
        else:
            counts[-1] += part == "," or not counts[-1]
        if part in _OPENING:
            names.append(before if part == "(" else "")
            counts.append(0)
        before = part


@lru_cache(maxsize=1000)
def xpath_from_css(selector: str) -> str:
    """Translate a CSS selector that the config has validated to XPath."""
    return HTMLTranslator().css_to_xpath(selector)


def xpath_literal(text: str) -> str:
    """Quote a text for XPath, which has no escapes: drop ' if the text contains both quotes."""
    return f'"{text}"' if '"' not in text else f"'{text.replace(chr(39), '')}'"
