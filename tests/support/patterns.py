"""All regular expressions of the package, and texts that make slow ones slow."""

import ast
import importlib
import inspect
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from types import ModuleType
from typing import Any

import feedpub

Compiled = re.Pattern[str] | re.Pattern[bytes]

SIZE = 100_000  # characters of a text
MAX_SECONDS = 0.05  # of CPU for it
_STEPS = (
    64,
    1_000,
    10_000,
)  # sizes to try before it, so that a slow pattern is found in a short text
GIVE_UP_SECONDS = 1.0
_METHODS = ("fullmatch", "match", "search", "sub", "split", "findall")
_MAX_LONG_TEXTS = 4  # for one pattern
_TRIES = 4  # of which the fastest counts
_MAX_HARMLESS_REPEATS = 3  # a part repeated no more often than this makes nothing slow
_MAX_LETTERS = 9  # of a pattern's alphabet that are tried alone and in pairs
_MAX_BRANCHES = 4  # of an alternative that are followed
_MAX_SAMPLES = 12  # texts that a part of a pattern matches
_BYTE = 0xFF
_CANDIDATES = "a A0_ \n-.?<>=\"'/:;,&%@#()[]{}|+*~!$^`\\\t\x00\x80é中\u2013\u00a0"
_OUTSIDE = "\x01"  # ends a text: nearly no pattern matches it
_SINGLE = ("LITERAL", "NOT_LITERAL", "IN", "ANY")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_LANGUAGES = ("en", "de")  # those of readers of data that are asked for one
_PARSER: Any = re._parser  # type: ignore[attr-defined]  # Python has no public parser of patterns

# --- collecting ---

# The command line, migrations, and a hook that needs the build's libraries.
_SKIPPED_MODULES = ("feedpub.__main__", "feedpub.store.migrations", "feedpub.manual.build_hook")


def collect_patterns() -> dict[str, Compiled]:
    """Return every pattern of the package by where it is: "builder.prepare._MEDIA_TYPE"."""
    found: dict[Compiled, str] = {}
    for module in _modules():
        name = module.__name__.partition(".")[2]
        for key, value in list(vars(module).items()):
            for place, pattern in _inside(value, f"{name}.{key}", module.__name__, set()):
                found.setdefault(pattern, place)
        for place, pattern in _in_calls(module, name):
            found.setdefault(pattern, place)
    return {place: pattern for pattern, place in found.items()}


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(feedpub.__path__, "feedpub."):
        if not info.name.startswith(_SKIPPED_MODULES):
            yield importlib.import_module(info.name)


def _inside(value: Any, place: str, module: str, seen: set[int]) -> Iterator[tuple[str, Compiled]]:
    """Find the patterns in a value: in containers, classes, instances, defaults and cached data."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield place, value
        return
    for name, part in _parts(value, module).items():
        yield from _inside(part, place + name, module, seen)


def _parts(value: Any, module: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {f"[{key!r}]": part for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return {f"[{number}]": part for number, part in enumerate(value)}
    if isinstance(value, type):
        return (
            {f".{name}": part for name, part in vars(value).items()}
            if value.__module__ == module
            else {}
        )
    if is_dataclass(value):
        return {f".{field.name}": getattr(value, field.name, None) for field in fields(value)}
    if callable(value) and getattr(value, "__module__", None) == module:
        return _parts_of_function(value)
    return {}


def _parts_of_function(function: Any) -> dict[str, Any]:
    """Return a function's defaults, and the data of a cached reader of a data file."""
    plain = inspect.unwrap(function)
    defaults = (
        *(getattr(plain, "__defaults__", None) or ()),
        *(getattr(plain, "__kwdefaults__", None) or {}).values(),
    )
    parts = {f"({number})": part for number, part in enumerate(defaults)}
    if hasattr(function, "cache_info"):
        parameters = list(inspect.signature(plain).parameters)
        if not parameters:
            parts["()"] = function()
        elif parameters == ["language"]:
            parts |= {f"({language})": function(language) for language in _LANGUAGES}
    return parts


def _in_calls(module: ModuleType, name: str) -> Iterator[tuple[str, Compiled]]:
    """Find the patterns that are texts in calls such as `re.search("[0-9]", text)`."""
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text("utf-8"))):
        if not (
            isinstance(node, ast.Call) and node.args and ast.unparse(node.func).startswith("re.")
        ):
            continue
        first = node.args[0]
        text = (
            first.value if isinstance(first, ast.Constant) else vars(module).get(ast.unparse(first))
        )
        if isinstance(text, str | bytes):
            flags = re.NOFLAG
            for part in ast.walk(node):
                if (
                    isinstance(part, ast.Attribute)
                    and ast.unparse(part).startswith("re.")
                    and part.attr.isupper()
                ):
                    flags |= re.RegexFlag[part.attr]
            yield f"{name}:{node.lineno}", re.compile(text, flags)


# --- attacking ---


class _Alphabet:
    """The characters that a pattern distinguishes: one for each set of its parts."""

    def __init__(self, pattern: Compiled) -> None:
        self.tree: Any = _PARSER.parse(pattern.pattern, pattern.flags)
        self._is_bytes = isinstance(pattern.pattern, bytes)
        self._ignores_case = bool(pattern.flags & re.IGNORECASE)
        leaves = list(_leaves(self.tree))
        written = [chr(code) for leaf, _ in leaves for code in _codes(leaf)]
        known: dict[tuple[bool, ...], str] = {}
        for letter in (*_CANDIDATES, *written):
            if ord(letter) <= _BYTE or not self._is_bytes:
                known.setdefault(tuple(self.fits(leaf, letter) for leaf, _ in leaves), letter)
        weights = [2 if repeated else 1 for _, repeated in leaves]  # repeated characters come first
        ranked = sorted(
            known, key=lambda hits: -sum(w for w, hit in zip(weights, hits, strict=True) if hit)
        )
        self.letters = [known[hits] for hits in ranked]

    def fits(self, leaf: Any, letter: str) -> bool:
        op, arg = str(leaf[0]), leaf[1]
        if op == "ANY":
            return letter != "\n"
        if op == "IN":
            negated = bool(arg) and str(arg[0][0]) == "NEGATE"
            return any(self._belongs(member, letter) for member in arg) != negated
        return self._belongs(("LITERAL", arg), letter) == (op == "LITERAL")

    def sample(self, leaf: Any) -> str:
        """Return a character that a leaf matches; "" if none is known."""
        if str(leaf[0]) == "LITERAL":
            return chr(leaf[1])
        pool = (*self.letters, *_CANDIDATES, *map(chr, _codes(leaf)))
        fitting = (letter for letter in pool if self.fits(leaf, letter))
        return next(
            (letter for letter in fitting if ord(letter) <= _BYTE or not self._is_bytes), ""
        )

    def _belongs(self, member: Any, letter: str) -> bool:
        kind, value = str(member[0]), member[1]
        forms = {letter, letter.lower(), letter.upper()} if self._ignores_case else {letter}
        if kind in ("LITERAL", "RANGE"):
            low, high = (value, value) if kind == "LITERAL" else value
            return any(low <= ord(form) <= high for form in forms if len(form) == 1)
        kinds = {
            "DIGIT": letter.isdecimal(),
            "SPACE": letter.isspace(),
            "WORD": letter.isalnum() or letter == "_",
        }
        name = str(value).removeprefix("CATEGORY_")
        return kind == "CATEGORY" and kinds[name.removeprefix("NOT_")] != name.startswith("NOT_")


def _codes(leaf: Any) -> Iterator[int]:
    """Yield the characters that are written out in a part of a pattern; of ranges, the first."""
    op, arg = str(leaf[0]), leaf[1]
    for kind, value in arg if op == "IN" else [(op, arg)]:
        if str(kind) in ("LITERAL", "NOT_LITERAL"):
            yield value
        elif str(kind) == "RANGE":
            yield value[0]


def _leaves(tree: Any, *, repeated: bool = False) -> Iterator[tuple[Any, bool]]:
    """Yield every single-character part, and whether it is inside a repetition."""
    for op, arg in tree:
        if str(op) in _SINGLE:
            yield (op, arg), repeated
        for inner in _inner(str(op), arg):
            yield from _leaves(
                inner, repeated=repeated or (str(op) in _REPEATS and arg[1] > _MAX_HARMLESS_REPEATS)
            )


def _inner(op: str, arg: Any) -> list[Any]:
    """Return the parts of a compound part."""
    if op in _REPEATS:
        return [arg[2]]
    if op == "BRANCH":
        return list(arg[1])
    if op in ("SUBPATTERN", "ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"):
        return [arg if op == "ATOMIC_GROUP" else arg[-1]]
    return []


def _samples(tree: Any, alphabet: _Alphabet) -> list[str]:
    """Return some short texts that a part of a pattern matches, or nearly."""
    texts = [""]
    for op, arg in tree:
        longer = (text + more for more in _choices((op, arg), alphabet) for text in texts)
        texts = list(islice(dict.fromkeys(longer), _MAX_SAMPLES))
    return texts


def _choices(node: Any, alphabet: _Alphabet) -> list[str]:
    op, arg = str(node[0]), node[1]
    if op in _SINGLE:
        return [alphabet.sample(node)]
    if op in _REPEATS:
        texts = [text * max(arg[0], 1) for text in _samples(arg[2], alphabet)[:_MAX_BRANCHES]]
        return texts if arg[0] else [*texts, ""]
    if op == "BRANCH":
        return [
            text for branch in arg[1][:_MAX_BRANCHES] for text in _samples(branch, alphabet)[:2]
        ]
    if op in ("SUBPATTERN", "ATOMIC_GROUP"):
        return _samples(_inner(op, arg)[0], alphabet)
    return [""]


def _repetitions(tree: Any, alphabet: _Alphabet, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield what is repeated, with a text that the pattern matches up to there."""
    for op, arg in tree:
        if str(op) in _REPEATS and arg[1] > _MAX_HARMLESS_REPEATS:
            yield from ((before, body) for body in _samples(arg[2], alphabet)[:_MAX_BRANCHES])
        for inner in _inner(str(op), arg):
            yield from _repetitions(inner, alphabet, before)
        before += next(iter(_choices((op, arg), alphabet)), "")


def attacks(pattern: Compiled) -> list[tuple[str, str]]:
    """Return texts to attack a pattern with, each as a beginning and a part to repeat."""
    alphabet = _Alphabet(pattern)
    found: dict[tuple[str, str], None] = {}
    for before, body in islice(dict.fromkeys(_repetitions(alphabet.tree, alphabet)), _MAX_SAMPLES):
        found |= dict.fromkeys(
            [(before, body), ("", before + body), (_OUTSIDE, before + body), ("", before)]
        )
    found |= {("", text): None for text in _samples(alphabet.tree, alphabet)[:_MAX_BRANCHES]}
    letters = alphabet.letters[:_MAX_LETTERS]
    found |= {("", letter): None for letter in letters}
    found |= {("", one + other): None for one, other in product(letters, repeat=2) if one != other}
    return [attack for attack in found if attack[1]]


# --- measuring ---


@dataclass(frozen=True, slots=True)
class Cost:
    """The most CPU seconds that a pattern took, with the text, its length and the method."""

    seconds: float = 0.0
    attack: tuple[str, str] = ("", "")
    size: int = 0
    method: str = ""


def measure(pattern: Compiled) -> Cost:
    """Attack a pattern with short texts, and with long ones if those could exceed the limit."""
    costs = []
    for attack in attacks(pattern):
        for size in _STEPS:
            # A method not named here does no more than these two: `search` stops where `sub` goes
            # on.
            cost = _slowest(pattern, attack, size, ("fullmatch", "sub"))
            if cost.seconds > MAX_SECONDS:
                return cost
        costs.append(cost)
    costs.sort(key=lambda cost: cost.seconds, reverse=True)
    doubtful = [
        cost.attack for cost in costs if cost.seconds * (SIZE / cost.size) ** 2 > MAX_SECONDS
    ]
    long = (_slowest(pattern, attack, SIZE, _METHODS) for attack in doubtful[:_MAX_LONG_TEXTS])
    return max(long, key=lambda cost: cost.seconds, default=Cost())


def _slowest(pattern: Any, attack: tuple[str, str], size: int, methods: tuple[str, ...]) -> Cost:
    start, unit = attack
    attacking = (start + unit * (size // len(unit) + 1))[:size] + _OUTSIDE
    text = (
        attacking.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else attacking
    )
    costs = []
    for method in methods:
        arguments = (text[:0], text) if method == "sub" else (text,)
        seconds = cpu_seconds(partial(getattr(pattern, method), *arguments))
        costs.append(Cost(seconds, attack, size, method))
    return max(costs, key=lambda cost: cost.seconds)


def cpu_seconds(call: Callable[[], object], limit: float = MAX_SECONDS) -> float:
    """Return the CPU seconds that a call takes, the best of several tries if it exceeds the limit.

    A call that hangs is ended.
    """
    fastest = _measure_cpu(call)
    for _ in range(_TRIES - 1):
        if limit < fastest < GIVE_UP_SECONDS:
            fastest = min(fastest, _measure_cpu(call))
    return fastest


def _measure_cpu(call: Callable[[], object]) -> float:
    before = signal.signal(signal.SIGPROF, _raise_timeout)
    began = time.thread_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, GIVE_UP_SECONDS)
        call()
    except TimeoutError:
        return max(time.thread_time() - began, GIVE_UP_SECONDS)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return time.thread_time() - began


def _raise_timeout(*_: object) -> None:
    raise TimeoutError
