"""Publish the pictures in mails and saved pages next to the entries that show them.

A picture is named by its content. It never changes, and is published once.
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

from feedpub.builder import assemble
from feedpub.config import FeedConfig, MailSource
from feedpub.config.sources import source_key
from feedpub.core.errors import ExtractError
from feedpub.core.log import fields
from feedpub.core.models import Entry, Feed
from feedpub.pipeline.collect import FILE_PREFIX, saved_file_path
from feedpub.pipeline.context import RunContext
from feedpub.store import unpack_body

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
    folders = {str(folder) for folder in assemble.saved_folders(feed)}
    mails = {source_key(source) for source in feed.source if isinstance(source, MailSource)}
    return {
        **_render_saved(feed, _find_missing(live, shown, folders, context), context),
        **_render_mailed(feed, _find_missing(live, shown, mails, context), context),
    }


def _render_saved(
    feed: FeedConfig, missing: Mapping[str, list[str]], context: RunContext
) -> dict[str, bytes]:
    """Return the pictures in saved pages; those of a file that is gone or damaged are missing."""
    published: dict[str, bytes] = {}
    keys = context.store.entry_keys(feed.name, list(missing), FILE_PREFIX) if missing else {}
    for id_, wanted in missing.items():
        by_name = {PurePosixPath(file).name: file for file in wanted}
        for key in keys.get(id_, ()):
            path = saved_file_path(key, context.settings.anchor)
            if path is None or published.keys() >= set(wanted):
                continue
            from feedpub.cleaner.archived_pages import pictures_of_file  # noqa: PLC0415 -- rarely needed

            try:
                found = context.executor.call(str(path), pictures_of_file, path, frozenset(by_name))
            except ExtractError as error:
                _log.warning("pictures_missing", extra=fields(file=str(path), reason=error.reason))
                continue
            published |= {by_name[name]: content for name, content in found.items()}
    return published


def _render_mailed(
    feed: FeedConfig, missing: Mapping[str, list[str]], context: RunContext
) -> dict[str, bytes]:
    """Return the pictures in mails, from the messages that are stored."""
    published: dict[str, bytes] = {}
    for id_, wanted in missing.items():
        if published.keys() >= set(wanted):
            continue  # another mail has the same pictures
        snapshot = context.store.snapshots.for_entry(feed.name, id_)
        if snapshot is None or snapshot.form != "mail":
            continue
        from feedpub.cleaner.mail import pictures_of_mail  # noqa: PLC0415 -- rarely needed

        body = unpack_body(snapshot).body
        found = context.executor.call(snapshot.key, pictures_of_mail, body)
        for file in wanted:
            if content := found.get(PurePosixPath(file).name):
                published[file] = content
    return published


def _find_missing(
    live: Feed, entries: Iterable[Entry], sources: Collection[str], context: RunContext
) -> Mapping[str, list[str]]:
    """Return entry id → the names in the output of its pictures that are not published.

    Only the entries of some sources have pictures that are named by their content.
    """
    shown: dict[str, list[str]] = {}
    for entry in entries:
        if entry.source not in sources:
            continue
        for name in assemble.image_names(live, entry):
            if _EMBEDDED.fullmatch(PurePosixPath(name).name):
                shown.setdefault(entry.id, []).append(f"{live.name}/{name}")
    files = {file for each in shown.values() for file in each}
    unpublished = set(context.output.find_missing(files)) if files else set()
    return {
        id_: wanted
        for id_, each in shown.items()
        if (wanted := [file for file in each if file in unpublished])
    }
