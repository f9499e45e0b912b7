"""Turn code whose lines are elements of their own into preformatted text.

Highlighters write each line as a `<div>` or a table row, often without a `<pre>`. As separate
blocks, some lines of code would go and all would lose their indent.
"""

from collections.abc import Iterator

from lxml.etree import SubElement
from lxml.html import HtmlElement

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
