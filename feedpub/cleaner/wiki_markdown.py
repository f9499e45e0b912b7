"""Translate the Markdown of note-taking programs (Obsidian, Logseq, Foam) to plain Markdown.

Links and embeds in double brackets, highlights, callouts, comments, block ids and lines of tags
mean something to these programs only. Code stays as it is.
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})

_FENCED = re.compile(
    r"^ {0,3}(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^ {0,3}(?P=fence)[^\n]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_CODE = re.compile(r"(`[^`\n]{1,1000}`)")
_COMMENT = re.compile(r"%%[^%]{0,5000}%%")
_EMBED = re.compile(r"!\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]\n]{0,300}))?\]\]")
_LINK = re.compile(r"\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]\n]{0,300}))?\]\]")
_HIGHLIGHT = re.compile(r"==(?=\S)([^=\n]{1,2000})(?<=\S)==")
_CALLOUT = re.compile(r"^((?:> ?){1,8})\[!([\w-]{1,40})\][+-]?[ \t]*([^\n]*)$", re.MULTILINE)
_BLOCK_ID = re.compile(r"(?<=\s)\^[A-Za-z0-9-]{1,60}[ \t]*$", re.MULTILINE)
_TAG_LINE = re.compile(r"^[ \t]*(?:#[\w/-]*[^\W\d][\w/-]*[ \t]*)+$", re.MULTILINE)
_TASK = re.compile(r"^(\s{0,40}[-*+] )\[([ xX])\] ", re.MULTILINE)
_SIZE = re.compile(r"\d{1,5}(?:x\d{1,5})?")

FindFile = Callable[[str], str | None]
"""Returns the address of an embedded file by its name or path; None if there is no such file."""


def translate_wiki_markdown(text: str, find_file: FindFile) -> str:
    """Return a note as plain Markdown.

    Args:
        text: the note without front matter.
        find_file: finds embedded pictures.
    """
    parts: list[str] = []
    end = 0
    for code in _FENCED.finditer(text):
        parts += [_translate_text(text[end : code.start()], find_file), code[0]]
        end = code.end()
    return "".join([*parts, _translate_text(text[end:], find_file)])


def _translate_text(text: str, find_file: FindFile) -> str:
    text = _COMMENT.sub("", text)
    text = _TAG_LINE.sub("", _BLOCK_ID.sub("", text))
    text = _CALLOUT.sub(_translate_callout, text)
    text = _TASK.sub(lambda task: f"{task[1]}{'☐' if task[2] == ' ' else '☑'} ", text)
    pieces = _CODE.split(text)
    for place in range(0, len(pieces), 2):  # the others are code
        piece = _EMBED.sub(lambda embed: _translate_embed(embed, find_file), pieces[place])
        piece = _LINK.sub(_translate_link, piece)
        pieces[place] = _HIGHLIGHT.sub(r"<mark>\1</mark>", piece)
    return "".join(pieces)


def _translate_callout(callout: re.Match[str]) -> str:
    title = callout[3].strip() or callout[2].replace("-", " ").capitalize()
    quote_marks = callout[1].rstrip()
    return f"{quote_marks} **{title}**\n{quote_marks}"


def _translate_embed(embed: re.Match[str], find_file: FindFile) -> str:
    """Return a picture, or the name of anything else."""
    name, label = embed[1].partition("#")[0].strip(), (embed[2] or "").strip()
    path = PurePosixPath(name)
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        return label or path.name
    alt = "" if _SIZE.fullmatch(label) else label.replace("[", "").replace("]", "")
    address = find_file(name) or quote(name, errors="replace")
    return f"![{alt}]({address})"


def _translate_link(link: re.Match[str]) -> str:
    """Return the text of a link; the note behind it may not be published."""
    page, _, heading = link[1].partition("#")
    name = PurePosixPath(page.strip()).name.removesuffix(".md")
    return (link[2] or "").strip() or " > ".join(filter(None, (name, heading.strip(" ^#"))))
