"""The tables of facts: as the SDKs say, and naming only types that exist."""

from __future__ import annotations

import re

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


def test_a_secret_contains_what_its_row_says() -> None:
    """Only a text that contains it is searched for the pattern."""
    samples = {
        "an access key of AWS": ["AKIA" + "A" * 16, "ASIA" + "B" * 16],
        "the key of a storage account": ["AccountKey=abc"],
        "the key of an event hub or service bus": ["SharedAccessKey=abc"],
        "a shared access signature": ["?sv=1&sig=" + "a" * 20],
        "a password": ["password=x", "Server=a; PWD=x"],
        "a private key": ["-----BEGIN RSA PRIVATE KEY-----"],
    }
    for row in rows("secrets.csv"):
        for text in samples[row["what"]]:
            assert re.search(row["pattern"], text)
            assert any(one in text for one in row["contains"].split())
