"""Every path of small stacks: what leads where, by which step, and what is known of its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.paths import Chart, Verdict, chart
from tests.policies.build import stack
from tests.policies.cases.loader import resources

FILE = Path(__file__).parent / "charts.yaml"
ENTRIES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def drawn(entry: dict[str, Any]) -> Chart:
    """The chart of an entry's stack."""
    parameters = {key: frozenset(value) for key, value in entry.get("parameters", {}).items()}
    return chart(stack(entry.get("boundary", "eu"), *resources(entry["resources"]), **parameters))


def told(found: Chart) -> list[str]:
    """Every path in the words of the file."""
    return [
        f"{store.name} -> {path.to}: {path.verdict.value}, {path.hops[-1].kind}"
        for store in found.stores
        for path in store.paths
    ]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_every_path_is_found_and_no_other(entry: dict[str, Any]) -> None:
    assert sorted(told(drawn(entry))) == sorted(entry["expect"])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_what_leaves_is_reported_by_a_rule(entry: dict[str, Any]) -> None:
    assert [path for _, path in drawn(entry).ending(Verdict.LEAVES) if path.silent] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_without_a_boundary_nothing_leaves_but_what_everybody_may_read(entry: dict[str, Any]) -> None:
    found = chart(stack(None, *resources(entry["resources"])))
    assert {path.to for _, path in found.ending(Verdict.LEAVES)} <= {"everybody on the internet"}
    assert not found.bounded


def test_a_path_tells_its_steps_and_whom_it_passes() -> None:
    entry = next(one for one in ENTRIES if one["name"].startswith("a stream"))
    found = drawn(entry)
    clicks = next(one for one in found.stores if one.name == "clicks")
    path = next(one for one in clicks.paths if one.to == "abroad")
    assert [(hop.urn.rpartition("::")[2], hop.path, hop.kind) for hop in path.hops] == [
        ("feed", "functionName", "to"),
        ("worker", "role", "as"),
        ("rights", "policy", "grant"),
    ]
    assert path.through == ("worker",)
    assert path.rules == ("SOV-AWS-001",)
    assert (path.place, found.fails) == (entry["resources"][1]["inputs"]["region"], True)
