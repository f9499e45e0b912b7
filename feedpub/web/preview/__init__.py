"""Preview the cleaner's result for a page, and draft rules for its site by selecting blocks.

The preview serves one user on this machine, for as long as the command runs.
"""

from feedpub.web.preview.server import PreviewServer
from feedpub.web.preview.workspace import (
    PreviewPage,
    PreviewSession,
    page_from_address,
    page_from_file,
    pages_of_feed,
    pages_of_site,
)

__all__ = [
    "PreviewPage",
    "PreviewServer",
    "PreviewSession",
    "page_from_address",
    "page_from_file",
    "pages_of_feed",
    "pages_of_site",
]
