"""What a person sees of a page, and what a draft of rules would do: to it, and to the others of its site.

A draft is tried as it would be saved: the site's file is extended, read by the loader that reads it
in every run, and
the cleaner is given what came of that. So what is shown is what will be.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from feedpub.cleaner import articles
from feedpub.cleaner.rules import RuleDraft, Ruleset, SiteRuleSet, display_path, edit
from feedpub.core import diff, process_pool
from feedpub.core.errors import ConfigError, SourceError
from feedpub.core.models import Article
from feedpub.pipeline import article
from feedpub.pipeline.context import RunContext
from feedpub.pipeline.site_memory import memory_key
from feedpub.web.preview.pages import PreviewPage

MAX_OTHER_PAGES = 50  # pages that a draft is tried on
_FACTS = ("title", "authors", "published")
MAX_SHOWN_LINES = 6  # that are shown of what changes in one of them
_Made = TypeVar("_Made")
NO_ADDRESS_REASON = "the page does not say where it is from, so no file is about it; write them into a feed's [feed.rules]"


@dataclass(frozen=True, slots=True)
class RuleFilePreview:
    """A site's file, as a draft would leave it.

    Attributes:
        file: for people; "" where no file can be about the page.
        text: all that it would hold.
        why_not: why it cannot be saved; "" where it can.
    """

    file: str
    text: str
    reason_refused: str = ""


@dataclass(frozen=True, slots=True)
class DraftEffect:
    """What a draft does to an article.

    Attributes:
        changed: how many lines come or go.
        lines: the first of them, each after a + or a -, and before them what changes beside the
            text.
        problem: why there would be no article any more.
    """

    title: str
    url: str
    changed: int = 0
    lines: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PreviewResult:
    """A page as it is with a draft.

    Attributes:
        original: the page, inert, with what was taken out struck through; "" where there is a
            problem.
        article: what is left; None where there is a problem.
        effect: what the draft does to it.
    """

    original: str
    article: Article | None
    effect: DraftEffect
    toml: RuleFilePreview


@dataclass(frozen=True, slots=True)
class _Drafted:
    """All rules as they would be.

    Attributes:
        book: with the site's file as the draft would leave it.
        loose: what the draft says where no file can be about the page.
    """

    book: SiteRuleSet
    loose: Ruleset = field(default_factory=Ruleset)

    def for_draft(self, subject: PreviewPage, tools: RunContext) -> Ruleset:
        """What is known of a page, in a run of its feed."""
        if subject.feed is None:
            return self.loose.merged_with(self.book.rules_for(subject.url))
        return self.loose.merged_with(
            article.rules_for(subject.feed, subject.url, replace(tools, site_rules=self.book))
        )


class PreviewSession:
    """The pages that are looked at. Thread-safe.

    Args:
        subjects: to be chosen from; not empty.
        tools: what reads them; the store is only read.
        sites: the folder of our own rules.
        others: on which drafts are tried as well; the subject itself is left out.
    """

    def __init__(
        self,
        subjects: Sequence[PreviewPage],
        tools: RunContext,
        sites: Path,
        others: Sequence[PreviewPage] = (),
    ) -> None:
        self.pages = tuple(subjects)
        self._others = tuple(others)
        self._tools = tools
        self._sites = sites
        self._rules = _Drafted(tools.site_rules)
        self._before: dict[PreviewPage, Article | SourceError] = {}
        self._lock = threading.Lock()

    def site(self, number: int) -> str:
        """The host that the file is named for which is about a page, or would be.

        "" where there can be none.
        """
        return self._rules.book.file_for(self.pages[number].url)

    def preview(self, number: int, draft: RuleDraft) -> PreviewResult:
        """A page with a draft.

        Raises ConfigError where the draft, or the file, says what cannot be read.
        """
        subject = self.pages[number]
        toml, drafted = self._drafted(subject, draft)
        before = self._known(subject)
        try:
            seen = self._made(articles.annotate_page, subject, drafted)
        except SourceError as error:
            return PreviewResult("", None, _effect(subject, before, error), toml)
        return PreviewResult(seen.html, seen.article, _effect(subject, before, seen.article), toml)

    def effects(self, number: int, draft: RuleDraft) -> list[DraftEffect]:
        """What a draft does to the other pages of the site, newest first.

        Raises ConfigError as `look` does.
        """
        subject = self.pages[number]
        _, drafted = self._drafted(subject, draft)
        host = drafted.book.file_for(subject.url)
        others = (each for each in self._others if each.url != subject.url)
        same = (each for each in others if host and drafted.book.file_for(each.url) == host)
        with ThreadPoolExecutor(process_pool.MAX_WORKERS) as pool:
            return list(
                pool.map(lambda each: self._effect_on(each, drafted), islice(same, MAX_OTHER_PAGES))
            )

    def save(self, number: int, draft: RuleDraft) -> RuleFilePreview:
        """Write a draft into the site's file. Raises ConfigError; the file is then as it was."""
        with self._lock:
            subject = self.pages[number]
            toml, drafted = self._drafted(subject, draft)
            if toml.reason_refused:
                raise ConfigError(toml.reason_refused)
            edit.write_rules(toml.text, self._file(subject))
            self._rules = drafted
            self._before.clear()
            return toml

    def _file(self, subject: PreviewPage) -> Path:
        """The file of our own that is about a page, or would be."""
        return self._sites / f"{self._rules.book.file_for(subject.url) or 'site'}.toml"

    def _drafted(self, subject: PreviewPage, draft: RuleDraft) -> tuple[RuleFilePreview, _Drafted]:
        """The site's file and all rules, as they would be."""
        book, file = self._rules.book, self._file(subject)
        host = book.file_for(subject.url)
        text = edit.extend_rules(_text(file) if host else "", draft, file)
        rules = edit.read_rules(text, file)
        if not host:
            return RuleFilePreview("", text, NO_ADDRESS_REASON), _Drafted(book, rules)
        return RuleFilePreview(display_path(file), text), _Drafted(
            book.with_rules(host, rules)
        ) if draft else self._rules

    def _made(self, make: Callable[..., _Made], subject: PreviewPage, rules: _Drafted) -> _Made:
        """What a function that reads a page with rules and memory makes of it.

        Raises SourceError.
        """
        store, url = self._tools.store, subject.url
        memory = store.site_memory(memory_key(url)) if url else None
        return self._tools.executor.call(
            url, make, subject.page(), rules.for_draft(subject, self._tools), memory
        )

    def _known(self, subject: PreviewPage) -> Article | SourceError:
        """The article as it is without a draft, or why there is none."""
        if subject not in self._before:
            self._before[subject] = self._article(subject, self._rules)
        return self._before[subject]

    def _article(self, subject: PreviewPage, rules: _Drafted) -> Article | SourceError:
        try:
            return self._made(articles.article_from_page, subject, rules)
        except SourceError as error:
            return error

    def _effect_on(self, subject: PreviewPage, drafted: _Drafted) -> DraftEffect:
        return _effect(subject, self._known(subject), self._article(subject, drafted))


def _text(file: Path) -> str:
    """What a file says now; "" where there is none. Raises ConfigError."""
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{display_path(file)}: cannot be read: {error}") from error


def _effect(
    subject: PreviewPage, before: Article | SourceError, after: Article | SourceError
) -> DraftEffect:
    if isinstance(after, SourceError):
        known = isinstance(before, SourceError) and before.reason == after.reason
        return DraftEffect(subject.title, subject.url, problem="" if known else after.reason)
    if isinstance(before, SourceError):
        return DraftEffect(
            subject.title, subject.url, after.text.count("\n") + 1, lines=(f"+{after.title}",)
        )
    facts = tuple(_facts(before, after))
    changed = [
        line for line in diff.diff_lines(before.text, after.text) if line.startswith(("+", "-"))
    ]
    lines = (*facts, *changed[:MAX_SHOWN_LINES])
    return DraftEffect(subject.title, subject.url, len(changed) + len(facts) // 2, lines)


def _facts(before: Article, after: Article) -> Iterator[str]:
    """What changes beside the text."""
    for fact in diff.diff_facts(before, after, _FACTS):
        yield from fact.lines
