"""Convert our own rules to a Ruleset, and find the rules that apply to a host.

Our own file takes precedence over ftr-site-config, and a host's file over that of its parent
domain. Our own files are read at startup, so that errors in them are reported immediately. Each of
ftr-site-config's 2,040 files is read when it is first needed, and again after it has changed.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from feedpub.cleaner.rules import ftr
from feedpub.cleaner.rules.model import FollowLink, Replacement, Rule, RuleIssue, Ruleset, RuleTest
from feedpub.config import RuleFiles, SiteFile, SiteRules, TomlLines, load_site, parse_site
from feedpub.core.errors import ConfigError
from feedpub.core.urls import bare_host_from_url

TEXT_TYPE = "text:"
_LineOf = Callable[[tuple[str | int, ...]], int]


def parse_ruleset(rules: SiteRules, file: str = "", line: _LineOf = lambda _: 0) -> Ruleset:
    """Convert a section of the config.

    Args:
        rules: the section.
        file: its file, for messages; "" if unknown.
        line: returns the line of a setting, given its path in the file.
    """

    def convert(command: str, source: str | None, *path: str | int) -> tuple[Rule, ...]:
        if not source:
            return ()
        from feedpub.core.selectors import xpath_from_selector

        xpath = "" if source.startswith(TEXT_TYPE) else xpath_from_selector(source)
        return (Rule(command, source, xpath, file, line(path or (command,)), css=True),)

    def convert_all(command: str, sources: Sequence[str]) -> tuple[Rule, ...]:
        rules: list[Rule] = []
        for index, source in enumerate(sources):
            rules.extend(convert(command, source, command, index))
        return tuple(rules)

    return Ruleset(
        content=convert("content", rules.content),
        remove=convert_all("remove", rules.remove),
        keep=convert_all("keep", rules.keep),
        title=convert("title", rules.title),
        author=convert("author", rules.author),
        date=convert("date", rules.date),
        next_page=tuple(map(FollowLink, convert("next_page", rules.next_page))),
        single_page=tuple(map(FollowLink, convert("single_page", rules.single_page))),
        replace=tuple(Replacement(each.find, each.by) for each in rules.replace),
        headers=tuple(rules.headers.items()),
        prune=True if rules.content else None,  # takes precedence over more general rules
    )


def coerce_ruleset(rules: SiteRules | Ruleset | None) -> Ruleset:
    """Return rules in either form as a Ruleset; an empty one for None."""
    return rules if isinstance(rules, Ruleset) else parse_ruleset(rules or SiteRules())


def load_rules(file: Path) -> Ruleset:
    """Load the rules in a host's file.

    Raises:
        ConfigError: the file has errors; the message lists all of them with their lines.
    """
    return _convert_site(*load_site(file), str(file))


def parse_rules(text: str, file: Path) -> Ruleset:
    """Parse the text of a host's file.

    Raises:
        ConfigError: the text has errors; the message lists all of them with their lines.
    """
    return _convert_site(*parse_site(text, file), str(file))


def _convert_site(site: SiteFile, lines: TomlLines, name: str) -> Ruleset:
    tests = [
        RuleTest(test.url, test.contains, name, lines.line_of(("test", index)))
        for index, test in enumerate(site.test)
    ]
    return replace(parse_ruleset(site, name, lines.line_of), tests=tuple(tests))


_log = logging.getLogger(__name__)
_GLOBAL_FILE = "global.txt"  # of ftr-site-config; applies to all hosts
_MAX_FILE_BYTES = 1_000_000
_NO_RULES = Ruleset()

_FileStamp = tuple[int, int, int]


def open_rules(places: RuleFiles) -> "SiteRuleSet":
    """Read the rule files that the config names.

    Raises:
        ConfigError: our own files have errors; the message lists all of them, one a line.
    """
    own: dict[str, Ruleset] = {}
    errors: list[str] = []
    for path in site_rule_files(places.sites):
        host = path.name.removesuffix(".toml")
        try:
            own[host] = load_rules(Path(display_path(path)))
        except ConfigError as error:
            errors.append(str(error))
        if host != bare_host_from_url(f"https://{host}/") or "." not in host:
            errors.append(
                f"{display_path(path)}:1: the file name is not a host; "
                "write the host in lower case, without www."
            )
    if errors:
        raise ConfigError("\n".join(errors))
    return SiteRuleSet(own, places.ftr_site_config)


def site_rule_files(folder: Path) -> list[Path]:
    """Return the rule files in a folder, by name; an empty list if the folder does not exist."""
    return sorted(folder.glob("[!.]*.toml"))


def display_path(path: Path) -> str:
    """Return a path for messages: relative to the working directory if it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@dataclass(frozen=True, slots=True)
class _CachedFile:
    """The rules of a file of ftr-site-config, as of its last change."""

    stamp: _FileStamp
    rules: Ruleset


class SiteRuleSet:
    """All rules. Thread-safe.

    Args:
        own: our own rules, by host.
        ftr: the folder of ftr-site-config's files.
        report: called with each unusable line when its file is first needed.
    """

    def __init__(
        self,
        own: Mapping[str, Ruleset] | None = None,
        ftr: Path | None = None,
        report: Callable[[RuleIssue], None] = lambda issue: _log.warning("%s", issue),
    ) -> None:
        self.own = dict(own or {})
        self.ftr = ftr
        self._report = report
        self._cache: dict[Path, _CachedFile] = {}
        self._lock = threading.Lock()

    def rules_for(self, url: str | None) -> Ruleset:
        """Return the rules for the site of a URL; empty ones if there are none."""
        host = bare_host_from_url(url)
        if not host:
            return _NO_RULES
        own_host = self._own_host(host)
        return self.own[own_host] if own_host else self._ftr_rules(host)

    def file_for(self, url: str | None) -> str:
        """Return the host that our own file for a URL is named after, or would be.

        "" if the URL has no host that a file can be named after.
        """
        host = bare_host_from_url(url)
        return self._own_host(host) or (host if "." in host else "")

    def with_rules(self, host: str, rules: Ruleset) -> "SiteRuleSet":
        """Return a copy with other rules of our own for a host."""
        return SiteRuleSet({**self.own, host: rules}, self.ftr, self._report)

    def files(self) -> Iterator[tuple[str, Ruleset]]:
        """Yield the name and the rules of every file of ftr-site-config, by name."""
        if self.ftr is None:
            return
        for path in sorted(self.ftr.iterdir()):
            is_for_hosts = "." in path.stem or path.name == _GLOBAL_FILE
            if path.suffix != ".txt" or not is_for_hosts or not path.is_file():
                continue
            rules = self._read_file(path, lambda _: None)
            if rules is not None:
                yield display_path(path), rules

    def _own_host(self, host: str) -> str:
        """Return the host or parent domain that we have rules of our own for, or ""."""
        for name in _parent_domains(host):
            if name in self.own:
                return name
        return ""

    def _ftr_rules(self, host: str) -> Ruleset:
        """Merge the host's file, that for all hosts of its parent domain, and that for all hosts.

        Title and date of the last one are left out: they name meta elements that are read on every
        page anyway.
        """
        if self.ftr is None:
            return _NO_RULES
        rules = _NO_RULES
        for name in (f"{host}.txt", f".{host.partition('.')[2]}.txt"):
            found = self._read_file(self.ftr / name, self._report)
            if found is not None:
                rules = rules.merged_with(found)
        if rules.autodetect is False:
            return rules
        for_all_hosts = self._read_file(self.ftr / _GLOBAL_FILE, self._report)
        if for_all_hosts is None:
            return rules
        return rules.merged_with(replace(for_all_hosts, title=(), date=()))

    def _read_file(self, path: Path, report: Callable[[RuleIssue], None]) -> Ruleset | None:
        """Return the rules of a file, from the cache if it is unchanged; None if it is missing."""
        with self._lock:
            try:
                stat = path.stat()
                stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                cached = self._cache.get(path)
                if cached is None or cached.stamp != stamp:
                    cached = _CachedFile(stamp, _parse_file(path, stat.st_size))
                    self._cache[path] = cached
                    for issue in cached.rules.issues:
                        report(issue)
            except FileNotFoundError:
                return None
            except OSError as error:
                report(RuleIssue(display_path(path), 1, f"cannot be read: {error.strerror}"))
                return None
            return cached.rules


def _parse_file(path: Path, size: int) -> Ruleset:
    name = display_path(path)
    if size > _MAX_FILE_BYTES:
        megabytes = _MAX_FILE_BYTES // 1_000_000
        issue = RuleIssue(name, 1, f"the file is ignored: it is larger than {megabytes} MB")
        return Ruleset(issues=(issue,))
    return ftr.parse_ftr(path.read_bytes().decode("utf-8", "replace"), name)


def _parent_domains(host: str) -> Iterator[str]:
    """Yield a host and its parent domains, except the top-level domain."""
    while "." in host:
        yield host
        host = host.partition(".")[2]
