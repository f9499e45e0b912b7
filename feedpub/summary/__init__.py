"""Short texts that stand for an article: its first sentences, its best ones, or its editor's own description.

Works on plain text alone: no markup but a description's, no network, no clock. The same text gives the same summary,
always.
"""

from feedpub.summary.choose import choose
from feedpub.summary.fitting import fill
from feedpub.summary.prose import prose
from feedpub.summary.score import best
from feedpub.summary.sentences import join, sentences

__all__ = ["choose", "lead", "sentences", "summarize"]


def lead(text: str, *, title: str = "", language: str | None = None, max_chars: int = 300) -> str:
    """The first whole sentences of an article, without dateline, byline, headings or its title.

    Args:
        text: paragraphs separated by newlines.
        title: the article's, never repeated.
        language: a BCP 47 tag; helps to find the sentences.
        max_chars: the most that is returned. A first sentence longer than this is cut behind a clause, with "…".
    """
    return fill((sentence.text for sentence in prose(text, title, language)), max_chars)


def summarize(text: str, *, title: str = "", language: str | None = None, max_chars: int = 300) -> str:
    """The whole sentences that tell most of an article, in its own order.

    Args:
        text: paragraphs separated by newlines.
        title: the article's; sentences that share its words gain by it, and it is never repeated.
        language: a BCP 47 tag; helps to find the sentences.
        max_chars: the most that is returned, not what is aimed at: a summary is as long as editors' own ones are.
            "" where the text is empty.
    """
    found = list(prose(text, title, language))
    chosen = best(found, max_chars, title=title, language=language)
    return join([sentence.text for sentence in chosen]) or fill([sentence.text for sentence in found], max_chars)
