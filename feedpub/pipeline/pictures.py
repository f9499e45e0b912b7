"""Publish the pictures in mails and saved pages next to the entries that show them.

A picture is named by its content. It never changes, and is published once.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from feedpub.builder import assemble
from feedpub.cleaner import archived_pages
from feedpub.config import FeedConfig
from feedpub.core.errors import ExtractError
from feedpub.core.log import fields
from feedpub.core.models import Entry, Feed
from feedpub.pipeline import mail
from feedpub.pipeline.collect import FILE_PREFIX, saved_file_path
from feedpub.pipeline.context import RunContext

_EMBEDDED = re.compile(r"[0-9a-f]{20}\.(?:png|jpg|gif|webp|avif)")

_log = logging.getLogger(__name__)


def render_pictures(
    feed: FeedConfig, live: Feed, entries: Iterable[Entry], context: RunContext
) -> dict[str, bytes]:
    """Return the pictures that are not published yet: name in the output → content.

    Args:
        feed: the feed's settings.
        live: the live document.
        entries: the entries to publish, with their current addresses.
        context: the services that the run uses.

    Raises:
        StoreError: the state cannot be read.
    """
    shown = list(entries)
    return _render_saved(feed, live, shown, context) | mail.render_pictures(
        feed, live, shown, context
    )


def _render_saved(
    feed: FeedConfig, live: Feed, entries: Iterable[Entry], context: RunContext
) -> dict[str, bytes]:
    """Return the pictures in saved pages; those of a file that is gone or damaged are missing."""
    names = _find_missing(feed, live, entries, context)
    published: dict[str, bytes] = {}
    keys = context.store.entry_keys(feed.name, list(names), FILE_PREFIX) if names else {}
    for id_, wanted in names.items():
        by_name = {PurePosixPath(file).name: file for file in wanted}
        for key in keys.get(id_, ()):
            path = saved_file_path(key, context.settings.anchor)
            if path is None or by_name.keys() <= published.keys():
                continue
            try:
                found = context.executor.call(
                    str(path), archived_pages.pictures_of_file, path, frozenset(by_name)
                )
            except ExtractError as error:
                _log.warning("pictures_missing", extra=fields(file=str(path), reason=error.reason))
                continue
            published |= {by_name[name]: content for name, content in found.items()}
    return published


def _find_missing(
    feed: FeedConfig, live: Feed, entries: Iterable[Entry], context: RunContext
) -> Mapping[str, list[str]]:
    """Return entry id → the names in the output of its pictures that are not published."""
    folders = {str(folder) for folder in assemble.saved_folders(feed)}
    files: dict[str, str] = {}
    for entry in entries:
        if entry.source not in folders:
            continue
        for name in assemble.image_names(live, entry):
            if _EMBEDDED.fullmatch(PurePosixPath(name).name):
                files[f"{feed.name}/{name}"] = entry.id
    missing: dict[str, list[str]] = defaultdict(list)
    for file in context.output.find_missing(files) if files else ():
        missing[files[file]].append(file)
    return missing
