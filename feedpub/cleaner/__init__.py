"""The cleaner: pages, pieces of pages and saved texts → articles without boilerplate."""

from feedpub.cleaner.annotations import Annotated, annotated
from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.joining import joined
from feedpub.cleaner.memory import Sighting, SiteMemory, sight
from feedpub.cleaner.plain import extract_text
from feedpub.cleaner.sanitise import sanitise
from feedpub.cleaner.saved import extract_saved
from feedpub.cleaner.sequel import Sequel
from feedpub.cleaner.svg import sanitise_svg
from feedpub.cleaner.written import text_of

__all__ = [
    "Annotated",
    "Sequel",
    "Sighting",
    "SiteMemory",
    "annotated",
    "extract",
    "extract_fragment",
    "extract_saved",
    "extract_text",
    "joined",
    "sanitise",
    "sanitise_svg",
    "sight",
    "text_of",
]
