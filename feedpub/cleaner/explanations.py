"""Why a block scores low, in words for people. Owns no decision: the score has been given."""

from collections.abc import Sequence

from feedpub.cleaner.case import LINKED, Case, density
from feedpub.cleaner.layout import HIDDEN, PLACES, Block
from feedpub.cleaner.vocabulary import SHORTEST_WORD, text_terms, words

TELLING = -0.4  # the weight of a name or of words that is worth telling

PLACE_REASONS = (
    (PLACES["nav"], "navigation"),
    (PLACES["footer"], "in a footer"),
    (PLACES["form"], "part of a form"),
    (PLACES["aside"], "in an aside"),
)

Term = tuple[float, str]
"""What speaks against a block, and how much: the less, the more."""


class Explainer:
    """Says what speaks most clearly against a block of a page.

    Args:
        article: the blocks that stay, in order.
    """

    def __init__(self, case: Case, article: Sequence[int]) -> None:
        self._case = case
        self._article = article
        self._worst: dict[int, Term] = {0: (0.0, "")}

    def reason(self, index: int) -> str:
        """Why a block goes."""
        case = self._case
        block, place = case.layout.blocks[index], case.place(index)
        if place & HIDDEN:
            return "hidden"
        if (linked := density(block)) >= LINKED:
            return f"links {round(100 * linked)} %"
        for each, reason in PLACE_REASONS:
            if place & each:
                return reason
        if name := self._telling_name(block):
            return f"looks like boilerplate (class {name})"
        if said := self._telling_words(block):
            return f"reads like boilerplate (“{said}”)"
        return f"{self._where(index)} (score {case.scores[index]:.2f})"

    def _telling_name(self, block: Block) -> str:
        """The name around a block that speaks most against it."""
        wrapper = self._case.vocabulary.worst(block.wrapper) if block.wrapper else (0.0, "")
        weight, term = min(wrapper, self._around(block.box))
        return term if weight < TELLING else ""

    def _around(self, index: int) -> Term:
        """The worst name of a box and of those around it."""
        trail: list[int] = []
        boxes = self._case.layout.boxes
        while index not in self._worst:
            trail.append(index)
            index = boxes[index].parent
        worst = self._worst[index]
        for each in reversed(trail):
            worst = self._worst[each] = min(worst, self._case.vocabulary.worst(boxes[each].name))
        return worst

    def _telling_words(self, block: Block) -> str:
        """The words of a block that speak most against it."""
        weights = self._case.vocabulary.texts
        terms = (term for term in text_terms(block, words(block.text)) if term in weights and "/" not in term)
        weight, said = min(((weights[term], term.strip("^$=")) for term in terms), default=(0.0, ""))
        return said if weight < TELLING and len(said) >= SHORTEST_WORD else ""

    def _where(self, index: int) -> str:
        article = self._article
        if not article:
            return "not like an article's text"
        if index < article[0]:
            return "above the article"
        return "below the article" if index > article[-1] else "between paragraphs, but unlike them"
