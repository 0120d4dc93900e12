"""The program's side: `load()` sees what the real engine hands over, and agrees with the reader of files."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import Settings, configure, set_all_config

from homeshore.engine.configuration import stack_strings
from stacks.config import StackConfig, load
from stacks.faults import ConfigFaults
from tests.config.conftest import ROOT, Outcome, Sandbox, region_in
from tests.config.mutations import mutations

PROGRAM = "from stacks import config\n\nconfig.load()\n"


def loaded(root: Path, values: Mapping[str, str], secret_keys: tuple[str, ...] = ()) -> StackConfig:
    """`load()` inside a Pulumi runtime of its own, as the language host sets one up."""

    def inside() -> StackConfig:
        configure(Settings(project="homeshore", stack="dev", root_directory=str(root)))
        set_all_config(dict(values), list(secret_keys))
        return load()

    return contextvars.copy_context().run(inside)


def handed_over(sandbox: Sandbox, stack: str = "dev") -> dict[str, str]:
    path = sandbox.root / f"Pulumi.{stack}.yaml"
    project_wide = {"pulumi:disable-default-providers": ["*"]}
    return dict(stack_strings(path, "homeshore", project_wide).values)


@pytest.mark.parametrize("stack", [path.name.split(".")[1] for path in sorted(ROOT.glob("Pulumi.*.yaml"))])
def test_program_and_file_reader_agree(sandbox: Sandbox, stack: str) -> None:
    path = sandbox.root / f"Pulumi.{stack}.yaml"
    assert loaded(sandbox.root, handed_over(sandbox, stack)) == sandbox.read(path).config


def test_scalars_arrive_as_text(sandbox: Sandbox) -> None:
    values = handed_over(sandbox) | {"homeshore:protect": "true", "homeshore:generation": "7"}
    config = loaded(sandbox.root, values)
    assert (config.protect, config.generation) == (True, 7)


@pytest.mark.parametrize(("key", "text"), [("protect", "yes"), ("generation", "x"), ("generation", "1.0")])
def test_text_that_is_no_such_scalar(sandbox: Sandbox, key: str, text: str) -> None:
    with pytest.raises(pulumi.RunError, match=f"homeshore:{key}"):
        loaded(sandbox.root, handed_over(sandbox) | {f"homeshore:{key}": text})


def test_a_flag_where_text_belongs_is_refused_by_both(sandbox: Sandbox) -> None:
    path = sandbox.root / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("environment: dev", "environment: False"))
    with pytest.raises(ConfigFaults, match="must be text, and is false"):
        sandbox.read(path)
    with pytest.raises(pulumi.RunError, match="must be text, and is false"):
        loaded(sandbox.root, handed_over(sandbox))


def test_a_whole_number_with_a_point_is_taken_by_both(sandbox: Sandbox) -> None:
    path = sandbox.root / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("event_bytes: 1024", "event_bytes: 1024.0"))
    assert loaded(sandbox.root, handed_over(sandbox)) == sandbox.read(path).config


def test_faults_are_one_run_error_with_lines(sandbox: Sandbox) -> None:
    placement = json.dumps({"cloud": "aws", "region": region_in("GB"), "account_id": "1"})
    values = handed_over(sandbox) | {
        "homeshore:placement": placement,
        "homeshore:latncy": "x",
        "aws:region": region_in("GB"),
        "homeshore:network": "[broken",
    }
    with pytest.raises(pulumi.RunError) as raised:
        loaded(sandbox.root, values)
    text = str(raised.value)
    assert "5 faults" in text
    assert "lies outside the boundary eu" in text
    assert "did you mean latency?" in text.lower().replace("Did", "did")
    assert "configures the ambient provider" in text
    line = next(n for n, row in enumerate(sandbox.stack_text().splitlines(), 1) if "account_id" in row)
    assert f"Pulumi.dev.yaml:{line}  homeshore:placement.account_id" in text


def test_a_secret_is_refused_and_never_shown(sandbox: Sandbox) -> None:
    values = handed_over(sandbox) | {"homeshore:environment": "planted-value"}
    with pytest.raises(pulumi.RunError) as raised:
        loaded(sandbox.root, values, ("homeshore:environment",))
    assert "the value is encrypted" in str(raised.value).lower()
    assert "planted-value" not in str(raised.value)


def test_configuration_without_any_file(tmp_path: Path) -> None:
    with pytest.raises(pulumi.RunError, match="homeshore:owner"):
        loaded(tmp_path, {})


def test_the_program_refuses_what_the_reader_refuses(sandbox: Sandbox, homeshore: Callable[..., Outcome]) -> None:
    sandbox.root.joinpath("__main__.py").write_text(PROGRAM, encoding="utf-8")
    assert homeshore("preview", "dev").code == 0
    for mutation in mutations(sandbox.stack_text(), 30, seed=7):
        sandbox.write(mutation.text)
        outcome = homeshore("preview", "dev")
        about = f"{mutation.kind}: {mutation.text!r}\n{outcome.err}"
        assert outcome.code == 2 or not mutation.refused, about
        assert "Traceback" not in outcome.err, about
