"""The mutants themselves, and the list of those that change nothing; all: `python -m tests.policies.mutation`."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from tests.policies.mutation import mutants, operators, tables
from tests.policies.mutation.campaign import every
from tests.policies.mutation.mutants import EQUIVALENT, Mutant, equivalents, told_apart
from tests.policies.mutation.reach import outermost

SOURCE = '''
"""A module."""
import re
LEVELS: Final = ("a", "b")
MORE: Final = {"c": 1}
TOLD: TypeAlias = "Fail | Unsure"

@rule("SOV-AWS-001", "aws:one", *LEVELS)
def stays(case: Case, limit: int = 3) -> Iterator[Said]:
    """What it does."""
    for at in case.read_all("path[]"):
        if at.missing or not at.known:
            continue
        if at.number >= limit and any(one.among("x") for one in at):
            yield case.fail(at, "a sentence for people")
    yield from other(case)

def text(value: int) -> str:
    found = []
    found.append(value)
    return f"{value}" if value else ""
'''
CHANGES = [
    ("LEVELS", "drop: 'a'"),
    ("LEVELS", "drop: 'b'"),
    ("MORE", "drop: 'c'"),
    ("MORE", "constant: 'c'"),
    ("MORE", "constant: 1"),
    ("stays", "drop: 'aws:one'"),
    ("stays", "drop: *LEVELS"),
    ("stays", "constant: 'SOV-AWS-001'"),
    ("stays", "constant: 3"),
    ("stays", "body: stays"),
    ("stays", "constant: 'path[]'"),
    ("stays", "negate: at.missing or not at.known"),
    ("stays", "swap: at.missing or not at.known"),
    ("stays", "negate: not at.known"),
    ("stays", "remove: continue -> break"),
    ("stays", "remove: continue"),
    ("stays", "negate: at.number >= limit and any((one.among('x') for one in at))"),
    ("stays", "swap: at.number >= limit and any((one.among('x') for one in at))"),
    ("stays", "compare: at.number >= limit -> at.number > limit"),
    ("stays", "swap: any((one.among('x') for one in at))"),
    ("stays", "drop: 'x'"),
    ("stays", "drop yield: yield case.fail(at, 'a sentence for people')"),
    ("stays", "drop yield: yield from other(case)"),
    ("text", "body: text"),
    ("text", "remove: found.append(value)"),
    ("text", "return: return f'{value}' if value else ''"),
    ("text", "negate: value"),
    ("text", "constant: f'{value}'"),
    ("text", "constant: ''"),
]
TABLE = """type,path,kind,what
aws:a:A,rules[].x,region,events
aws:b:B,y,arn,rows
aws:c:C,z w,region,files
aws:d:D,v,region,-
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one module and one table."""
    for module in (mutants, operators, tables):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "stays.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "ways.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("project")
def test_a_module_is_changed_wherever_it_decides_something() -> None:
    found = list(operators.mutants("stays.py"))
    assert [(one.where, one.change) for one in found] == CHANGES
    assert {one.where for one in found if not one.inside} == {"LEVELS", "MORE", "stays"}


@pytest.mark.usefixtures("project")
def test_each_mutant_compiles_to_code_of_its_own() -> None:
    plain = compile(ast.parse(SOURCE), "stays.py", "exec")
    codes = {operators.compiled(one, SOURCE) for one in operators.mutants("stays.py")}
    assert len(codes) == len(CHANGES)
    assert plain not in codes


@pytest.mark.usefixtures("project")
def test_a_table_is_changed_in_every_cell_that_decides_something() -> None:
    found = list(tables.mutants("ways.csv"))
    assert [(one.line, one.change) for one in found] == [
        (2, "drop row"),
        (2, "type: aws:a:A -> aws:a:Ax"),
        (2, "path: rules[].x -> rules[].xx"),
        (2, "path: rules[].x -> rules.x"),
        (2, "kind: region -> arn"),
        (3, "drop row"),
        (3, "type: aws:b:B -> aws:b:Bx"),
        (3, "path: y -> yx"),
        (3, "kind: arn -> region"),
        (4, "drop row"),
        (4, "type: aws:c:C -> aws:c:Cx"),
        (4, "path: z w -> w"),
        (4, "path: z w -> z"),
        (4, "kind: region -> arn"),
        (5, "drop row"),
        (5, "type: aws:d:D -> aws:d:Dx"),
        (5, "path: v -> vx"),
        (5, "kind: region -> arn"),
    ]
    assert found[0].types == ("aws:a:A",)
    assert tables.changed(found[3]) == TABLE.replace("rules[].x", "rules.x")
    assert tables.changed(found[5]) == TABLE.replace("aws:b:B,y,arn,rows\n", "")


def test_mutants_that_would_be_called_alike_are_numbered() -> None:
    one, other = Mutant("a.py", 1, "f", "negate: x", 0), Mutant("a.py", 2, "f", "negate: x", 1)
    assert [each.change for each in told_apart([one, other])] == ["negate: x", "negate: x #2"]


def test_the_outermost_function_of_a_name() -> None:
    assert outermost("Reading.text") == "Reading.text"
    assert outermost("f.<locals>.g.<locals>.<lambda>") == "f"


def test_what_is_said_to_change_nothing_is_a_mutant_has_a_reason_and_stands_once() -> None:
    with EQUIVALENT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [(row["file"], row["where"], row["change"]) for row in rows]
    assert len(set(names)) == len(names)
    assert sorted(names) == names
    assert all(len(row["reason"]) > 20 for row in rows)
    assert set(equivalents()) - {one.name for one in every()} == set()
