"""Find pages for the preview, try a draft of rules on them, and save it.

A draft is tried exactly as it would be saved: the site's rule file is extended in memory and read
by the same loader that every run uses. The preview therefore shows what the saved draft will do.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from feedpub.builder.titles import display_title
from feedpub.cleaner import articles
from feedpub.cleaner.pagination import HTML_TYPES
from feedpub.cleaner.rules import RuleDraft, Ruleset, SiteRuleSet, display_path, edit
from feedpub.cleaner.rules.testing import PAGE_SUFFIXES
from feedpub.config import FeedConfig
from feedpub.core import diff, process_pool
from feedpub.core.errors import ConfigError, ExtractError, SourceError
from feedpub.core.models import Article, Page
from feedpub.pipeline import article, index
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.site_memory import memory_key
from feedpub.store import PageSnapshot, unpack_body

MAX_OTHER_PAGES = 50  # that a draft is tried on
MAX_SHOWN_LINES = 6  # of the changes in each of them
NO_ADDRESS_REASON = (
    "the page does not name its URL, so no site's file applies to it; "
    "add the rules to [feed.rules] of a feed"
)
_FACTS = ("title", "authors", "published")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class PreviewPage:
    """A page for the preview.

    Attributes:
        title: Shown in the list of pages.
        url: Its URL; "" for a saved file that does not name one.
        source: The page, or its stored snapshot.
        feed: The feed that it belongs to; None if it belongs to none.
        content_reason: Why its entry has this content; "" if there was no choice.
    """

    title: str
    url: str
    source: Page | PageSnapshot
    feed: FeedConfig | None = None
    content_reason: str = ""

    def page(self) -> Page:
        """Return the page. Raises ExtractError if the snapshot is corrupt."""
        return self.source if isinstance(self.source, Page) else unpack_body(self.source)


def pages_of_feed(feed: FeedConfig, context: RunContext) -> list[PreviewPage]:
    """Return the stored pages of a feed's entries, newest first. Raises StoreError."""
    snapshots = context.store.snapshots.for_feed(feed.name)
    pages = []
    for entry in index.current_feed(feed, context).entries:
        snapshot = snapshots.get(entry.id)
        if snapshot is None or snapshot.form != "page":
            continue
        if snapshot.content_type in HTML_TYPES:
            title, reason = display_title(entry), entry.content_reason
            pages.append(PreviewPage(title, snapshot.final_url, snapshot, feed, reason))
    return pages


def pages_of_site(url: str, feeds: Iterable[FeedConfig], context: RunContext) -> list[PreviewPage]:
    """Return the stored pages of all feeds that share a rule file with a URL.

    Raises:
        StoreError: The state cannot be read.
    """
    host = context.site_rules.file_for(url)
    if not host:
        return []
    pages: list[PreviewPage] = []
    for feed in feeds:
        pages += pages_of_feed(feed, context)
    return [page for page in pages if context.site_rules.file_for(page.url) == host]


def page_from_address(url: str, context: RunContext) -> PreviewPage:
    """Fetch the page at a URL. Raises SourceError."""
    page = articles.fetch_page(url, context.fetcher, context.site_rules)
    return PreviewPage(url, page.url, page)


def page_from_file(path: Path, context: RunContext) -> PreviewPage:
    """Read a saved page. Its URL is taken from its own metadata. Raises SourceError."""
    if path.suffix.lower() not in PAGE_SUFFIXES:
        suffixes = ", ".join(sorted(PAGE_SUFFIXES))
        raise ExtractError(
            f"the preview only shows HTML pages ({suffixes}); "
            "use `feedpub clean --explain` for a text file",
            str(path),
        )
    try:
        page = Page("", path.read_bytes(), "text/html")
    except OSError as error:
        raise ExtractError(f"cannot be read: {error.strerror}", str(path)) from error
    article = context.executor.call(str(path), articles.article_from_page, page)
    url = article.url or ""
    return PreviewPage(path.name, url, Page(url, page.body, page.content_type))


@dataclass(frozen=True, slots=True)
class RuleFilePreview:
    """A site's rule file with a draft.

    Attributes:
        file: Its path for display; "" if no site's file applies to the page.
        text: Its complete new content.
        reason_refused: Why it cannot be saved; "" if it can.
    """

    file: str
    text: str
    reason_refused: str = ""


@dataclass(frozen=True, slots=True)
class DraftEffect:
    """The effect of a draft on an article.

    Attributes:
        changed: Number of lines that are added or removed.
        lines: The first of them with "+" or "-", after the changes in title, authors and date.
        problem: Why there would be no article.
    """

    title: str
    url: str
    changed: int = 0
    lines: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PreviewResult:
    """A page with a draft applied.

    Attributes:
        original: The page without scripts, removed parts struck through; "" if there is a problem.
        article: The resulting article; None if there is a problem.
        effect: The draft's effect on it.
        toml: The site's rule file.
    """

    original: str
    article: Article | None
    effect: DraftEffect
    toml: RuleFilePreview


@dataclass(frozen=True, slots=True)
class _DraftRules:
    """All rules with a draft applied.

    Attributes:
        site_rules: Rules of all sites, with the draft in its site's file.
        unsaved: The draft's rules, if no site's file applies to the page.
    """

    site_rules: SiteRuleSet
    unsaved: Ruleset = field(default_factory=Ruleset)

    def for_page(self, page: PreviewPage, context: RunContext) -> Ruleset:
        """Return the rules that a run of the page's feed would apply."""
        if page.feed is None:
            return self.unsaved.merged_with(self.site_rules.rules_for(page.url))
        context = replace(context, site_rules=self.site_rules)
        return self.unsaved.merged_with(article.rules_for(page.feed, page.url, context))


class PreviewSession:
    """Preview a list of pages. Thread-safe.

    Args:
        pages: The pages to choose from; not empty.
        context: Reads them. The store is not written.
        sites: The folder of the user's rule files.
        others: Pages that drafts are also tried on. The previewed page itself is left out.
    """

    def __init__(
        self,
        pages: Sequence[PreviewPage],
        context: RunContext,
        sites: Path,
        others: Sequence[PreviewPage] = (),
    ) -> None:
        self.pages = tuple(pages)
        self._others = tuple(others)
        self._context = context
        self._sites = sites
        self._rules = _DraftRules(context.site_rules)
        self._saved_results: dict[PreviewPage, Article | SourceError] = {}
        self._lock = threading.Lock()

    def site(self, number: int) -> str:
        """Return the host whose rule file applies to a page; "" if there is none."""
        return self._rules.site_rules.file_for(self.pages[number].url)

    def preview(self, number: int, draft: RuleDraft) -> PreviewResult:
        """Return a page with a draft applied.

        Raises:
            ConfigError: The draft or the rule file is invalid.
        """
        page = self.pages[number]
        toml, rules = self._apply_draft(page, draft)
        before = self._saved_result(page)
        try:
            annotated = self._call_with_rules(articles.annotate_page, page, rules)
        except SourceError as error:
            return PreviewResult("", None, _compare(page, before, error), toml)
        effect = _compare(page, before, annotated.article)
        return PreviewResult(annotated.html, annotated.article, effect, toml)

    def effects(self, number: int, draft: RuleDraft) -> list[DraftEffect]:
        """Return a draft's effect on the other pages of the site, newest first.

        Raises:
            ConfigError: The draft or the rule file is invalid.
        """
        page = self.pages[number]
        _, rules = self._apply_draft(page, draft)
        host = rules.site_rules.file_for(page.url)
        if not host:
            return []
        chosen: list[PreviewPage] = []
        for other in self._others:
            if len(chosen) == MAX_OTHER_PAGES:
                break
            if other.url != page.url and rules.site_rules.file_for(other.url) == host:
                chosen.append(other)
        with ThreadPoolExecutor(process_pool.MAX_WORKERS) as pool:
            return list(pool.map(lambda other: self._effect_on(other, rules), chosen))

    def save(self, number: int, draft: RuleDraft) -> RuleFilePreview:
        """Write a draft to the site's rule file.

        Raises:
            ConfigError: The draft is invalid or cannot be saved. The file is unchanged.
        """
        with self._lock:
            page = self.pages[number]
            toml, rules = self._apply_draft(page, draft)
            if toml.reason_refused:
                raise ConfigError(toml.reason_refused)
            edit.write_rules(toml.text, self._rule_file(page))
            self._rules = rules
            self._saved_results.clear()
            return toml

    def _rule_file(self, page: PreviewPage) -> Path:
        host = self._rules.site_rules.file_for(page.url)
        return self._sites / f"{host or 'site'}.toml"

    def _apply_draft(
        self, page: PreviewPage, draft: RuleDraft
    ) -> tuple[RuleFilePreview, _DraftRules]:
        """Return the site's rule file and all rules with a draft applied."""
        site_rules, file = self._rules.site_rules, self._rule_file(page)
        host = site_rules.file_for(page.url)
        text = edit.extend_rules(_read_text(file) if host else "", draft, file)
        rules = edit.read_rules(text, file)
        if not host:
            return RuleFilePreview("", text, NO_ADDRESS_REASON), _DraftRules(site_rules, rules)
        preview = RuleFilePreview(display_path(file), text)
        if not draft:
            return preview, self._rules
        return preview, _DraftRules(site_rules.with_rules(host, rules))

    def _call_with_rules(
        self, function: Callable[..., _T], page: PreviewPage, rules: _DraftRules
    ) -> _T:
        """Call a function of the cleaner with a page, its rules and its site memory.

        Raises:
            SourceError: The page has no article.
        """
        store, url = self._context.store, page.url
        memory = store.site_memory(memory_key(url)) if url else None
        return self._context.executor.call(
            url, function, page.page(), rules.for_page(page, self._context), memory
        )

    def _saved_result(self, page: PreviewPage) -> Article | SourceError:
        """Return a page's article without a draft, or the error."""
        if page not in self._saved_results:
            self._saved_results[page] = self._extract(page, self._rules)
        return self._saved_results[page]

    def _extract(self, page: PreviewPage, rules: _DraftRules) -> Article | SourceError:
        try:
            return self._call_with_rules(articles.article_from_page, page, rules)
        except SourceError as error:
            return error

    def _effect_on(self, page: PreviewPage, rules: _DraftRules) -> DraftEffect:
        return _compare(page, self._saved_result(page), self._extract(page, rules))


def _read_text(file: Path) -> str:
    """Return a file's content; "" if it does not exist. Raises ConfigError."""
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{display_path(file)}: cannot be read: {error}") from error


def _compare(
    page: PreviewPage, before: Article | SourceError, after: Article | SourceError
) -> DraftEffect:
    if isinstance(after, SourceError):
        is_same = isinstance(before, SourceError) and before.reason == after.reason
        return DraftEffect(page.title, page.url, problem="" if is_same else after.reason)
    if isinstance(before, SourceError):
        count = after.text.count("\n") + 1
        return DraftEffect(page.title, page.url, count, lines=(f"+{after.title}",))
    fact_lines: list[str] = []
    for fact in diff.diff_facts(before, after, _FACTS):
        fact_lines += fact.lines
    lines = diff.diff_lines(before.text, after.text)
    changed = [line for line in lines if line.startswith(("+", "-"))]
    shown = (*fact_lines, *changed[:MAX_SHOWN_LINES])
    return DraftEffect(page.title, page.url, len(changed) + len(fact_lines) // 2, shown)
