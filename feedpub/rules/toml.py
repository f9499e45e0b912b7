"""Our own rules, as the config's sections hold them → Ruleset; and the folder with a file for each host."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from feedpub.config import Positions, SiteFile, SiteRules, load_site, parse_site
from feedpub.rules.model import Link, Replacement, Rule, Ruleset, Sample
from feedpub.rules.xpaths import of_css

TEXT = "text:"
_Line = Callable[[tuple[str | int, ...]], int]


def as_ruleset(rules: SiteRules, file: str = "", line: _Line = lambda _: 0) -> Ruleset:
    """What a section says.

    Args:
        rules: the section.
        file: where it is written, for people; "" where that is not known.
        line: the line of a setting, by its path in the file.
    """

    def rule(command: str, written: str | None, *place: str | int) -> tuple[Rule, ...]:
        if not written:
            return ()
        xpath = "" if written.startswith(TEXT) else of_css(written)
        return (Rule(command, written, xpath, file, line(place or (command,)), css=True),)

    def several(command: str, all_written: tuple[str, ...]) -> tuple[Rule, ...]:
        return tuple(one for at, written in enumerate(all_written) for one in rule(command, written, command, at))

    return Ruleset(
        content=rule("content", rules.content),
        remove=several("remove", rules.remove),
        keep=several("keep", rules.keep),
        title=rule("title", rules.title),
        author=rule("author", rules.author),
        date=rule("date", rules.date),
        next_page=tuple(map(Link, rule("next_page", rules.next_page))),
        single_page=tuple(map(Link, rule("single_page", rules.single_page))),
        replace=tuple(Replacement(each.find, each.by) for each in rules.replace),
        headers=tuple(rules.headers.items()),
        prune=True if rules.content else None,  # whatever is said of a less specific place
    )


def any_ruleset(rules: SiteRules | Ruleset | None) -> Ruleset:
    """Rules in whichever form somebody has them; an empty value where there are none."""
    return rules if isinstance(rules, Ruleset) else as_ruleset(rules or SiteRules())


def load(file: Path) -> Ruleset:
    """The rules in a host's file. Raises ConfigError: every mistake, with its line."""
    return _of_site(*load_site(file), str(file))


def parse(text: str, file: Path) -> Ruleset:
    """The rules in a text that stands, or is to stand, in a host's file. Raises ConfigError as `load` does."""
    return _of_site(*parse_site(text, file), str(file))


def _of_site(site: SiteFile, positions: Positions, name: str) -> Ruleset:
    tests = (Sample(test.url, test.contains, name, positions.line(("test", at))) for at, test in enumerate(site.test))
    return replace(as_ruleset(site, name, positions.line), tests=tuple(tests))
