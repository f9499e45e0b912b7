"""A page to look at the cleaner's work on, and to make rules for a site by pointing at what is wrong.

    desk       what is looked at, what a draft of rules would do to it, and how the draft is saved
    subjects   which pages can be looked at: a feed's stored ones, one at an address, one in a file
    server     the local page: who may ask it, and what for
    templates  the page, its style and its script

Serves one person on this machine, for as long as the command runs.
"""

from feedpub.web.preview.pages import (
    PreviewPage,
    page_from_address,
    page_from_file,
    pages_of_feed,
    pages_of_site,
)
from feedpub.web.preview.server import PreviewServer
from feedpub.web.preview.workspace import PreviewSession

__all__ = [
    "PreviewPage",
    "PreviewServer",
    "PreviewSession",
    "page_from_address",
    "page_from_file",
    "pages_of_feed",
    "pages_of_site",
]
