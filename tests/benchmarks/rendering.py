"""Measure the CPU time of rendering a feed's files, completely and from what is published.

    python -m tests.benchmarks.rendering --passes 15

The feed has 50 entries of 10 kB, in three formats and as a page. Each case is compared with a
complete rendering of the same feed in the same run. The bytes must be equal.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from statistics import median

from feedpub.builder import reuse
from feedpub.builder.reuse import RenderedFiles, RenderRecord
from feedpub.core.models import Entry, Feed
from feedpub.publisher import FolderOutput
from tests.support.feeds import entry, feed

ENTRIES = 50
ENTRY_CHARS = 10_000
WORDS = (
    *("quay", "council", "wind", "ferry", "voted", "lamps", "nets", "harbour", "tide", "gulls"),
    *("before", "nobody", "café", "&", "—"),
)


def make_entry(number: int) -> Entry:
    """Return an entry with links and a picture, as news sites have them."""
    chooser = random.Random(number)  # noqa: S311 -- the same text at every run
    paragraphs, html = [], ""
    while len(html) < ENTRY_CHARS:
        text = " ".join(chooser.choices(WORDS, k=60)).capitalize()
        paragraphs.append(text)
        link = f'<a href="https://example.org/{chooser.random()}?a=1&amp;b=2">{text[:20]}</a>'
        html += f"<p>{escape(text, quote=False)} {link}</p>\n"
    return entry(
        number,
        html=html,
        text="\n".join(paragraphs),
        summary=paragraphs[0][:280],
        image=f"https://example.org/{number}.jpg",
        authors=(f"Reporter {number % 12}", "Tom Adeyemi"),
        categories=("Harbour", "Council"),
        language="en",
    )


def make_feed(entries: tuple[Entry, ...]) -> Feed:
    return feed(*entries, updated=max(each.updated for each in entries))


def measure(action: Callable[[], RenderedFiles], passes: int) -> tuple[float, RenderedFiles]:
    """Return the median CPU time in milliseconds, and the result."""
    seconds = []
    for _ in range(passes):
        start = time.process_time()
        result = action()
        seconds.append(time.process_time() - start)
    return median(seconds) * 1000, result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=15)
    options = parser.parse_args()
    entries = tuple(make_entry(number) for number in range(1, ENTRIES + 1))
    changed = replace(entries[20], title="Corrected", html=entries[20].html + "<p>More.</p>")
    cases = {
        "nothing changed": entries,
        "one new entry": (make_entry(0), *entries[:-1]),
        "one changed entry": (*entries[:20], changed, *entries[21:]),
        "ten new entries": (*(make_entry(number) for number in range(100, 110)), *entries[:-10]),
    }
    with tempfile.TemporaryDirectory() as folder:
        output = FolderOutput(Path(folder))
        before = reuse.render_feed(make_feed(entries), RenderRecord(), output)
        output.publish(before.files)
        size = sum(map(len, before.files.values())) / 1e6
        print(f"{ENTRIES} entries, {len(before.files)} files of {size:.1f} MB together")
        for name, some in cases.items():
            current = make_feed(some)
            whole, expected = measure(
                lambda: reuse.render_feed(current, RenderRecord(), output),  # noqa: B023 -- called now
                options.passes,
            )
            ours, rendered = measure(
                lambda: reuse.render_feed(current, before.record, output),  # noqa: B023 -- called now
                options.passes,
            )
            assert before.files | rendered.files == expected.files
            print(f"{name:20} {whole:6.1f} ms completely {ours:6.2f} ms now  {ours / whole:.3f}")


if __name__ == "__main__":
    main()
