"""Parse the text files of ftr-site-config: one command a line, `command: value`.

A line with an unknown command or an unusable value becomes an issue; the rest of its file is used.
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
from feedpub.core.urls import is_web_url

LEGACY = frozenset(
    "autodetect_next_page convert_double_br_tags dissolve footnotes insert_detected_image "  # noqa: SIM905 -- words
    "login_extra_fields login_password_field login_uri login_username_field move_into "
    "not_logged_in_xpath parser post_strip_attr requires_login single_page_link_in_feed "
    "strip_comments tidy".split(),
)
"""Commands of other programs and earlier versions, which are accepted and ignored."""

_WRAPPERS = frozenset(
    {"b", "blockquote", "center", "div", "em", "fieldset", "figcaption", "figure", "h2", "i", "p"}
)
_COMMAND = re.compile(r"\A([a-z_]+)(?:\((.*)\))?", re.DOTALL)
_TRUE = frozenset({"yes", "true"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_QUOTED_CHARS = 60


def parse_ftr(text: str, file: str) -> Ruleset:
    """Parse the text of a file.

    Args:
        text: its content.
        file: its name, for messages.
    """
    reader = _Reader(file)
    for number, line in enumerate(text.splitlines(), 1):
        reader.read_line(line.strip(), number)
    return reader.to_ruleset()


@dataclass(slots=True)
class _Reader:
    """The rules read so far.

    Attributes:
        lists: rules by field of `Ruleset`.
        switches: values of yes/no commands by field of `Ruleset`.
        finds: values of find_string with their lines; `replacements` holds their replace_string.
        last_links: the list that holds the latest link, for if_page_contains.
    """

    file: str
    line: int = 0
    lists: dict[str, list[object]] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    finds: list[tuple[str, int]] = field(default_factory=list)
    replacements: list[str] = field(default_factory=list)
    issues: list[RuleIssue] = field(default_factory=list)
    tests: list[RuleTest] = field(default_factory=list)
    last_links: list[object] = field(default_factory=list)

    def read_line(self, line: str, number: int) -> None:
        """Read a line, or note its issue."""
        self.line = number
        if not line or line.startswith(("#", "\ufeff#")):
            return
        try:
            self._run_command(line.removeprefix("\ufeff"))
        except ValueError as error:
            self.issues.append(RuleIssue(self.file, number, str(error)))

    def to_ruleset(self) -> Ruleset:
        """Return the rules at the end of the file."""
        self._pair_replacements()
        rules: dict[str, Any] = dict(self.switches)
        for name, values in self.lists.items():
            rules[name] = tuple(values)
        return Ruleset(**rules, tests=tuple(self.tests), issues=tuple(self.issues))

    def _pair_replacements(self) -> None:
        finds, replacements = len(self.finds), len(self.replacements)
        if finds != replacements:
            line = self.finds[-1][1] if self.finds else self.line
            text = (
                f"{finds} find_string and {replacements} replace_string: they must come in pairs; "
                "all of them are ignored"
            )
            self.issues.append(RuleIssue(self.file, line, text))
            return
        pairs = zip(self.finds, self.replacements, strict=True)
        paired = [Replacement(find, by) for (find, _), by in pairs]
        self.lists["replace"] = [*paired, *self.lists.get("replace", ())]

    def _run_command(self, line: str) -> None:
        """Raise ValueError if the line cannot be used."""
        before, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no command: write the line as command: value, not {_quote(line)}")
        if "(" in before and ")" not in before and ")" in value:
            raise ValueError(
                "a line is split at its first colon, so the brackets cannot contain one; "
                "write find_string"
            )
        name, argument = _split_command(before.strip())
        if name in LEGACY:
            return
        command = _COMMANDS.get((name, argument is not None))
        if command is None:
            raise ValueError(_unknown_command(before.strip()))
        command(self, value.strip(), (argument or "").strip())

    def add(self, name: str, *values: object) -> None:
        """Add values to a list of the ruleset."""
        self.lists.setdefault(name, []).extend(values)

    def make_rule(self, command: str, source: str, xpath: str) -> Rule:
        """Return a rule of the current line; raise ValueError if its XPath is invalid."""
        from feedpub.core.selectors import check_xpath

        if not source:
            raise ValueError(f"{command} has no value; add one, or remove the line")
        try:
            check_xpath(xpath)
        except ValueError as error:
            raise ValueError(f"{command}: {_quote(source)} is {error}") from error
        return Rule(command, source, xpath, self.file, self.line)


def _split_command(text: str) -> tuple[str, str | None]:
    """Return the command's name in lower case, and its argument in brackets, if it has one."""
    name, bracket, rest = text.partition("(")
    if bracket:
        name = name.strip()
    match = _COMMAND.fullmatch(f"{name.lower()}{bracket}{rest}")
    return (match[1], match[2]) if match else ("", None)


def _unknown_command(text: str) -> str:
    known = [*{name for name, _ in _COMMANDS}, *LEGACY]
    similar = get_close_matches(text.partition("(")[0], known, n=1)
    hint = f"; did you mean {similar[0]}?" if similar else ""
    return f"unknown command {_quote(text)}{hint}"


def _quote(text: str) -> str:
    if len(text) > _MAX_QUOTED_CHARS:
        return f'"{text[:_MAX_QUOTED_CHARS]}…"'
    return f'"{text}"'


# --- commands ---

_Command = Callable[[_Reader, str, str], None]


def _xpath_command(name: str, command: str) -> _Command:
    """Return a command whose value is an XPath, for a list of the ruleset."""

    def run(reader: _Reader, value: str, _argument: str) -> None:
        reader.add(name, reader.make_rule(command, value, value))

    return run


def _attribute_command(name: str, command: str, xpath: Callable[[str], str]) -> _Command:
    """Return a command whose value is a part of an attribute.

    Quotes in it are removed: authors quote the value by mistake.
    """

    def run(reader: _Reader, value: str, _argument: str) -> None:
        from feedpub.core.selectors import xpath_literal

        literal = xpath_literal(re.sub("[\"']", "", value))
        reader.add(name, reader.make_rule(command, value, xpath(literal)))

    return run


def _switch_command(name: str, *, yes: bool = True) -> _Command:
    """Return a command that sets a switch to `yes` if its value is yes."""

    def run(reader: _Reader, value: str, _argument: str) -> None:
        reader.switches[name] = (value.lower() in _TRUE) is yes

    return run


def _link_command(name: str, command: str) -> _Command:
    """Return a command whose value is the XPath of a link to follow."""

    def run(reader: _Reader, value: str, _argument: str) -> None:
        reader.add(name, FollowLink(reader.make_rule(command, value, value)))
        reader.last_links = reader.lists[name]

    return run


def _if_page_contains(reader: _Reader, value: str, _argument: str) -> None:
    condition = reader.make_rule("if_page_contains", value, value)
    match reader.last_links:
        case [*_, FollowLink(rule=link)]:
            reader.last_links[-1] = FollowLink(link, condition.xpath)
        case _:
            raise ValueError("if_page_contains must follow a single_page_link or next_page_link")


def _http_header(reader: _Reader, value: str, argument: str) -> None:
    name = argument.lower()
    if name not in RULE_HEADERS:
        supported = ", ".join(sorted(RULE_HEADERS))
        raise ValueError(f"the header {_quote(argument)} is not supported; use one of {supported}")
    if not value or _CONTROL.search(value):
        raise ValueError(f"the header {argument} has no valid value")
    reader.add("headers", (name, value))


def _find_string(reader: _Reader, value: str, _argument: str) -> None:
    if not value:
        raise ValueError("find_string has no value; write the text to replace")
    reader.finds.append((value, reader.line))


def _replace_string(reader: _Reader, value: str, _argument: str) -> None:
    reader.replacements.append(value)


def _replace_string_with_argument(reader: _Reader, value: str, argument: str) -> None:
    if not argument:
        raise ValueError("replace_string() has empty brackets; write the text to replace in them")
    reader.add("replace", Replacement(argument, value))


def _wrap_in(reader: _Reader, value: str, argument: str) -> None:
    tag = argument.lower()
    if tag not in _WRAPPERS:
        supported = ", ".join(sorted(_WRAPPERS))
        raise ValueError(f"wrap_in does not support {_quote(argument)}; use one of {supported}")
    reader.add("wrap", WrapRule(tag, reader.make_rule(f"wrap_in({tag})", value, value)))


def _src_lazy_load_attr(reader: _Reader, value: str, _argument: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][\w.:-]*", value):
        raise ValueError(f"src_lazy_load_attr: {_quote(value)} is not the name of an attribute")
    reader.add("lazy_source", value.lower())


def _test_url(reader: _Reader, value: str, _argument: str) -> None:
    if not is_web_url(value):
        raise ValueError(f"test_url: {_quote(value)} is not a web address")
    reader.tests.append(RuleTest(value, (), reader.file, reader.line))


def _test_contains(reader: _Reader, value: str, _argument: str) -> None:
    if not reader.tests:
        raise ValueError("test_contains must follow a test_url")
    last = reader.tests[-1]
    reader.tests[-1] = RuleTest(last.url, (*last.contains, value), last.file, last.line)


# By name, and whether an argument in brackets follows it.
_COMMANDS: dict[tuple[str, bool], _Command] = {
    ("title", False): _xpath_command("title", "title"),
    ("body", False): _xpath_command("content", "body"),
    ("date", False): _xpath_command("date", "date"),
    ("author", False): _xpath_command("author", "author"),
    ("strip", False): _xpath_command("remove", "strip"),
    ("strip_attr", False): _xpath_command("remove", "strip_attr"),
    ("strip_id_or_class", False): _attribute_command(
        "remove",
        "strip_id_or_class",
        lambda text: f"//*[contains(@class, {text}) or contains(@id, {text})]",
    ),
    ("strip_image_src", False): _attribute_command(
        "remove", "strip_image_src", lambda text: f"//img[contains(@src, {text})]"
    ),
    ("native_ad_clue", False): _xpath_command("ads", "native_ad_clue"),
    ("single_page_link", False): _link_command("single_page", "single_page_link"),
    ("next_page_link", False): _link_command("next_page", "next_page_link"),
    ("if_page_contains", False): _if_page_contains,
    ("find_string", False): _find_string,
    ("replace_string", False): _replace_string,
    ("replace_string", True): _replace_string_with_argument,
    ("http_header", True): _http_header,
    ("wrap_in", True): _wrap_in,
    ("src_lazy_load_attr", False): _src_lazy_load_attr,
    ("prune", False): _switch_command("prune"),
    ("autodetect_on_failure", False): _switch_command("autodetect"),
    ("skip_json_ld", False): _switch_command("json_ld", yes=False),
    ("test_url", False): _test_url,
    ("test_contains", False): _test_contains,
}
