"""The contract's loader: the shipped contract, and every fault in one message."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from events.contract import SHIPPED, ContractFaults, load

Document = dict[str, Any]


def shipped() -> Document:
    return yaml.safe_load(SHIPPED.read_text())


def fields(document: Document) -> list[Document]:
    return document["schema"][0]["properties"]


def field(document: Document, name: str) -> Document:
    return next(entry for entry in fields(document) if entry["name"] == name)


def load_changed(tmp_path: Path, change: Callable[[Document], object]) -> Any:
    document = copy.deepcopy(shipped())
    change(document)
    path = tmp_path / "contract.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return load(path)


def test_the_shipped_contract_says_what_bronze_holds():
    contract = load(SHIPPED)
    assert (contract.name, contract.version) == ("clickstream", "1.0.0")
    columns = {column.name: column for column in contract.columns}
    assert list(columns)[:10] == [entry["name"] for entry in fields(shipped())]
    assert {name for name, column in columns.items() if column.personal} == {"user_id", "ip"}
    assert columns["_index"].type == "bigint"
    assert columns["attributes"].type == "string"
    assert not columns["referrer"].required
    assert contract.field("residency").name == "home"


def test_every_field_and_the_events_are_described():
    contract = load(SHIPPED)
    assert contract.description
    assert all(column.description for column in contract.columns)


FAULTS: dict[str, tuple[Callable[[Document], object], str, str]] = {
    "another version of the standard": (lambda d: d.update(apiVersion="v2.2.0"), "apiVersion", "not a v3 contract"),
    "another kind": (lambda d: d.update(kind="DataProduct"), "kind", "DataContract"),
    "no name": (lambda d: d.pop("name"), "name", "is None"),
    "a name for no table": (lambda d: d.update(name="Click Stream"), "name", "'Click Stream'"),
    "no version": (lambda d: d.update(version="latest"), "version", "semantic version"),
    "an unknown key at the top": (lambda d: d.update(shcema=[]), "shcema", "does not follow the standard"),
    "no schema": (lambda d: d.pop("schema"), "schema", "has 0 objects"),
    "two objects": (lambda d: d["schema"].append(d["schema"][0]), "schema", "has 2 objects"),
    "no fields": (lambda d: d["schema"][0].update(properties=[]), "schema[0].properties", "is empty"),
    "a mistyped key": (
        lambda d: field(d, "page").update(clasification="public"),
        "schema[0].properties[7] (page).clasification",
        "Did you mean 'classification'?",
    ),
    "no classification": (lambda d: field(d, "page").pop("classification"), "(page).classification", "nobody said"),
    "an unknown classification": (lambda d: field(d, "page").update(classification="secret"), "(page)", "'secret'"),
    "an unknown type": (lambda d: field(d, "page").update(logicalType="text"), "(page).logicalType", "'text'"),
    "no type": (lambda d: field(d, "page").pop("logicalType"), "(page).logicalType", "is None"),
    "a field twice": (lambda d: fields(d).append(field(d, "page")), "(page).name", "declared twice"),
    "a name of ours": (lambda d: field(d, "page").update(name="arrived_at"), "(arrived_at).name", "is reserved"),
    "a name that is none": (lambda d: field(d, "page").update(name="Page URL"), "(Page URL).name", "is no field name"),
    "a personal number": (
        lambda d: field(d, "ip").update(logicalType="integer", logicalTypeOptions={}),
        "(ip).classification",
        "Only a string",
    ),
    "an unknown option": (
        lambda d: field(d, "page").update(logicalTypeOptions={"maxLen": 3}),
        "(page).logicalTypeOptions.maxLen",
        "Did you mean 'maxLength'?",
    ),
    "an option that is not enforced": (
        lambda d: field(d, "attributes").update(logicalTypeOptions={"maxProperties": 3}),
        "(attributes).logicalTypeOptions",
        "must be enforced",
    ),
    "a format that is not enforced": (
        lambda d: field(d, "page").update(logicalTypeOptions={"format": "uri"}),
        "(page).logicalTypeOptions.format",
        "'uri' is not enforced",
    ),
    "a negative length": (
        lambda d: field(d, "page").update(logicalTypeOptions={"maxLength": -1}),
        "(page).logicalTypeOptions.maxLength",
        "is -1",
    ),
    "lengths that exclude each other": (
        lambda d: field(d, "page").update(logicalTypeOptions={"maxLength": 1, "minLength": 2}),
        "(page).logicalTypeOptions.minLength",
        "No value could pass",
    ),
    "a broken pattern": (
        lambda d: field(d, "tenant_id").update(logicalTypeOptions={"pattern": "["}),
        "(tenant_id).logicalTypeOptions.pattern",
        "cannot be compiled",
    ),
    "a tenant of any text": (
        lambda d: field(d, "tenant_id").pop("logicalTypeOptions"),
        "(tenant_id).logicalTypeOptions",
        "has no pattern",
    ),
    "types of any text": (lambda d: field(d, "event_type").pop("enum"), "(event_type).enum", "is missing"),
    "types that are numbers": (
        lambda d: field(d, "event_type").update(enum=[{"value": 1}, {"value": "a"}]),
        "(event_type).enum",
        "different strings",
    ),
    "no residency": (
        lambda d: field(d, "home").pop("customProperties"),
        "properties",
        "role 'residency' is held by no",
    ),
    "two residencies": (
        lambda d: field(d, "page").update(customProperties=[{"property": "role", "value": "residency"}]),
        "properties",
        "role 'residency' is held by home, page",
    ),
    "an unknown role": (
        lambda d: field(d, "home").update(customProperties=[{"property": "role", "value": "residence"}]),
        "(home).customProperties.role",
        "Did you mean 'residency'?",
    ),
    "an unknown property of ours": (
        lambda d: field(d, "home").update(customProperties=[{"property": "rol", "value": "residency"}]),
        "(home).customProperties",
        "'rol' means nothing here",
    ),
    "an optional residency": (lambda d: field(d, "home").update(required=False), "(home).required", "needed in each"),
    "a personal tenant": (
        lambda d: field(d, "tenant_id").update(classification="personal"),
        "(tenant_id).classification",
        "written in clear",
    ),
    "a person in clear": (
        lambda d: field(d, "user_id").update(classification="internal"),
        "(user_id).classification",
        "must be personal",
    ),
    "a time that is text": (
        lambda d: field(d, "event_time").update(logicalType="string"),
        "(event_time).logicalType",
        "is a timestamp",
    ),
    "a value of another type": (lambda d: field(d, "page").update(required="maybe"), "schema.0.properties", "boolean"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_refused_with_its_place(tmp_path: Path, case: str):
    change, path, words = FAULTS[case]
    with pytest.raises(ContractFaults) as refused:
        load_changed(tmp_path, change)
    assert any(path in fault.path and words in f"{fault.problem} {fault.remedy}" for fault in refused.value.faults), (
        refused.value.faults
    )
    assert str(tmp_path / "contract.yaml") in str(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path):
    def change(document: Document) -> None:
        document["kind"] = "x"
        field(document, "home")["required"] = False
        field(document, "page")["classification"] = "none"

    with pytest.raises(ContractFaults) as refused:
        load_changed(tmp_path, change)
    assert len(refused.value.faults) == 3
    assert "3 faults" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "holds no mapping"),
        (b"[]", "holds no mapping"),
        (b"a: [", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"kind: DataContract\nkind: Other\n", "'kind' stands twice"),
        (b"a: " + b"[" * 100_000, "maximum recursion depth"),
        (b"kind: !!python/object:os.system x\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_contract_is_one_readable_fault(tmp_path: Path, text: bytes, words: str):
    path = tmp_path / "contract.yaml"
    path.write_bytes(text)
    with pytest.raises(ContractFaults, match=words):
        load(path)


def test_a_missing_file_is_a_readable_fault(tmp_path: Path):
    with pytest.raises(ContractFaults, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_person_may_be_absent(tmp_path: Path):
    contract = load_changed(tmp_path, lambda d: field(d, "user_id").pop("customProperties"))
    with pytest.raises(LookupError, match="person"):
        contract.field("person")


def test_the_command_prints_the_columns_or_the_faults(tmp_path: Path):
    good = subprocess.run([sys.executable, "-m", "events.contract"], capture_output=True, text=True, check=True)
    assert "user_id              string         token" in good.stdout
    missing = [sys.executable, "-m", "events.contract", str(tmp_path / "none.yaml")]
    bad = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "Traceback" not in bad.stderr
