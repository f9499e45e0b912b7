"""Short texts that stand for an article: its first sentences, its best ones, or its editor's own description.

Works on plain text alone: no markup beyond a description's, no network, no clock. The same text gives the same
summary, always.
"""

from feedpub.summary.choose import choose
from feedpub.summary.prose import Sentence, fill, prose
from feedpub.summary.score import scores
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
    return fill(prose(text, title, language), max_chars)


def summarize(text: str, *, title: str = "", language: str | None = None, max_chars: int = 300) -> str:
    """The whole sentences that tell most of an article, in its own order.

    Args:
        text: paragraphs separated by newlines.
        title: the article's; sentences that share its words gain by it, and it is never repeated.
        language: a BCP 47 tag; helps to find the sentences.
        max_chars: the most that is returned. "" where the text is empty.
    """
    found = prose(text, title, language)
    ranks = scores(found, title, language)
    chosen: list[Sentence] = []
    for _, sentence in sorted(zip(ranks, found, strict=True), key=lambda pair: -pair[0]):
        trial = sorted([*chosen, sentence], key=lambda s: (s.paragraph, s.place))
        if sentence.text not in {s.text for s in chosen} and len(join([s.text for s in trial])) <= max_chars:
            chosen = trial
    return join([s.text for s in chosen]) or fill(found, max_chars)
