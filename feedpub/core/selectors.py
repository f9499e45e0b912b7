"""XPath as rules may use it: XPath 1.0 without extensions, so that nothing in it reaches beyond the page.

libxml2 notices many mistakes only when it comes to them on a page; they are looked for here, when a
rule is read.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from cssselect import HTMLTranslator
from lxml import etree

_MANY = 1000
_FUNCTIONS = {  # of XPath 1.0: the fewest arguments and the most
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
    "concat": (2, _MANY),
}
_OPERATORS = frozenset({"and", "or", "div", "mod"})  # may stand before a bracket, and call nothing
_OPENING, _CLOSING = ("(", "["), (")", "]")
_PART = re.compile(r"""'[^']*'|"[^"]*"|(?<![\w.-])[\w.-]++(?::[\w.-]++)?(?=\s*\()|[(),\[\]]|\S""")
_EMPTY = etree.HTML("<html><head><title>-</title></head><body><p>-</p></body></html>")


@lru_cache(maxsize=4000)
def compile_xpath(expression: str) -> etree.XPath:
    """An expression, ready to be called on a tree. Raises ValueError, with what is wrong."""
    try:
        xpath = etree.XPath(expression, regexp=False)
        xpath(_EMPTY)
    except (etree.XPathError, ValueError) as error:  # ValueError: characters that no document holds
        raise ValueError(f"not XPath 1.0: {str(error).lower() or 'it cannot be read'}") from error
    return xpath


def check_xpath(expression: str) -> str:
    """An expression that is sound as far as can be told without a page.

    Raises ValueError, with what is wrong.
    """
    compile_xpath(expression)
    for name, arguments in _calls(expression):
        fewest, most = _FUNCTIONS.get(name, (-1, -1))
        if fewest < 0:
            raise ValueError(f"not XPath 1.0: there is no function {name}()")
        if not fewest <= arguments <= most:
            raise ValueError(f"not XPath 1.0: {name}() is given {arguments} arguments")
    return expression


def _calls(expression: str) -> Iterator[tuple[str, int]]:
    """Each function that is called, with the number of its arguments."""
    names, counts = (
        [""],
        [0],
    )  # of each bracket that is open: what stands before it, and what was given in it so far
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
    """The XPath of a CSS selector that the config has checked."""
    return HTMLTranslator().css_to_xpath(selector)


def xpath_literal(text: str) -> str:
    """A text without quotes, or with one kind of them, as XPath writes it."""
    return f'"{text}"' if '"' not in text else f"'{text.replace(chr(39), '')}'"
