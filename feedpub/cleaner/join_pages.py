"""The articles of several pages → one: what each page says once more is said once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from typing import TypeVar

from lxml.html import HtmlElement, fragments_fromstring, tostring

from feedpub.cleaner.sanitize import sanitise
from feedpub.core.models import Article

LONG = 80  # characters; a text of that many that stands on two pages stands there by no chance

T = TypeVar("T")


def join_pages(pages: Sequence[Article | str]) -> Article:
    """One article of those of its pages, in their order: what the first says of itself counts.

    Args:
        pages: the article of each page; in the place of one that is missing, what is said there
            instead.
    """
    articles = [page for page in pages if isinstance(page, Article)]
    first = articles[0]
    if len(pages) == 1:
        return first
    html = "".join(f"{part}\n" for part in _once(map(_parts, pages)))
    if _is_rtl(first):
        html = f'<div dir="rtl">\n{html}</div>\n'
    return replace(
        first,
        html=sanitise(html, first.url),
        text="\n".join(_once(map(_lines, pages))),
        removed=tuple(removed for article in articles for removed in article.removed),
        image=next((article.image for article in articles if article.image), None),
        complete=first.complete and len(articles) == len(pages),
    )


def _once(pages: Iterable[Sequence[tuple[str, T]]]) -> list[T]:
    """What the pages consist of, without what one has at its beginning or end, or at length, of those before it."""
    kept: list[T] = []
    seen: set[str] = set()
    for pieces in pages:
        begin, end = 0, len(pieces)
        while begin < end and pieces[begin][0] in seen:
            begin += 1
        while end > begin and pieces[end - 1][0] in seen:
            end -= 1
        kept += [piece for key, piece in pieces[begin:end] if len(key) < LONG or key not in seen]
        seen.update(key for key, _ in pieces)
    return kept


def _lines(article: Article | str) -> list[tuple[str, str]]:
    if isinstance(article, str):
        return [(article, article)]
    return [(" ".join(line.split()), line) for line in article.text.split("\n") if line.strip()]


def _parts(article: Article | str) -> list[tuple[str, str]]:
    """The outermost elements of an article's HTML, each with what it says, or what it shows where it says nothing."""
    if isinstance(article, str):
        return [(article, f"<p><em>{escape(article)}</em></p>")]
    found: list[HtmlElement | str] = (
        list(fragments_fromstring(article.html)) if article.html.strip() else []
    )
    if _is_rtl(article):
        found = [child for each in found if isinstance(each, HtmlElement) for child in each]
    return [_part(each) for each in found if not isinstance(each, str) or each.strip()]


def _part(piece: HtmlElement | str) -> tuple[str, str]:
    if isinstance(piece, str):
        return " ".join(piece.split()), escape(piece.strip())
    written = tostring(piece, encoding="unicode", with_tail=False)
    return " ".join(piece.text_content().split()) or written, written


def _is_rtl(article: Article) -> bool:
    return article.html.startswith('<div dir="rtl">')
