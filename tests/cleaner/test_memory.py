"""What repeats over the pages of a site."""

import json

from feedpub.cleaner.memory import MOST_PAGES, MOST_TEXTS, SiteMemory, fingerprint

SLOGAN = "All the news that fits on a postcard."


def page(number: int) -> str:
    return f"<p>{SLOGAN}</p><p>Story {chr(97 + number % 26)} of {'x' * number}</p>"


def memory(pages: int) -> SiteMemory:
    learned = SiteMemory()
    for number in range(pages):
        learned.learn(page(number), f"https://example.org/{number}")
    return learned


def test_a_repeated_text_is_counted_by_page() -> None:
    """A text that stands twice on one page was seen on one page."""
    learned = SiteMemory()
    learned.learn(f"<p>{SLOGAN}</p><p>{SLOGAN}</p>", "https://example.org/1")
    assert learned.others(SLOGAN, None) == 1


def test_the_page_itself_does_not_count() -> None:
    """A page that was learned before it is read says nothing about itself."""
    learned = memory(3)
    assert (learned.others(SLOGAN, "https://example.org/1"), learned.known("https://example.org/1")) == (2, 2)
    assert (learned.others(SLOGAN, "https://example.org/new"), learned.known("https://example.org/new")) == (3, 3)


def test_a_page_that_is_learned_twice_counts_once() -> None:
    """By its address."""
    learned = memory(2)
    learned.learn(page(1), "https://example.org/1")
    assert learned.known(None) == 2


def test_a_page_without_an_address_is_known_by_its_text() -> None:
    """The same text again is the same page."""
    learned = SiteMemory()
    for _ in range(2):
        learned.learn(page(1))
    assert learned.known(None) == 1


def test_numbers_case_and_punctuation_do_not_matter() -> None:
    """Counters and dates change from page to page, what is around them does not."""
    assert fingerprint("12 Comments") == fingerprint("7 comments!")
    assert fingerprint("12 comments") != fingerprint("12 readers")


def test_a_memory_survives_the_store() -> None:
    """Byte for byte, whatever the order in which it was learned."""
    learned = memory(5)
    again = SiteMemory.from_bytes(learned.to_bytes())
    assert (again, again.to_bytes()) == (learned, learned.to_bytes())


def test_a_memory_of_another_version_is_begun_anew() -> None:
    """It costs a few pages, not a migration."""
    assert SiteMemory.from_bytes(json.dumps({"version": 0}).encode()) == SiteMemory()


def test_a_memory_is_bounded() -> None:
    """What was seen least is forgotten first."""
    learned = memory(3)
    learned.texts.update({f"{number:016x}": 1 for number in range(MOST_TEXTS)})
    learned.pages.update({f"{number:016x}": None for number in range(MOST_PAGES)})
    learned.learn(page(30), "https://example.org/30")
    assert len(learned.texts) <= MOST_TEXTS
    assert len(learned.pages) <= MOST_PAGES
    assert learned.others(SLOGAN, None) == 4
