"""Which addresses stand for published files: those of known kinds in the output, nothing else."""

import posixpath
from functools import lru_cache

from feedpub.publisher.names import PART, Published, by_name


@lru_cache(maxsize=4096)
def published(path: str) -> Published | None:
    """The file that an address stands for, whether there is one or not; None where none can be meant.

    Args:
        path: decoded, as in "/world.rss"; "/" is the page of all feeds, "/world" that of one.
    """
    if not path.startswith("/"):
        return None
    name = path[1:] or "index.html"
    if "." not in posixpath.basename(name):
        name += ".html"
    if not all(PART.fullmatch(part) for part in name.split("/")):
        return None
    return by_name(name)
