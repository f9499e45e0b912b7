"""Read what a page writes in its own notation: formulas (MathML), and lines of code in elements."""

import re
from collections.abc import Iterator
from html import escape

from lxml.etree import SubElement
from lxml.html import HtmlElement

from feedpub.cleaner.sanitize import (
    FORMULA_ATTRIBUTES,
    FORMULA_TAGS,
    FORMULA_TOKENS,
    MAX_FORMULA_DEPTH,
)

MAX_FORMULA_ELEMENTS = 1_000  # a larger formula is published as text
TEX_TYPE = "math/tex"  # of the scripts that MathJax 2 reads formulas from
_WRITTEN = {
    "msup": "{}^{}",
    "msub": "{}_{}",
    "msubsup": "{}_{}^{}",
    "mover": "{}^{}",
    "munder": "{}_{}",
    "munderover": "{}_{}^{}",
    "mfrac": "{}/{}",
    "msqrt": "√{}",
}
_TEX_STYLE = re.compile(r"^\{\\(?:displaystyle|textstyle)\s*+(.*)\}$", re.DOTALL)


def formula_source(element: HtmlElement) -> str:
    """Return the source of a formula, usually TeX; "" if the page does not state it."""
    source = element.get("alttext")
    if not source:
        note = next(element.iter("annotation"), None)
        source = "" if note is None else note.text or ""
    return _TEX_STYLE.sub(r"\1", source.strip()).strip()


def formula_text(element: HtmlElement) -> str:
    """Return the source of a formula, or else its symbols in order."""
    return formula_source(element) or " ".join(_write_symbols(element).split())


def _write_symbols(element: HtmlElement, depth: int = 0) -> str:
    """Return the symbols of a formula, with exponents, indices, fractions and roots as in TeX."""
    if depth == MAX_FORMULA_DEPTH:
        return "".join(element.itertext())
    parts = [element.text or ""]
    for child in element:
        parts += (_write_symbols(child, depth + 1), child.tail or "")
    template = _WRITTEN.get(element.tag)
    arguments = parts[1::2]
    if template and template.count("{}") == len(arguments):
        return template.format(*map(_group, arguments))
    return "".join(parts)


def _group(formula: str) -> str:
    formula = formula.strip()
    return formula if len(formula) == 1 else f"{{{formula}}}"


# --- as HTML ---


def is_drawn(element: HtmlElement) -> bool:
    """Return whether a formula is published as MathML.

    A formula whose source is known is published as its source, which is readable in every reader. A
    formula with anything but the elements of `FORMULA_TAGS` is published as text.
    """
    if formula_source(element) or not len(element):
        return False
    return _is_plain(element, 0) and sum(1 for _ in element.iter()) <= MAX_FORMULA_ELEMENTS


def _is_plain(element: HtmlElement, depth: int) -> bool:
    """Return whether an element and those in it are of MathML, and its text is in tokens."""
    if depth == MAX_FORMULA_DEPTH:
        return False
    if element.tag in FORMULA_TOKENS:
        return not len(element)
    texts = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in texts):
        return False
    return all(_is_part(child) and _is_plain(child, depth + 1) for child in element)


def _is_part(element: HtmlElement) -> bool:
    return element.tag in FORMULA_TAGS and element.tag != "math"


def render_formula(element: HtmlElement) -> str:
    """Return the HTML of a formula that `is_drawn`."""
    allowed = FORMULA_ATTRIBUTES.get(element.tag, {})
    attributes = ""
    for name, value in element.items():
        if value in allowed.get(name, ()):
            attributes += f' {name}="{value}"'
    inner = escape((element.text or "").strip(), quote=False)
    inner += "".join([render_formula(child) for child in element])
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>"


LINE_CLASSES = frozenset(
    {"line", "code-line", "token-line", "cm-line", "view-line", "CodeMirror-line", "ec-line"}
)
CODE_NAMES = ("highlight", "code", "prism", "shiki", "monaco", "cm-editor")
MAX_DEPTH = 6  # from a line to the element whose name states that it is code


def join_code_lines(tree: HtmlElement) -> None:
    """Make a `<pre>` of each element that holds lines of code, unless it is in one."""
    for element in list(_find_line_holders(tree)):
        lines = [child.text_content().rstrip("\n") for child in element]
        for child in list(element):
            element.remove(child)
        element.tag, element.text = "pre", None
        SubElement(element, "code").text = "\n".join(lines)


def _find_line_holders(tree: HtmlElement) -> Iterator[HtmlElement]:
    for line in tree.iter("div"):
        holder = line.getparent()
        if holder is None or holder[0] is not line or not _is_line(line):
            continue
        if all(map(_is_line, holder)) and _is_code(holder):
            yield holder


def _is_line(element: HtmlElement) -> bool:
    classes = element.get("class", "").split()
    return element.tag == "div" and not LINE_CLASSES.isdisjoint(classes)


def _is_code(holder: HtmlElement) -> bool:
    """Return whether an element is in one that is named as code, and in no `<pre>`."""
    is_named = False
    around: HtmlElement | None = holder
    for _ in range(MAX_DEPTH):
        if around is None:
            break
        if around.tag == "pre":
            return False
        names = around.get("class", "").lower()
        is_named = is_named or any(name in names for name in CODE_NAMES)
        around = around.getparent()
    return is_named
