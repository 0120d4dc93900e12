"""The table of ways out: every row is an input of the SDK, and leads to a finding where its value leads outside."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import geography
from policies.anywhere.egress import BY_CLOUD, KINDS, Way, ways
from policies.aws.destinations import KINDS as AWS_KINDS
from policies.azure.facts import named
from policies.gcp.where import BUCKET, DATASET, OWN_NAMES, TOPIC
from policies.model import CLOUDS, Resource
from policies.rules import UNPLACED, catalogue
from tests.policies.build import UNKNOWN, findings, res, stack, unsure, urn

ROWS = [way for several in ways().values() for way in several]
ENDS = {
    (row["cloud"], row["kind"]): row
    for row in csv.DictReader((Path(__file__).parent / "ends.csv").read_text(encoding="utf-8").splitlines())
}
STORES = {"bucket": BUCKET, "dataset": DATASET, "topic": TOPIC}
SDKS = {"aws": "pulumi_aws", "azure-native": "pulumi_azure_native", "gcp": "pulumi_gcp"}
FIELD = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities[^\n]*\n(?:        [^\n]*\n)*)?'
    r"    def (\w+)\(self\) -> (.*?):\n"
)


@cache
def _classes(package: str, module: str) -> dict[str, dict[str, str]]:
    """The argument classes of a module of an SDK: wire name → type."""
    spec = importlib.util.find_spec(SDKS[package])
    assert spec
    assert spec.origin
    found: dict[str, dict[str, str]] = {}
    for file in sorted((Path(spec.origin).parent / {"lambda": "lambda_"}.get(module, module)).glob("*.py")):
        if file.name != "outputs.py" and not file.name.startswith("get_"):
            for name, body in re.findall(
                r"^class (\w+Args)\b.*?:\n(.*?)(?=^class |^@pulumi|\Z)", file.read_text("utf-8"), re.S | re.M
            ):
                found.setdefault(name, {wire or own: kind for wire, own, kind in FIELD.findall(body)})
    return found


def _nested(path: str, value: Any) -> dict[str, Any]:
    for step in reversed(path.split(".")):
        value = {step.removesuffix("[]"): [value] if step.endswith("[]") else value}
    return value


def _cloud(way: Way) -> str:
    return CLOUDS[way.type.partition(":")[0]]


def _lying(kind: str, urn_name: str, cloud: str, end: str, /, **inputs: Any) -> Resource:
    """A resource of the stack that lies inside or outside the boundary."""
    return res(kind, urn_name, {"region" if cloud == "aws" else "location": ENDS[cloud, "place"][end], **inputs})


def _bent(way: Way, end: str) -> tuple[Any, list[Resource]]:
    """A value for the row's input that leads inside or outside, with the resources of the stack that it means."""
    cloud, (kind, _, own) = _cloud(way), way.kind.partition("#")
    if own:
        return "other", [_lying(kind, "it-is", cloud, end, **{own: "other"})]
    if kind in STORES:
        kind = STORES[kind] if cloud == "gcp" else kind
    if kind.startswith("azure-native:"):
        about = named()[kind]
        text = f"/subscriptions/s/resourceGroups/g/providers/{about.arm}/other"
        return text, [_lying(kind, "it-is", cloud, end, **{about.input: "other"})]
    if kind in STORES.values():
        where = "region" if kind == TOPIC else "location"
        place = ENDS["gcp", "place"][end]
        inputs = {
            OWN_NAMES[kind]: "other",
            where: place,
            "messageStoragePolicy": {"allowedPersistenceRegions": [place]},
        }
        return "other", [res(kind, "it-is", inputs)]
    return ENDS[cloud, kind][end], []


PLAIN = [way for way in ROWS if way.kind not in ("account", "pair", "worldwide", "closest")]


@pytest.mark.parametrize("way", PLAIN, ids=lambda way: f"{way.type} {way.path}")
def test_a_way_leads_outside_or_stays(way: Way) -> None:
    path = way.path.replace("[]", "[0]")
    for end, expected in (("outside", {(way.rule, path)}), ("inside", set[tuple[str, str]]())):
        value, others = _bent(way, end)
        found = findings(stack("eu", res(way.type, "it", _nested(way.path, value)), *others), way.rule, UNPLACED)
        assert {one for one in found if one[1] == path} == expected


@pytest.mark.parametrize("way", ROWS, ids=lambda way: f"{way.type} {way.path}")
def test_an_unknown_is_no_finding_and_nothing_is_said_without_a_boundary(way: Way) -> None:
    found = findings(stack("eu", res(way.type, "it", _nested(way.path, UNKNOWN))), way.rule)
    assert way.path.replace("[]", "[0]") not in {path for _, path in found}
    assert not findings(stack(None, res(way.type, "it", _nested(way.path, "anything"))), way.rule, UNPLACED)


@pytest.mark.parametrize(
    "way", [one for one in PLAIN if one.kind != "subscriber"], ids=lambda way: f"{way.type} {way.path}"
)
def test_an_unknown_is_counted(way: Way) -> None:
    path = way.path.replace("[]", "[0]")
    assert (way.rule, path) in unsure(stack("eu", res(way.type, "it", _nested(way.path, UNKNOWN))), way.rule)


@pytest.mark.parametrize("way", [one for one in ROWS if one.kind == "account"], ids=lambda way: way.type)
def test_whom_something_is_shared_with_has_to_be_allowed(way: Way) -> None:
    shared = res(way.type, "it", _nested(way.path, "210987654321"))
    path = way.path.replace("[]", "[0]")
    assert findings(stack("eu", shared), way.rule, UNPLACED) == {(UNPLACED, path)}
    allowed = frozenset({"210987654321"})
    assert not findings(stack("eu", shared, allowed_accounts=allowed), way.rule, UNPLACED)


@pytest.mark.parametrize("way", [one for one in ROWS if one.kind == "pair"], ids=lambda way: way.type)
def test_what_is_copied_to_the_pair_stays_inside(way: Way) -> None:
    """Ireland's pair is in another country of the Union."""
    home = {"location": ENDS["azure", "place"]["inside"]}
    for said in ({}, *(_nested(way.path, value) for value in (*way.when.split(), "Something"))):
        value = next(iter(said.values()), None)
        opens = way.default in way.when.split() if not said else "Something" not in json.dumps(value)
        it = res(way.type, "it", {**home, **said})
        assert findings(stack("ie", it), way.rule) == ({(way.rule, way.path)} if opens else set())
        assert not findings(stack("eu", it), way.rule)


@pytest.mark.parametrize("way", [one for one in ROWS if one.kind == "worldwide"], ids=lambda way: way.type)
def test_what_may_be_handled_anywhere_is_found(way: Way) -> None:
    for value in (*way.when.split(), "Standard"):
        found = findings(stack("eu", res(way.type, "it", _nested(way.path, value))), way.rule)
        assert found == ({(way.rule, way.path)} if value in way.when.split() else set())


@pytest.mark.parametrize("way", [one for one in ROWS if one.kind == "closest"], ids=lambda way: way.type)
def test_where_google_chooses_the_closest_it_is_found(way: Way) -> None:
    home = {"region": ENDS["gcp", "place"]["inside"]}
    on = _nested(way.when, True) if way.when else {}
    path = way.path.replace("[]", "[0]")
    it = res(way.type, "it", {**home, **on})
    assert (way.rule, path) in findings(stack("be", it), way.rule)
    assert not findings(stack("eu", it), way.rule)
    if way.when:
        assert not findings(stack("be", res(way.type, "it", home)), way.rule)
        assert not findings(stack("be", res(way.type, "it", {**home, **_nested(way.when, False)})), way.rule)
        unknown = stack("be", res(way.type, "it", {**home, **_nested(way.when, UNKNOWN)}))
        assert not findings(unknown, way.rule)
        assert unsure(unknown, way.rule)
    assert unsure(stack("eu", res(way.type, "it", on)), way.rule) == {(way.rule, path)}


def test_a_document_in_a_text_is_read() -> None:
    """The containers of a task stand as JSON text in one input."""
    path = "containerDefinitions[].logConfiguration.options.awslogs-region"
    containers = _nested(path, ENDS["aws", "place"]["outside"])["containerDefinitions"]
    task = res("aws:ecs/taskDefinition:TaskDefinition", "it", {"containerDefinitions": json.dumps(containers)})
    assert findings(stack("eu", task), "SOV-AWS-010") == {("SOV-AWS-010", path.replace("[]", "[0]"))}


def test_a_link_says_who_is_meant_where_the_value_is_unknown() -> None:
    kind, store = "aws:rds/cluster:Cluster", "aws:rds/globalCluster:GlobalCluster"
    for end, expected in (("outside", {("SOV-AWS-011", "globalClusterIdentifier")}), ("inside", set[Any]())):
        member = res(
            kind,
            "it",
            {"globalClusterIdentifier": UNKNOWN},
            links={"globalClusterIdentifier": (urn(store, "all"),)},
        )
        assert findings(stack("eu", member, _lying(store, "all", "aws", end)), "SOV-AWS-011") == expected


def test_only_the_resource_that_is_called_so_is_meant() -> None:
    kind, store = "aws:rds/cluster:Cluster", "aws:rds/globalCluster:GlobalCluster"
    own = "globalClusterIdentifier"
    member = res(kind, "it", {own: "ours"})
    others = [
        _lying(store, "ours", "aws", "inside", **{own: "ours"}),
        _lying(store, "no", "aws", "outside", **{own: "no"}),
    ]
    assert not findings(stack("eu", member, *others), "SOV-AWS-011", UNPLACED)
    placeless = res(store, "ours", {own: "ours"})
    assert unsure(stack("eu", member, placeless), "SOV-AWS-011") == {("SOV-AWS-011", own)}
    assert not findings(stack("eu", member, placeless), "SOV-AWS-011", UNPLACED)


def test_a_word_that_stands_for_no_place_is_none() -> None:
    for way in (one for one in ROWS if one.kind == "region" and one.when):
        it = res(way.type, "it", _nested(way.path, way.when))
        assert way.path not in {path for _, path in findings(stack("eu", it), way.rule, UNPLACED)}
        assert way.path not in {path for _, path in unsure(stack("eu", it), way.rule)}


@pytest.mark.parametrize("way", [one for one in ROWS if one.kind == "host"], ids=lambda way: f"{way.type} {way.path}")
def test_a_host_is_allowed_by_its_name(way: Way) -> None:
    it = res(way.type, "it", _nested(way.path, "https://user@Elsewhere.example.com:8443/take?now"))
    assert findings(stack("eu", it), way.rule, UNPLACED) == {(UNPLACED, way.path.replace("[]", "[0]"))}
    allowed = {"allowed_hosts": frozenset({"elsewhere.EXAMPLE.com"})}
    assert not findings(stack("eu", it, **allowed), way.rule, UNPLACED)


def test_a_strangers_component_is_its_childrens_matter() -> None:
    outside = {"region": ENDS["aws", "region"]["outside"]}
    assert not findings(stack("eu", res("acme:index:Lake", "it", outside, custom=False)), "SOV-X-004")
    assert findings(stack("eu", res("acme:index:Lake", "it", outside)), "SOV-X-004") == {("SOV-X-004", "region")}


def test_a_pair_that_nobody_knows_is_found_and_a_place_that_nobody_knows_is_counted() -> None:
    way = next(one for one in ROWS if one.type == "azure-native:iothub:IotHubResource")
    assert unsure(stack("eu", res(way.type, "it", {})), way.rule) == {(way.rule, way.path)}
    alone = next(one for one in geography.regions("azure") if one.kind == "region" and geography.pair_of(one) is None)
    home = next(one.name for one in geography.boundaries() if one.holds(alone))
    it = res(way.type, "it", {"location": alone.name})
    assert findings(stack(home, it), way.rule) == {(way.rule, way.path)}


def test_what_nobody_can_place_is_said_to_be_so_unless_it_is_allowed() -> None:
    rows = [one for one in ROWS if "#" in one.kind or one.kind in ("host", "bucket", "endpoint")]
    for way in rows:
        it = res(way.type, "it", _nested(way.path, "elsewhere.example.com"))
        assert (UNPLACED, way.path.replace("[]", "[0]")) in findings(stack("eu", it), way.rule, UNPLACED), way
        allowed = {"allowed_destinations": frozenset({"elsewhere.example.com"})}
        assert not findings(stack("eu", it, **allowed), way.rule, UNPLACED), way


@pytest.mark.parametrize("way", ROWS, ids=lambda way: f"{way.type} {way.path}")
def test_a_row_names_an_input_of_the_sdk(way: Way) -> None:
    package, module, name = way.type.split(":")
    classes = _classes(package, module.partition("/")[0])
    holders = [f"{name}Args"]
    for step in way.path.split("."):
        kinds = [classes[one][step.removesuffix("[]")] for one in holders if step.removesuffix("[]") in classes[one]]
        assert kinds, f"{holders} have no {step}"
        if not any("Args'" in kind for kind in kinds):
            return  # a mapping or a text: what is in it is its writer's
        assert all(("Sequence" in kind) == step.endswith("[]") for kind in kinds)
        holders = [one for kind in kinds for one in re.findall(r"'(\w+Args)'", kind) if one in classes]


def test_rows_stand_once_and_are_of_known_rules_and_kinds() -> None:
    assert len({(way.type, way.path, way.rule) for way in ROWS}) == len(ROWS)
    for way in ROWS:
        known = way.kind in KINDS or "#" in way.kind or way.kind in AWS_KINDS or way.kind in STORES
        assert known or set(way.kind.split()) <= set(named()), way
        assert way.rule in catalogue()
        assert _cloud(way) in BY_CLOUD
        assert way.what or way.kind == "region", way
