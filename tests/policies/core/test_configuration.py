"""The pack's config: what it takes, and what it says of everything that it does not take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from policies.configuration import Configuration, ConfigurationError, Told, configuration
from policies.rules import catalogue

FAULTS = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))
FIRM = sorted(one for one, about in catalogue().items() if about.firm)


def faults(document: object) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        configuration(document)
    assert str(raised.value) == "\n".join(raised.value.faults)
    return raised.value.faults


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: str(case["document"])[:60])
def test_every_fault_says_where_what_and_what_to_do(case: dict[str, Any]) -> None:
    assert faults(case["document"]) == list(map(explained, case["says"]))


def explained(fault: str) -> str:
    """The fault with what its parameter is for."""
    field = Told.model_fields.get(fault.partition(":")[0].removeprefix("parameters.").partition(".")[0])
    return fault if field is None else re.sub("~$", field.description or "", fault)


def test_a_document_that_holds_nothing_is_the_default() -> None:
    empties: tuple[object, ...] = (None, {}, {"parameters": None}, {"parameters": {}}, {"parameters": "advisory"})
    for empty in empties:
        assert configuration(empty) == Configuration(Told(), {})


def test_a_document_that_is_no_mapping() -> None:
    several: tuple[object, ...] = ([], "eu", 3, False)
    for wrong in several:
        assert faults(wrong) == ["the document is no mapping of rule ids and `parameters`"]


@pytest.mark.parametrize("level", ["advisory", "mandatory", "remediate", "disabled"])
def test_a_level_stands_alone_or_under_the_engines_key(level: str) -> None:
    told = configuration({"ENC-AWS-001": level, "TLS-AZ-001": {"enforcementLevel": level}, "all": level})
    assert told.levels == {"ENC-AWS-001": level, "TLS-AZ-001": level, "all": level}


def test_the_engine_puts_a_level_beside_the_parameters() -> None:
    told = configuration({"parameters": {"enforcementLevel": "mandatory", "strict": True}})
    assert told == Configuration(Told(strict=True), {})


@pytest.mark.parametrize("rule", FIRM)
def test_a_firm_rule_takes_no_lower_level(rule: str) -> None:
    assert configuration({rule: "mandatory"}).levels == {rule: "mandatory"}
    assert configuration({rule: "remediate"}).levels == {rule: "remediate"}
    for level in ("advisory", "disabled"):
        (fault,) = faults({rule: {"enforcementLevel": level}})
        assert fault.startswith(f"{rule} takes no lower level than mandatory: ")
        remedy = "declare the transfer in the stack file (`homeshore:transfers`), or widen `boundary` where the law"
        assert (remedy in fault) == rule.startswith("SOV-")
        assert rule.startswith("SOV-") or fault.endswith(catalogue()[rule].remedy)


def test_only_these_are_firm() -> None:
    assert {one.partition("-")[0] for one in FIRM} == {"SOV", "CLS", "TRF", "EXM"}
    assert {one for one in catalogue() if one.startswith("SOV-")} <= set(FIRM)


def test_whole_numbers_that_a_reader_of_json_made_doubles_are_whole() -> None:
    told = configuration(
        {"parameters": {"sovereignty_level": 2.0, "log_days": [30.0, 400.0], "stream_hours_at_most": 48.0}}
    ).told
    assert (told.sovereignty_level, told.log_days, told.stream_hours_at_most) == (2, (30, 400), 48)
    assert all(isinstance(one, int) for one in (told.sovereignty_level, *told.log_days, told.stream_hours_at_most))


def test_every_parameter_is_taken_as_it_is_told() -> None:
    given: dict[str, Any] = {
        "boundary": "EU+ch",
        "production": False,
        "allowed_destinations": ["arn:aws:s3:::audit"],
        "allowed_hosts": ["logs.example.com"],
        "allowed_accounts": ["210987654321"],
        "sovereignty_level": 3,
        "strict": True,
        "log_days": [1, 1],
        "stream_hours_at_most": 1,
        "topic_hours_at_most": 8760,
        "multi_region_keys": True,
        "required_labels": ["Team"],
        "placements": ["aws:one"],
        "stack_boundaries": {"org/project/stack": "jp"},
        "guardrails_here": False,
        "classified": {"acme:index:Page": "none: it draws a page"},
    }
    assert set(given) == set(Told.model_fields)
    told = configuration({"parameters": given}).told
    for key, value in given.items():
        assert getattr(told, key) == (tuple(cast("list[Any]", value)) if isinstance(value, list) else value)


def test_the_defaults() -> None:
    told = Told()
    assert (told.boundary, told.production, told.guardrails_here) == (None, None, None)
    assert (told.stream_hours_at_most, told.topic_hours_at_most) == (None, None)
    assert (told.sovereignty_level, told.strict, told.multi_region_keys) == (1, False, False)
    assert told.log_days == (1, 3653)
    assert told.required_labels == ("Owner", "Environment", "DataClassification", "DataResidency")
    assert (told.allowed_destinations, told.allowed_hosts, told.allowed_accounts, told.placements) == ((), (), (), ())
    assert (told.stack_boundaries, told.classified) == ({}, {})


def test_every_parameter_says_what_it_is_for() -> None:
    for name, field in Told.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", '".')), name
    assert Told.model_fields["boundary"].examples == ["eu"]


def test_all_faults_are_told_at_once_parameters_first() -> None:
    document = {"SOV-AWS-099": "advisory", "parameters": {"strict": "yes", "wrong": 1}, "all": "loud"}
    places = [one.partition(":")[0] for one in faults(document)]
    assert places == ["parameters.strict", "parameters.wrong", "SOV-AWS-099", "all"]
