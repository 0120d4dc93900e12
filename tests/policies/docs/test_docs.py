"""The reference page and the schema of the pack's config: fresh, whole, and of one mind with the pack's own reader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from policies import exemptions
from policies.build import docs
from policies.configuration import ConfigurationError, Told, configuration
from policies.pack.remediation import mends
from policies.rules import catalogue

PAGE = docs.PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_and_the_schema_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main([]) == 0, capsys.readouterr().err


def test_what_is_not_fresh_is_told_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, schema = tmp_path / "policies.md", tmp_path / "schema.json"
    page.write_text(PAGE.replace("SOV-AZ-003", "SOV-AZ-999"), encoding="utf-8")
    for name, value in (("ROOT", tmp_path), ("PAGE", page), ("SCHEMA", schema)):
        monkeypatch.setattr(docs, name, value)
    assert docs.main([]) == 1
    told = capsys.readouterr().err
    assert "policies.md is not fresh" in told
    assert "schema.json is not fresh" in told
    assert docs.main(["--write"]) == 0
    assert docs.main([]) == 0
    assert schema.read_text(encoding="utf-8") == docs.SCHEMA.read_text(encoding="utf-8")


def test_a_page_without_a_place_for_a_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="'parameters'"):
        docs.page("# nothing\n")


def test_every_rule_and_parameter_stands_on_the_page() -> None:
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in PAGE.splitlines() if re.match(r"\| [A-Z]+-", row)}
    assert list(rows) == [one.id for cloud in docs.CLOUDS for one in catalogue().values() if one.cloud == cloud]
    assert {identity for identity, row in rows.items() if row.endswith(" * |")} == mends()
    assert {identity for identity, row in rows.items() if " | firm | " in row} == {
        one.id for one in catalogue().values() if one.firm
    }
    assert [name for name in Told.model_fields if f"| `{name}` |" not in PAGE] == []


def test_the_examples_on_the_page_are_read_as_they_stand() -> None:
    config, exempted = BLOCKS
    assert config.startswith("# yaml-language-server: $schema=policies/schema.json\n")
    document = yaml.safe_load(config)
    assert configuration(document).told.boundary == "eu+ch"
    jsonschema.validate(document, docs.schema())
    (row,) = yaml.safe_load(exempted)["exemptions"]
    assert exemptions.Exemption.model_validate(row).rule == row["rule"]
    assert not catalogue()[row["rule"]].firm


SAMPLES: list[Any] = [
    {},
    {"all": "advisory"},
    {"all": "loud"},
    {"RET-AWS-005": "disabled"},
    {"RET-AWS-005": {"enforcementLevel": "mandatory"}},
    {"RET-AWS-005": {"enforcementLevel": "mandatory", "days": 1}},
    {"RET-AWS-999": "advisory"},
    {"SOV-AWS-001": "advisory"},
    {"SOV-AWS-001": "mandatory"},
    {"CLS-X-001": {"enforcementLevel": "disabled"}},
    {"parameters": {"boundary": "eu", "strict": True, "sovereignty_level": 3}},
    {"parameters": {"boundry": "eu"}},
    {"parameters": {"sovereignty_level": 4}},
    {"parameters": {"log_days": [1, 30]}},
    {"parameters": {"log_days": [1]}},
    {"parameters": {"stream_hours_at_most": 0}},
    {"parameters": {"allowed_hosts": [""]}},
    {"parameters": {"allowed_hosts": "example.com"}},
    {"parameters": {"strict": "yes"}},
    [],
]


@pytest.mark.parametrize("document", SAMPLES, ids=json.dumps)
def test_the_schema_says_what_the_reader_says(document: Any) -> None:
    """What only the reader knows (names of boundaries, reasons, the order of two days) the schema leaves open."""
    try:
        configuration(document)
    except ConfigurationError:
        reads = False
    else:
        reads = True
    assert jsonschema.Draft202012Validator(docs.schema()).is_valid(document) == reads


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(docs.schema())


def test_the_links_of_the_page_lead_somewhere() -> None:
    links = re.findall(r"\]\(([a-z-]+\.md)\)", PAGE)
    assert [one for one in links if not (docs.PAGE.parent / one).exists()] == []
