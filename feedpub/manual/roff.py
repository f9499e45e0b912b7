"""Render pages of the manual as a manual page for `man`, in the man(7) macros.

It supports the Markdown that these pages use: headings, paragraphs, lists, tables and code blocks.
It only imports the standard library, so that the package build can run it before the package is
installed.
"""

import re
from collections.abc import Iterator, Sequence

_COMMENT = re.compile(r"<!--(?:(?!<!--).)*?-->\n*", re.DOTALL)
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<bold>[^*]+)\*\*|\[(?P<text>[^\[\]]*)\]\([^()]*\)")
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
    lines = head
    for page in pages:
        lines += _format_page(_COMMENT.sub("", page))
    return "\n".join(lines) + "\n"


def _format_page(markdown: str) -> Iterator[str]:
    """Yield the lines of a page."""
    for kind, lines in _split_blocks(markdown.splitlines()):
        match kind:
            case "code":
                yield from (".PP", ".RS 4", ".EX", *map(_escape_line, lines), ".EE", ".RE")
            case "heading":
                yield _format_heading(lines[0])
            case "table":
                for row in lines[2:]:
                    yield from _format_row(row)
            case "item":
                text = [lines[0].strip()[2:], *lines[1:]]
                yield from (".IP \\(bu 2", _format_paragraph(text))
            case _:
                yield from (".PP", _format_paragraph(lines))


def _format_heading(line: str) -> str:
    signs, _, title = line.partition(" ")
    text = _format_inline(title)
    if signs == "#":
        return f'.SH "{_escape_quotes(text.upper())}"'
    return f'.SS "{_escape_quotes(text)}"'


def _split_blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
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
        next_kind = _classify_line(line, kind)
        is_continued = next_kind == kind
        if kind in ("heading", "item") and not line.startswith("  "):
            is_continued = False
        if block and not is_continued:
            yield kind, block
            block = []
        kind = next_kind
        if kind and kind != "code":
            block.append(line)


def _classify_line(line: str, before: str) -> str:
    """Return the kind of the block that a line belongs to, given the kind of the line before."""
    if line.startswith("```"):
        return "code"
    if re.match(r"#{1,6} ", line):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.lstrip(" ").startswith("- ") or (before == "item" and line.startswith("  ")):
        return "item"
    return "text" if line.strip() else ""


def _format_row(row: str) -> Iterator[str]:
    """Yield a table's row as a term and its description."""
    term, *cells = map(str.strip, _ROW_END.split(row.strip().strip("|")))
    yield ".TP"
    yield _protect_line(_format_inline(term))
    yield _protect_line(" ".join(map(_format_inline, filter(None, cells))))


def _format_paragraph(lines: Sequence[str]) -> str:
    return _protect_line(_format_inline(" ".join(map(str.strip, lines))))


def _format_inline(markdown: str) -> str:
    """Return inline Markdown in roff: code and strong text in bold, links as their text."""
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(markdown):
        parts.append(_escape(markdown[end : found.start()].replace(r"\|", "|")))
        if strong := found["code"] or found["bold"]:
            parts.append(f"\\fB{_escape(strong)}\\fR")
        else:
            parts.append(_format_inline(found["text"] or ""))
        end = found.end()
    return "".join([*parts, _escape(markdown[end:].replace(r"\|", "|"))])


def _escape(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")


def _escape_quotes(text: str) -> str:
    return text.replace('"', r"\(dq")


def _escape_line(text: str) -> str:
    return _protect_line(_escape(text))


def _protect_line(text: str) -> str:
    """Return a line that roff does not read as a request."""
    return f"\\&{text}" if text.startswith((".", "'")) else text
