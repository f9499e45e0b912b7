"""Render pages that need JavaScript in a browser without network access.

The client fetches the page, and a Chromium on the machine, driven by Playwright, runs its scripts.
The client also fetches the subresources that `request_policy` allows; the browser itself cannot
connect to anything. The result is an ordinary page, which is parsed, cleaned and sanitised like any
other.

    launch        finds, starts and stops Chromium; the limits of a page
    subresources  decides which requests of a page are made
    tab           renders one page
    loop          runs Playwright in an event loop of its own
    browser       `Browser`: used from any thread, imports Playwright when needed
"""

from feedpub.fetch.browser.browser import Browser
from feedpub.fetch.browser.launch import RenderLimits, why_unavailable

__all__ = ["Browser", "RenderLimits", "why_unavailable"]
