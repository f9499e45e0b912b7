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
    Table,
)

from feedpub.model import AliasKind, Enclosure, Pace, Problem, Status
from feedpub.store.columns import Moment, Number, OneOf, Packed, PackedText, Record, Text, Tuple
from feedpub.store.records import Change

VERSION = "0010"  # the newest migration's

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("authors", Tuple, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("published", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Column("html", PackedText, nullable=False),
    Column("text", PackedText, nullable=False),
    Column("language", Text),
    Column("image", Text),
    Column("categories", Tuple, nullable=False),
    Column("enclosures", Tuple(Enclosure), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("last_listed", Moment, nullable=False),
)
Index("entries_by_date", entries.c.feed, entries.c.published)
Index("entries_by_listing", entries.c.feed, entries.c.last_listed)
NEWEST_FIRST = (entries.c.published.desc(), entries.c.rank, entries.c.id)  # of equal dates, as they were listed

# What the page of all feeds says of each; a feed whose entries changed since has none.
fronts = Table(
    "fronts",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("newest", Moment),
    Column("updated", Moment),
    Column("language", Text, nullable=False),
)

# Every key that ever led to an entry, and how it came to do so.
aliases = Table(
    "aliases",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entry", Text, nullable=False),
    Column("kind", OneOf(AliasKind), nullable=False, server_default=AliasKind.OWN),
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)
Index("aliases_by_entry", aliases.c.feed, aliases.c.entry)

seen = Table(
    "seen",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("last_listed", Moment, nullable=False),
    Column("first_seen", Moment),
    Column("url", Text, nullable=False, server_default=""),
    Column("recheck_at", Moment),
)
Index("seen_by_recheck", seen.c.feed, seen.c.recheck_at)

documents = Table(
    "documents",
    metadata,
    Column("url", Text, primary_key=True),
    Column("config_digest", Text, primary_key=True),
    Column("final_url", Text, nullable=False),
    Column("body", Packed, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("charset", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("fetched", Moment, nullable=False),
)

# What an entry was made of: the page, and what its source said of it.
pages = Table(
    "pages",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("fetched", Moment, nullable=False),
    Column("listed_first", Boolean, nullable=False),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("authors", Tuple, nullable=False),
    Column("published", Moment),
    Column("updated", Moment),
    Column("summary", Text, nullable=False),
    Column("html", PackedText, nullable=False),
    Column("categories", Tuple, nullable=False),
    Column("enclosures", Tuple(Enclosure), nullable=False),
    Column("image", Text),
    Column("language", Text),
    Column("version", Text, nullable=False),
    Column("final_url", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("charset", Text),
    Column("body", LargeBinary, nullable=False),  # last, so that what stands before it is read without it
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)
Index("pages_by_date", pages.c.fetched)

sources = Table(
    "sources",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("checked", Moment, nullable=False),
    Column("succeeded", Moment),
    Column("items", Integer, nullable=False),
    Column("failure", Text),
    Column("failing_since", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_look", Moment),
    Column("why", Text, nullable=False, server_default=""),
    Column("pace", Record(Pace), nullable=False, server_default="{}"),
    Column("firm", Boolean, nullable=False, server_default="0"),
)

# Sources of which nothing is left to do, as long as their servers say that nothing changed.
calm = Table(
    "calm",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("basis", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
)

schedule = Table(
    "schedule",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("next_run", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("handed", Moment),  # when it was put into the queue; None where it is not there
)
Index("schedule_by_moment", schedule.c.next_run)

# Which of several processes has something for itself, and until when, by the engine's clock.
claims = Table(
    "claims",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Float, nullable=False),
)

# Which feeds' runs are under way, by which process; "" where that died in the middle of it, so many times in a row.
marks = Table(
    "marks",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("crashes", Integer, nullable=False),
)

# What each look at a source that could be read brought: what is usual for it.
looks = Table(
    "looks",
    metadata,
    Column("id", Number, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("items", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("fresh", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("obstacle", Text, nullable=False),
    Column("dated", Integer, nullable=False),
    Column("pictured", Integer, nullable=False),
    Column("lengths", Tuple, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
)
Index("looks_by_source", looks.c.feed, looks.c.key, looks.c.id)

# The sources that are broken now, and since when people know it.
breaks = Table(
    "breaks",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("reason", Text, nullable=False),
)

# How the config could be changed so that a broken source is read again.
proposals = Table(
    "proposals",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("settings", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("changes", Tuple(Change), nullable=False),
    Column("evidence", Text, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Number, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_good", Moment),
    Column("items", Integer, nullable=False),
)

# Lines that the cleaner removed, each counted once an article.
removals = Table(
    "removals",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("text", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("first", Moment, nullable=False),
    Column("last", Moment, nullable=False),
    Column("count", Integer, nullable=False),
)
Index("removals_by_date", removals.c.feed, removals.c.last)

archives = Table(
    "archives",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    Column("number", Integer, nullable=False),
)
Index("archives_by_number", archives.c.feed, archives.c.number)

# Entries that a live document has shown and that no archive holds yet.
published = Table(
    "published",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("entry", Text, primary_key=True),
    ForeignKeyConstraint(["feed", "entry"], ["entries.feed", "entries.id"], ondelete="CASCADE"),
)

# What has to be told to others and could not be told yet.
messages = Table(
    "messages",
    metadata,
    Column("id", Number, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Packed, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Moment, nullable=False),
    Column("failure", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Number, primary_key=True),
    Column("feed", Text, nullable=False),
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

MAX_ROBOTS_BYTES = 2 << 20  # more than any rules that are kept; older versions kept whole files

robots = Table(
    "robots",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("body", PackedText(MAX_ROBOTS_BYTES), nullable=False),
    Column("status", Integer, nullable=False),
    Column("expires", Moment, nullable=False),
)

memories = Table(
    "memories",
    metadata,
    Column("site", Text, primary_key=True),
    Column("memory", Packed, nullable=False),
    Column("used", Moment, nullable=False, server_default="0"),
)
