"""What stands before the root element of an XML text, document type declarations above all.

Nobody's feed or sitemap needs its own entities, and some are weapons.
"""

import re

_SPACE = re.compile(r"\s*")
_DOCTYPE = re.compile(r"<!doctype\b", re.IGNORECASE)
_END_OF_SUBSET = re.compile(r"\]\s*>")


def without_doctype(text: str) -> str:
    """An XML text without its document type declaration; what refers to entities of it refers to nothing."""
    prolog, _, rest = split_prolog(text)
    return prolog + rest


def split_prolog(text: str) -> tuple[str, str, str]:
    """Split an XML text, whose root element may be missing, in time linear to its length.

    Returns:
        What precedes the root element (white space, comments, instructions) but for document
        type declarations; all of these; and the rest. What never ends belongs to the rest.
    """
    prolog, doctypes, start = list[str](), list[str](), 0
    while True:
        at = _SPACE.match(text, start).end()  # type: ignore[union-attr]  # it matches always
        is_doctype = _DOCTYPE.match(text, at) is not None
        end = _end_of_doctype(text, at) if is_doctype else _end_of_other(text, at)
        if end is None:
            return "".join(prolog) + text[start:at], "".join(doctypes), text[at:]
        prolog.append(text[start:at] if is_doctype else text[start:end])
        if is_doctype:
            doctypes.append(text[at:end])
        start = end


def _end_of_other(text: str, at: int) -> int | None:
    """Return where the comment or instruction that begins at an index ends; None where none does."""
    for begin, finish in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(begin, at):
            return found + len(finish) if (found := text.find(finish, at + len(begin))) >= 0 else None
    return None


def _end_of_doctype(text: str, at: int) -> int | None:
    """Return where a document type declaration ends, its own subset in brackets included."""
    end, subset = text.find(">", at), text.find("[", at)
    if not 0 <= subset < end:
        return end + 1 if end >= 0 else None
    found = _END_OF_SUBSET.search(text, subset)
    return found.end() if found else None
