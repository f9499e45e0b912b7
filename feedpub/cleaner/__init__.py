"""The cleaner: pages, pieces of pages and saved texts → articles without boilerplate."""

from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.memory import Sighting, SiteMemory, sight
from feedpub.cleaner.plain import extract_text
from feedpub.cleaner.sanitise import sanitise
from feedpub.cleaner.saved import extract_saved

__all__ = [
    "Sighting",
    "SiteMemory",
    "extract",
    "extract_fragment",
    "extract_saved",
    "extract_text",
    "sanitise",
    "sight",
]
