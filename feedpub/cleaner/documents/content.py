"""Define the content of a document, and choose its title.

Programs fill in titles such as "Microsoft Word - minutes_v3.docx" and "Untitled 1". The text of a
link often does not name its document: "Download".
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from feedpub.core.loading import load_toml

MAX_TEXT_CHARS = 400_000  # of a document; the rest is only in the file
CUT = f"only the first {MAX_TEXT_CHARS:,} characters are read"

_WORDS = load_toml("feedpub.cleaner", "data/documents.toml")
_LABEL_WORDS = frozenset(_WORDS["labels"]["words"])
_USELESS = frozenset(_WORDS["titles"]["exact"])
_USELESS_STARTS = tuple(_WORDS["titles"]["starts"])
_PROGRAM = re.compile(r"microsoft (?:office )?(?:word|powerpoint|excel|publisher) - ")
_FILE_SUFFIX = re.compile(
    r"\.(?:pdf|epub|docx?|odt|rtf|pages|indd|qxp|qxd|tex|dvi|ps|pptx?|xlsx?|html?|txt)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """The content of a document, as its reader understood it.

    Attributes:
        html: its text as HTML that is not sanitised yet; "" if it has none.
        title: from its metadata.
        heading: the first heading of its text.
        authors: from its metadata.
        published: when it was made; aware.
        language: from its metadata.
        reason: why a part of it is missing; "" if it is complete.
    """

    html: str
    title: str = ""
    heading: str = ""
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    language: str | None = None
    reason: str = ""


def choose_title(link_text: str, content: DocumentContent, url: str) -> str:
    """Return the title of a document.

    It is the text of the link, the title in the metadata, the first heading, or the file's name:
    the first of them that names the document.
    """
    if not is_generic_label(link_text, url):
        return link_text
    if not is_useless_title(content.title):
        return " ".join(content.title.split())
    return content.heading or _title_of_file(url) or link_text


def is_generic_label(text: str, url: str) -> bool:
    """Return True for a link's text that does not name its document: "Download", "PDF, 2 MB"."""
    if _FILE_SUFFIX.search(text.strip()) or text.strip() == _stem(url):
        return True
    words = [word.lower() for word in _WORD.findall(text)]
    return all(word in _LABEL_WORDS for word in words)


def is_useless_title(title: str) -> bool:
    """Return True for a title in metadata that a program or a scanner made."""
    plain = " ".join(title.split()).lower()
    if _PROGRAM.match(plain) or _FILE_SUFFIX.search(plain) or plain in _USELESS:
        return True
    if not _LETTER.search(plain):
        return True
    has_digits = any(map(str.isdigit, plain))
    if plain.startswith(_USELESS_STARTS) and has_digits:
        return True
    return " " not in plain and ("_" in plain or has_digits)


def _stem(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).stem


def _title_of_file(url: str) -> str:
    """Make a title of a file's name: "annual-report_2025.pdf" → "annual report 2025"."""
    return " ".join(re.split(r"[-_\s+]+", _stem(url))).strip()
