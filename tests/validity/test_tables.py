"""The committed tables are what their sources give, and every rule in them has a place and a meaning."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from validity import sdk, table
from validity.build import __main__ as build
from validity.build.tables import TABLES, mapped
from validity.catalogue import KINDS
from validity.formats import CHECKS
from validity.rules import compiled_pattern, from_json


def document(name: str) -> dict[str, Any]:
    return json.loads((table.DATA / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", [row.name for row in TABLES])
def test_every_rule_can_be_read_and_says_something(name: str) -> None:
    types = document(name)["types"]
    assert types
    for rules in types.values():
        for shape in rules.values():
            rule = from_json(shape)
            assert not rule.empty
            assert rule.pattern is None or compiled_pattern(rule.pattern) is not None


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.name)
def test_a_table_is_fresh(row: build.Table) -> None:
    assert build.check(row) == []


def test_an_edited_table_and_another_pin_are_seen(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = [found for found in TABLES if found.name == "discovery"]
    shape = document("discovery")
    shape["types"].popitem()
    (tmp_path / "discovery.json").write_text(json.dumps(shape), encoding="utf-8")
    monkeypatch.setattr(build, "DATA", tmp_path)
    assert "edited by hand" in build.check(row)[0]
    shape = document("discovery")
    shape["sources"][0]["version"] = "1.0"
    (tmp_path / "discovery.json").write_text(json.dumps(shape), encoding="utf-8")
    assert "pinned is" in build.check(row)[0]
    (tmp_path / "discovery.json").unlink()
    assert "not there" in build.check(row)[0]


def test_each_pinned_package_is_named_by_a_table_with_its_licence() -> None:
    sources = {source["package"]: source for row in TABLES for source in document(row.name)["sources"]}
    assert sources.keys() - {"botocore"} == build.pinned().keys()
    assert all(source["licence"] for source in sources.values())


def places(described: type, path: str = "", depth: int = 7) -> set[str]:
    found: set[str] = set()
    for key, field in sdk.fields(described).items():
        found |= inside(field.types, f"{path}.{key}" if path else key, depth)
    return found


def inside(types: tuple[Any, ...], path: str, depth: int) -> set[str]:
    found = {path}
    for kind in types if depth else ():
        if sdk.is_object(kind):
            found |= places(kind, path, depth - 1)
        elif sdk.is_list(kind):
            found |= inside(sdk.inner((kind,), of_list=True), f"{path}[]", depth)
        elif sdk.is_map(kind):
            found |= inside(sdk.inner((kind,), of_list=False), f"{path}{{}}", depth) | {f"{path}{{key}}"}
    return found


def test_every_rule_of_ours_has_a_place_in_the_sdk() -> None:
    strays = [
        f"{token} {path}"
        for token, rules in table.hand_rules().items()
        for path in rules
        if (described := sdk.args_class(token)) is None or path not in places(described)
    ]
    assert strays == []


def test_every_form_and_every_doubt_is_used_and_has_a_source() -> None:
    hand = tomllib.loads(table.HAND.read_text(encoding="utf-8"))
    assert {row["source"] for kind in ("rule", "format") for row in hand[kind]} == set(hand["sources"])
    assert {row["check"] for row in hand["format"]} == set(CHECKS)
    for row in hand["disbelieve"]:
        assert row["because"]
        assert row["path"] in document(row["table"])["types"][row["type"]]


def test_mapped_types_are_types_of_the_sdk() -> None:
    assert [token for token in mapped() if sdk.args_class(token) is None] == []


def test_the_private_names_of_the_sdk_are_still_there() -> None:
    described = sdk.args_class("aws:kinesis/stream:Stream")
    assert described is not None
    assert sdk.is_object(described)
    keys = sdk.fields(described)
    assert {"shardCount", "streamModeDetails", "retentionPeriod"} <= keys.keys()
    table_class = sdk.args_class("aws:dynamodb/table:Table")
    assert table_class is not None
    (index,) = sdk.inner(sdk.fields(table_class)["globalSecondaryIndexes"].types, of_list=True)
    assert sdk.fields(index)["hashKey"].deprecated


def test_ids_are_stable() -> None:
    values = [f"VAL-{source}-00{number}" for source in ("API", "DOCS", "HAND") for number in range(1, 6)]
    assert sorted(KINDS) == sorted([*(f"VAL-SDK-00{number}" for number in range(1, 8)), *values, "VAL-DOCS-006"])
