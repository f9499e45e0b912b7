"""Select elements of a page by CSS or XPath, and values of a JSON document by JMESPath.

An XPath expression is one of XPath 1.0 without extensions and cannot reach beyond the page: there
are no variables, no extension functions and no `document()`. libxml2 reports many mistakes only
when it evaluates an expression on a page. `check_xpath` finds them earlier, when the config or a
rule file is read.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
from cssselect import HTMLTranslator
from jmespath.exceptions import JMESPathError
from lxml import etree
from lxml.html import HtmlElement

XPATH_PREFIX = "xpath:"
"""Marks an XPath expression in the config, in which other selectors are CSS."""

_MANY = 1000
_ARGUMENT_COUNTS = {  # of the functions of XPath 1.0: the minimum and the maximum
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
_OPERATORS = frozenset({"and", "or", "div", "mod"})  # may precede a bracket without calling it
_OPENING, _CLOSING = ("(", "["), (")", "]")
_PART = re.compile(r"""'[^']*'|"[^"]*"|(?<![\w.-])[\w.-]++(?::[\w.-]++)?(?=\s*\()|[(),\[\]]|\S""")
_CALL = re.compile(r"(?<![\w-])[\w-]++\s*+\(")
_EMPTY_PAGE = etree.HTML("<html><head><title>-</title></head><body><p>-</p></body></html>")
MAX_QUERY_CHARS = 2000
MAX_KEYS_SHOWN = 12


def select_elements(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """Return the elements that a selector of the config matches, in the page's order.

    An attribute or a text that XPath selects stands for its element.

    Raises:
        ValueError: the XPath expression cannot be evaluated on this page.
    """
    if not selector.startswith(XPATH_PREFIX):
        matched: list[HtmlElement] = tree.cssselect(selector)
        return matched
    try:
        found = compile_xpath(selector.removeprefix(XPATH_PREFIX))(tree)
    except etree.XPathError as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, list):
        return []
    elements: dict[HtmlElement, None] = {}
    for node in found:
        element = element_of(node)
        if element is not None:
            elements[element] = None
    return list(elements)


def select_values(element: HtmlElement, selector: str) -> list[HtmlElement | str]:
    """Return the elements, attributes and texts that a selector matches in an element.

    `element_of` returns the element of an attribute or a text.

    CSS matches the element itself too. A path of XPath starts at the element, also if it begins
    with `//`.

    Raises:
        ValueError: the XPath expression cannot be evaluated on this element.
    """
    if not selector.startswith(XPATH_PREFIX):
        return list(element.cssselect(selector))
    try:
        found = compile_xpath(_below(selector.removeprefix(XPATH_PREFIX)))(element)
    except etree.XPathError as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, list):
        return [str(found)] if isinstance(found, str) and found else []
    return found


@lru_cache(maxsize=1000)
def _below(expression: str) -> str:
    """Return an expression whose paths that begin with `//` start at the context node."""
    paths = split_outside_brackets(expression, "|")
    return " | ".join(f".{path}" if path.startswith("//") else path for path in paths)


def element_of(node: object) -> HtmlElement | None:
    """Return the element of a selected attribute or text; an element is returned itself."""
    if isinstance(node, HtmlElement):
        return node
    parent = getattr(node, "getparent", lambda: None)()
    if parent is not None and getattr(node, "is_tail", False):
        parent = parent.getparent()  # lxml names the sibling before a text
    return parent if isinstance(parent, HtmlElement) else None


@lru_cache(maxsize=1000)
def xpath_from_selector(selector: str) -> str:
    """Return the XPath expression of a selector that the config has checked."""
    if selector.startswith(XPATH_PREFIX):
        return selector.removeprefix(XPATH_PREFIX)
    return HTMLTranslator().css_to_xpath(selector)


@lru_cache(maxsize=4000)
def compile_xpath(expression: str) -> etree.XPath:
    """Compile an expression, to be called on a tree. Raises ValueError with the mistake."""
    try:
        xpath = etree.XPath(expression, regexp=False)
        xpath(_EMPTY_PAGE)
    except (etree.XPathError, ValueError) as error:  # ValueError: characters that XML forbids
        raise ValueError(f"not XPath 1.0: {str(error).lower() or 'it cannot be parsed'}") from error
    return xpath


def check_xpath(expression: str) -> str:
    """Return an expression that is valid as far as can be determined without a page.

    Raises:
        ValueError: states the mistake.
    """
    compile_xpath(expression)
    for name, arguments in _function_calls(expression):
        minimum, maximum = _ARGUMENT_COUNTS.get(name, (-1, -1))
        if minimum < 0:
            raise ValueError(f"not XPath 1.0: there is no function {name}()")
        if not minimum <= arguments <= maximum:
            raise ValueError(f"not XPath 1.0: {name}() is given {arguments} arguments")
    return expression


def selects_nodes(expression: str) -> bool:
    """Return True if an expression selects nodes, False if it computes a text or a number."""
    return isinstance(compile_xpath(expression)(_EMPTY_PAGE), list)


def _function_calls(expression: str) -> Iterator[tuple[str, int]]:
    """Yield each function that is called, with the number of its arguments."""
    names = [""]  # of each open bracket: what precedes it
    counts = [0]  # of each open bracket: the arguments so far
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


def anchor_xpath(expression: str, root: str = "/") -> str:
    """Make the relative paths of an expression start at a root.

    Programs differ in the node that relative paths start from: the document or its `<html>`.
    """
    paths = split_outside_brackets(expression, "|")
    return " | ".join([_anchor_path(path, root) for path in paths])


def _anchor_path(path: str, root: str) -> str:
    if path.startswith(("/", "(")) or _CALL.match(path):
        return path
    if path.startswith("./"):
        return root.rstrip("/") + path[1:]
    return root + path


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """Split a text at a character outside of brackets, parentheses and quotes.

    Returns:
        The parts without surrounding blanks; empty ones are left out.
    """
    parts = [""]
    depth = 0
    quote = ""
    for char in text:
        if quote:
            if char == quote:
                quote = ""
        elif char == separator and not depth:
            parts.append("")
            continue
        elif char in "'\"":
            quote = char
        elif char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        parts[-1] += char
    return list(filter(None, map(str.strip, parts)))


def xpath_literal(text: str) -> str:
    """Quote a text for XPath, which cannot escape quotes: of both kinds, one is dropped."""
    if '"' not in text:
        return f'"{text}"'
    without_apostrophes = text.replace("'", "")
    return f"'{without_apostrophes}'"


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
