"""Measure leaks and losses on generated sites after a site's memory has learned from some pages.

    python -m tests.benchmarks.site_memory

The ten pages that follow the learned ones are measured; after all thirty, the last ten.
"""

import time

from feedpub.cleaner.extract import extract
from feedpub.cleaner.site_memory import SiteMemory
from tests.support.sites import MARKUP, PAGES, SitePage, add_counts, count_errors, site

LEARNED = (1, 2, 5, 10, 30)
JUDGED = 10
SITES = {language: site(language) for language in MARKUP}

Cell = tuple[tuple[int, int], tuple[int, int]]
"""Leaks and losses without a memory, and with it."""


def main() -> None:
    print("| site | " + " | ".join(f"{n} page{'s' * (n > 1)}" for n in LEARNED) + " |")
    print("|---|" + "---|" * len(LEARNED))
    rows = {
        language: [(before(pages, n), after(pages, n)) for n in LEARNED]
        for language, pages in SITES.items()
    }
    for language, cells in rows.items():
        print(f"| {language} | " + " | ".join(f"{old[0]} → {new[0]}" for old, new in cells) + " |")
    for what, name in enumerate(("all leaks", "all losses")):
        sums = [
            [sum(counts[what] for counts in side) for side in zip(*cells, strict=True)]
            for cells in columns(rows)
        ]
        print(f"| {name} | " + " | ".join(f"{old} → {new}" for old, new in sums) + " |")
    print(
        "largest memory:",
        max(len(learn_pages(pages).to_bytes()) for pages in SITES.values()),
        "bytes",
    )


def columns(rows: dict[str, list[Cell]]) -> list[tuple[Cell, ...]]:
    """Return the cells of all sites for each number of pages."""
    return list(zip(*rows.values(), strict=True))


def before(pages: list[SitePage], learned: int) -> tuple[int, int]:
    """Return leaks and losses on the same pages without a memory."""
    return add_counts(
        [
            count_errors(extract(page.html, page.url).text, page)
            for page in pages_after(pages, learned)
        ]
    )


def after(pages: list[SitePage], learned: int) -> tuple[int, int]:
    """Return leaks and losses on the pages that follow the first n learned ones."""
    memory = learn_pages(pages[:learned])
    return add_counts(
        [
            count_errors(extract(page.html, page.url, memory=memory).text, page)
            for page in pages_after(pages, learned)
        ]
    )


def pages_after(pages: list[SitePage], learned: int) -> list[SitePage]:
    """Return the ten pages that follow the learned ones; the last ten if none follow."""
    return pages[learned : learned + JUDGED] if learned < PAGES else pages[-JUDGED:]


def learn_pages(pages: list[SitePage]) -> SiteMemory:
    """Return a memory of the given pages."""
    memory = SiteMemory()
    for page in pages:
        memory.learn(page.html, page.url)
    return memory


if __name__ == "__main__":
    started = time.process_time()
    main()
    print(f"{time.process_time() - started:.0f} s")
