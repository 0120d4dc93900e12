"""The table of what replaces, and the patterns of options."""

from __future__ import annotations

import csv

import pytest

from homeshore.base.replacing import TABLE, Effect, matches, ruling
from validity import sdk

UPDATE, REPLACE, UNKNOWN = Effect.UPDATE, Effect.REPLACE, Effect.UNKNOWN


@pytest.mark.parametrize(
    ("type_", "path", "effect"),
    [
        ("aws:kinesis/stream:Stream", "name", REPLACE),
        ("aws:kinesis/stream:Stream", "tags.team", UPDATE),
        ("aws:kinesis/stream:Stream", "nothingOfTheKind", UNKNOWN),
        ("aws:unheard/of:Of", "name", UNKNOWN),
        ("azure-native:storage:Unheard", "location", REPLACE),
        ("azure-native:storage/v20230101:StorageAccount", "accountName", REPLACE),
        ("azure-native:eventhub:Namespace", "sku.capacity", UPDATE),
        ("azure-native:eventhub:Namespace", "sku.name", UNKNOWN),
        ("gcp:storage/bucket:Bucket", "lifecycleRules[0].action.type", UPDATE),
        ("gcp:storage/bucket:Bucket", "location", REPLACE),
        ("pulumi:providers:aws", "region", REPLACE),
        ("pulumi:providers:gcp", "region", UNKNOWN),
    ],
)
def test_the_longest_path_and_the_own_type_count(type_: str, path: str, effect: Effect) -> None:
    assert ruling(type_, path).effect is effect


def test_whoever_says_so_is_named() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["source"] for row in rows)
    keys = [(row["type"], key) for row in rows for key in row["keys"].split()]
    assert sorted(keys) == sorted(set(keys)), "one ruling per key"


def test_each_row_is_of_a_type_and_a_key_that_the_sdks_have() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["type"].endswith(":*")]
    strange = [
        f"{row['type']} {key}"
        for row in rows
        for key in row["keys"].split()
        if (found := sdk.args_class(row["type"])) is None or key.split(".")[0] not in {*sdk.fields(found), "version"}
    ]
    assert strange == []


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("tags", "tags", True),
        ("tags", "tags.a[0]", True),
        ("tags.a", "tags", False),
        ("tags.a", "tags.b", False),
        ("*", "tags.a", True),
        ("rules[*].id", "rules[3].id", True),
        ("rules[0].id", "rules[1].id", False),
        ('tags["a"]', "tags.a", True),
        ("tag", "tags", False),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected
