"""The tables as they are now. A change here needs a migration beside it, and `VERSION` moved to it.

Columns carry the names of the dataclass fields that they hold.
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
    String,
    Table,
)

from feedpub.model import Enclosure, Pace, Problem, Status
from feedpub.store.columns import Moment, OneOf, Packed, PackedText, Record, Tuple
from feedpub.store.records import Change

VERSION = "0005"  # the newest migration's

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("feed", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("title", String, nullable=False),
    Column("authors", Tuple, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("published", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("summary", String, nullable=False),
    Column("html", PackedText, nullable=False),
    Column("text", PackedText, nullable=False),
    Column("language", String),
    Column("image", String),
    Column("categories", Tuple, nullable=False),
    Column("enclosures", Tuple(Enclosure), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("source", String, nullable=False),
    Column("last_listed", Moment, nullable=False),
)
Index("entries_by_date", entries.c.feed, entries.c.published)
Index("entries_by_listing", entries.c.feed, entries.c.last_listed)
NEWEST_FIRST = (entries.c.published.desc(), entries.c.rank, entries.c.id)  # of equal dates, as they were listed

# What the page of all feeds says of each; a feed whose entries changed since has none.
fronts = Table(
    "fronts",
    metadata,
    Column("feed", String, primary_key=True),
    Column("settings", String, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("newest", Moment),
    Column("updated", Moment),
    Column("language", String, nullable=False),
)

# Every key that ever led to an entry.
aliases = Table(
    "aliases",
    metadata,
    Column("feed", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("entry", String, nullable=False),
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)
Index("aliases_by_entry", aliases.c.feed, aliases.c.entry)

seen = Table(
    "seen",
    metadata,
    Column("feed", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("version", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("etag", String),
    Column("last_modified", String),
    Column("last_listed", Moment, nullable=False),
    Column("first_seen", Moment),
    Column("url", String, nullable=False, server_default=""),
    Column("recheck_at", Moment),
)
Index("seen_by_recheck", seen.c.feed, seen.c.recheck_at)

documents = Table(
    "documents",
    metadata,
    Column("url", String, primary_key=True),
    Column("config_digest", String, primary_key=True),
    Column("final_url", String, nullable=False),
    Column("body", Packed, nullable=False),
    Column("content_type", String, nullable=False),
    Column("charset", String),
    Column("etag", String),
    Column("last_modified", String),
    Column("fetched", Moment, nullable=False),
)

# What an entry was made of: the page, and what its source said of it.
pages = Table(
    "pages",
    metadata,
    Column("feed", String, primary_key=True),
    Column("entry", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("form", String, nullable=False),
    Column("fetched", Moment, nullable=False),
    Column("listed_first", Boolean, nullable=False),
    Column("url", String),
    Column("title", String, nullable=False),
    Column("authors", Tuple, nullable=False),
    Column("published", Moment),
    Column("updated", Moment),
    Column("summary", String, nullable=False),
    Column("html", PackedText, nullable=False),
    Column("categories", Tuple, nullable=False),
    Column("enclosures", Tuple(Enclosure), nullable=False),
    Column("image", String),
    Column("language", String),
    Column("version", String, nullable=False),
    Column("final_url", String, nullable=False),
    Column("content_type", String, nullable=False),
    Column("charset", String),
    Column("body", LargeBinary, nullable=False),  # last, so that what stands before it is read without it
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)
Index("pages_by_date", pages.c.fetched)

sources = Table(
    "sources",
    metadata,
    Column("feed", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("checked", Moment, nullable=False),
    Column("succeeded", Moment),
    Column("items", Integer, nullable=False),
    Column("failure", String),
    Column("failing_since", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_look", Moment),
    Column("why", String, nullable=False, server_default=""),
    Column("pace", Record(Pace), nullable=False, server_default="{}"),
    Column("firm", Boolean, nullable=False, server_default="0"),
)

schedule = Table(
    "schedule",
    metadata,
    Column("feed", String, primary_key=True),
    Column("next_run", Moment, nullable=False),
    Column("why", String, nullable=False),
)

# What each look at a source that could be read brought: what is usual for it.
looks = Table(
    "looks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed", String, nullable=False),
    Column("key", String, nullable=False),
    Column("settings", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("items", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("fresh", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("obstacle", String, nullable=False),
    Column("dated", Integer, nullable=False),
    Column("pictured", Integer, nullable=False),
    Column("lengths", Tuple, nullable=False),
    Column("verdict", String, nullable=False),
    Column("accepted", Boolean, nullable=False),
)
Index("looks_by_source", looks.c.feed, looks.c.key, looks.c.id)

# The sources that are broken now, and since when people know it.
breaks = Table(
    "breaks",
    metadata,
    Column("feed", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("reason", String, nullable=False),
)

# How the config could be changed so that a broken source is read again.
proposals = Table(
    "proposals",
    metadata,
    Column("feed", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("settings", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("changes", Tuple(Change), nullable=False),
    Column("evidence", String, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed", String, nullable=False),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("reason", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_good", Moment),
    Column("items", Integer, nullable=False),
)

# Lines that the cleaner removed, each counted once an article.
removals = Table(
    "removals",
    metadata,
    Column("feed", String, primary_key=True),
    Column("text", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("first", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Column("count", Integer, nullable=False),
)
Index("removals_by_date", removals.c.feed, removals.c.last)

archives = Table(
    "archives",
    metadata,
    Column("feed", String, primary_key=True),
    Column("entry", String, primary_key=True),
    Column("number", Integer, nullable=False),
)
Index("archives_by_number", archives.c.feed, archives.c.number)

# What has to be told to others and could not be told yet.
messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("target", String, nullable=False),
    Column("body", Packed, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Moment, nullable=False),
    Column("failure", String, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed", String, nullable=False),
    Column("started", Moment, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("status", OneOf(Status), nullable=False),
    Column("new", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("problems", Tuple(Problem), nullable=False),
    Column("requests", Integer, nullable=False),
    Column("written", Tuple, nullable=False),
)
Index("runs_by_feed", runs.c.feed, runs.c.id)

robots = Table(
    "robots",
    metadata,
    Column("origin", String, primary_key=True),
    Column("body", PackedText, nullable=False),
    Column("status", Integer, nullable=False),
    Column("expires", Moment, nullable=False),
)

memories = Table(
    "memories",
    metadata,
    Column("site", String, primary_key=True),
    Column("memory", Packed, nullable=False),
)
