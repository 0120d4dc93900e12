"""The walk and the rules say the same: what leaves is reported, and what a rule about data reports is a way out.

Held to every case of the rules, to the thirty ways out on three clouds, and to every destination of Azure's tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from policies.azure import facts as azure
from policies.judge import judge
from policies.model import Stack
from policies.paths import Chart, Verdict, chart
from policies.paths.facts import kinds
from policies.paths.model import Edge
from policies.paths.told import Told
from policies.rules import catalogue
from policies.values import Plain
from tests.policies.azure.test_ways import DATASOURCE, INSIDE, OUTSIDE, WAYS, nested, targets
from tests.policies.build import res, stack
from tests.policies.cases.loader import cases
from tests.policies.ways.loader import ways

SWITCHES = {
    "SOV-AWS-001": "a part of the wiring lies outside: it holds nothing itself",
    "SOV-AWS-002": "a right to read abroad, a role of another partition, a key in a list of settings",
    "SOV-AWS-005": "a key that may be copied to any region later",
    "SOV-AWS-012": "a model's profile runs it wherever there is room",
    "SOV-AWS-013": "uploads come in at the edge",
    "SOV-AZ-001": "nobody says where the resource will lie",
    "SOV-AZ-007": "anybody may copy it to another tenant",
    "SOV-GCP-001": "a network or a machine of a program stands outside; a place beside another that is unknown",
    "SOV-GCP-002": "fast replication between regions that are no pair",
    "SOV-GCP-004": "messages may pass any region on their way",
    "SOV-GCP-006": "the key of a disk, named in an input of its own",
    "SOV-GCP-007": "a job that says no region, or a zone of another one",
    "SOV-GCP-010": "a secret with no replica",
    "SOV-GCP-011": "a job or a query that says no place",
    "SOV-X-001": "another stack's outputs",
    "SOV-X-004": "what a stranger's resource names",
    "SOV-X-005": "the trust of a role, and what calls a function",
    "PUB-AWS-002": "an access list for everybody",
    "PUB-AWS-003": "a policy for everybody on what is no store",
    "PUB-GCP-002": "a grant to everybody on what is no store",
    "PUB-GCP-003": "a dataset's access list for everybody",
    "CLS-X-001": "what nobody has classified",
}
"""Rules whose findings are switches and not inputs that lead to a place: the walk takes these ways from the rules."""
NO_WAY = {
    "SOV-AWS-014": "a provider's settings",
    "SOV-AZ-002": "a group holds names and tags",
    "SOV-GCP-012": "a constraint on a project",
    "SOV-X-002": "a label",
    "SOV-X-003": "a provider: what it makes is judged where it lies",
}


def stacks() -> Iterator[tuple[str, Stack]]:
    """Every stack of the cases, and every way, taken and brought home."""
    for case in cases():
        yield f"{case.file}: {case.name}", case.stack
    for way in ways():
        if not way.none:
            yield f"{way.cloud}: {way.name}", way.stack(way.broken)
            if way.home is not None:
                yield f"{way.cloud}: {way.name}, at home", way.stack(way.home)


EVERY = dict(stacks())


def reported(one: Stack) -> set[tuple[str, str]]:
    """The resources, and the rules about ways of data, that report something of them."""
    failed = judge(one).failed
    return {(each.resource.urn, each.rule.id) for each in failed if each.resource and each.rule.id in kinds()}


def shown(found: Chart) -> set[str]:
    """The resources at which paths leave, or which they leave to."""
    ends = [path for _, path in found.ending(Verdict.LEAVES)]
    return {path.hops[-1].urn for path in ends} | {path.urn for path in ends if path.urn}


@pytest.mark.parametrize("name", EVERY)
def test_no_path_leaves_silently_and_no_report_is_without_a_path(name: str) -> None:
    found, said = chart(EVERY[name]), reported(EVERY[name])
    assert [(store.name, path) for store, path in found.ending(Verdict.LEAVES) if path.silent] == []
    assert {urn for urn, _ in said} - shown(found) == set()
    if not said:
        assert found.ending(Verdict.LEAVES) == ()


@pytest.mark.parametrize("way", [one for one in ways() if not one.none], ids=lambda one: f"{one.cloud}: {one.name}")
def test_each_of_the_thirty_ways_is_a_path_that_its_rule_reports(way: Any) -> None:
    found = chart(way.stack(way.broken))
    rules = {rule for _, path in found.ending(Verdict.LEAVES) for rule in path.rules}
    assert way.rule in (rules | NO_WAY.keys())


@pytest.mark.parametrize(("rule", "kind", "path"), [one for one in WAYS if targets(*one)])
def test_each_destination_of_azure_is_a_path_to_what_it_names(rule: str, kind: str, path: str) -> None:
    aims = targets(rule, kind, path)
    source = path.endswith("datasource")
    aim = {"@vault": azure.VAULT, "@datasource": azure.NAMESPACE}.get(aims[0], aims[0])
    far = res(aim, "there", {azure.named()[aim].input: "far", "location": OUTSIDE})
    value: Plain = dict(DATASOURCE) if source else "far"
    found = chart(stack("eu", res(kind, "it", {"location": INSIDE, **nested(path, value)}), far))
    where = re.sub(r"\*", "k", path.replace("[]", "[0]"))
    ends = {
        (each.hops[-1].urn.rpartition("::")[2], each.hops[-1].path, each.to) for _, each in found.ending(Verdict.LEAVES)
    }
    assert ("it", where + (".serviceBusNamespace" if source else ""), "there") in ends


def test_only_switches_come_from_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: set[str] = set()
    left = Told.left

    def spied(told: Told, there: set[tuple[str, str]]) -> Iterator[Edge]:
        for edge in left(told, there):
            taken.update(told.rules(edge.hop.urn, edge.hop.path))
            yield edge

    monkeypatch.setattr(Told, "left", spied)
    for one in EVERY.values():
        chart(one)
    assert taken - SWITCHES.keys() == set()


def test_every_rule_of_sovereignty_is_a_way_or_says_why_not() -> None:
    firm = {one for one in catalogue() if one.startswith("SOV-")}
    assert firm - kinds().keys() == NO_WAY.keys()
    assert kinds().keys() - catalogue().keys() == set()
