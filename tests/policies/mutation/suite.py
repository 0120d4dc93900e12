"""The tests that judge, as functions of one process: pytest's own start costs more than a hundred of them.

A check is one call of a test function with one set of its parameters. Tests run without pytest here where they need
nothing of it but parameters, `monkeypatch` and `tmp_path`; the others (and what starts processes) are left to pytest.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

from tests.policies.mutation.mutants import ROOT

TESTS: Final = ROOT / "tests" / "policies"
ELSEWHERE: Final = frozenset({"pack", "backstop", "score", "mutation", "paths", "test_own_stacks.py"})
"""Tests of other things, or such as run programs."""
UNFIT: Final = frozenset(
    {
        "test_nothing_that_stands_in_an_input_breaks_a_rule",
        "test_a_row_of_a_package_that_is_not_installed_is_not_looked_at",
        "test_asking_for_a_type_costs_microseconds",
    }
)
"""Tests that take longer than all the others, or that measure time."""
GIVEN: Final = frozenset({"monkeypatch", "tmp_path"})
SCANS: Final = frozenset({"test_tables", "test_types", "test_a_row_names_an_input_of_the_sdk"})
"""Modules and functions that search the SDKs: they say more of tables than of rules, and take as long as the rest."""
_Argument = dict[str, Any]


class Check(NamedTuple):
    """One call of a test: its module, its function, and the number of its set of parameters."""

    module: str
    function: str
    number: int


def modules() -> Iterator[str]:
    """The test modules of the rules."""
    for file in sorted(TESTS.rglob("test_*.py")):
        inside = file.relative_to(TESTS)
        if inside.parts[0] not in ELSEWHERE:
            yield ".".join(("tests", "policies", *inside.with_suffix("").parts))


def checks() -> Iterator[Check]:
    """Every check. Imports the test modules, and with them the rules."""
    for module in modules():
        for name, function in vars(import_module(module)).items():
            if name.startswith("test_") and inspect.isfunction(function) and _runs_here(function):
                yield from (Check(module, name, number) for number in range(len(_arguments(function))))


def scans(check: Check) -> bool:
    """Whether it searches an SDK."""
    return check.function in SCANS or check.module.rpartition(".")[2] in SCANS


def run(check: Check) -> None:
    """Raises whatever the test raises."""
    function = getattr(import_module(check.module), check.function)
    arguments = dict(_arguments(function)[check.number])
    wanted = inspect.signature(function).parameters
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as monkeypatch:
        given: _Argument = {"monkeypatch": monkeypatch, "tmp_path": Path(scratch)}
        function(**arguments, **{name: given[name] for name in wanted if name in given})


def remember_yaml() -> None:
    """Parse each document of YAML once, for every process that is forked from here."""
    for name in ("safe_load", "load"):
        setattr(yaml, name, _remembering(getattr(yaml, name)))


def _remembering(parse: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[str, ...], Any] = {}

    def remembered(text: Any, *loader: type) -> Any:
        if not isinstance(text, str):
            return parse(text, *loader)
        key = (text, *(one.__qualname__ for one in loader))
        if key not in known:
            known[key] = parse(text, *loader)
        return known[key]

    return remembered


def _marks(function: Callable[..., Any]) -> list[pytest.Mark]:
    return list(getattr(function, "pytestmark", ()))


def _runs_here(function: Callable[..., Any]) -> bool:
    marks = _marks(function)
    named = {name for mark in marks if mark.name == "parametrize" for name in _names(mark.args[0])}
    others = set(inspect.signature(function).parameters) - named - GIVEN
    return not others and function.__name__ not in UNFIT and all(mark.name == "parametrize" for mark in marks)


@cache
def _arguments(function: Callable[..., Any]) -> list[_Argument]:
    sets = [_parameters(mark) for mark in _marks(function)]
    return [{name: value for one in chosen for name, value in one.items()} for chosen in product(*sets)]


def _parameters(mark: pytest.Mark) -> list[_Argument]:
    names = _names(mark.args[0])
    found: list[_Argument] = []
    for one in mark.args[1]:
        values = getattr(one, "values", one) if hasattr(one, "marks") else (one if len(names) > 1 else (one,))
        found.append(dict(zip(names, values, strict=True)))
    return found


def _names(names: str | list[str] | tuple[str, ...]) -> list[str]:
    return [one.strip() for one in names.split(",")] if isinstance(names, str) else list(names)
