"""What all pages for people share: the frame, the style, the icon, and what a page may load.

A style is one constant text, so that its digest in the page's Content-Security-Policy (and in a server's) holds for
every page of a kind.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

OWN = "feedpub.builder"
ICON = (  # inline, or browsers would ask for /favicon.ico
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect width='24' height='24' "
    "rx='5' fill='%23c2410c'/%3E%3Ccircle cx='7' cy='17' r='2' fill='white'/%3E%3Cpath d='M5 11a8 8 0 0 1 8 8M5 6a13 "
    "13 0 0 1 13 13' fill='none' stroke='white' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
)


def environment(package: str = OWN, sheets: Sequence[str] = ()) -> Environment:
    """Templates that may use the shared frame, `base.html`.

    Args:
        package: whose templates come first.
        sheets: its style sheets, beyond the shared one.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(OWN)]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.globals.update(icon=ICON, style=Markup(style(package, *sheets)))  # noqa: S704 -- ours
    return made


@cache
def style(package: str = OWN, *sheets: str) -> str:
    """The shared style, and what a package's own sheets add to it."""
    return _text(OWN, "style.css") + "".join(_text(package, sheet) for sheet in sheets)


def policy(style: str, *, images: bool = False, forms: bool = False) -> str:
    """What a page may load and send, as the value of Content-Security-Policy.

    Args:
        style: the text of its style element.
        images: images and sounds from wherever they lie, besides what stands in the page itself.
        forms: forms that go to the page's own server.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pictures = "img-src http: https: data:; media-src http: https:" if images else "img-src data:"
    target = "'self'" if forms else "'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; {pictures}; base-uri 'none'; form-action {target}"


def _text(package: str, sheet: str) -> str:
    return files(package).joinpath("templates", sheet).read_text(encoding="utf-8")
