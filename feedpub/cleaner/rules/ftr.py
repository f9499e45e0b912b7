"""The text files of ftr-site-config → Ruleset. Owns their syntax: one command a line, `command: value`.

A line that says what nobody knows, or what cannot be used, becomes a problem; the rest of its file
counts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from feedpub.cleaner.rules.model import (
    FollowLink,
    Replacement,
    Rule,
    RuleIssue,
    Ruleset,
    RuleTest,
    WrapRule,
)
from feedpub.config import RULE_HEADERS
from feedpub.core.selectors import check_xpath, xpath_literal

LEGACY = frozenset(
    "autodetect_next_page convert_double_br_tags dissolve footnotes insert_detected_image login_extra_fields "  # noqa: SIM905 -- words
    "login_password_field login_uri login_username_field move_into not_logged_in_xpath parser post_strip_attr "
    "requires_login single_page_link_in_feed strip_comments tidy".split(),
)
"""Commands of other readers of these files, and of earlier times.

Known, and without effect here.
"""

_WRAPPERS = frozenset(
    {"b", "blockquote", "center", "div", "em", "fieldset", "figcaption", "figure", "h2", "i", "p"}
)
_COMMAND = re.compile(r"\A([a-z_]+)(?:\((.*)\))?", re.DOTALL)
_TRUE = frozenset({"yes", "true"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def parse_ftr(text: str, file: str) -> Ruleset:
    """The rules in a file's text.

    Args:
        text: its content.
        file: its name for people.
    """
    reader = _Reader(file)
    for number, line in enumerate(text.splitlines(), 1):
        reader.read(line.strip(), number)
    return reader.ruleset()


@dataclass(slots=True)
class _Reader:
    """What was read so far: lists by field of `Ruleset`, and the pairs that are still halves."""

    file: str
    line: int = 0
    lists: dict[str, list[object]] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    finds: list[tuple[str, int]] = field(default_factory=list)
    replacements: list[str] = field(default_factory=list)
    problems: list[RuleIssue] = field(default_factory=list)
    tests: list[RuleTest] = field(default_factory=list)
    latest: list[object] = field(default_factory=list)  # the list that holds the latest link

    def read(self, line: str, number: int) -> None:
        """Take a line in, or note what is wrong with it."""
        self.line = number
        if not line or line.startswith(("#", "\ufeff#")):
            return
        try:
            self._take(line.removeprefix("\ufeff"))
        except ValueError as error:
            self.problems.append(RuleIssue(self.file, number, str(error)))

    def ruleset(self) -> Ruleset:
        """All that was read, once the file has ended."""
        if len(self.finds) != len(self.replacements):
            at = self.finds[-1][1] if self.finds else self.line
            counted = f"{len(self.finds)} find_string and {len(self.replacements)} replace_string: they go in pairs"
            self.problems.append(RuleIssue(self.file, at, f"{counted}; none of them is used"))
        else:
            pairs = zip(self.finds, self.replacements, strict=True)
            own = (Replacement(find, by) for (find, _), by in pairs)
            self.lists["replace"] = [*own, *self.lists.get("replace", ())]
        said: dict[str, Any] = {name: tuple(values) for name, values in self.lists.items()} | dict(
            self.switches
        )
        return Ruleset(**said, tests=tuple(self.tests), problems=tuple(self.problems))

    def _take(self, line: str) -> None:
        before, colon, value = line.partition(":")
        if not colon:
            raise ValueError(
                f"no command: a line is written command: value, this one is {_shown(line)}"
            )
        if "(" in before and ")" not in before and ")" in value:
            raise ValueError(
                "a line is split at its first colon: none can stand in the brackets; write find_string"
            )
        match = _COMMAND.fullmatch(
            before.strip().lower() if "(" not in before else _lowered(before.strip())
        )
        name, argument = (match[1], match[2]) if match else ("", None)
        if name in LEGACY:
            return
        take = _COMMANDS.get((name, argument is not None))
        if take is None:
            raise ValueError(_unknown(before.strip()))
        take(self, value.strip(), (argument or "").strip())

    def add(self, where: str, *values: object) -> None:
        self.lists.setdefault(where, []).extend(values)

    def rule(self, command: str, written: str, xpath: str) -> Rule:
        """A rule of the line that is being read. Raises ValueError."""
        if not written:
            raise ValueError(
                f"{command} says nothing; write what it looks for, or leave the line out"
            )
        try:
            check_xpath(xpath)
        except ValueError as error:
            raise ValueError(f"{command}: {_shown(written)} is {error}") from error
        return Rule(command, written, xpath, self.file, self.line)


def _lowered(before: str) -> str:
    name, bracket, rest = before.partition("(")
    return f"{name.strip().lower()}{bracket}{rest}"


def _unknown(name: str) -> str:
    close = get_close_matches(
        name.partition("(")[0], [*{known for known, _ in _COMMANDS}, *LEGACY], n=1
    )
    return f"unknown command {_shown(name)}" + (f"; did you mean {close[0]}?" if close else "")


def _shown(text: str) -> str:
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'  # noqa: PLR2004 -- characters that fit in a message


_Take = Callable[[_Reader, str, str], None]


def _paths(where: str, command: str) -> _Take:
    def take(reader: _Reader, value: str, _argument: str) -> None:
        reader.add(where, reader.rule(command, value, value))

    return take


def _attribute(where: str, command: str, xpath: Callable[[str], str]) -> _Take:
    """A command whose value is a part of an attribute.

    Quotes around it, or in it, were never meant.
    """

    def take(reader: _Reader, value: str, _argument: str) -> None:
        reader.add(
            where, reader.rule(command, value, xpath(xpath_literal(re.sub("[\"']", "", value))))
        )

    return take


def _switch(name: str, *, yes: bool = True) -> _Take:
    def take(reader: _Reader, value: str, _argument: str) -> None:
        reader.switches[name] = (value.lower() in _TRUE) is yes

    return take


def _link(where: str, command: str) -> _Take:
    def take(reader: _Reader, value: str, _argument: str) -> None:
        reader.add(where, FollowLink(reader.rule(command, value, value)))
        reader.latest = reader.lists[where]

    return take


def _condition(reader: _Reader, value: str, _argument: str) -> None:
    rule = reader.rule("if_page_contains", value, value)
    match reader.latest:
        case [*_, FollowLink(rule=link)]:
            reader.latest[-1] = FollowLink(link, rule.xpath)
        case _:
            raise ValueError("if_page_contains stands below no single_page_link or next_page_link")


def _header(reader: _Reader, value: str, argument: str) -> None:
    name = argument.lower()
    if name not in RULE_HEADERS:
        raise ValueError(
            f"the header {_shown(argument)} is not sent; known here: {', '.join(sorted(RULE_HEADERS))}"
        )
    if not value or _CONTROL.search(value):
        raise ValueError(f"the header {argument} has no value that can be sent")
    reader.add("headers", (name, value))


def _find(reader: _Reader, value: str, _argument: str) -> None:
    if not value:
        raise ValueError("find_string says nothing; write what is looked for")
    reader.finds.append((value, reader.line))


def _replace(reader: _Reader, value: str, _argument: str) -> None:
    reader.replacements.append(value)


def _replace_found(reader: _Reader, value: str, argument: str) -> None:
    if not argument:
        raise ValueError(
            "replace_string() says nothing between its brackets; write what is looked for"
        )
    reader.add("replace", Replacement(argument, value))


def _wrap(reader: _Reader, value: str, argument: str) -> None:
    tag = argument.lower()
    if tag not in _WRAPPERS:
        raise ValueError(
            f"nothing is wrapped in {_shown(argument)}; known here: {', '.join(sorted(_WRAPPERS))}"
        )
    reader.add("wrap", WrapRule(tag, reader.rule(f"wrap_in({tag})", value, value)))


def _lazy(reader: _Reader, value: str, _argument: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][\w.:-]*", value):
        raise ValueError(f"src_lazy_load_attr: {_shown(value)} is the name of no attribute")
    reader.add("lazy_source", value.lower())


def _test(reader: _Reader, value: str, _argument: str) -> None:
    if not value.startswith(("http://", "https://")):
        raise ValueError(f"test_url: {_shown(value)} is not a web address")
    reader.tests.append(RuleTest(value, (), reader.file, reader.line))


def _contains(reader: _Reader, value: str, _argument: str) -> None:
    if not reader.tests:
        raise ValueError("test_contains stands below no test_url")
    last = reader.tests[-1]
    reader.tests[-1] = RuleTest(last.url, (*last.contains, value), last.file, last.line)


_COMMANDS: dict[
    tuple[str, bool], _Take
] = {  # by name, and whether something stands between brackets behind it
    ("title", False): _paths("title", "title"),
    ("body", False): _paths("content", "body"),
    ("date", False): _paths("date", "date"),
    ("author", False): _paths("author", "author"),
    ("strip", False): _paths("remove", "strip"),
    ("strip_attr", False): _paths("remove", "strip_attr"),
    ("strip_id_or_class", False): _attribute(
        "remove",
        "strip_id_or_class",
        lambda text: f"//*[contains(@class, {text}) or contains(@id, {text})]",
    ),
    ("strip_image_src", False): _attribute(
        "remove", "strip_image_src", lambda text: f"//img[contains(@src, {text})]"
    ),
    ("native_ad_clue", False): _paths("ads", "native_ad_clue"),
    ("single_page_link", False): _link("single_page", "single_page_link"),
    ("next_page_link", False): _link("next_page", "next_page_link"),
    ("if_page_contains", False): _condition,
    ("find_string", False): _find,
    ("replace_string", False): _replace,
    ("replace_string", True): _replace_found,
    ("http_header", True): _header,
    ("wrap_in", True): _wrap,
    ("src_lazy_load_attr", False): _lazy,
    ("prune", False): _switch("prune"),
    ("autodetect_on_failure", False): _switch("autodetect"),
    ("skip_json_ld", False): _switch("json_ld", yes=False),
    ("test_url", False): _test,
    ("test_contains", False): _contains,
}
