"""Convert our own rules, as the config holds them, to a Ruleset; load a host's file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from feedpub.cleaner.rules.model import FollowLink, Replacement, Rule, Ruleset, RuleTest
from feedpub.config import SiteFile, SiteRules, TomlLines, load_site, parse_site
from feedpub.core.selectors import xpath_from_selector

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
