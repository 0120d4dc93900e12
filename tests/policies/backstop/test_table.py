"""The page of the guard: its tables are today's, and nothing in the data behind them is idle."""

from __future__ import annotations

import yaml

from policies.backstop.guard import DATA, control, entries
from policies.rules import catalogue
from tests.policies.backstop.subjects import findings
from tests.policies.backstop.table import NEITHER, PAGE, acts, page, reason, table

TABLES = ("aws.yaml", "azure.yaml", "gcp.yaml")
# What no case and no act tries: how people use the console after the guard is there, and what a stack cannot declare.
UNTRIED = {"NoPublicSnapshot", "gcp.restrictCmekCryptoKeyProjects", "failover-groups", "CertificatesAtHome"}


def test_the_tables_are_todays() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m tests.policies.backstop.table --write"


def test_every_rule_has_a_row() -> None:
    rows = {line.split("|")[1].strip() for line in table().splitlines() if line.startswith("| ")}
    assert catalogue().keys() <= rows


def test_every_control_stops_something_that_a_case_or_an_act_tries() -> None:
    tried = {name for one in findings() for name in one.controls} | {name for one in acts() for name in one.controls}
    known = {control(entry).id for name in TABLES for entry in entries(name)}
    assert known - tried == UNTRIED - tried
    assert tried <= known


def test_an_act_that_nothing_stops_says_why_and_no_other_does() -> None:
    found = list(acts())
    assert {one.act for one in found if not one.controls} == {one.act for one in found if one.reason}
    assert NEITHER in table()


def test_every_reason_is_some_rules() -> None:
    reasons = yaml.safe_load((DATA / "reasons.yaml").read_text(encoding="utf-8"))
    used = {reason(rule) for rule in catalogue()}
    assert {key for key, text in reasons.items() if text not in used} <= {"SOV-AWS", "CLS-X", "EXM-X", "TRF-X"}


def test_controls_are_the_other_half_of_rules_that_there_are() -> None:
    for name in TABLES:
        for entry in entries(name):
            for begun in control(entry).rules:
                assert any(rule.startswith(begun) for rule in catalogue()), (entry["id"], begun)


def test_every_control_names_its_source() -> None:
    assert all(control(entry).source for name in TABLES for entry in entries(name))
