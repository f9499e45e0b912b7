"""Measure the memory and CPU time that a large generated page costs an extractor.

    python -m tests.benchmarks.one_page feedpub --paragraphs 28000

prints MB and seconds. The page is extracted in a process of its own. That process has extracted a
small page before, so that one-time loading does not count. Reads Linux's /proc.
"""

import argparse
import re
import time
from pathlib import Path

from tests.benchmarks.extractors import installed_extractors

SAID = (
    "the council of the harbour held on monday that it would keep old pier "
    "and pay for its timber with tolls"
)
SMALL = 20  # paragraphs of the page before


def page(paragraphs: int) -> bytes:
    """Return an article with a menu, a footer and paragraphs of just over 100 bytes."""
    menu = "".join(f'<li><a href="/{number}">Section {number}</a></li>' for number in range(40))
    body = "\n".join(f"<p>{_sentence(number)}</p>" for number in range(paragraphs))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<title>The pier stays | Quay Record</title></head>"
        f"<body><nav><ul>{menu}</ul></nav><main><article>"
        f"<h1>The pier stays</h1>{body}</article></main>"
        "<footer><p>© Quay Record. All rights reserved.</p></footer></body></html>"
    ).encode()


def _sentence(number: int) -> str:
    known = SAID.split()
    words = [known[(number * step + step) % len(known)] for step in range(1, 18)]
    return f"{' '.join(words).capitalize()}, {number} of them."


def memory(name: str) -> float:
    """Return a memory figure of this process from Linux, in MB.

    VmRSS is the current memory, VmHWM the peak.
    """
    kilobytes = re.search(
        rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii")
    )
    return int(kilobytes[1]) / 1024 if kilobytes else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("extractor", choices=installed_extractors())
    parser.add_argument("--paragraphs", type=int, default=28_000)
    options = parser.parse_args()
    extract = installed_extractors()[options.extractor]
    extract(page(SMALL), "https://record.example/small")
    html = page(options.paragraphs)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    before, start = memory("VmRSS"), time.process_time()
    extract(html, "https://record.example/large")
    print(f"{memory('VmHWM') - before:.1f} {time.process_time() - start:.3f}")


if __name__ == "__main__":
    main()
