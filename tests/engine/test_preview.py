"""`homeshore preview`: the documented document, and the text that people read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homeshore.cli import app
from homeshore.engine import values
from homeshore.engine.text import render
from homeshore.errors import UserError
from tests.engine.conftest import PULUMI_YAML

KEPT = """
box = pulumi.ComponentResource("my:box:Box", "box", {}, ResourceOptions(provider=provider))
aws.kms.Key("key", opts=ResourceOptions(parent=box, protect=True))
aws.s3.Bucket("bucket", bucket="name", opts=ResourceOptions(parent=box, retain_on_delete=True, protect=True))
aws.s3.BucketVersioning("bucket-versioning", bucket="name", versioning_configuration={"status": "Enabled"},
                        opts=ResourceOptions(parent=box, retain_on_delete=True))
aws.s3.Bucket("loose", opts=explicit)
aws.kms.Key.get("existing", "1234", opts=explicit)
pulumi.export("plain", "text")
pulumi.export("later", box.urn.apply(lambda urn: urn) and provider.id)
pulumi.export("hidden", Output.secret("pl4nted"))
pulumi.export("list", [1, "two", provider.id])
"""
TEXT = """\
Stack dev of proj

  p               pulumi:providers:aws
  existing        aws:kms:Key  read, not managed
  loose           aws:s3:Bucket
  box             my:box:Box
  ├─ bucket  aws:s3:Bucket  protected, retained
  ├─ bucket-versioning  aws:s3:BucketVersioning  retained
  └─ key     aws:kms:Key  protected
"""
SHAPE = {"urn", "type", "name", "custom", "parent", "provider", "inputs", "dependencies", "property_dependencies",
         "protect"}  # fmt: skip


@pytest.fixture
def project(program, monkeypatch, tmp_path: Path) -> Path:
    program(KEPT)
    (tmp_path / "Pulumi.yaml").write_text(PULUMI_YAML)
    for stack in ("dev", "other"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def preview(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["preview", *arguments])


def test_one_stack_as_json(project):
    document = json.loads(preview("dev", "--json").stdout)
    assert (document["version"], document["stack"], document["project"]) == (1, "dev", "proj")
    assert all(set(resource) >= SHAPE for resource in document["resources"])
    assert document["outputs"] == {
        "plain": "text",
        "later": values.UNKNOWN,
        "hidden": {values.SIGNATURE: values.SECRET, "value": "[secret]"},
        "list": [1, "two", values.UNKNOWN],
    }
    bucket = next(resource for resource in document["resources"] if resource["name"] == "bucket")
    assert (bucket["protect"], bucket["retain_on_delete"], bucket["inputs"]) == (True, True, {"bucket": "name"})


@pytest.mark.parametrize("arguments", [("--all",), ("dev", "other"), ("dev", "other", "dev")])
def test_several_stacks_as_json(project, arguments):
    document = json.loads(preview(*arguments, "--json").stdout)
    assert document["version"] == 1
    assert [shape["stack"] for shape in document["stacks"]] == ["dev", "other"]
    assert all({"version", "resources", "outputs"} <= set(shape) for shape in document["stacks"])


def test_each_process_prints_the_same_bytes(project):
    """Hashes, and the maps of protobuf, are seeded anew in each process."""
    command = [sys.executable, "-c", "from homeshore.cli import main; main()", "preview", "--all", "--json"]
    printed = {subprocess.run(command, capture_output=True, check=True, timeout=60).stdout for _ in range(3)}
    assert len(printed) == 1


def test_the_text(project):
    told = preview("dev").stdout
    lines = [line.split() for line in told.splitlines()]
    assert [line.split() for line in TEXT.splitlines()] == lines[: len(TEXT.splitlines())]
    assert "4 resources (4 aws), 1 component, 1 provider, 1 read." in told
    assert "What a destroy does not delete (3 resources):" in told
    assert ["key", "protected"] in lines
    assert "bucket  protected, retained, with 1 that belong to it" in told
    assert "Protected: a destroy is refused. Retained: it stays in the cloud" in told
    assert "`homeshore:protect: false` and `homeshore:removal: destroy`" in told
    assert ["plain", "text"] in lines
    assert ["later", "(known", "after", "up)"] in lines
    assert ["hidden", "[secret]"] in lines
    assert "\x1b" not in told
    assert "pl4nted" not in told


def test_the_text_aligns_types(project):
    told = preview("dev").stdout
    starts = {line.index(":") - len(line[: line.index(":")].split()[-1]) for line in told.splitlines()[2:9]}
    assert len(starts) == 1


def test_nothing_kept_is_said(program):
    told = render(program('aws.s3.Bucket("b", opts=explicit)').run())
    assert "A destroy deletes everything in this stack, its data included" in told


def test_a_stack_without_resources(program):
    told = render(program("", provider=False).run())
    assert "0 resources, 0 components, 0 providers." in told
    assert "destroy" not in told


@pytest.mark.parametrize("arguments", [(), ("dev", "--all")])
def test_which_stacks_must_be_clear(project, arguments):
    result = preview(*arguments)
    assert result.exit_code == 2
    assert "--all" in result.stderr


def test_an_unknown_stack_is_named_before_anything_runs(project):
    result = preview("dev", "othre")
    assert isinstance(result.exception, UserError)
    assert "did you mean 'other'?" in str(result.exception)
    assert result.stdout == ""


def test_all_failures_are_told_at_once(project):
    (project / "__main__.py").write_text("import pulumi\nraise ValueError(pulumi.get_stack())\n")
    result = preview("--all", "--json")
    assert isinstance(result.exception, UserError)
    assert "ValueError: dev" in str(result.exception)
    assert "ValueError: other" in str(result.exception)
    assert result.stdout == ""
