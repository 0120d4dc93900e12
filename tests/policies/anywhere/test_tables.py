"""The tables of facts: as the SDKs say, and naming only types that exist."""

from __future__ import annotations

import pytest

from policies.build import gcp_defaulted, taggable
from policies.facts import rows
from policies.rules import catalogue


def test_the_taggable_types_are_what_the_installed_sdks_say() -> None:
    assert taggable.main([]) == 0


def test_an_older_table_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taggable, "text", lambda: "type,input,inherits\n")
    assert taggable.main([]) == 1


def test_the_types_that_take_their_providers_place_are_what_the_installed_sdk_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert gcp_defaulted.main([]) == 0
    monkeypatch.setattr(gcp_defaulted, "text", lambda: "type,input\n")
    assert gcp_defaulted.main([]) == 1


def test_destinations_name_rules_and_stand_once() -> None:
    found = rows("destinations.csv")
    assert {row["rule"] for row in found} <= set(catalogue())
    assert len({(row["type"], row["path"]) for row in found}) == len(found)


@pytest.mark.parametrize("table", ["destinations.csv", "shortcuts.csv", "gcp_locations.csv", "gcp_defaulted.csv"])
def test_every_cell_is_filled(table: str) -> None:
    assert all(all(row.values()) and None not in row for row in rows(table))
