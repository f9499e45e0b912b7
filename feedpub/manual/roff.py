"""Render pages of the manual as a manual page for `man`, in the man(7) macros.

It reads the Markdown that these pages use: headings, paragraphs, lists, tables and blocks of code. It imports nothing,
so that the package build can run it before the package is installed.
"""

import re
from collections.abc import Iterator, Sequence

_COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<bold>[^*]+)\*\*|\[(?P<text>[^\]]*)\]\([^)]*\)")
_ROW_END = re.compile(r"(?<!\\)\|")


def render(name: str, summary: str, version: str, pages: Sequence[str]) -> str:
    """Return a manual page of section 1.

    Args:
        name: of the program.
        summary: what the program does, on one line.
        version: of the program.
        pages: Markdown; the title of each becomes a section.
    """
    head = [
        f'.TH "{name.upper()}" "1" "" "{name} {_escape(version)}" "User Commands"',
        ".SH NAME",
        f"{name} \\- {_escape(summary)}",
        ".SH SYNOPSIS",
        f"\\fB{name}\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
    ]
    body = [line for page in pages for line in _page(_COMMENT.sub("", page))]
    return "\n".join([*head, *body]) + "\n"


def _page(markdown: str) -> Iterator[str]:
    """Yield the lines of a page."""
    for kind, lines in _blocks(markdown.splitlines()):
        match kind:
            case "code":
                yield from (".PP", ".RS 4", ".EX", *map(_line, lines), ".EE", ".RE")
            case "heading":
                signs, _, title = lines[0].partition(" ")
                yield (
                    f'.SH "{_quote(_inline(title).upper())}"'
                    if signs == "#"
                    else f'.SS "{_quote(_inline(title))}"'
                )
            case "table":
                for row in lines[2:]:
                    yield from _row(row)
            case "item":
                yield from (".IP \\(bu 2", _paragraph([lines[0].strip()[2:], *lines[1:]]))
            case _:
                yield from (".PP", _paragraph(lines))


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the kind and the lines of each block."""
    block: list[str] = []
    kind = ""
    for line in [*lines, ""]:
        if kind == "code":
            if line.startswith("```"):
                yield kind, block
                kind, block = "", []
            else:
                block.append(line)
            continue
        following = _kind(line, kind)
        if block and (
            following != kind or (kind in ("heading", "item") and not line.startswith("  "))
        ):
            yield kind, block
            block = []
        kind = following
        if kind and kind != "code":
            block.append(line)


def _kind(line: str, before: str) -> str:
    if line.startswith("```"):
        return "code"
    if re.match(r"#{1,6} ", line):
        return "heading"
    if line.startswith("|"):
        return "table"
    if re.match(r" *- ", line) or (before == "item" and line.startswith("  ")):
        return "item"
    return "text" if line.strip() else ""


def _row(row: str) -> Iterator[str]:
    """Yield a table's row as a term and its description."""
    term, *cells = (cell.strip() for cell in _ROW_END.split(row.strip().strip("|")))
    yield from (".TP", _line(_inline(term), escaped=True))
    yield _line(" ".join(_inline(cell) for cell in cells if cell), escaped=True)


def _paragraph(lines: Sequence[str]) -> str:
    return _line(_inline(" ".join(line.strip() for line in lines)), escaped=True)


def _inline(markdown: str) -> str:
    """Return inline Markdown in roff: code and strong text in bold, links as their text."""
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(markdown):
        parts.append(_escape(markdown[end : found.start()].replace(r"\|", "|")))
        strong = found["code"] or found["bold"]
        parts.append(f"\\fB{_escape(strong)}\\fR" if strong else _inline(found["text"] or ""))
        end = found.end()
    return "".join([*parts, _escape(markdown[end:].replace(r"\|", "|"))])


def _escape(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")


def _quote(text: str) -> str:
    return text.replace('"', r"\(dq")


def _line(text: str, *, escaped: bool = False) -> str:
    """Return a line that roff does not read as a request."""
    text = text if escaped else _escape(text)
    return f"\\&{text}" if text.startswith((".", "'")) else text
