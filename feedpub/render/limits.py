"""What one page may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may cost; the defaults are those of the product.

    Attributes:
        seconds: for all of it, from the document's arrival to its DOM.
        unresponsive: seconds that its scripts may run without a pause.
        quiet: seconds without a request under way and without a change after which it is taken for finished.
        settle: seconds after which it is taken as it is, finished or not.
        requests: that it may make.
        received: bytes that come with them, all together.
        documents: times that it may lead on to another document.
        heap: megabytes of what its scripts keep.
        memory: megabytes of each of the browser's processes.
        length: characters of the DOM that is read off.
    """

    seconds: float = 30.0
    unresponsive: float = 8.0
    quiet: float = 0.5
    settle: float = 15.0
    requests: int = 100
    received: int = 20_000_000
    documents: int = 5
    heap: int = 512
    memory: int = 2048
    length: int = 20_000_000
