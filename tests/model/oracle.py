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

from tests.model.builder import Built
from tests.model.documents import Document, Published, TornError, everything, read_chain
from tests.model.site import Article, NewsSite

LADDER = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
YOUNG = timedelta(days=2)
MOST_LOOKS = 20  # repeated fetches in one build


class ViolationError(AssertionError):
    """An invariant does not hold; `what` names the rule."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what}: {how}")
        self.what = what


@dataclass(frozen=True)
class Wanted:
    """The feed's current settings."""

    limit: int
    formats: tuple[str, ...]
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    base: str

    def admits(self, article: Article) -> bool:
        return article.topic not in self.exclude and (
            not self.include or article.topic in self.include
        )


@dataclass
class Known:
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
    first: datetime | None = None
    next_look: datetime | None = None
    titles: int = 0
    versions: int = 0
    forgotten: bool = False
    blind: tuple[int, int] = (0, 0)
    addressed: tuple[str, str] = ("", "")
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
    known: dict[int, Known] = field(default_factory=lambda: defaultdict(Known))
    bases: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    lost: bool = False
    entries: int = 0
    archives: int = 0
    # The last settings whose build succeeded, and all settings tried since.
    _tried: list[Wanted] = field(default_factory=list)
    _live: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    # --- events ---

    def after_build(self, built: Built, wanted: Wanted, began: datetime) -> None:
        """Check the documents after a build.

        Raises:
            ViolationError: an invariant does not hold.
        """
        self.bases.add(wanted.base)
        self._tried.append(wanted)
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
        self._look_again(wanted, began)
        if well:
            self._see_listed(wanted, began)
            self.written = set(wanted.formats)
            self.lost = False
            self._tried = [wanted]
        if not self.lost:
            self._hold(wanted, whole=well)

    def _after_kill(self, wanted: Wanted, began: datetime) -> None:
        for article in self.taken(wanted):
            known = self.known[article.number]
            if known.first is None and not known.id:
                known.next_look = None
                known.first = datetime.max.replace(tzinfo=began.tzinfo)  # unknown
        for known in self.known.values():
            if known.next_look and known.next_look <= began:
                known.next_look = None
        if not self.lost:
            self._hold(wanted, whole=False)

    def after_loss_of_state(self, wanted: Wanted) -> None:
        """Forget everything except the published entries.

        An archived entry keeps the title and text of its archive.
        """
        shown = self._shown(wanted)
        for number, known in self.known.items():
            if known.id not in shown:
                self._live.pop(known.id, None)
                self.known[number] = Known()
                continue
            is_live, entry = shown[known.id]
            if not is_live:
                self._live.pop(known.id, None)
                known.titles = 0
                known.versions = max((version for _, version in entry.versions), default=0)
            known.next_look = known.listed = None
            known.forgotten = True
            known.addressed = ("", "")

    def is_told_by_documents(self, wanted: Wanted) -> bool:
        """Return True if every published entry has its article's present address."""
        shown = self._shown(wanted)
        slugs = {known.id: self.site.articles[number].slug for number, known in self.known.items()}
        return all(entry.url.endswith(f"/{slugs[entry.id]}") for _, entry in shown.values())

    def _shown(self, wanted: Wanted) -> dict[str, tuple[bool, Published]]:
        """Return the newest copy of each entry by its id, and True if it is live."""
        shown: dict[str, tuple[bool, Published]] = {}
        for chain in self._chains(wanted).values():
            for place, entry in everything(chain):
                shown.setdefault(entry.id, (place == 0, entry))
        return shown

    def taken(self, wanted: Wanted) -> list[Article]:
        """Return the listed articles that feedpub certainly fetches.

        It takes no more than the feed's limit: the newest, or the first if some have no date. Only
        articles in both selections count.
        """
        listed = self.site.listed()
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
        return not known.id or known.addressed == (article.slug, article.guid)

    # --- expectations ---

    def _look_again(self, wanted: Wanted, now: datetime) -> None:
        due = [
            number
            for number, known in self.known.items()
            if known.next_look and known.next_look <= now
        ]
        for number in due:
            article, known = self.site.articles[number], self.known[number]
            first = known.first or now
            known.next_look = next((first + wait for wait in LADDER if first + wait > now), None)
            if not wanted.admits(article) or len(due) > MOST_LOOKS:
                known.next_look = None
            elif article.is_readable and known.id:
                known.versions = article.versions
                if self.site.kind != "feed":  # a feed's title takes precedence over the page's
                    known.titles = article.titles

    def _see_listed(self, wanted: Wanted, now: datetime) -> None:
        for article in self.taken(wanted):
            known = self.known[article.number]
            if known.first is None and not known.id:
                known.first = now
                young = article.published is None or now - article.published < YOUNG
                if young and article.is_readable and wanted.admits(article):
                    known.next_look = now + LADDER[0]
            if known.forgotten:
                known.forgotten, known.blind = False, (article.titles, article.announced)
            if not article.is_readable or not wanted.admits(article):
                continue
            if not known.id:
                known.titles, known.versions = article.titles, article.versions
            elif self.site.kind != "listing":
                if article.titles > known.blind[0]:
                    known.titles = article.titles
                if article.announced > known.blind[1]:
                    known.versions = max(known.versions, article.announced)
            known.addressed = (article.slug, article.guid)
            known.listed = now

    # --- checks ---

    def _chains(self, wanted: Wanted) -> dict[str, list[Document]]:
        formats = [suffix for suffix in wanted.formats if suffix in self.written]
        try:
            return {
                suffix: read_chain(self.folder, f"{self.name}.{suffix}", self.bases)
                for suffix in formats
            }
        except TornError as error:
            raise ViolationError("torn", str(error)) from error

    def _hold(self, wanted: Wanted, *, whole: bool) -> None:
        chains = self._chains(wanted)
        for suffix, chain in chains.items():
            self._hold_entries(suffix, chain)
        for suffix, chain in chains.items():
            self._hold_reach(suffix, chain)
            if whole:
                self._hold_live(suffix, chain, wanted)
                self._hold_listed(suffix, chain, wanted)
        if (
            whole
            and len({tuple(entry.id for entry in chain[0].entries) for chain in chains.values()})
            > 1
        ):
            raise ViolationError(
                "formats differ", f"the live documents have different entries: {sorted(chains)}"
            )
        if whole:
            self._hold_updates(chains)
        self.entries = max(
            (len({e.id for _, e in everything(chain)}) for chain in chains.values()), default=0
        )
        self.archives = max((len(chain) - 1 for chain in chains.values()), default=0)

    def _hold_entries(self, suffix: str, chain: list[Document]) -> None:
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
        for place, entry in everything(chain):
            number = self._article_of(suffix, entry)
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

    def _article_of(self, suffix: str, entry: Published) -> int:
        whose = entry.articles | {number for number, _ in entry.versions}
        if len(whose) != 1:
            raise ViolationError(
                "mixed", f"{suffix}: {entry.id}, {entry.title!r} holds the articles {sorted(whose)}"
            )
        return next(iter(whose))

    def _hold_reach(self, suffix: str, chain: list[Document]) -> None:
        """Check that every entry once published can still be reached."""
        found = {entry.id for _, entry in everything(chain)}
        for number, known in self.known.items():
            if known.id and known.id not in found:
                admitted = all(wanted.admits(self.site.articles[number]) for wanted in self._tried)
                if admitted or known.archived:
                    why = "admitted" if admitted else "excluded, but archived once"
                    raise ViolationError(
                        "lost", f"{suffix}: article {number}, {known.id} ({why}) is in no document"
                    )

    def _hold_live(self, suffix: str, chain: list[Document], wanted: Wanted) -> None:
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
            if not wanted.admits(self.site.articles[self._article_of(suffix, e)])
        ]
        if refused:
            raise ViolationError("excluded entry is live", f"{suffix}: {refused}")
        shown = {entry.id for entry in live}
        others = [
            entry
            for _, entry in everything(chain)
            if entry.id not in shown
            and wanted.admits(self.site.articles[self._article_of(suffix, entry)])
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

    def _hold_listed(self, suffix: str, chain: list[Document], wanted: Wanted) -> None:
        """Check that each listed and readable article is published in its present version."""
        newest: dict[int, Published] = {}
        for _, entry in everything(chain):
            newest.setdefault(self._article_of(suffix, entry), entry)
        for article in self.taken(wanted):
            if article.is_readable and wanted.admits(article) and article.number not in newest:
                raise ViolationError(
                    "missing",
                    f"{suffix}: article {article.number}, {article.title!r} is listed, "
                    "but not published",
                )
        for entry in chain[0].entries:
            number = self._article_of(suffix, entry)
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

    def _hold_updates(self, chains: Mapping[str, list[Document]]) -> None:
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
