"""The schema and the reference page are made from the models, are fresh, and say what the reader says."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast

import jsonschema
import pytest
from pydantic import BaseModel

from stacks import schema
from stacks.document import parse
from stacks.models import StackConfig
from stacks.shape import example_of, flow, sections_of
from tests.config.conftest import ROOT, Sandbox, region_in
from tests.config.mutations import mutations


@pytest.mark.parametrize("name", list(schema.GENERATED))
def test_the_committed_files_are_fresh(name: str) -> None:
    committed = ROOT.joinpath(name).read_text(encoding="utf-8")
    assert committed == schema.GENERATED[name](), "run `python -m stacks.schema --write` and commit"


def test_a_stale_file_is_named_and_written(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schema, "ROOT", tmp_path)
    monkeypatch.setattr(schema, "GENERATED", {"one.json": schema.schema_text})
    assert schema.main([]) == 1
    assert "one.json is not fresh" in capsys.readouterr().err
    assert schema.main(["--write"]) == 0
    assert schema.main([]) == 0


def test_it_is_a_schema_and_the_stack_files_follow_it() -> None:
    made = schema.schema()
    jsonschema.Draft202012Validator.check_schema(made)
    for path in ROOT.glob("Pulumi.*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(schema.MODELINE + "\n")
        assert valid(parse(text).values), path


@pytest.mark.parametrize("stack", ["dev", "dev-azure", "dev-gcp"])
def test_what_the_schema_refuses_the_reader_refuses(sandbox: Sandbox, stack: str) -> None:
    refused = 0
    for mutation in mutations(sandbox.stack_text(stack), 100, seed=99):
        text = mutation.text if isinstance(mutation.text, str) else mutation.text.decode("latin-1")
        values = parse(text).values
        if values is None or valid(values):
            continue
        refused += 1
        assert sandbox.faults(sandbox.write(text, stack)), mutation
    assert refused > 40


@cache
def checker() -> Any:
    return jsonschema.Draft202012Validator(schema.schema())


def valid(values: object) -> bool:
    return bool(checker().is_valid(values))


@cache
def page() -> str:
    return schema.reference()


@pytest.mark.parametrize(
    ("stack", "key", "value", "offered"),
    [
        ("dev", "placement", {"cloud": "azure"}, False),
        ("dev-azure", "placement", {"cloud": "azure", "region": "x"}, False),
        ("dev-azure", "standby", {"region": region_in("IE", "azure")}, True),
        ("dev-azure", "standby", {"region": region_in("DE", "aws")}, False),
        ("dev-azure", "storage", {"redundancy": "pair"}, True),
        ("dev-gcp", "storage", {"redundancy": "pair"}, False),
        ("dev-azure", "key", {"expires": "2030-01-31"}, True),
        ("dev", "key", {"expires": "2030-01-31"}, False),
        ("dev", "processor", {"architecture": "arm64"}, True),
        ("dev-gcp", "processor", {"architecture": "arm64"}, False),
        ("dev-gcp", "processor", {"runtime": "python3.13"}, True),
        ("dev", "bring", {"permission_boundary": "x"}, True),
        ("dev-gcp", "bring", {"permission_boundary": "x"}, False),
        ("dev-gcp", "retention", {"replay_hours": 745}, False),
    ],
)
def test_editors_are_offered_what_the_cloud_has(
    sandbox: Sandbox, stack: str, key: str, value: object, *, offered: bool
) -> None:
    values = cast("dict[str, dict[str, object]]", parse(sandbox.stack_text(stack)).values)
    values["config"][f"homeshore:{key}"] = value
    assert valid(values) == offered


def test_regions_and_boundaries_are_offered_to_editors() -> None:
    text = schema.schema_text()
    assert json.dumps(region_in("DE")) in text
    assert '"eu+uk"' in text
    assert "pydantic" not in text


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [found for field in model.model_fields.values() for found in sections_of(field)]
    return [model, *(below for section in inner for below in sections(section))]


@pytest.mark.parametrize("section", sections(StackConfig), ids=lambda section: section.__name__)
def test_every_key_is_explained(section: type[BaseModel]) -> None:
    assert section.model_config.get("frozen") is True
    assert section.model_config.get("extra") == "forbid"
    for name, field in section.model_fields.items():
        description = field.description or ""
        assert len(description) > 20, name
        assert description.endswith((".", ")")), name
        if section is not StackConfig and not sections_of(field):
            assert f".{name}` |" in page()


@pytest.mark.parametrize("name", list(StackConfig.model_fields))
def test_the_example_of_every_key_is_accepted(sandbox: Sandbox, name: str) -> None:
    text = f"  homeshore:{name}: {flow(example_of(StackConfig.model_fields[name]))}\n"
    kept = [line for line in sandbox.stack_text().splitlines() if line]
    start = next((n for n, line in enumerate(kept) if line.startswith(f"  homeshore:{name}:")), len(kept))
    end = next((n for n in range(start + 1, len(kept)) if kept[n].startswith("  homeshore:")), len(kept))
    sandbox.read(sandbox.write("\n".join(kept[:start] + kept[end:]) + "\n" + text))


def test_the_example_of_the_reference_page_is_a_valid_file(sandbox: Sandbox) -> None:
    example = page().split("```yaml\n")[1].split("```")[0]
    sandbox.read(sandbox.write(example))
