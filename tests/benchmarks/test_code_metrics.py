from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("radon", reason="radon is not installed (`pip install -e '.[bench]'`)")

from tests.benchmarks import code_metrics
from tests.benchmarks.code_metrics import Module

PATH = Path("pkg/module.py")


def measure(source: str, path: Path = PATH) -> Module:
    return code_metrics.measure_module(dedent(source), path)


def figures(source: str) -> dict[str, str]:
    return code_metrics.summarize([measure(source)], Counter())


@pytest.mark.parametrize(
    ("body", "branches"),
    [
        ("return 1", 1),
        ("return 1 if x else 2", 2),
        ("return x and y or z", 3),
        ("return [y for y in x if y]", 3),
        ("for y in x: print(y)", 2),
        ("while x: x -= 1", 2),
        ("assert x", 2),
    ],
)
def test_branches_of_a_function(body: str, branches: int) -> None:
    assert measure(f"def f(x):\n    {body}\n").functions[0].branches == branches


def test_methods_are_functions_and_classes_are_not() -> None:
    module = measure(
        """
        class A:
            def f(self):
                return 1
        """
    )
    assert [(each.name, each.line, each.lines) for each in module.functions] == [("A.f", 3, 2)]


def test_function_length_ends_with_its_last_statement() -> None:
    module = measure(
        '''
        @decorated
        def f(x):
            """Return the next number."""

            return x + 1

        '''
    )
    assert [(each.line, each.lines) for each in module.functions] == [(3, 4)]


def test_nested_function_belongs_to_its_parent() -> None:
    module = measure(
        """
        def f(x):
            def g(y):
                return y or x
            return g
        """
    )
    assert [(each.name, each.lines, each.branches) for each in module.functions] == [("f", 4, 1)]


def test_branches_per_100_function_lines() -> None:
    source = """
        x = 1 if True else 2

        def f(x):
            if x:
                return 1
            return 2
        """
    assert figures(source)["branches/100"] == "50.0"


def test_private_functions_used_once() -> None:
    module = measure(
        """
        def _once(): ...
        def _twice(): ...
        def _passed_on(): ...
        def _never(): ...
        def __dunder__(): ...
        def public():
            _once()
            _twice()
            _twice()
            return map(_passed_on, [])
        class A:
            def _method(self): ...
        """
    )
    assert (module.used_once, module.private_functions) == (2, 4)


def test_rates_leave_out_blank_lines() -> None:
    source = f"x = {'1' * 100}\n\n\n\ny = [z for z in x]\n"
    assert measure(source).lines == 5
    assert figures(source)["lines"] == "2"
    assert figures(source)["> 100 chars %"] == "50.0"
    assert figures(source)["compr./1000"] == "500.0"


def test_package_files_are_counted_without_init_files() -> None:
    modules = [measure("", Path("pkg/__init__.py")), measure("x = 1\n"), measure("x = 1\n" * 50)]
    row = code_metrics.summarize(modules, Counter())
    assert (row["modules"], row["< 50 lines"]) == ("2", "1")


def test_code_without_functions_has_no_rate_of_branches() -> None:
    assert figures("x = 1\n")["branches/100"] == "-"


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (10, 9), (11, 10), (100, 90)])
def test_p90_is_one_of_the_values(count: int, expected: int) -> None:
    assert code_metrics.percentile(range(1, count + 1), 90) == expected


def test_d401_offences_are_counted_by_file(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text('def f():\n    """Return one."""\n', "utf-8")
    bad = tmp_path / "site-packages/bad.py"
    bad.parent.mkdir()
    bad.write_text('def f():\n    """Returns one."""  # noqa: D401\n', "utf-8")
    assert code_metrics.count_d401(tmp_path) == {bad: 1}


def test_vendored_code_is_left_out(tmp_path: Path) -> None:
    for name in ("a.py", "_vendor/b.py", "sub/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("", "utf-8")
    modules = code_metrics.measure_package(tmp_path)
    assert [module.path.name for module in modules] == ["a.py", "c.py"]
    groups = code_metrics.group_by_package(modules, tmp_path)
    assert {name: len(group) for name, group in groups.items()} == {"(top level)": 1, "sub": 1}
