"""Where a finding is looked at: the stack file where that decides, else the program, else the file that was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from findings import Judgement, Report
from homeshore.check.places import entries, located
from homeshore.engine.model import Resource, Snapshot
from tests.check.reports import exempted, found, urn

STACK_FILE = """\
# yaml-language-server: $schema=stacks/schema.json
config:
  homeshore:owner: {team: a}

  homeshore:placement:
    cloud: aws
    region: outside-1
  homeshore:residency: {boundary: eu}
  homeshore:standby:
    region: outside-2
"""
PROVIDER = "pulumi:providers:aws"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(STACK_FILE)
    entries.cache_clear()
    return path


def place(one: object, file: Path | None, source: str | None = "components/aws/bucket.py:57") -> tuple[object, object]:
    kinds = ("aws:s3/bucket:Bucket", PROVIDER, "pulumi:pulumi:Stack")
    resources = tuple(
        Resource(urn=urn("lake", kind), type=kind, name="lake", custom=True, source_position=source) for kind in kinds
    )
    judged = Judgement(frozenset(), (one,), (exempted(one),))  # pyright: ignore[reportArgumentType]
    told = located(Report.over("prod", 1, [judged]), Snapshot("shop", "prod", resources, {}), file)
    (finding,), (row,) = told.findings, told.exempted
    assert row.finding == finding
    return finding.source_file, finding.source_line


def test_a_resource_is_looked_at_in_the_program(file: Path) -> None:
    assert place(found(), file) == ("components/aws/bucket.py", 57)
    assert place(found(category="encryption"), file) == ("components/aws/bucket.py", 57)
    assert place(found(), None) == ("components/aws/bucket.py", 57)


def test_a_provider_outside_its_boundary_is_looked_at_in_the_stack_file(file: Path) -> None:
    provider = urn("lake", PROVIDER)
    assert place(found(urn=provider, found='"outside-1"'), file) == ("Pulumi.prod.yaml", 7)
    assert place(found(urn=provider, found='"outside-2"'), file) == ("Pulumi.prod.yaml", 10)
    assert place(found(urn=provider, found=""), file) == ("Pulumi.prod.yaml", 5)
    assert place(found(urn=provider, found="not json"), file) == ("Pulumi.prod.yaml", 5)
    assert place(found(urn=provider, category="identity"), file) == ("components/aws/bucket.py", 57)
    assert place(found(urn=provider), None) == ("components/aws/bucket.py", 57)


def test_what_is_about_the_stack_is_looked_at_where_its_boundary_stands(file: Path) -> None:
    assert place(found(urn=urn("lake", "pulumi:pulumi:Stack")), file) == ("Pulumi.prod.yaml", 8)
    assert place(found(urn=""), file) == ("Pulumi.prod.yaml", 8)


def test_what_nobody_knows(file: Path) -> None:
    assert place(found(), file, None) == ("Pulumi.prod.yaml", 1)
    assert place(found(), None, None) == (None, None)
    assert place(found(rule="EXM-X-001", urn="lake"), file) == ("policies/exemptions.yaml", 1)
    file.write_text("config: [broken\n")
    entries.cache_clear()
    assert place(found(urn=""), file) == ("Pulumi.prod.yaml", 1)
