"""Pages that are empty without scripts: fetched by the gate, run in a browser that reaches nothing, read off its DOM.

The browser is a Chromium that is installed on the machine, driven by Playwright. It has no way to
the network: all that a page asks for is asked of the gate, by feedpub, or refused. What comes out
is a page as the gate would have brought it, and goes the same way: through the parser that works
apart, the cleaner and the sanitiser.

    found       whether there is a browser, and what to do where there is none
    launch      the browser's process: its flags, its limits, its end
    parts       what a page may ask for
    tab         one page from its document to its DOM
    browser     the face of it all, for every thread
"""

from feedpub.fetch.browser.browser import Browser
from feedpub.fetch.browser.launch import RenderLimits, why_unavailable

__all__ = ["Browser", "RenderLimits", "why_unavailable"]
