"""Short texts that stand for an article: its first sentences, its best ones, or its editor's own description.

Works on plain text alone: no markup but a description's, no network, no clock. The same text gives
the same summary,
always.
"""

from feedpub.cleaner.summary.editorial import choose_summary
from feedpub.cleaner.summary.extractive import best_sentences
from feedpub.cleaner.summary.sentences import (
    fill_sentences,
    join_sentences,
    prose_sentences,
    split_sentences,
)

__all__ = ["choose_summary", "lead", "split_sentences", "summarize"]


def lead(text: str, *, title: str = "", language: str | None = None, max_chars: int = 300) -> str:
    """The first whole sentences of an article, without dateline, byline, headings or its title.

    Args:
        text: paragraphs separated by newlines.
        title: the article's, never repeated.
        language: a BCP 47 tag; helps to find the sentences.
        max_chars: the most that is returned. A first sentence longer than this is cut behind a
            clause, with "…".
    """
    return fill_sentences(
        (sentence.text for sentence in prose_sentences(text, title, language)), max_chars
    )


def summarize(
    text: str, *, title: str = "", language: str | None = None, max_chars: int = 300
) -> str:
    """The whole sentences that tell most of an article, in its own order.

    Args:
        text: paragraphs separated by newlines.
        title: the article's; sentences that share its words gain by it, and it is never repeated.
        language: a BCP 47 tag; helps to find the sentences.
        max_chars: the most that is returned, not what is aimed at: a summary is as long as editors'
            own ones are. "" where the text is empty.
    """
    found = list(prose_sentences(text, title, language))
    chosen = best_sentences(found, max_chars, title=title, language=language)
    return join_sentences([sentence.text for sentence in chosen]) or fill_sentences(
        [sentence.text for sentence in found], max_chars
    )
