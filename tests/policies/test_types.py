"""The standing of types: judged, located, none or unclassified, as the table says it and the installed SDKs have it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml

from policies.build import types as build
from policies.facts import rows
from policies.rules import rules
from policies.standings import Class, Row, Standing, faults, judged, line, parts, standing, written

NONE = Standing(Class.NONE, "a reason")

STANDINGS: dict[str, str] = yaml.safe_load((Path(__file__).parent / "standings.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", Class)
def test_known_types_have_the_standing_that_their_use_asks_for(kind: Class) -> None:
    types = STANDINGS[kind.value].split()
    assert {one: standing(one).kind for one in types} == dict.fromkeys(types, kind)


def test_the_table_fits_the_installed_sdks(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().err


def test_every_type_that_a_rule_names_exists() -> None:
    """Tokens that an SDK had and has no more are kept for files of older programs."""
    older = {"azure-native:documentdb:DatabaseAccount"}
    named = {kind for kind in judged() if kind.partition(":")[0] in build.SDKS} - older
    assert named - set(build.installed()) == set()


def test_coverage_counts_every_type_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main([]) == 0
    told = capsys.readouterr().out
    for package, counts in re.findall(r"^(\S+): (.*)$", told, re.MULTILINE):
        total, *each = (int(one) for one in re.findall(r"\d+", counts))
        assert total == sum(each) == sum(kind.startswith(f"{package}:") for kind in build.installed())
        assert each[-1] == sum(
            len(names.split()) for names in re.findall(rf"^  {package}:\S+: (.*)$", told, re.MULTILINE)
        )
    assert len(re.findall(r"^\S", told, re.MULTILINE)) == len(build.SDKS)


FAULTY = {
    "stands 2 times": [Row("aws:iam", "User", NONE), Row("aws:iam", "User", NONE)],
    "aws:nosuch Role names no type": [Row("aws:nosuch", "Role", NONE)],
    "aws:iam Nosuch* names no type": [Row("aws:iam", "Nosuch*", NONE)],
    "gives no reason": [Row("aws:iam", "User", Standing(Class.NONE))],
    "a rule judges it": [Row("aws:s3", "Bucket", NONE)],
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_row_that_fits_nothing_is_told(what: str) -> None:
    (told,) = build.faults(tuple(FAULTY[what]), build.installed())
    assert what in told


def test_a_row_of_a_package_that_is_not_installed_is_not_looked_at() -> None:
    assert not list(build.faults((Row("random:*", "*", NONE),), build.installed()))


def test_a_pattern_may_not_swallow_a_type_that_speaks_of_data() -> None:
    """Without the full names, what takes a key or is called a store is told; grants are the same in each module."""
    patterns = tuple(row for row in written() if not row.exact)
    told = [one.partition(":")[2] for one in build.swallowed(patterns, build.installed())]
    assert any("networkfirewall/firewall:Firewall" in one for one in told)
    assert not any("IAMMember" in one or "PrivateEndpointConnection" in one for one in told)
    assert not list(build.swallowed(written(), build.installed()))


def test_a_full_name_stands_before_a_pattern_and_more_letters_before_fewer() -> None:
    assert standing("aws:cognito/userPool:UserPool").kind is Class.LOCATED  # aws:cognito * holds nothing
    assert standing("azure-native:cosmosdb:MongoDBResourceMongoDBDatabase").kind is Class.LOCATED
    assert standing("azure-native:cosmosdb:SqlResourceSqlRoleAssignment").reason.startswith("who may")


def test_rules_about_labels_retention_and_places_do_not_make_a_type_judged() -> None:
    shortcut = {row["type"] for row in rows("shortcuts.csv")}
    assert {"aws:rds/instance:Instance", "aws:redshift/cluster:Cluster"} <= shortcut - judged()
    assert "aws:s3/bucketVersioning:BucketVersioning" in {kind for one in rules() for kind in one.types} - judged()


def test_a_token_has_a_module_and_a_class() -> None:
    assert parts("aws:ec2/instance:Instance") == ("aws:ec2", "Instance")
    assert parts("azure-native:network:VirtualNetwork") == ("azure-native:network", "VirtualNetwork")
    assert parts("nonsense") == ("", "nonsense")


FLOW = "aws:appflow/flow:Flow"


@pytest.mark.parametrize(
    ("classified", "expected"),
    [
        ({FLOW: "none: only a test flow"}, Standing(Class.NONE, "only a test flow")),
        ({FLOW: "located: both ends are in Ireland: see the contract"}, None),
        ({"aws:appflow/*": "none: not used"}, Standing(Class.NONE, "not used")),
        ({"aws:appflow/*": "none: not used", FLOW: "located: read"}, Standing(Class.LOCATED, "read")),
        ({"aws:appflow/*": "none: not used", "aws:app*": "located: read"}, Standing(Class.NONE, "not used")),
        ({f"{FLOW}*": "none: not used", FLOW: "located: read"}, Standing(Class.LOCATED, "read")),
        ({"aws:other/*": "none: not used"}, Standing(Class.UNCLASSIFIED)),
        ({FLOW: "none:"}, Standing(Class.UNCLASSIFIED)),
        ({FLOW: "harmless: believe me"}, Standing(Class.UNCLASSIFIED, "believe me")),
    ],
)
def test_config_classifies_what_is_open(classified: dict[str, str], expected: Standing | None) -> None:
    expected = expected or Standing(Class.LOCATED, "both ends are in Ireland: see the contract")
    assert standing(FLOW, classified) == expected


def test_config_takes_no_rule_away_from_a_type() -> None:
    for kind in ("aws:s3/bucket:Bucket", "aws:rds/instance:Instance", "aws:ec2/vpc:Vpc"):
        assert standing(kind, {kind: "none: because"}) == standing(kind)
    command = "command:local:Command"  # the table says why it is open, and somebody may know better
    assert standing(command, {command: "none: builds the page of help"}).kind is Class.NONE


@pytest.mark.parametrize(
    ("entry", "text", "told"),
    [
        (FLOW, "none: a reason", ""),
        ("aws:appflow/*", "located: a reason", ""),
        ("datadog:*", "none: boards only", ""),
        (FLOW, "none", "gives no reason"),
        (FLOW, "none: ", "gives no reason"),
        (FLOW, "judged: a reason", "begins with no class"),
        (FLOW, "because", "begins with no class"),
        ("aws:*", "none: a reason", "whole cloud"),
        ("azure-native:*", "none: a reason", "whole cloud"),
        ("aws*", "none: a reason", "whole cloud"),
        ("*", "none: a reason", "whole cloud"),
        ("*:Flow", "none: a reason", "whole cloud"),
    ],
)
def test_an_entry_says_a_class_and_a_reason_and_no_whole_cloud(entry: str, text: str, told: str) -> None:
    found = faults({entry: text})
    assert len(found) == bool(told)
    assert told in "".join(found)


def test_the_line_of_a_type_is_one_that_config_takes_once_its_reason_is_written() -> None:
    entry, text = re.findall(r'"([^"]+)"', line(FLOW))
    assert entry == FLOW
    assert not faults({entry: text})
    assert standing(FLOW, {entry: text}).kind is Class.NONE


def test_asking_for_a_type_costs_microseconds() -> None:
    kinds = list(build.installed())
    for kind in kinds:
        standing(kind)
    started = time.perf_counter()
    for kind in kinds:
        standing(kind)
    assert (time.perf_counter() - started) / len(kinds) < 20e-6  # seconds; some 0.3e-6 on an idle machine
