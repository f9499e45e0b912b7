"""A process that has imported feedpub already and forks for each command: the command, without its second of imports.

It reads orders from its standard input, a line of JSON each, and tells on its standard output which process it started
and how that ended. The fork then runs what `python -m feedpub` runs, with its own arguments, environment and output.
"""

import gc
import json
import os
import sys
import time
from importlib import import_module
from typing import Any

from tests.catalogue import faults
from tests.support.newsroom import story

_MODULES = (
    *("feedpub", "feedpub.cli", "feedpub.pipeline", "feedpub.messages", "feedpub.report", "feedpub.overview"),
    *("feedpub.publisher", "feedpub.store", "feedpub.tools", "feedpub.migrations", "rich.console", "rich.table"),
)


def serve() -> bool:
    """Start commands until nobody orders any more. True in a process that has become one."""
    for line in sys.stdin.buffer:
        order = json.loads(line)
        began = time.monotonic()
        if not (pid := os.fork()):
            _become(order)
            return True
        _tell(pid=pid)
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - began
        _tell(status=os.waitstatus_to_exitcode(status), seconds=seconds, kilobytes=usage.ru_maxrss)
    return False


def _tell(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    os.setsid()
    for number, (path, flags) in enumerate([(os.devnull, os.O_RDONLY), *[(order["output"], os.O_WRONLY)] * 2]):
        descriptor = os.open(path, flags | os.O_APPEND)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(order["folder"])
    os.environ.update(order["environ"])
    sys.argv[1:] = order["arguments"]
    faults.install(order["faults"])


if __name__ == "__main__":
    for name in _MODULES:
        import_module(name)
    import_module("feedpub").extract(story(1), "https://example.org/")  # what the cleaner knows is read now
    gc.freeze()
    _tell(ready=True)
    if serve():
        import_module("feedpub.__main__").main()
