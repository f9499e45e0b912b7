"""Request a small file repeatedly, and measure the longest wait, which a stall causes.

`python -m tests.soak.probe URL` prints a line of JSON when its standard input is closed.
"""

import json
import sys
import threading
import time
import urllib.error
import urllib.request

PAUSE_SECONDS = 0.25  # seconds between two requests
TIMEOUT_SECONDS = 120.0  # seconds for an answer


def _measure_response(url: str) -> float:
    """Return the seconds until the answer.

    A 404 is an answer, too.
    """
    began = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 -- loopback
            answer.read()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:  # the port is closed, or the service ended meanwhile
        pass
    return time.monotonic() - began


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main() -> None:
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    waits = []
    while not ended.wait(PAUSE_SECONDS):
        waits.append(_measure_response(sys.argv[1]))
    waits.sort()
    print(json.dumps({"asked": len(waits), "median": waits[len(waits) // 2], "longest": waits[-1]}))


if __name__ == "__main__":
    main()
