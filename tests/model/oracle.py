"""Check invariants after each build, against a model that is independent of feedpub's code.

It relies only on the promises of the manual and on the entries published so far. The manual says
which articles are listed and readable. It also says that an article is fetched again 1, 6 and 24
hours after it was first listed.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.model.builder import BuildResult
from tests.model.documents import (
    Document,
    PublishedEntry,
    TornError,
    entries_with_index,
    read_chain,
)
from tests.model.site import Article, NewsSite

RECHECK_INTERVALS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
RECHECK_AGE = timedelta(days=2)
MAX_RECHECKS = 20  # repeated fetches in one build


class ViolationError(AssertionError):
    """An invariant does not hold; `what` names the rule."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what}: {how}")
        self.what = what


@dataclass(frozen=True)
class FeedSettings:
    """The feed's current settings."""

    limit: int
    formats: tuple[str, ...]
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    base: str

    def accepts(self, article: Article) -> bool:
        return article.topic not in self.exclude and (
            not self.include or article.topic in self.include
        )


@dataclass
class KnownArticle:
    """The model's knowledge of an article, and the minimum that the documents must show.

    Attributes:
        id: its entry's id; "" before it was published.
        published: the entry's date.
        archived: it was in an archive at least once.
        first: when feedpub first saw it in the list; None if that is uncertain.
        next_look: when feedpub fetches it again; None if it does not, or if that is uncertain.
        titles: the least number of the title that must be published.
        versions: the least version of the text that must be published.
        forgotten: the state was lost, and the article was not listed since.
        blind: the title and version that feedpub cannot recognise as new after a lost state.
        addressed: the address and guid that feedpub knows it by.
        listed: when feedpub last saw it in the list.
    """

    id: str = ""
    published: datetime | None = None
    archived: bool = False
    first_seen: datetime | None = None
    next_recheck: datetime | None = None
    titles: int = 0
    versions: int = 0
    forgotten: bool = False
    unreadable: tuple[int, int] = (0, 0)
    last_address: tuple[str, str] = ("", "")
    listed: datetime | None = None


@dataclass
class Oracle:
    """The model.

    Attributes:
        site: the real site.
        folder: the output folder.
        known: article number → the model's knowledge of it.
        bases: all addresses that the feed was published under.
        written: the formats whose documents must exist.
        lost: the output folder was emptied and not written since.
        entries: the largest number of entries in one format, for the table.
        archives: the largest number of archives in one format, for the table.
    """

    site: NewsSite
    folder: Path
    name: str = "paper"
    known: dict[int, KnownArticle] = field(default_factory=lambda: defaultdict(KnownArticle))
    bases: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    lost: bool = False
    entries: int = 0
    archives: int = 0
    # The last settings whose build succeeded, and all settings tried since.
    _possible_settings: list[FeedSettings] = field(default_factory=list)
    _live: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    # --- events ---

    def after_build(self, built: BuildResult, wanted: FeedSettings, began: datetime) -> None:
        """Check the documents after a build.

        Raises:
            ViolationError: an invariant does not hold.
        """
        self.bases.add(wanted.base)
        self._possible_settings.append(wanted)
        if built.error:
            raise ViolationError("exception", built.error)
        if built.killed:
            self._after_kill(wanted, began)
            return
        well = not built.fatal
        if self.site.fault and well and built.status != "unchanged":
            raise ViolationError(
                "undetected fault",
                f"the list has the fault {self.site.fault!r}, but the build succeeded",
            )
        self._record_rechecks(wanted, began)
        if well:
            self._record_listed(wanted, began)
            self.written = set(wanted.formats)
            self.lost = False
            self._possible_settings = [wanted]
        if not self.lost:
            self._check_documents(wanted, whole=well)

    def _after_kill(self, wanted: FeedSettings, began: datetime) -> None:
        for article in self.fetched_articles(wanted):
            known = self.known[article.number]
            if known.first_seen is None and not known.id:
                known.next_recheck = None
                known.first_seen = datetime.max.replace(tzinfo=began.tzinfo)  # unknown
        for known in self.known.values():
            if known.next_recheck and known.next_recheck <= began:
                known.next_recheck = None
        if not self.lost:
            self._check_documents(wanted, whole=False)

    def after_loss_of_state(self, wanted: FeedSettings) -> None:
        """Forget everything except the published entries.

        An archived entry keeps the title and text of its archive.
        """
        shown = self._newest_copies(wanted)
        for number, known in self.known.items():
            if known.id not in shown:
                self._live.pop(known.id, None)
                self.known[number] = KnownArticle()
                continue
            is_live, entry = shown[known.id]
            if not is_live:
                self._live.pop(known.id, None)
                known.titles = 0
                known.versions = max((version for _, version in entry.versions), default=0)
            known.next_recheck = known.listed = None
            known.forgotten = True
            known.last_address = ("", "")

    def is_documented(self, wanted: FeedSettings) -> bool:
        """Return True if every published entry has its article's present address."""
        shown = self._newest_copies(wanted)
        slugs = {known.id: self.site.articles[number].slug for number, known in self.known.items()}
        return all(entry.url.endswith(f"/{slugs[entry.id]}") for _, entry in shown.values())

    def _newest_copies(self, wanted: FeedSettings) -> dict[str, tuple[bool, PublishedEntry]]:
        """Return the newest copy of each entry by its id, and True if it is live."""
        shown: dict[str, tuple[bool, PublishedEntry]] = {}
        for chain in self._chains(wanted).values():
            for place, entry in entries_with_index(chain):
                shown.setdefault(entry.id, (place == 0, entry))
        return shown

    def fetched_articles(self, wanted: FeedSettings) -> list[Article]:
        """Return the listed articles that feedpub certainly fetches.

        It takes no more than the feed's limit: the newest, or the first if some have no date. Only
        articles in both selections count.
        """
        listed = self.site.listed_articles()
        dates = [self._date(article) for article in listed]
        return [
            article
            for article, date in zip(listed[: wanted.limit], dates, strict=False)
            if self.site.kind == "listing" or sum(other >= date for other in dates) <= wanted.limit
        ]

    def _date(self, article: Article) -> datetime:
        if self.site.kind == "sitemap" or (self.site.atom and article.published is None):
            return article.updated
        return article.published or datetime.min.replace(tzinfo=UTC)

    def is_settled(self, article: Article) -> bool:
        """Return True if feedpub knows the article by its present address and guid."""
        known = self.known[article.number]
        return not known.id or known.last_address == (article.slug, article.guid)

    # --- expectations ---

    def _record_rechecks(self, wanted: FeedSettings, now: datetime) -> None:
        due = [
            number
            for number, known in self.known.items()
            if known.next_recheck and known.next_recheck <= now
        ]
        for number in due:
            article, known = self.site.articles[number], self.known[number]
            first = known.first_seen or now
            known.next_recheck = next(
                (first + wait for wait in RECHECK_INTERVALS if first + wait > now), None
            )
            if not wanted.accepts(article) or len(due) > MAX_RECHECKS:
                known.next_recheck = None
            elif article.is_readable and known.id:
                known.versions = article.versions
                if self.site.kind != "feed":  # a feed's title takes precedence over the page's
                    known.titles = article.titles

    def _record_listed(self, wanted: FeedSettings, now: datetime) -> None:
        for article in self.fetched_articles(wanted):
            known = self.known[article.number]
            if known.first_seen is None and not known.id:
                known.first_seen = now
                young = article.published is None or now - article.published < RECHECK_AGE
                if young and article.is_readable and wanted.accepts(article):
                    known.next_recheck = now + RECHECK_INTERVALS[0]
            if known.forgotten:
                known.forgotten, known.unreadable = False, (article.titles, article.announced)
            if not article.is_readable or not wanted.accepts(article):
                continue
            if not known.id:
                known.titles, known.versions = article.titles, article.versions
            elif self.site.kind != "listing":
                if article.titles > known.unreadable[0]:
                    known.titles = article.titles
                if article.announced > known.unreadable[1]:
                    known.versions = max(known.versions, article.announced)
            known.last_address = (article.slug, article.guid)
            known.listed = now

    # --- checks ---

    def _chains(self, wanted: FeedSettings) -> dict[str, list[Document]]:
        formats = [suffix for suffix in wanted.formats if suffix in self.written]
        try:
            return {
                suffix: read_chain(self.folder, f"{self.name}.{suffix}", self.bases)
                for suffix in formats
            }
        except TornError as error:
            raise ViolationError("torn", str(error)) from error

    def _check_documents(self, wanted: FeedSettings, *, whole: bool) -> None:
        chains = self._chains(wanted)
        for suffix, chain in chains.items():
            self._check_entries(suffix, chain)
        for suffix, chain in chains.items():
            self._check_reachability(suffix, chain)
            if whole:
                self._check_live(suffix, chain, wanted)
                self._check_listed(suffix, chain, wanted)
        if (
            whole
            and len({tuple(entry.id for entry in chain[0].entries) for chain in chains.values()})
            > 1
        ):
            raise ViolationError(
                "formats differ", f"the live documents have different entries: {sorted(chains)}"
            )
        if whole:
            self._check_updates(chains)
        self.entries = max(
            (len({e.id for _, e in entries_with_index(chain)}) for chain in chains.values()),
            default=0,
        )
        self.archives = max((len(chain) - 1 for chain in chains.values()), default=0)

    def _check_entries(self, suffix: str, chain: list[Document]) -> None:
        """Check that each entry has exactly one article, and keeps its id and date."""
        ids: dict[int, str] = {}
        archived: set[str] = set()
        for place, document in enumerate(chain):
            here = [entry.id for entry in document.entries]
            if len(set(here)) < len(here) or (place and archived.intersection(here)):
                raise ViolationError(
                    "one id twice",
                    f"{suffix}, document {place}: {here}, archived before: {archived}",
                )
            archived |= set(here) if place else set()
        for place, entry in entries_with_index(chain):
            number = self._find_article(suffix, entry)
            if ids.setdefault(number, entry.id) != entry.id:
                how = (
                    f"{suffix}, document {place}: article {number} is {ids[number]} and {entry.id}"
                )
                raise ViolationError("one article twice", how)
            known = self.known[number]
            if known.id and known.id != entry.id:
                raise ViolationError(
                    "id changed", f"{suffix}: article {number} was {known.id}, and is {entry.id}"
                )
            if known.published and known.published != entry.published:
                how = (
                    f"{suffix}, document {place}: the date of article {number} changed "
                    f"from {known.published} to {entry.published}"
                )
                raise ViolationError("date changed", how)
            known.id, known.published = entry.id, entry.published
            known.archived = known.archived or place > 0

    def _find_article(self, suffix: str, entry: PublishedEntry) -> int:
        whose = entry.articles | {number for number, _ in entry.versions}
        if len(whose) != 1:
            raise ViolationError(
                "mixed", f"{suffix}: {entry.id}, {entry.title!r} holds the articles {sorted(whose)}"
            )
        return next(iter(whose))

    def _check_reachability(self, suffix: str, chain: list[Document]) -> None:
        """Check that every entry once published can still be reached."""
        found = {entry.id for _, entry in entries_with_index(chain)}
        for number, known in self.known.items():
            if known.id and known.id not in found:
                admitted = all(
                    wanted.accepts(self.site.articles[number]) for wanted in self._possible_settings
                )
                if admitted or known.archived:
                    why = "admitted" if admitted else "excluded, but archived once"
                    raise ViolationError(
                        "lost", f"{suffix}: article {number}, {known.id} ({why}) is in no document"
                    )

    def _check_live(self, suffix: str, chain: list[Document], wanted: FeedSettings) -> None:
        """Check that the live document has the newest entries, and no more than its limit."""
        live = chain[0].entries
        if len(live) > wanted.limit:
            raise ViolationError(
                "too many", f"{suffix}: {len(live)} entries, {wanted.limit} are allowed"
            )
        dates = [entry.published for entry in live]
        if dates != sorted(dates, reverse=True):
            raise ViolationError("order", f"{suffix}: {dates}")
        refused = [
            e.title
            for e in live
            if not wanted.accepts(self.site.articles[self._find_article(suffix, e)])
        ]
        if refused:
            raise ViolationError("excluded entry is live", f"{suffix}: {refused}")
        shown = {entry.id for entry in live}
        others = [
            entry
            for _, entry in entries_with_index(chain)
            if entry.id not in shown
            and wanted.accepts(self.site.articles[self._find_article(suffix, entry)])
        ]
        if others and len(live) < wanted.limit:
            how = f"{suffix}: {len(live)} of {wanted.limit} entries; others are archived alone"
            raise ViolationError("not the newest", how)
        if others and live and max(entry.published for entry in others) > dates[-1]:
            raise ViolationError(
                "not the newest", f"{suffix}: the last is of {dates[-1]}, an archived one is newer"
            )
        for document in chain:
            for address in filter(None, (document.address, document.previous)):
                if not address.startswith(wanted.base):
                    raise ViolationError(
                        "old base", f"{suffix}: {address} is not below {wanted.base}"
                    )

    def _check_listed(self, suffix: str, chain: list[Document], wanted: FeedSettings) -> None:
        """Check that each listed and readable article is published in its present version."""
        newest: dict[int, PublishedEntry] = {}
        for _, entry in entries_with_index(chain):
            newest.setdefault(self._find_article(suffix, entry), entry)
        for article in self.fetched_articles(wanted):
            if article.is_readable and wanted.accepts(article) and article.number not in newest:
                raise ViolationError(
                    "missing",
                    f"{suffix}: article {article.number}, {article.title!r} is listed, "
                    "but not published",
                )
        for entry in chain[0].entries:
            number = self._find_article(suffix, entry)
            known, article = self.known[number], self.site.articles[number]
            version = max((version for _, version in entry.versions), default=0)
            if version < known.versions:
                how = (
                    f"{suffix}: article {number} has version {version}, "
                    f"expected at least {known.versions}"
                )
                raise ViolationError("outdated text", how)
            if known.titles == article.titles and entry.title.split() != article.title.split():
                raise ViolationError(
                    "outdated title", f"{suffix}: {entry.title!r} must be {article.title!r}"
                )

    def _check_updates(self, chains: Mapping[str, list[Document]]) -> None:
        """Check that `updated` changes together with the words, and only then."""
        now: dict[str, tuple[datetime, str]] = {}
        for suffix, chain in chains.items():
            for entry in chain[0].entries:
                if entry.updated is None:
                    continue
                if now.setdefault(entry.id, (entry.updated, entry.words)) != (
                    entry.updated,
                    entry.words,
                ):
                    raise ViolationError(
                        "formats differ", f"{suffix}: {entry.id} differs from another format"
                    )
                before, words = self._live.get(entry.id, (entry.updated, entry.words))
                if before > entry.updated:
                    raise ViolationError(
                        "updated decreased", f"{suffix}: {entry.id}: {before}, now {entry.updated}"
                    )
                if (before != entry.updated) != (words != entry.words):
                    how = (
                        f"{suffix}: {entry.id}: {before} → {entry.updated}; "
                        f"{words[:300]!r} → {entry.words[:300]!r}"
                    )
                    raise ViolationError("updated differs from words", how)
        self._live |= now
