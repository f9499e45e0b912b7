"""The cleaner: extract articles from pages, fragments and saved files, without boilerplate."""

from feedpub.cleaner.annotate import AnnotatedPage, annotate
from feedpub.cleaner.body import raw_text
from feedpub.cleaner.extract import extract, extract_fragment, extract_listed
from feedpub.cleaner.next_page import NextPage
from feedpub.cleaner.pagination import join_pages
from feedpub.cleaner.plain_text import extract_text
from feedpub.cleaner.sanitize import sanitise, sanitise_svg
from feedpub.cleaner.saved_files import extract_saved
from feedpub.cleaner.site_memory import PageFingerprint, SiteMemory, fingerprint_page

__all__ = [
    "AnnotatedPage",
    "NextPage",
    "PageFingerprint",
    "SiteMemory",
    "annotate",
    "extract",
    "extract_fragment",
    "extract_listed",
    "extract_saved",
    "extract_text",
    "fingerprint_page",
    "join_pages",
    "raw_text",
    "sanitise",
    "sanitise_svg",
]
