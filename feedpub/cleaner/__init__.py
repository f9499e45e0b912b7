"""The cleaner: pages, pieces of pages and saved texts → articles without boilerplate."""

from feedpub.cleaner.extract import extract, extract_fragment
from feedpub.cleaner.memory import SiteMemory
from feedpub.cleaner.sanitise import sanitise

__all__ = ["SiteMemory", "extract", "extract_fragment", "sanitise"]
