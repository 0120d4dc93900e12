"""The compiled function: every field type, optional personal fields, and the golden source of the shipped contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processor.compiler import source
from processor.core import Context, process
from processor.keys import KeyRing
from processor.schema import Contract, Field
from tests.processor.batches import KEY, lines, make_batch

GOLDEN = Path(__file__).parent / "golden"

ROLES = (
    Field("id", "string", required=True, role="event_id", pattern="[a-z0-9]+"),
    Field("at", "timestamp", required=True, role="event_time"),
    Field("class", "string", required=True, role="event_type", enum=("a", "b")),  # a keyword of Python
    Field("tenant", "string", required=True, role="tenant", pattern="[a-z]+"),
    Field("home", "string", required=True, role="residency", pattern="[A-Z]{2}"),
)
FIELDS = (
    Field("born", "date"),
    Field("count", "integer"),
    Field("price", "number"),
    Field("paid", "boolean"),
    Field("tags", "array"),
    Field("code", "string", pattern="[0-9]{3}"),
    Field("seen", "timestamp"),
    Field("mail", "string", personal=True, max_length=50),
)
EVENT = {"id": "1", "at": "2026-03-02T08:00:00Z", "class": "a", "tenant": "t", "home": "FR"}


@pytest.fixture(scope="module")
def all_types() -> Context:
    return Context(Contract("all", "2.0.0", (*ROLES, *FIELDS)), KeyRing("k1", {"k1": KEY}), frozenset({"FR"}), "stream")


def row_of(context: Context, **fields: object) -> dict | None:
    body = lines(process(make_batch([json.dumps({**EVENT, **fields}).encode()]), context), "bronze")
    return json.loads(body) if body else None


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("born", "2000-02-29", "2000-02-29"),
        ("count", 2**63 - 1, 2**63 - 1),
        ("count", -(2**63), -(2**63)),
        ("price", 1.5, 1.5),
        ("price", 3, 3.0),
        ("paid", True, True),
        ("tags", [1, "x"], '[1, "x"]'),
        ("code", "007", "007"),
        ("seen", "2026-03-02T10:00:00+02:00", "2026-03-02T08:00:00Z"),
        *((field.name, None, None) for field in FIELDS),
    ],
)
def test_each_type_is_stored(all_types: Context, field: str, value: object, stored: object):
    row = row_of(all_types, **{field: value})
    assert row is not None
    assert row[field] == stored
    assert row["class"] == "a"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("born", "2001-02-29"),
        ("count", 2**63),
        ("count", 1.5),
        ("count", "1"),
        ("price", "1.5"),
        ("paid", 1),
        ("tags", {"a": 1}),
        ("code", "07"),
        ("code", "007\n"),
        ("seen", "yesterday"),
        ("mail", "x" * 51),
        ("class", "c"),
    ],
)
def test_each_type_is_enforced(all_types: Context, field: str, value: object):
    result = process(make_batch([json.dumps({**EVENT, field: value}).encode()]), all_types)
    (dead,) = map(json.loads, lines(result, "dead-letter").splitlines())
    assert dead["reason"] == f"contract:{field}"


def test_a_number_beyond_all_bounds_is_refused(all_types: Context):
    payload = json.dumps({**EVENT, "price": 1}).encode().replace(b'"price": 1', b'"price": 1e999')
    assert process(make_batch([payload]), all_types).accounting.dead_lettered == 1


def test_an_optional_personal_field_becomes_a_token_or_stays_absent(all_types: Context):
    row = row_of(all_types, mail="ada@mail.example")
    assert row is not None
    assert row["mail"].startswith("k1:")
    assert "mail.example" not in json.dumps(row)


def test_a_version_of_the_contract_stands_in_each_row(all_types: Context):
    row = row_of(all_types)
    assert row is not None
    assert row["_contract_version"] == "2.0.0"


def test_the_source_and_the_compiled_contract_are_as_last_agreed(contract: Contract, request: pytest.FixtureRequest):
    """What is shipped, in the words that a reader of a traceback sees: `--accept` rewrites both files."""
    made = {"sift.py.txt": source(contract), "contract.json": contract.to_json().decode()}
    for name, text in made.items():
        path = GOLDEN / name
        if request.config.getoption("--accept"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text


def test_the_compiled_contract_survives_its_file(contract: Contract):
    again = Contract.from_json(contract.to_json())
    assert again == contract
    assert again.to_json() == contract.to_json()
