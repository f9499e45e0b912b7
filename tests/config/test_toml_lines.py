"""The line of each key of a TOML file is found."""

import json
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedpub.config.toml_lines import KeyPath, TomlLines


def paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield every path of a parsed document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*path, index))


@pytest.mark.parametrize(
    ("toml", "path", "line"),
    [
        ("a = 1", ("a",), 1),
        ("\n\na = 1", ("a",), 3),
        ("# a = 0\n  a = 1 # a = 2", ("a",), 2),
        ("a = 1\r\nb = 2\r\n", ("b",), 2),
        ("a.b.c = 1\na.d = 2", ("a", "d"), 2),
        ("a . b = 1", ("a", "b"), 1),
        ('"a.b" = 1\n"c d" = 2', ("c d",), 2),
        ("'a\"b' = 1\nc = 2", ("c",), 2),
        ('"\\u0061\\"" = 1\nb = 2', ('a"',), 1),
        ("[a]\n[b]\nc = 1", ("b", "c"), 3),
        ("[a.b]\n[a]\nc = 1", ("a",), 1),
        ("[ a . 'b' ]\nc = 1", ("a", "b", "c"), 2),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), 4),
        ("[[a]]\n[[a]]\n[[a]]", ("a", 2), 3),
        ("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1\n[[a]]\n[[a.b]]\nc = 2", ("a", 0, "b", 1, "c"), 4),
        ("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1\n[[a]]\n[[a.b]]\nc = 2", ("a", 1, "b", 0, "c"), 7),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), 6),
        ("[[a]]\n[a.b.c]\nd = 1", ("a", 0, "b", "c", "d"), 3),
        ("a = [1,\n2,\n3]\nb = 1", ("a", 2), 3),
        ("a = [ # one [\n  1, # two ]\n  2,\n]\nb = 1", ("b",), 5),
        ("a = [[1, 2],\n[3,\n4]]", ("a", 1, 1), 3),
        ("a = { b = 1, c = { d = 2 } }\ne = 3", ("a", "c", "d"), 1),
        ("a = { b = [\n1,\n2 ] }\ne = 3", ("a", "b", 1), 3),
        ("a = [{ b = 1 },\n{ b = 2 }]\nc = 3", ("a", 1, "b"), 2),
        ("a = {}\nb = []\nc = 1", ("c",), 3),
        ('a = """\nb = 1\n[c]\n"""\nd = 2', ("d",), 5),
        ('a = """x\\""" y"""\nb = 1', ("b",), 2),
        ('a = """"quoted""""\nb = 1', ("b",), 2),
        ('a = """x"""""\nb = 1', ("b",), 2),
        ('a = """"""\nb = 1', ("b",), 2),
        ("a = '''\n'' \\\n'''\nb = 1", ("b",), 4),
        ("a = 'C:\\'\nb = 1", ("b",), 2),
        ('a = "\\\\"\nb = 1', ("b",), 2),
        ('a = "] } # \' = ["\nb = 1', ("b",), 2),
        ("a = 1979-05-27 07:32:00\nb = 1", ("b",), 2),
        ("a = [1979-05-27 07:32:00, 2]\nb = 1", ("a", 1), 1),
        ("a = +1_000.5e-3\nb = inf", ("b",), 2),
    ],
)
def test_line_of_a_key_is_found(toml: str, path: KeyPath, line: int) -> None:
    assert path in set(paths(tomllib.loads(toml)))
    assert TomlLines(toml).line_of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("feed", 0, "title"), 3),
        (("feed", 0, "rules", "content", 5), 6),
        (("feed", 7), 3),
        (("other",), 1),
        ((), 1),
    ],
)
def test_missing_key_has_the_line_of_its_table(path: KeyPath, line: int) -> None:
    assert TomlLines("a = 1\n\n[[feed]]\nname = 1\n[feed.rules]\ncontent = 1").line_of(path) == line


KEYS = st.text(st.sampled_from("ab-_ .\"'#=[]{}\n\\é"), min_size=1, max_size=4)
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.text(max_size=8).map(lambda text: json.dumps(text.replace("\x7f", ""), ensure_ascii=False)),
    st.text(st.sampled_from('a#[]{}="\\, '), max_size=6).map(lambda text: f"'{text}'"),
    st.text(st.sampled_from("a#[]{}=,'\n "), max_size=6).map(lambda text: f'"""{text}"""'),
    st.text(st.sampled_from('a#[]{}=,"\\\n '), max_size=6).map(lambda text: f"'''x{text}x'''"),
    st.sampled_from(["1979-05-27", "1979-05-27 07:32:00", "07:32:00", "0x1F", "-inf"]),
)
BREAKS = st.sampled_from([" ", "\n", " # ] } ' \"\n", "\n\n"])
VALUES = st.recursive(
    SCALARS,
    lambda values: st.one_of(
        st.lists(st.tuples(BREAKS, values), max_size=3).map(
            lambda items: "[" + ",".join(gap + item for gap, item in items) + "\n]"
        ),
        st.dictionaries(KEYS, values, max_size=3).map(
            lambda table: (
                "{"
                + ", ".join(
                    f"{json.dumps(key, ensure_ascii=False)} = {item}" for key, item in table.items()
                )
                + "}"
            )
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=100)
@given(st.lists(st.tuples(BREAKS, st.sampled_from(["pair", "table", "array"]), VALUES), max_size=8))
def test_line_of_each_key_is_found_in_any_document(statements: list[tuple[str, str, str]]) -> None:
    text, arrays = "", 0
    table: KeyPath = ()
    lines: dict[KeyPath, int] = {}
    for number, (gap, kind, value) in enumerate(statements):
        text += gap if text == "" or "\n" in gap else "\n"
        line = text.count("\n") + 1
        if kind == "pair":
            text += f"k{number} = {value}\n"
            lines[*table, f"k{number}"] = line
        elif kind == "table":
            text += f"[t{number}]\n"
            table = (f"t{number}",)
            lines[table] = line
        else:
            text += "[[array]]\n"
            table = ("array", arrays)
            arrays += 1
            lines[table] = line
    positions = TomlLines(text)
    assert {path: positions.line_of(path) for path in lines} == lines
    assert all(
        positions.line_of(path) <= text.count("\n") + 1 for path in paths(tomllib.loads(text))
    )
