"""Document type declarations: nobody's feed or sitemap needs its own entities, and some are weapons."""

import re

# Only the first is looked for: to try every one would take the square of the text.
_DOCTYPE = re.compile(r"\A((?:[^<]|<(?!!DOCTYPE))*+)<!DOCTYPE[^>\[]*+(?:\[.*?\]\s*+)?>", re.DOTALL)
_PROLOGUE = 16_384  # characters, in which one may stand


def without_doctype(text: str) -> str:
    """An XML text without its document type declaration; what refers to entities of it refers to nothing."""
    return _DOCTYPE.sub(r"\1", text[:_PROLOGUE], count=1) + text[_PROLOGUE:]
