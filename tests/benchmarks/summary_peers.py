"""Provide sumy's LexRank, TextRank and LSA as rankings of given sentences.

They use their own stemmers and stop words.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sumy.nlp.stemmers import Stemmer  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sumy.summarizers.lex_rank import LexRankSummarizer  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sumy.summarizers.lsa import LsaSummarizer  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sumy.summarizers.text_rank import TextRankSummarizer  # type: ignore[import-not-found,import-untyped,unused-ignore]
from sumy.utils import get_stop_words  # type: ignore[import-not-found,import-untyped,unused-ignore]

from tests.benchmarks.rouge import words

_NAMES = {  # languages that sumy has both a stemmer and stop words for
    "ar": "arabic",
    "cs": "czech",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
    "sv": "swedish",
    "uk": "ukrainian",
}


class _Words:
    """sumy's tokenizer, without the data that it would download.

    Words consist of letters of any script.
    """

    @staticmethod
    def to_words(text: str) -> tuple[str, ...]:
        return tuple(word for word in words(text) if re.fullmatch(r"[^\W\d_]+", word))


def _rank(summarizer: Callable[..., Any], sentences: Sequence[str], language: str) -> Sequence[int]:
    """Return the numbers of all sentences, best first.

    A summarizer reveals their order when it is asked for one more sentence each time.
    """
    name = _NAMES.get(language)
    method = summarizer(Stemmer(name)) if name else summarizer()
    method.stop_words = get_stop_words(name) if name else ()
    objects = [Sentence(text, _Words()) for text in sentences]
    document = ObjectDocumentModel([Paragraph(objects)])
    ranked: list[int] = []
    method._get_best_sentences = partial(_order, ranked)
    method(document, 1)
    return ranked or range(len(sentences))


def _order(
    ranked: list[int], sentences: Sequence[Sentence], _count: int, rating: Any, *args: object
) -> tuple[()]:
    """Replace sumy's choice: record the complete order, stable among equals."""
    rate = (
        rating if callable(rating) else rating.__getitem__
    )  # a function for some methods, a dict for others
    ranked[:] = sorted(range(len(sentences)), key=lambda i: -rate(sentences[i], *args))
    return ()


PEERS = {
    "LexRank": partial(_rank, LexRankSummarizer),
    "TextRank": partial(_rank, TextRankSummarizer),
    "LSA": partial(_rank, LsaSummarizer),
}
