"""Stack files of a baseline: what they may say, what they are told, and what the commands make of them."""

from __future__ import annotations

from typing import Any, cast

import jsonschema
import pytest
import yaml

from stacks import schema
from stacks.faults import ConfigFaults
from stacks.models import BaselineConfig, StackConfig
from stacks.provenance import Origin
from stacks.reading import LoadedBaseline, read, read_any
from tests.config.conftest import Sandbox

PIPELINES_OWN = sorted(StackConfig.model_fields.keys() - BaselineConfig.model_fields.keys())
STACKS = pytest.mark.parametrize("stack", ["dev", "dev-azure", "dev-gcp"])


def of_a_baseline(sandbox: Sandbox, stack: str = "dev", **changes: object) -> dict[str, Any]:
    """The development stack's file, cut down to what a baseline has."""
    document = yaml.safe_load(sandbox.stack_text(stack))
    kept = {
        key: value
        for key, value in document["config"].items()
        if key.partition(":")[2] in BaselineConfig.model_fields and key != "homeshore:key"
    }
    return {
        "config": {
            **kept,
            "homeshore:blueprint": "baseline",
            **{f"homeshore:{key}": value for key, value in changes.items()},
        }
    }


def faults(sandbox: Sandbox, document: dict[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigFaults) as raised:
        read_any(sandbox.write(yaml.safe_dump(document, sort_keys=False), "broken"))
    assert all(fault.line for fault in raised.value.faults)
    return [(fault.path, fault.problem, fault.remedy) for fault in raised.value.faults]


def offered(document: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(cast("Any", schema.schema())).is_valid(document))


@STACKS
def test_it_needs_no_pipelines_keys(sandbox: Sandbox, stack: str) -> None:
    document = of_a_baseline(sandbox, stack)
    loaded = read_any(sandbox.write(yaml.safe_dump(document), stack))
    assert isinstance(loaded, LoadedBaseline)
    assert loaded.config.baseline.account_wide is True
    assert loaded.origins["baseline.account_wide"] == Origin("default")
    assert loaded.origins["environment"].source == "file"
    assert offered(document)


def test_without_a_blueprint_a_file_is_a_pipelines(sandbox: Sandbox) -> None:
    document = of_a_baseline(sandbox)
    del document["config"]["homeshore:blueprint"]
    found = faults(sandbox, document)
    assert [(path, problem) for path, problem, _ in found] == [("homeshore:workload", "workload is missing")]
    assert not offered(document)


@pytest.mark.parametrize("name", PIPELINES_OWN)
def test_a_pipelines_key_is_refused(sandbox: Sandbox, name: str) -> None:
    document = of_a_baseline(sandbox, **{name: "x"})
    ((path, problem, remedy),) = faults(sandbox, document)
    assert path == f"homeshore:{name}"
    assert problem == f"the key {name} belongs to a pipeline, and this stack is a baseline"
    assert remedy.startswith("Remove it; a baseline has blueprint, environment, owner,")
    assert not offered(document)


def test_what_the_project_says_for_all_stacks_is_passed_over(sandbox: Sandbox) -> None:
    path = sandbox.write(yaml.safe_dump(of_a_baseline(sandbox)))
    loaded = read_any(path, defaults={"latency": "economy", "generation": 7})
    assert isinstance(loaded, LoadedBaseline)
    assert loaded.config.generation == 7


def test_a_misspelt_blueprint_hides_no_other_fault(sandbox: Sandbox) -> None:
    first, second = faults(sandbox, of_a_baseline(sandbox, blueprint="basline", generation=0))
    assert first[0] == "homeshore:blueprint"
    assert "did you mean baseline?" in first[2]
    assert second[0] == "homeshore:generation"


def test_who_manages_a_baseline_is_no_question(sandbox: Sandbox) -> None:
    document = of_a_baseline(sandbox, baseline={"managed_by": "platform"})
    ((path, problem, remedy),) = faults(sandbox, document)
    assert (path, problem) == ("homeshore:baseline.managed_by", "there is no key 'managed_by' here")
    assert "the keys here are account_wide" in remedy
    assert not offered(document)
    pipeline = yaml.safe_load(sandbox.stack_text())
    pipeline["config"]["homeshore:baseline"] = {"account_wide": False}
    ((path, _, _),) = faults(sandbox, pipeline)
    assert path == "homeshore:baseline.account_wide"
    assert not offered(pipeline)


def test_a_part_that_would_hold_nothing_is_refused(sandbox: Sandbox) -> None:
    ((path, problem, remedy),) = faults(sandbox, of_a_baseline(sandbox, "dev-gcp", baseline={"account_wide": False}))
    assert path == "homeshore:baseline.account_wide"
    assert "would hold nothing" in problem
    assert "one baseline stack per project" in remedy
    for stack in ("dev", "dev-azure"):
        document = of_a_baseline(sandbox, stack, baseline={"account_wide": False})
        assert isinstance(read_any(sandbox.write(yaml.safe_dump(document), stack)), LoadedBaseline)


def test_settings_of_a_key_that_is_not_made_are_refused(sandbox: Sandbox) -> None:
    ((path, problem, _),) = faults(sandbox, of_a_baseline(sandbox, "dev-azure", key={"rotation_days": 90}))
    assert path == "homeshore:key"
    assert problem == "a baseline on Azure makes no key"
    document = of_a_baseline(sandbox, "dev", key={"rotation_days": 90})
    loaded = read_any(sandbox.write(yaml.safe_dump(document)))
    assert loaded.config.key.rotation_days == 90


def test_where_a_pipeline_is_needed_a_baseline_is_refused_in_a_sentence(sandbox: Sandbox) -> None:
    text = yaml.safe_dump(of_a_baseline(sandbox), sort_keys=False)
    path = sandbox.write(text)
    with pytest.raises(ConfigFaults) as raised:
        read(path)
    (fault,) = raised.value.faults
    line = next(n for n, each in enumerate(text.splitlines(), start=1) if "blueprint" in each)
    assert (fault.path, fault.line) == ("homeshore:blueprint", line)
    assert "is about a pipeline" in fault.problem


def test_the_commands_know_it(sandbox: Sandbox, homeshore: Any) -> None:
    sandbox.write(yaml.safe_dump(of_a_baseline(sandbox)), "floor")
    shown = homeshore("config", "floor")
    assert shown.code == 0
    assert "baseline.account_wide" in shown.out
    sized = homeshore("plan", "size", "floor")
    assert sized.code == 2
    assert "homeshore:blueprint" in sized.err
    assert "Name a stack whose blueprint is streaming." in sized.err
    assert "stack floor" in homeshore("doctor").out
