"""Where good records are thrown away, and where something keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.facts import rows
from policies.paths import Verdict, chart
from policies.paths.vanish import MAPPING, PIPE, vanishing
from tests.policies.build import stack
from tests.policies.cases.loader import resources

ENTRIES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "vanish.yaml").read_text(encoding="utf-8"))
NAMED = {one["type"] for entry in ENTRIES for one in entry["resources"]}


def lost(entry: dict[str, Any]) -> list[str]:
    """Each place at which records are lost, as the file says it."""
    hops = [edge.hop for edge in vanishing(stack("eu", *resources(entry["resources"])))]
    return [f"{hop.urn.rpartition('::')[2]} {hop.path}" for hop in hops]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_what_is_lost_is_told_and_nothing_else(entry: dict[str, Any]) -> None:
    assert lost(entry) == entry["expect"]


def test_every_row_and_rule_has_a_case() -> None:
    by_one_case = {
        row["type"] for row in rows("path_vanish.csv") if not row["type"].startswith("azure-native:eventgrid")
    }
    assert (by_one_case | {MAPPING, PIPE}) - NAMED == {"aws:scheduler/schedule:Schedule"}


def test_every_row_has_its_source() -> None:
    assert [row for row in rows("path_vanish.csv") if not row["source"].startswith("https://")] == []


def test_a_store_that_feeds_it_shows_the_loss() -> None:
    entry = next(one for one in ENTRIES if one["name"] == "a queue without dead letters")
    found = chart(stack("eu", *resources(entry["resources"])))
    assert {store.name for store, _ in found.ending(Verdict.VANISHES)} == {"jobs"}
    assert found.fails
