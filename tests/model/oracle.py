"""Check after each build what must hold, against a model that knows nothing of feedpub's code.

It relies on what the manual promises alone: which articles are listed and can be read; that an
article is looked at again 1, 6 and 24 hours after it was first listed; and on what readers have
seen published so far.
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
MOST_LOOKS = 20  # again, in one build


class ViolationError(AssertionError):
    """Something that must hold does not. `what` names the rule."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what}: {how}")
        self.what = what


@dataclass(frozen=True)
class Wanted:
    """What the config wants of the feed now."""

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
    """What readers know of an article, and what they may expect.

    Attributes:
        id: of its entry; "" before it was published.
        published: the entry's date.
        archived: it stood in an archive once.
        first: when it was first listed for feedpub to see; None where that is uncertain.
        next_look: when feedpub looks at it again; None where it does not, or that is uncertain.
        titles: the title's number that must show at least.
        versions: the text's.
        forgotten: the state was lost, and the article was not listed since.
        blind: the title and version that feedpub may not know to be new, after a lost state.
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
        site: the real one.
        folder: where the feed is published.
        known: by article's number.
        bases: the addresses that the feed was ever published under.
        written: the formats whose documents are known to be there.
        lost: the output folder was emptied, and not written since.
        entries: in all formats now, for the tally.
        archives: the same.
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
    _tried: list[Wanted] = field(
        default_factory=list
    )  # since all was as the config wants it, and then
    _live: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    # --- what happens ---

    def after_build(self, built: Built, wanted: Wanted, began: datetime) -> None:
        """A build ended, well or not. Raises ViolationError."""
        self.bases.add(wanted.base)
        self._tried.append(wanted)
        if built.error:
            raise ViolationError("raised", built.error)
        if built.killed:
            self._after_kill(wanted, began)
            return
        well = not built.fatal
        if self.site.fault and well and built.status != "unchanged":
            raise ViolationError(
                "fault unseen",
                f"the list answers {self.site.fault!r}, and the build says all is well",
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
                known.first = datetime.max.replace(tzinfo=began.tzinfo)  # nobody knows
        for known in self.known.values():
            if known.next_look and known.next_look <= began:
                known.next_look = None
        if not self.lost:
            self._hold(wanted, whole=False)

    def after_loss_of_state(self, wanted: Wanted) -> None:
        """Forget all but what is published now; of an archived entry, how it was then."""
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
        """Return True if all that is published has its present address there."""
        shown = self._shown(wanted)
        slugs = {known.id: self.site.articles[number].slug for number, known in self.known.items()}
        return all(entry.url.endswith(f"/{slugs[entry.id]}") for _, entry in shown.values())

    def _shown(self, wanted: Wanted) -> dict[str, tuple[bool, Published]]:
        """Return the newest copy of each entry by its id, and whether it is live."""
        shown: dict[str, tuple[bool, Published]] = {}
        for chain in self._chains(wanted).values():
            for place, entry in everything(chain):
                shown.setdefault(entry.id, (place == 0, entry))
        return shown

    def taken(self, wanted: Wanted) -> list[Article]:
        """Return the listed articles that feedpub asks for in any case.

        It takes no more than the feed's limit: the newest, or the first where not all are dated.
        Those count that are among both.
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

    # --- what must show ---

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
                if self.site.kind != "feed":  # a feed's word goes before the page's
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
                known.forgotten, known.blind = False, (article.titles, article.told)
            if not article.is_readable or not wanted.admits(article):
                continue
            if not known.id:
                known.titles, known.versions = article.titles, article.versions
            elif self.site.kind != "listing":
                if article.titles > known.blind[0]:
                    known.titles = article.titles
                if article.told > known.blind[1]:
                    known.versions = max(known.versions, article.told)
            known.addressed = (article.slug, article.guid)
            known.listed = now

    # --- what must hold ---

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
                "formats differ", f"the live documents hold not the same entries: {sorted(chains)}"
            )
        if whole:
            self._hold_updates(chains)
        self.entries = max(
            (len({e.id for _, e in everything(chain)}) for chain in chains.values()), default=0
        )
        self.archives = max((len(chain) - 1 for chain in chains.values()), default=0)

    def _hold_entries(self, suffix: str, chain: list[Document]) -> None:
        """Each is one article's, always under the same id and date."""
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
                how = f"{suffix}, document {place}: article {number} was {known.published}, is {entry.published}"
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
        """Whatever was published once is there."""
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
        """The live document has the newest, and no more than it may."""
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
            raise ViolationError("refused one is live", f"{suffix}: {refused}")
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
        """What is listed and can be read is there, as it is now."""
        newest: dict[int, Published] = {}
        for _, entry in everything(chain):
            newest.setdefault(self._article_of(suffix, entry), entry)
        for article in self.taken(wanted):
            if article.is_readable and wanted.admits(article) and article.number not in newest:
                raise ViolationError(
                    "missing",
                    f"{suffix}: article {article.number}, {article.title!r} is listed, not there",
                )
        for entry in chain[0].entries:
            number = self._article_of(suffix, entry)
            known, article = self.known[number], self.site.articles[number]
            version = max((version for _, version in entry.versions), default=0)
            if version < known.versions:
                how = f"{suffix}: article {number} shows version {version}, {known.versions} must show"
                raise ViolationError("edit unseen", how)
            if known.titles == article.titles and entry.title.split() != article.title.split():
                raise ViolationError(
                    "title unseen", f"{suffix}: {entry.title!r} must be {article.title!r}"
                )

    def _hold_updates(self, chains: Mapping[str, list[Document]]) -> None:
        """`updated` moves with words, and with nothing else."""
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
                        "formats differ", f"{suffix}: {entry.id} is not what another format says"
                    )
                before, words = self._live.get(entry.id, (entry.updated, entry.words))
                if before > entry.updated:
                    raise ViolationError(
                        "updated went back", f"{suffix}: {entry.id}: {before}, now {entry.updated}"
                    )
                if (before != entry.updated) != (words != entry.words):
                    how = f"{suffix}: {entry.id}: {before} → {entry.updated}; {words[:300]!r} → {entry.words[:300]!r}"
                    raise ViolationError("updated and words part", how)
        self._live |= now
