"""Write an article's summary: its first sentences, its best ones, or its editor's description.

Works on plain text only; markup is removed from descriptions. The same text always gives the same
summary.
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
    """Return the first sentences of an article, without dateline, byline, headings and title.

    Args:
        text: paragraphs separated by newlines.
        title: the article's title, which is not repeated.
        language: a BCP 47 tag, for finding the sentences.
        max_chars: the maximum length. If the first sentence is longer, it is cut after a clause
            and ends in "…".
    """
    sentences = prose_sentences(text, title, language)
    return fill_sentences((sentence.text for sentence in sentences), max_chars)


def summarize(
    text: str, *, title: str = "", language: str | None = None, max_chars: int = 300
) -> str:
    """Return the most important sentences of an article, in the article's order.

    Args:
        text: paragraphs separated by newlines.
        title: the article's title. It is not repeated; sentences that share its words are
            preferred.
        language: a BCP 47 tag, for finding the sentences.
        max_chars: the maximum length. The summary is about as long as those that editors write,
            and "" if the text is empty.
    """
    sentences = list(prose_sentences(text, title, language))
    chosen = best_sentences(sentences, max_chars, title=title, language=language)
    if chosen:
        return join_sentences([sentence.text for sentence in chosen])
    return fill_sentences([sentence.text for sentence in sentences], max_chars)
