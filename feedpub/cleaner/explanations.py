"""Why a block scores low, in words for people. Owns no decision: the score has been given."""

from feedpub.cleaner.case import LINKED, Case, density
from feedpub.cleaner.layout import HIDDEN, Block, Place

TELLING = -0.5  # a name's weight that is worth telling

PLACES = (
    (Place.NAV.value, "navigation"),
    (Place.FOOTER.value, "in the page's footer"),
    (Place.FORM.value, "part of a form"),
    (Place.ASIDE.value, "an aside"),
)


def explain(case: Case, index: int) -> str:
    """What speaks most clearly against a block."""
    block = case.layout.blocks[index]
    place = case.layout.boxes[block.box].place
    if place & HIDDEN:
        return "hidden"
    if density(block) >= LINKED:
        return f"links {density(block):.0%}".replace("%", " %")
    for each, reason in PLACES:
        if place & each:
            return reason
    if name := _telling_name(case, block):
        return f"looks like boilerplate (class {name})"
    return f"outside the article (score {case.probabilities[index]:.2f})"


def _telling_name(case: Case, block: Block) -> str:
    """The name around a block that speaks most against it."""
    names = [case.layout.boxes[index].name for index in case.layout.path(block)]
    weight, term = min([case.vocabulary.worst(name) for name in (block.wrapper, *names)])
    return term if weight < TELLING else ""
