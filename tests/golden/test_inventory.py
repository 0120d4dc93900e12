"""Each stack file has a golden inventory: a change of the program shows as a change of these pages."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from homeshore.engine import run_program
from homeshore.project import find_project
from tests.golden.inventory import inventory

HERE = Path(__file__).parent
PROJECT = find_project(HERE)
HOW = "Accept it with `pytest tests/golden --accept`, and review the difference."


def page_of(stack: str) -> Path:
    return HERE / f"{stack}.yaml"


@pytest.mark.parametrize("stack", PROJECT.stacks())
def test_the_stack_registers_what_was_accepted(stack: str, accept: bool):
    found = inventory(run_program(PROJECT, stack), PROJECT.root)
    page = page_of(stack)
    if accept:
        page.write_text(found, encoding="utf-8")
    accepted = page.read_text(encoding="utf-8") if page.exists() else ""
    difference = difflib.unified_diff(
        accepted.splitlines(), found.splitlines(), f"accepted/{page.name}", f"now/{page.name}", lineterm="", n=2
    )
    told = "\n".join(difference)
    assert not told, f"{told}\n\n{HOW}"


def test_no_page_is_left_of_a_stack_that_is_gone(accept: bool):
    stale = [page for page in HERE.glob("*.yaml") if page.stem not in PROJECT.stacks()]
    if accept:
        for page in stale:
            page.unlink()
        stale = []
    assert not stale, HOW


def test_a_page_says_nothing_of_this_machine():
    for stack in PROJECT.stacks():
        text = page_of(stack).read_text(encoding="utf-8")
        assert str(PROJECT.root) not in text
        assert str(Path.home()) not in text
