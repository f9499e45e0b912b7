"""Join the articles of several pages into one, without the text that the pages repeat."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
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
    html = "\n".join([*_drop_repeats(map(_split_html, pages)), ""])
    if _is_rtl(first):
        html = f'<div dir="rtl">\n{html}</div>\n'
    removed: list[Removed] = []
    image: str | None = None
    for article in articles:
        removed += article.removed
        if image is None and article.image:
            image = article.image
    return replace(
        first,
        html=sanitise(html, first.url),
        text="\n".join(_drop_repeats(map(_split_text, pages))),
        removed=tuple(removed),
        image=image,
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
    is_rtl = _is_rtl(article)
    fragments: list[HtmlElement | str] = list(fragments_fromstring(article.html))
    pieces: list[tuple[str, str]] = []
    for fragment in fragments:
        if is_rtl and isinstance(fragment, HtmlElement):  # the box around the article
            pieces += map(_render_element, fragment)
        elif isinstance(fragment, HtmlElement):
            pieces.append(_render_element(fragment))
        elif not is_rtl and fragment.strip():
            pieces.append((" ".join(fragment.split()), escape(fragment.strip())))
    return pieces


def _render_element(element: HtmlElement) -> tuple[str, str]:
    html = tostring(element, encoding="unicode", with_tail=False)
    return " ".join(element.text_content().split()) or html, html


def _is_rtl(article: Article) -> bool:
    return article.html.startswith('<div dir="rtl">')
