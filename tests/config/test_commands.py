"""The commands around a stack file: config, schema, regions, new, doctor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import yaml

import geography
from stacks.schema import MODELINE, schema_text
from tests.config.conftest import ROOT, Outcome, Sandbox, region_in

Call = Callable[..., Outcome]
Json = dict[str, object]


def document(outcome: Outcome) -> Json:
    assert outcome.code in (0, 2), outcome.err
    shape = cast("Json", json.loads(outcome.out))
    assert shape["version"] == 1
    return shape


def rows(shape: Json, key: str) -> list[Json]:
    return cast("list[Json]", shape[key])


def test_config_says_where_each_value_came_from(sandbox: Sandbox, homeshore: Call) -> None:
    sandbox.write(sandbox.stack_text().replace("    replay_hours: 24\n", ""))
    shape = document(homeshore("config", "dev", "--json"))
    values = {str(row["path"]): row for row in rows(shape, "values")}
    line = next(n for n, row in enumerate(sandbox.stack_text().splitlines(), 1) if "event_bytes" in row)
    assert (values["workload.event_bytes"]["origin"], values["workload.event_bytes"]["line"]) == ("file", line)
    assert (values["retention.replay_hours"]["origin"], values["retention.replay_hours"]["value"]) == ("default", 24)
    assert values["generation"]["origin"] == "default"
    freshness = values["slo.freshness_minutes"]
    assert (freshness["origin"], freshness["derived_from"], freshness["value"]) == ("derived", "latency", 5)
    assert cast("dict[str, Json]", shape["config"])["placement"]["region"] == region_in("DE")


def test_config_counts_project_wide_values(sandbox: Sandbox, homeshore: Call) -> None:
    with sandbox.root.joinpath("Pulumi.yaml").open("a", encoding="utf-8") as file:
        file.write("  homeshore:generation:\n    default: 3\n  homeshore:latency:\n    default: realtime\n")
    shape = document(homeshore("config", "dev", "--json"))
    values = {str(row["path"]): (row["value"], row["origin"]) for row in rows(shape, "values")}
    assert values["generation"] == (3, "project")
    assert values["latency"] == ("interactive", "file")
    assert "Pulumi.yaml" in homeshore("config", "dev").out


def test_config_as_text(sandbox: Sandbox, homeshore: Call) -> None:
    told = homeshore("config", "dev")
    assert told.code == 0
    assert all(len(line) <= 80 for line in told.out.splitlines())
    assert "slo.freshness_minutes" in told.out
    assert "from latency" in told.out


def test_config_of_a_file_with_faults_and_of_no_file(sandbox: Sandbox, homeshore: Call) -> None:
    sandbox.write(sandbox.stack_text().replace("latency", "latncy"))
    told = homeshore("config", "dev")
    assert (told.code, told.out) == (2, "")
    assert "Did you mean latency?" in told.err
    nowhere = homeshore("config", "devv")
    assert nowhere.code == 2
    assert "did you mean 'dev'" in nowhere.err


def test_schema_prints_what_is_committed(homeshore: Call) -> None:
    assert homeshore("schema").out == schema_text() == (ROOT / "stacks/schema.json").read_text(encoding="utf-8")
    assert document(homeshore("schema", "--json"))["schema"] == json.loads(schema_text())


def test_regions_of_a_boundary(homeshore: Call) -> None:
    found = rows(document(homeshore("regions", "--boundary", "eu", "--cloud", "aws", "--json")), "regions")
    assert {row["name"] for row in found} >= {region_in("DE"), region_in("IE")}
    assert region_in("GB") not in {row["name"] for row in found}
    text = homeshore("regions", "--boundary", "uk").out
    assert region_in("GB") in text
    assert "United Kingdom" in text


def test_regions_mark_pairs_that_leave(homeshore: Call) -> None:
    lines = homeshore("regions", "--cloud", "azure", "--boundary", "br").out.splitlines()
    assert any(line.endswith(" !") for line in lines)


def test_boundaries(homeshore: Call) -> None:
    found = {row["name"]: row for row in rows(document(homeshore("regions", "--boundaries", "--json")), "boundaries")}
    assert set(found) == {boundary.name for boundary in geography.boundaries()}
    assert len(cast("list[str]", found["eu"]["countries"])) == 27
    assert "European Union" in homeshore("regions", "--boundaries").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--boundary", "europa"), "there is no boundary 'europa'"),
        (("--cloud", "ibm"), "'ibm' is not one of"),
        (("--boundaries", "--all"), "lists every boundary"),
    ],
)
def test_regions_refuses(homeshore: Call, arguments: tuple[str, ...], message: str) -> None:
    told = homeshore("regions", *arguments)
    assert told.code == 2
    assert message in told.err


PLACES = [place for place in geography.regions() if place.kind == "region"]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.cloud}-{place.name}")
def test_new_writes_a_valid_file_for_every_region(sandbox: Sandbox, homeshore: Call, place: geography.Region) -> None:
    told = homeshore("new", "fresh", "--cloud", place.cloud, "--region", place.name)
    if lacking := geography.unavailable(place.cloud, place.name, geography.services_of(place.cloud)):
        assert told.code == 2
        assert all(each.service.title in told.err for each in lacking)
        return
    assert told.code == 0, told.err
    assert "placeholder" in told.out
    text = sandbox.stack_text("fresh")
    assert text.startswith(MODELINE)
    config = sandbox.read(sandbox.root / "Pulumi.fresh.yaml").config
    assert config.residency.boundary == place.jurisdiction


IDS = {
    "aws": {"account_id": "210987654321"},
    "azure": {
        "subscription_id": "11111111-2222-4333-8444-555555555555",
        "tenant_id": "66666666-7777-4888-8999-000000000000",
    },
    "gcp": {
        "project_id": "shore-4711",
        "project_number": "210987654321",
        "billing_account": "01AB23-45CD67-89EF01",
    },
}


@pytest.mark.parametrize("cloud", geography.CLOUDS)
@pytest.mark.parametrize("country", ["DE", "US", "SG"])
def test_every_commented_key_of_a_new_file_can_be_switched_on(
    sandbox: Sandbox, homeshore: Call, cloud: str, country: str
) -> None:
    region = region_in(country, cloud)
    ids = [part for key, value in IDS[cloud].items() for part in (f"--{key.replace('_', '-')}", value)]
    told = document(homeshore("new", "fresh", "--cloud", cloud, "--region", region, *ids, "--json"))
    assert told["placeholders"] == []
    assert cast("Json", told["answers"]).items() >= IDS[cloud].items()
    text = sandbox.stack_text("fresh")
    assert all(len(line) <= 110 or "/subscriptions/" in line for line in text.splitlines())
    on = sandbox.write(text.replace("  # homeshore:", "  homeshore:").replace("  #   ", "    "), "fresh")
    keys = cast("dict[str, Json]", yaml.safe_load(on.read_text(encoding="utf-8")))["config"]
    assert len(keys) >= 18
    assert sandbox.read(on).config.placement.model_dump().items() >= IDS[cloud].items()


@pytest.mark.parametrize("cloud", geography.CLOUDS)
def test_new_lists_each_placeholder(sandbox: Sandbox, homeshore: Call, cloud: str) -> None:
    told = document(homeshore("new", "fresh", "--cloud", cloud, "--region", region_in("DE", cloud), "--json"))
    assert told["placeholders"] == [f"placement.{key}" for key in IDS[cloud]]
    assert sandbox.read(sandbox.root / "Pulumi.fresh.yaml").config.placement.cloud == cloud


def test_new_never_overwrites(sandbox: Sandbox, homeshore: Call) -> None:
    before = sandbox.stack_text()
    told = homeshore("new", "dev", "--cloud", "aws", "--region", region_in("DE"))
    assert told.code == 2
    assert "not overwritten" in told.err
    assert sandbox.stack_text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cloud", "aws", "--region", "nowhere-1"), "aws has no region 'nowhere-1'"),
        (("--cloud", "aws", "--region", "global"), "name one region"),
        (
            ("--cloud", "azure", "--region", region_in("NL", "azure"), "--account-id", "1"),
            "--subscription-id and --ten",
        ),
        (("--cloud", "azure", "--region", region_in("NL", "azure"), "--tenant-id", "me"), "placement.tenant_id"),
        (("--cloud", "gcp", "--region", region_in("NL", "gcp"), "--project-id", "A b"), "placement.project_id"),
        (("--cloud", "aws", "--region", region_in("DE"), "--account-id", "12"), "homeshore:placement.account_id"),
        (("--cloud", "aws", "--region", region_in("DE"), "--boundary", "us"), "lies outside the boundary us"),
        (("--cloud", "aws", "--region", region_in("DE"), "--average", "0"), "homeshore:workload"),
        (("--cloud", "aws", "--region", region_in("DE"), "--team", "a: {b}\n# x"), "homeshore:owner.team"),
    ],
)
def test_new_refuses_and_writes_nothing(
    sandbox: Sandbox, homeshore: Call, arguments: tuple[str, ...], message: str
) -> None:
    told = homeshore("new", "fresh", *arguments)
    assert told.code == 2
    assert message in told.err
    assert not sandbox.root.joinpath("Pulumi.fresh.yaml").exists()


@pytest.mark.parametrize("name", ["../up", "a b", "x/y", "\u00e9", ""])
def test_new_refuses_names_that_are_no_stack(sandbox: Sandbox, homeshore: Call, name: str) -> None:
    before = sorted(sandbox.root.rglob("*"))
    told = homeshore("new", name, "--cloud", "aws", "--region", region_in("DE"))
    assert told.code == 2
    assert "cannot name a stack" in told.err
    assert sorted(sandbox.root.rglob("*")) == before


def test_doctor_names_what_is_missing(sandbox: Sandbox, homeshore: Call) -> None:
    sandbox.write(sandbox.stack_text().replace("latency", "latncy"))
    told = homeshore("doctor", "--json")
    assert told.code == 2
    shape = document(told)
    checks = {str(row["name"]): row for row in rows(shape, "checks")}
    assert shape["healthy"] is False
    assert checks["python"]["ok"] is True
    assert checks["loopback"]["ok"] is True
    assert (checks["environment"]["ok"], checks["wheels"]["ok"], checks["stack dev"]["ok"]) == (False, False, False)
    assert "make setup" in str(checks["wheels"]["remedy"])
    assert checks["contract events/clickstream.yaml"]["ok"] is True
    text = homeshore("doctor").out
    assert "MISSING  stack dev" in text
    assert "homeshore config dev" in text


def test_doctor_is_content_with_a_checkout_that_is_set_up(
    sandbox: Sandbox, homeshore: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.root.joinpath(".venv").mkdir()
    monkeypatch.setattr("sys.prefix", str(sandbox.root / ".venv"))
    sandbox.root.joinpath(".build/wheels").mkdir(parents=True)
    sandbox.root.joinpath(".build/wheels/some.whl").touch()
    told = homeshore("doctor")
    assert told.code == 0, told.out
    assert "All is well." in told.out


def test_doctor_outside_of_a_project(homeshore: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = homeshore("doctor")
    assert told.code == 2
    assert "no Pulumi.yaml here or above" in told.out


@pytest.mark.parametrize("name", ["config", "schema", "regions", "new", "doctor"])
def test_help_shows_an_example(homeshore: Call, name: str) -> None:
    told = homeshore(name, "--help")
    assert told.code == 0
    assert f"Example: homeshore {name}" in told.out
