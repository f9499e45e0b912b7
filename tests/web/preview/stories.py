"""Stories with a promotion box that a rule removes."""

from tests.support.newsroom import story

# Different in each story, so that the cleaner finds no repeated text
SAID = {
    1: (
        "The letter of the first week explained how the old crane came to the north quay, "
        "and who paid for it."
    ),
    2: (
        "Nine captains wrote down what they remember of the storm, and their words fill two pages "
        "of the letter."
    ),
    3: (
        "How the bakery at the lock came to its name is a long story, which Ada Penn has written "
        "down in the letter."
    ),
    4: (
        "A map of all the boats that were built here in a hundred years was drawn by two pupils, "
        "and comes with it."
    ),
}


def story_with_box(n: int) -> str:
    """Return a story with its box."""
    return story(n, extra=f'<div class="join-box"><p>{SAID[n]}</p></div>')
