"""Where a resource was made: the innermost line of the program's own; nothing of an engine or an installed package."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from pulumi.runtime.proto import source_pb2

from homeshore.cli import app
from homeshore.engine.source import made_at

PULUMI_YAML = "name: proj\nruntime: python\n"
MAIN = """\
import parts
import pulumi_aws as aws
from pulumi import ComponentResource, ResourceOptions

provider = aws.Provider("p", region="here-1")


class Box(ComponentResource):
    def __init__(self, name):
        super().__init__("my:index:Box", name)
        aws.sqs.Queue("inner",
                      opts=ResourceOptions(parent=self, provider=provider))


Box("box")
parts.make("helped", provider)
aws.s3.Bucket.get("read", "id", opts=ResourceOptions(provider=provider))
"""
PARTS = """\
import pulumi_aws as aws
from pulumi import ResourceOptions


def make(name, provider):
    return aws.sqs.Queue(name, opts=ResourceOptions(provider=provider))
"""


def test_each_resource_knows_its_line(tmp_path: Path, monkeypatch) -> None:
    root = tmp_path / "a project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text(PULUMI_YAML)
    (root / "Pulumi.dev.yaml").write_text("")
    (root / "__main__.py").write_text(MAIN)
    (root / "parts.py").write_text(PARTS)
    monkeypatch.chdir(root)
    document = json.loads(CliRunner().invoke(app, ["preview", "dev", "--json"]).stdout)
    assert {row["name"]: row["source_position"] for row in document["resources"]} == {
        "proj-dev": None,
        "p": "__main__.py:5",
        "box": "__main__.py:15",
        "inner": "__main__.py:11",
        "helped": "parts.py:6",
        "read": "__main__.py:17",
    }


def test_our_own_program_points_at_its_components(monkeypatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    document = json.loads(CliRunner().invoke(app, ["preview", "dev", "--json"]).stdout)
    places = {row["source_position"] for row in document["resources"] if row["custom"] and row["parent"]}
    assert places
    assert {place.rpartition("/")[0] for place in places} == {"components/aws"}
    assert [row["source_position"] for row in document["resources"] if row["type"] == "pulumi:pulumi:Stack"] == [None]


def test_only_lines_of_the_project_count(tmp_path: Path) -> None:
    def at(*places: str) -> str | None:
        frames = [
            source_pb2.StackFrame(pc=source_pb2.SourcePosition(uri=(tmp_path / place).resolve().as_uri(), line=number))
            for number, place in enumerate(places, 1)
        ]
        return made_at(source_pb2.StackTrace(frames=frames), tmp_path)

    assert at(".venv/lib/python3.11/site-packages/a/b.py", "../elsewhere.py", "own.py", "__main__.py") == "own.py:3"
    assert at("homeshore/engine/run.py", "homeshore/cli.py") is None
    assert at() is None
    assert made_at(None, tmp_path) is None
    assert made_at(source_pb2.StackTrace(), None) is None
