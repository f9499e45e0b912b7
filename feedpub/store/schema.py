"""The tables of the state. A change here requires a migration and a new `VERSION`.

Columns are named after the fields of the records in `records`.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from feedpub.core.models import (
    AliasKind,
    Enclosure,
    Failure,
    PodcastTag,
    PollingHints,
    RunStatus,
    StoryLink,
)
from feedpub.store.column_types import (
    Bytes,
    CompressedBytes,
    CompressedText,
    EnumText,
    JsonRecord,
    JsonTuple,
    Number,
    Text,
    UtcSeconds,
)
from feedpub.store.records import ConfigChange

VERSION = "0013"  # of the newest migration

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("authors", JsonTuple, nullable=False),
    Column("first_seen", UtcSeconds, nullable=False),
    Column("published", UtcSeconds, nullable=False),
    Column("updated", UtcSeconds, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Column("html", CompressedText, nullable=False),
    Column("text", CompressedText, nullable=False),
    Column("language", Text),
    Column("image", Text),
    Column("categories", JsonTuple, nullable=False),
    Column("enclosures", JsonTuple(Enclosure), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("last_listed", UtcSeconds, nullable=False),
    Column("source_name", Text, nullable=False, server_default=""),
    Column("source_url", Text, nullable=False, server_default=""),
    Column("rights", Text, nullable=False, server_default=""),
    Column("podcast", JsonTuple(PodcastTag.from_json), nullable=False, server_default="[]"),
    Column("also_at", JsonTuple(StoryLink), nullable=False, server_default="[]"),
    Column("content_reason", Text, nullable=False, server_default=""),
    # Added by a backfill: it belongs to an archive alone.
    Column("backfilled", Boolean, nullable=False, server_default="0"),
)
Index("entries_by_date", entries.c.feed, entries.c.published)
# It contains all that a source's publication times are read from, without the long entries.
Index(
    "entries_by_source",
    entries.c.feed,
    entries.c.source,
    entries.c.backfilled,
    entries.c.published,
    entries.c.first_seen,
)
Index("entries_by_listing", entries.c.feed, entries.c.last_listed)
NEWEST_FIRST = (
    entries.c.published.desc(),
    entries.c.first_seen.desc(),
    entries.c.rank,
    entries.c.id,
)  # Entries of the same date are in the order of their source's list, the later listed ones first.

# A feed's line on the index page. It is deleted when the feed's entries change.
feed_summaries = Table(
    "feed_summaries",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("newest", UtcSeconds),
    Column("updated", UtcSeconds),
    Column("language", Text, nullable=False),
)

# The inputs from which a feed's files, or those about all feeds, were last rendered, as digests.
rendered_files = Table(
    "rendered_files",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("record", CompressedBytes, nullable=False),
)

# All keys that have ever identified an entry, and their kinds.
aliases = Table(
    "aliases",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entry", Text, nullable=False),
    Column("kind", EnumText(AliasKind), nullable=False, server_default=AliasKind.OWN),
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)
Index("aliases_by_entry", aliases.c.feed, aliases.c.entry)

item_states = Table(
    "item_states",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", UtcSeconds),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("last_listed", UtcSeconds, nullable=False),
    Column("first_seen", UtcSeconds),
    Column("url", Text, nullable=False, server_default=""),
    Column("recheck_at", UtcSeconds),
)
Index("item_states_by_recheck", item_states.c.feed, item_states.c.recheck_at)

document_cache = Table(
    "document_cache",
    metadata,
    Column("url", Text, primary_key=True),
    Column("config_digest", Text, primary_key=True),
    Column("final_url", Text, nullable=False),
    Column("body", CompressedBytes, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("charset", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("fetched", UtcSeconds, nullable=False),
)

# The texts of watched pages, which the next checks are compared with.
watched_pages = Table(
    "watched_pages",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("text", CompressedText, nullable=False),
    Column("digest", Text, nullable=False),
    Column("checked", UtcSeconds, nullable=False),
)

# How far the past of each source was read.
backfills = Table(
    "backfills",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("way", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("oldest", UtcSeconds),
    Column("is_done", Boolean, nullable=False, server_default="0"),
    Column("reached", UtcSeconds),
)

# The page and the item that an entry was made from.
page_snapshots = Table(
    "page_snapshots",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("fetched", UtcSeconds, nullable=False),
    Column("listed_first", Boolean, nullable=False),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("authors", JsonTuple, nullable=False),
    Column("published", UtcSeconds),
    Column("updated", UtcSeconds),
    Column("summary", Text, nullable=False),
    Column("html", CompressedText, nullable=False),
    Column("categories", JsonTuple, nullable=False),
    Column("enclosures", JsonTuple(Enclosure), nullable=False),
    Column("image", Text),
    Column("language", Text),
    Column("version", Text, nullable=False),
    Column("final_url", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("charset", Text),
    Column("body", LargeBinary, nullable=False),
    Column("source_name", Text, nullable=False, server_default=""),
    Column("source_url", Text, nullable=False, server_default=""),
    Column("rights", Text, nullable=False, server_default=""),
    Column("podcast", JsonTuple(PodcastTag.from_json), nullable=False, server_default="[]"),
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)
Index("page_snapshots_by_date", page_snapshots.c.fetched)

sources = Table(
    "sources",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("checked", UtcSeconds, nullable=False),
    Column("succeeded", UtcSeconds),
    Column("items", Integer, nullable=False),
    Column("failure", Text),
    Column("failing_since", UtcSeconds),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_look", UtcSeconds),
    Column("why", Text, nullable=False, server_default=""),
    Column("pace", JsonRecord(PollingHints), nullable=False, server_default="{}"),
    Column("firm", Boolean, nullable=False, server_default="0"),
    Column("podcast", JsonTuple(PodcastTag.from_json), nullable=False, server_default="[]"),
)

# Sources without pending work, which are checked by conditional requests.
source_probes = Table(
    "source_probes",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("basis", Text, nullable=False),
    Column("until", UtcSeconds, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("observe_at", UtcSeconds),
)

# Checks of a source that found nothing new, counted by day (days since 1970, in UTC).
unchanged_checks = Table(
    "unchanged_checks",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("checks", Integer, nullable=False),
    Column("last", UtcSeconds, nullable=False),
    Column("seconds", Float, nullable=False),  # of the last one
)

# The learned rhythm of each source's publications. `changes` counts the changes of the source's
# entries; `covered` is its value when they were read.
publishing_rhythms = Table(
    "publishing_rhythms",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("changes", Integer, nullable=False, server_default="0"),
    Column("covered", Integer, nullable=False),
    Column("data", Bytes, nullable=False),
)

schedule = Table(
    "schedule",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("next_run", UtcSeconds, nullable=False),
    Column("why", Text, nullable=False),
    Column("handed", UtcSeconds),  # the time when it was queued; NULL if it is not in the queue
)
Index("schedule_by_moment", schedule.c.next_run)

# Exclusive rights of a process until a time by the database engine's clock.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Float, nullable=False),
)

# Runs that are active, by process. The holder is "" if the process died during the run; `crashes`
# counts how often in a row.
run_marks = Table(
    "run_marks",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("since", UtcSeconds, nullable=False),
    Column("crashes", Integer, nullable=False),
)

# The results of successful checks, which are the baseline of the next one.
source_observations = Table(
    "source_observations",
    metadata,
    Column("id", Number, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("at", UtcSeconds, nullable=False),
    Column("items", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("fresh", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("obstacle", Text, nullable=False),
    Column("dated", Integer, nullable=False),
    Column("pictured", Integer, nullable=False),
    Column("lengths", JsonTuple, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
)
Index(
    "source_observations_by_source",
    source_observations.c.feed,
    source_observations.c.key,
    source_observations.c.id,
)

# Sources and feeds that are failing, about which an alert was sent.
open_incidents = Table(
    "open_incidents",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("since", UtcSeconds, nullable=False),
    Column("reason", Text, nullable=False),
)

# Changes of the config that would repair sources.
proposals = Table(
    "proposals",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("at", UtcSeconds, nullable=False),
    Column("changes", JsonTuple(ConfigChange), nullable=False),
    Column("evidence", Text, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Number, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcSeconds, nullable=False),
    Column("since", UtcSeconds, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_good", UtcSeconds),
    Column("items", Integer, nullable=False),
)

# Lines that the cleaner removed. Each is counted once per article.
removal_stats = Table(
    "removal_stats",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("text", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("first", UtcSeconds, nullable=False),
    Column("last", UtcSeconds, nullable=False),
    Column("count", Integer, nullable=False),
)
Index("removal_stats_by_date", removal_stats.c.feed, removal_stats.c.last)

archives = Table(
    "archives",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)
Index("archives_by_number", archives.c.feed, archives.c.number)

# Entries that have been in a live document and are not in an archive yet.
published = Table(
    "published",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)

# Messages that are not sent yet.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", CompressedBytes, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", UtcSeconds, nullable=False),
    Column("failure", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Number, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("started", UtcSeconds, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("status", EnumText(RunStatus), nullable=False),
    Column("new", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("problems", JsonTuple(Failure), nullable=False),
    Column("requests", Integer, nullable=False),
    Column("written", JsonTuple, nullable=False),
)
Index("runs_by_feed", runs.c.feed, runs.c.id)

MAX_ROBOTS_BYTES = 2 << 20  # to read; earlier versions stored complete files of any size

robots_cache = Table(
    "robots_cache",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("body", CompressedText(MAX_ROBOTS_BYTES), nullable=False),
    Column("status", Integer, nullable=False),
    Column("expires", UtcSeconds, nullable=False),
)

site_memories = Table(
    "site_memories",
    metadata,
    Column("site", Text, primary_key=True),
    Column("memory", CompressedBytes, nullable=False),
    Column("used", UtcSeconds, nullable=False, server_default="0"),
)
