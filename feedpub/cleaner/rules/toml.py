"""Our own rules, as the config's sections hold them → Ruleset.

And the folder with a file for each host.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from feedpub.cleaner.rules.model import FollowLink, Replacement, Rule, Ruleset, RuleTest
from feedpub.config import SiteFile, SiteRules, TomlLines, load_site, parse_site
from feedpub.core.selectors import xpath_from_selector

TEXT_TYPE = "text:"
_Line = Callable[[tuple[str | int, ...]], int]


def parse_ruleset(rules: SiteRules, file: str = "", line: _Line = lambda _: 0) -> Ruleset:
    """What a section says.

    Args:
        rules: the section.
        file: where it is written, for people; "" where that is not known.
        line: the line of a setting, by its path in the file.
    """

    def rule(command: str, written: str | None, *place: str | int) -> tuple[Rule, ...]:
        if not written:
            return ()
        xpath = "" if written.startswith(TEXT_TYPE) else xpath_from_selector(written)
        return (Rule(command, written, xpath, file, line(place or (command,)), css=True),)

    def several(command: str, all_written: tuple[str, ...]) -> tuple[Rule, ...]:
        return tuple(
            one
            for at, written in enumerate(all_written)
            for one in rule(command, written, command, at)
        )

    return Ruleset(
        content=rule("content", rules.content),
        remove=several("remove", rules.remove),
        keep=several("keep", rules.keep),
        title=rule("title", rules.title),
        author=rule("author", rules.author),
        date=rule("date", rules.date),
        next_page=tuple(map(FollowLink, rule("next_page", rules.next_page))),
        single_page=tuple(map(FollowLink, rule("single_page", rules.single_page))),
        replace=tuple(Replacement(each.find, each.by) for each in rules.replace),
        headers=tuple(rules.headers.items()),
        prune=True if rules.content else None,  # whatever is said of a less specific place
    )


def coerce_ruleset(rules: SiteRules | Ruleset | None) -> Ruleset:
    """Rules in whichever form somebody has them; an empty value where there are none."""
    return rules if isinstance(rules, Ruleset) else parse_ruleset(rules or SiteRules())


def load_rules(file: Path) -> Ruleset:
    """The rules in a host's file. Raises ConfigError: every mistake, with its line."""
    return _of_site(*load_site(file), str(file))


def parse_rules(text: str, file: Path) -> Ruleset:
    """The rules in a text that stands, or is to stand, in a host's file.

    Raises ConfigError as `load` does.
    """
    return _of_site(*parse_site(text, file), str(file))


def _of_site(site: SiteFile, positions: TomlLines, name: str) -> Ruleset:
    tests = (
        RuleTest(test.url, test.contains, name, positions.line_of(("test", at)))
        for at, test in enumerate(site.test)
    )
    return replace(parse_ruleset(site, name, positions.line_of), tests=tuple(tests))
