"""Formulas in MathML → text, as feed readers show no MathML. Owns nothing else."""

import re

from lxml.html import HtmlElement

_STYLE = re.compile(r"^\{\\(?:displaystyle|textstyle)\s*+(.*)\}$", re.DOTALL)


def formula(element: HtmlElement) -> str:
    """What a formula's author wrote, mostly TeX; else its signs in order."""
    stated = element.get("alttext") or next((note.text or "" for note in element.iter("annotation")), "")
    written = stated if stated.strip() else " ".join("".join(element.itertext()).split())
    return _STYLE.sub(r"\1", written.strip()).strip()
