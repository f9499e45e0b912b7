"""Stories with a box in them that a person would leave out."""

from tests.support.newsroom import story

SAID = {
    1: "The letter of the first week told its readers how the old crane came to the north quay, and who paid for it.",
    2: "Nine captains wrote down what they remember of the flood, and their words fill two pages of the letter.",
    3: "How the bakery at the lock came to its name is a long story, which Ada Penn has told in full in the letter.",
    4: "A map of all the boats that were built here in a hundred years was drawn by two pupils, and lies beside it.",
}


def boxed(n: int) -> str:
    """A story whose box says something else than those of the others, so that nothing looks repeated."""
    return story(n, extra=f'<div class="join-box"><p>{SAID[n]}</p></div>')
