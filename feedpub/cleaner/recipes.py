"""Add a recipe that a page has only in its data, for scripts to draw, to the article's text."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from feedpub.cleaner.choose import casefolded_words
from feedpub.cleaner.sanitize import sanitise
from feedpub.cleaner.summary.editorial import to_plain_text
from feedpub.core.models import Article

MAX_SHOWN_SHARE = 0.5  # of the lines; if the text has more, the page shows the recipe


def add_recipe(article: Article, ingredients: Sequence[str], steps: Sequence[str]) -> Article:
    """Return the article with the lists of ingredients and steps that its text lacks."""
    for tag, stated in (("ul", ingredients), ("ol", steps)):
        lines = list(filter(None, map(to_plain_text, stated)))
        if lines and not _is_shown(lines, article.text):
            items = "\n".join([f"<li>{escape(line, quote=False)}</li>" for line in lines])
            html = sanitise(f"<{tag}>{items}</{tag}>\n", article.url)
            text = "\n".join(filter(None, [article.text, *lines]))
            article = replace(article, html=article.html + html, text=text)
    return article


def _is_shown(lines: Sequence[str], text: str) -> bool:
    """Return True if, for most lines, the text has a line with the same words."""
    shown_lines = [set(casefolded_words(line)) for line in text.splitlines()]
    shown = 0
    for line in lines:
        words = casefolded_words(line)
        shown += any(each.issuperset(words) for each in shown_lines)
    return shown > MAX_SHOWN_SHARE * len(lines)
