"""Join the articles of several pages into one, without the text that the pages repeat."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from itertools import chain
from typing import TypeVar

from lxml.html import HtmlElement, fragments_fromstring, tostring

from feedpub.cleaner.sanitize import sanitise
from feedpub.core.models import Article, Removed

MIN_REPEATED_CHARS = 80  # a text of this length is not on two pages by chance

T = TypeVar("T")


def join_pages(pages: Sequence[Article | str]) -> Article:
    """Join the articles of several pages. The metadata are those of the first page.

    Args:
        pages: the articles in order; for a missing page, the text that takes its place.
    """
    articles = [page for page in pages if isinstance(page, Article)]
    first = articles[0]
    if len(pages) == 1:
        return first
    html = "".join([f"{part}\n" for part in _drop_repeats(map(_split_html, pages))])
    if _is_rtl(first):
        html = f'<div dir="rtl">\n{html}</div>\n'
    removed: list[Removed] = []
    for article in articles:
        removed += article.removed
    return replace(
        first,
        html=sanitise(html, first.url),
        text="\n".join(_drop_repeats(map(_split_text, pages))),
        removed=tuple(removed),
        image=next((article.image for article in articles if article.image), None),
        complete=first.complete and len(articles) == len(pages),
    )


def _drop_repeats(pages: Iterable[Sequence[tuple[str, T]]]) -> list[T]:
    """Join the pieces of all pages, without those that an earlier page has.

    A short piece is only dropped at the beginning or the end of a page.

    Args:
        pages: for each page its pieces, each with the text that is compared.
    """
    kept: list[T] = []
    seen: set[str] = set()
    for pieces in pages:
        start, end = 0, len(pieces)
        while start < end and pieces[start][0] in seen:
            start += 1
        while end > start and pieces[end - 1][0] in seen:
            end -= 1
        for text, piece in pieces[start:end]:
            if len(text) < MIN_REPEATED_CHARS or text not in seen:
                kept.append(piece)
        seen.update([text for text, _ in pieces])
    return kept


def _split_text(article: Article | str) -> list[tuple[str, str]]:
    if isinstance(article, str):
        return [(article, article)]
    return [(" ".join(line.split()), line) for line in article.text.split("\n") if line.strip()]


def _split_html(article: Article | str) -> list[tuple[str, str]]:
    """Split an article's HTML into its outermost elements, each with its text or else its HTML."""
    if isinstance(article, str):
        return [(article, f"<p><em>{escape(article)}</em></p>")]
    if not article.html.strip():
        return []
    found: list[HtmlElement | str] = list(fragments_fromstring(article.html))
    if _is_rtl(article):
        boxes = [each for each in found if isinstance(each, HtmlElement)]
        found = list(chain.from_iterable(boxes))
    return [_render_piece(each) for each in found if not isinstance(each, str) or each.strip()]


def _render_piece(piece: HtmlElement | str) -> tuple[str, str]:
    if isinstance(piece, str):
        return " ".join(piece.split()), escape(piece.strip())
    html = tostring(piece, encoding="unicode", with_tail=False)
    return " ".join(piece.text_content().split()) or html, html


def _is_rtl(article: Article) -> bool:
    return article.html.startswith('<div dir="rtl">')
