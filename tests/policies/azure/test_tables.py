"""The tables of Azure's rules hold what the SDK declares: each type, each input on each path."""

from __future__ import annotations

import functools
import re
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import pytest

from policies.azure import facts
from policies.build import azure_moved
from policies.build.azure_located import TABLE, located
from policies.subject import canonical_type

OLD_NAMES = frozenset(
    f"azure-native:{one}"
    for one in (
        *("documentdb:DatabaseAccount", "devices:IotHubResource", "network:PrivateZone", "network:VirtualNetworkLink"),
        *("network:Zone", "network:Profile", "insights:ActionGroup", "insights:ActivityLogAlert"),
        *("insights:MetricAlert", "insights:PrivateLinkScope"),
    )
)
"""What earlier versions of the SDK called a type: stacks of others still do."""
NEWER = frozenset({("azure-native:eventhub:Namespace", "geoDataReplication.locations[].locationName")})
"""Inputs that only later versions of the service's interface have."""
GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+def (\w+)\(self\) -> (.+?):\n')
PATHS = sorted(
    {(one.type, one.path) for many in facts.destinations().values() for one in many}
    | {(one.type, one.unless) for many in facts.destinations().values() for one in many if one.unless}
    | {(one.type, one.path) for one in facts.copies().values()}
    | {(one.type, one.input) for one in facts.named().values()}
    | {(row["type"], row["path"]) for row in facts.rows("azure_places.csv")}
)


@functools.cache
def sources(module: str) -> tuple[str, ...]:
    """The files of a module that declare resources and their inputs, read as text: importing them takes minutes."""
    folder = Path(cast("str", cast("ModuleSpec", find_spec("pulumi_azure_native")).origin)).parent / module
    files = [one for one in folder.glob("*.py") if not one.name.startswith(("get_", "list_", "outputs"))]
    return tuple(one.read_text(encoding="utf-8") for one in files)


@functools.cache
def inputs(module: str, name: str) -> dict[str, str]:
    """The inputs of a class of the SDK by their names on the wire, each with its annotation."""
    for text in sources(module):
        start = text.find(f"\nclass {name}:")
        if start >= 0:
            end = text.find("\nclass ", start + 1)
            return {wire or plain: kind for wire, plain, kind in GETTER.findall(text[start:end])}
    return {}


def has(module: str, name: str, steps: list[str]) -> bool:
    declared = inputs(module, name)
    if not steps:
        return True
    if steps[0] not in declared:
        return False
    blocks = re.findall(r"'(\w+Args)'", declared[steps[0]])
    return not steps[1:] or any(has(module, block, steps[1:]) for block in blocks)


@pytest.mark.parametrize(("kind", "path"), [one for one in PATHS if one[0] not in OLD_NAMES and one not in NEWER])
def test_the_sdk_declares_each_path(kind: str, path: str) -> None:
    _, module, name = kind.split(":")
    assert has(module, f"{name}Args", [one for one in re.split(r"[.\[\]]+", path) if one and one != "*"]), path


def test_types_that_hold_no_data_are_types_of_the_sdk() -> None:
    for kind in facts.column("azure_global.csv", "type") - OLD_NAMES:
        _, module, name = kind.split(":")
        assert inputs(module, f"{name}Args"), kind


def test_targets_have_a_name_to_go_by() -> None:
    for many in facts.destinations().values():
        for one in many:
            assert all(kind.startswith("@") or kind in facts.named() for kind in one.targets), one
    for many in facts.types_of_host().values():
        assert set(many) <= set(facts.named())


def test_the_moved_types_are_what_the_sdk_says() -> None:
    table = azure_moved.TABLE.read_text(encoding="utf-8").split()
    assert table == ["type,now", *sorted(f"{old},{new}" for old, new in azure_moved.moved().items())]


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("azure-native:insights/v20210501preview:DiagnosticSetting", "azure-native:monitor:DiagnosticSetting"),
        ("azure-native:documentdb:DatabaseAccount", "azure-native:cosmosdb:DatabaseAccount"),
        ("azure-native:storage/v20230101:StorageAccount", facts.ACCOUNT),
        (facts.NAMESPACE, facts.NAMESPACE),
        ("aws:s3/bucket:Bucket", "aws:s3/bucket:Bucket"),
    ],
)
def test_a_former_token_is_judged_as_the_one_of_today(old: str, now: str) -> None:
    assert canonical_type(old) == now


def test_the_located_types_are_what_the_sdk_says() -> None:
    assert TABLE.read_text(encoding="utf-8").split() == ["type", *sorted(set(located()))]


def test_old_names_are_not_the_names_of_this_sdk() -> None:
    used = {one for one, _ in PATHS} | facts.column("azure_global.csv", "type")
    assert used >= OLD_NAMES
