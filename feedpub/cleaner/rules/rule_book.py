"""Which rules are about a host: our own file goes before ftr-site-config, a host's before that of a domain around it.

Our own files are all read at once, so that a mistake in one is told before anything else happens.
Of ftr-site-config's 2,040 files each is read when its host is first met, and again once it has
changed.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from feedpub.cleaner.rules import ftr, toml
from feedpub.cleaner.rules.model import RuleIssue, Ruleset
from feedpub.config import RuleFiles
from feedpub.core.errors import ConfigError

_log = logging.getLogger(__name__)
_FOR_ALL = "global.txt"
_LARGEST = 1_000_000  # bytes of a file of rules
_Mark = tuple[int, int, int]
NOTHING = Ruleset()


def open_rules(places: RuleFiles) -> "SiteRuleSet":
    """The rules that the config names.

    Raises ConfigError: one line a mistake in our own files, all of them at once.
    """
    own: dict[str, Ruleset] = {}
    mistakes: list[str] = []
    for path in site_rule_files(places.sites):
        host = path.name.removesuffix(".toml")
        try:
            own[host] = toml.load_rules(Path(display_path(path)))
        except ConfigError as error:
            mistakes.append(str(error))
        if host != rule_host(f"https://{host}/") or "." not in host:
            mistakes.append(
                f"{display_path(path)}:1: named for no host; write it in lower case, without www."
            )
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return SiteRuleSet(own, places.ftr_site_config)


def site_rule_files(folder: Path) -> list[Path]:
    """The files of rules in a folder, by name; none where there is no folder."""
    return sorted(folder.glob("[!.]*.toml"))


def display_path(path: Path) -> str:
    """A file's path for people: from the working directory, where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def rule_host(url: str) -> str:
    """The host of an address as files are named for it.

    In lower case, without "www."; "" where there is none.
    """
    try:
        return (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class _Read:
    """A file of ftr-site-config as it was when it was read."""

    mark: _Mark
    rules: Ruleset


class SiteRuleSet:
    """All rules that there are. Thread-safe.

    Args:
        own: our own, by host.
        ftr: the folder of ftr-site-config's files.
        tell: is told of each line that cannot be used, when its file is first needed.
    """

    def __init__(
        self,
        own: Mapping[str, Ruleset] | None = None,
        ftr: Path | None = None,
        tell: Callable[[RuleIssue], None] = lambda problem: _log.warning("%s", problem),
    ) -> None:
        self.own = dict(own or {})
        self.ftr = ftr
        self._tell = tell
        self._files: dict[Path, _Read] = {}
        self._lock = threading.Lock()

    def rules_for(self, url: str | None) -> Ruleset:
        """What is known of the site of an address; an empty value where nothing is."""
        host = rule_host(url or "")
        if not host:
            return NOTHING
        own = next((self.own[name] for name in _domains(host) if name in self.own), None)
        return own if own is not None else self._of_ftr(host)

    def file_for(self, url: str | None) -> str:
        """The host that our own file about an address is named for, or would be.

        "" where there can be none.
        """
        host = rule_host(url or "")
        return next(
            (name for name in _domains(host) if name in self.own), host if "." in host else ""
        )

    def with_rules(self, host: str, rules: Ruleset) -> "SiteRuleSet":
        """The same with other rules of our own for a host."""
        return SiteRuleSet({**self.own, host: rules}, self.ftr, self._tell)

    def files(self) -> Iterator[tuple[str, Ruleset]]:
        """Every file of ftr-site-config with what it says, by name."""
        for path in sorted(self.ftr.iterdir()) if self.ftr else ():
            about_hosts = "." in path.stem or path.name == _FOR_ALL
            if path.suffix == ".txt" and about_hosts and path.is_file():
                rules = self._file(path, lambda _: None)
                if rules is not None:
                    yield display_path(path), rules

    def _of_ftr(self, host: str) -> Ruleset:
        """The host's own file, the one for all hosts of the domain above it, and the one for all hosts.

        The last one's title and date are names in the head that every page is asked for anyway,
        together with others: what is said of all hosts is no better than that.
        """
        if self.ftr is None:
            return NOTHING
        names = (f"{host}.txt", f".{host.partition('.')[2]}.txt")
        rules = NOTHING
        for name in names:
            found = self._file(self.ftr / name, self._tell)
            rules = rules.merged_with(found) if found is not None else rules
        if rules.autodetect is False:
            return rules
        for_all = self._file(self.ftr / _FOR_ALL, self._tell)
        return (
            rules.merged_with(replace(for_all, title=(), date=())) if for_all is not None else rules
        )

    def _file(self, path: Path, tell: Callable[[RuleIssue], None]) -> Ruleset | None:
        """What a file says now; None where there is none."""
        with self._lock:
            try:
                about = path.stat()
                mark = (about.st_ino, about.st_mtime_ns, about.st_size)
                known = self._files.get(path)
                if known is None or known.mark != mark:
                    known = self._files[path] = _Read(mark, _parsed(path, about.st_size))
                    for problem in known.rules.issues:
                        tell(problem)
            except FileNotFoundError:
                return None
            except OSError as error:
                tell(RuleIssue(display_path(path), 1, f"cannot be read: {error.strerror}"))
                return None
            return known.rules


def _parsed(path: Path, size: int) -> Ruleset:
    name = display_path(path)
    if size > _LARGEST:
        return Ruleset(
            issues=(
                RuleIssue(name, 1, f"larger than {_LARGEST // 1_000_000} MB; it is not read"),
            )
        )
    return ftr.parse_ftr(path.read_bytes().decode("utf-8", "replace"), name)


def _domains(host: str) -> Iterator[str]:
    """A host and the domains that it lies in, but for the last label alone."""
    while "." in host:
        yield host
        host = host.partition(".")[2]
