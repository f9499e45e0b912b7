"""CSS selectors of other programs as one selector of article links, which is what a page source takes."""

import re
from collections.abc import Iterable, Iterator
from itertools import product

_FIRST = re.compile(r":first(?![\w-])")
_ANY_LINK = re.compile(r"a(?:\[href\])?(?::first-of-type)?")
_OWN_PAGE = re.compile(r"""\[href\^?=\s*["']?#""")


def split_selectors(text: str, separator: str = ",") -> list[str]:
    """The parts between separators that stand outside of brackets, parentheses and quotes, without blanks around."""
    parts, depth, quote = [""], 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif not depth and text.startswith(separator, at):
            parts.append("")
            continue
        parts[-1] += char
    stripped = [
        part.strip() for part in (parts if len(separator) == 1 else _without(parts, separator))
    ]
    return [part for part in stripped if part]


def _without(parts: list[str], separator: str) -> list[str]:
    """Parts behind the first still begin with the rest of a separator of several characters."""
    return [parts[0], *(part.removeprefix(separator[1:]) for part in parts[1:])]


def link_selector(items: str, link: str = "") -> str:
    """The selector of the links, from that of the items and that of the link in an item.

    Where any link of the item would do, the items are enough: each is then one article, and its
    main link is taken.
    """
    link = _FIRST.sub("", link).strip()
    if not link or link == items or _ANY_LINK.fullmatch(link):
        return items
    return ", ".join(
        f"{item} {inner}" for item, inner in product(split_selectors(items), split_selectors(link))
    )


def is_on_own_page(selector: str) -> bool:
    """True for links to places on the page itself: there is no other page to be read at them."""
    return _OWN_PAGE.search(selector) is not None


# SECTION: XPath → CSS, where CSS says exactly the same; None everywhere else. Owns the part of
# XPath that this is true of.
#
# Steps down the tree with predicates on attributes and on the place among siblings can be said in
# CSS. Text, other axes,
# functions and positions in a whole list cannot: `//li[2]` is the second in its own list,
# `(//li)[2]` is not.

_STEP = re.compile(r"(\*|[a-z][a-z0-9-]*)(?![\w:(-])")
_DOWN = re.compile(r"(//|/descendant-or-self::\*/)|(/descendant::)|(/child::|/)")
_START = re.compile(r"(\.?//)|((?:/|\./)?descendant(?:-or-self)?::)|(/)(?=html(?![\w-]))")
_START_WITHIN = re.compile(r"\A(?:(\.//)|((?:\./)?descendant::)|((?:\./)?(?:child::)?)(?![./]))")
_BELOW_ROOT = (".//", "descendant::", "./descendant::")
_QUOTED = r"""(?:'([^'"\\\n\r]+)'|"([^'"\\\n\r]+)")"""
_NAME = r"@([a-z][a-z0-9_-]*)"
_PRESENT = re.compile(_NAME)
_EQUALS = re.compile(rf"{_NAME}\s*=\s*{_QUOTED}")
_FUNCTION = re.compile(rf"(contains|starts-with)\(\s*{_NAME}\s*,\s*{_QUOTED}\s*\)")
_BLANK = r"(?:' '|\" \")"
_WORD = re.compile(
    rf"contains\(\s*concat\(\s*{_BLANK}\s*,\s*(?:normalize-space\(\s*@class\s*\)|@class)\s*,\s*{_BLANK}\s*\)\s*,\s*"
    r"""(?:' ([^'"\\\s]+) '|" ([^'"\\\s]+) ")\s*\)"""
)
_NOT = re.compile(r"\Anot\((.+)\)", re.DOTALL)
_COUNTED = re.compile(
    r"count\((preceding|following)-sibling::(\*|[a-z][a-z0-9-]*)\)\s*=\s*(\d{1,3})"
)
_POSITION = re.compile(r"(?:position\(\)\s*=\s*)?(?:([1-9]\d{0,2})|(last)\(\))")
_IDENTIFIER = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")
_OPERATORS = {"contains": "*=", "starts-with": "^="}


def to_css(expression: str) -> str | None:
    """The selector of what an expression finds in a whole HTML document.

    None where CSS cannot say it.
    """
    return _list(_path(part, _START) for part in split_selectors(expression, "|"))


def to_css_within(expression: str) -> str | None:
    """The selector of what is found inside an element.

    "> a" for its children, "a" for all that is below it.
    """
    return _list(_path(part, _START_WITHIN) for part in split_selectors(expression, "|"))


def _list(selectors: Iterable[str | None]) -> str | None:
    """Several selectors as one; None where one of them could not be said."""
    found = list(selectors)
    said = [selector for selector in found if selector]
    return ", ".join(said) if said and len(said) == len(found) else None


def _path(path: str, start: re.Pattern[str]) -> str | None:
    """The steps of a path, from the left to the right."""
    found = start.match(path)
    if found is None:
        return None
    placed, rest = found[2] is None, path[found.end() :]
    if start is _START_WITHIN:
        css = "> " if found[3] is not None else ""
    else:  # what is relative starts below the root element
        css = "html " if found[0] in _BELOW_ROOT and rest.startswith(("*", "html")) else ""
    while True:
        step, rest = _step(rest, placed=placed)
        if step is None:
            return None
        css += step
        if not rest:
            return css
        down = _DOWN.match(rest)
        if down is None:
            return None
        css += " > " if down[3] else " "
        placed, rest = down[2] is None, rest[down.end() :]


def _step(text: str, *, placed: bool) -> tuple[str | None, str]:
    """One step with its predicates, and what follows it.

    `placed` is False where a number would count all elements below, and not those of one parent.
    """
    found = _STEP.match(text)
    if found is None:
        return None, text
    name, rest = found[1], text[found.end() :]
    conditions: list[str] = []
    while rest.startswith("["):
        end = _closing(rest)
        condition = (
            _predicate(rest[1:end].strip(), name, first=placed and not conditions) if end else None
        )
        if condition is None:
            return None, rest
        conditions.append(condition)
        rest = rest[end + 1 :]
    said = "".join(conditions)
    return (said if name == "*" and said else name + said), rest


def _closing(text: str) -> int:
    """Where the bracket that a text begins with is closed; 0 where it is not."""
    depth, quote = 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "[]":
            depth += 1 if char == "[" else -1
            if not depth:
                return at
    return 0


def _predicate(text: str, name: str, *, first: bool) -> str | None:
    """A predicate as conditions of CSS.

    One on the position only where no other has chosen before it.
    """
    if found := _POSITION.fullmatch(text):
        return _nth(name, found[1]) if first else None
    terms = [_term(term, name) for term in _terms(text)]
    if not terms or None in terms:
        return None
    said = [term for term in terms if term]
    implied = {other for term in said for other in _implied(term)}
    return "".join(term for term in said if term not in implied)


def _terms(text: str) -> Iterator[str]:
    """What has to hold together, out of brackets around a part.

    What is left of "(a) or (b)" is no term then.
    """
    for term in split_selectors(text, " and "):
        inner = term.strip()
        if inner.startswith("(") and inner.endswith(")"):
            yield from _terms(inner[1:-1])
        else:
            yield inner


def _implied(term: str) -> Iterator[str]:
    """What need not be said beside a condition.

    That the attribute is there, or has the word somewhere.
    """
    if found := re.fullmatch(r"\.([\w-]+)", term):
        yield f'[class*="{found[1]}"]'
    yield from (f"[{attribute}]" for attribute in _attributes(term))


def _attributes(term: str) -> list[str]:
    """The attributes that an element has where a condition holds, and it is not just that it has it."""
    if re.fullmatch(r"\.[\w-]+", term):
        return ["class"]
    found = re.fullmatch(r"\A\[([a-z][a-z0-9_-]*)[*^~]?=.*\]", term, re.DOTALL)
    return [found[1]] if found else []


def _term(text: str, name: str) -> str | None:
    if found := _NOT.fullmatch(text):
        inner = _term(found[1].strip(), name)
        return f":not({inner})" if inner and not inner.startswith(":not") else None
    if found := _COUNTED.fullmatch(text):
        return _counted(found, name)
    if found := _WORD.fullmatch(text):
        word = found[1] or found[2]
        return f".{word}" if _IDENTIFIER.fullmatch(word) else f'[class~="{word}"]'
    if found := _FUNCTION.fullmatch(text):
        return f'[{found[2]}{_OPERATORS[found[1]]}"{found[3] or found[4]}"]'
    if found := _EQUALS.fullmatch(text):
        return f'[{found[1]}="{found[2] or found[3]}"]'
    found = _PRESENT.fullmatch(text)
    return f"[{found[1]}]" if found else None


def _counted(found: re.Match[str], name: str) -> str | None:
    """A place said by how many siblings stand before or after, as libraries write it that turn CSS into XPath."""
    side, siblings, number = found[1], found[2], int(found[3]) + 1
    if siblings not in ("*", name):
        return None
    kind = "child" if siblings == "*" else "of-type"
    return f":nth-{'last-' if side == 'following' else ''}{kind}({number})"


def _nth(name: str, number: str | None) -> str:
    """The place among siblings of one name, from the front or, without a number, the last."""
    kind = "child" if name == "*" else "of-type"
    return f":nth-{kind}({number})" if number else f":last-{kind}"
