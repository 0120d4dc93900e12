"""CLS-X-001: what nobody has looked at fails closed, and says how it is classified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.judge import judge
from policies.rules import Fail, catalogue
from policies.standings import line
from tests.policies.build import findings, res, stack

RULE = "CLS-X-001"
STANDINGS: dict[str, str] = yaml.safe_load((Path(__file__).parents[1] / "standings.yaml").read_text(encoding="utf-8"))
KNOWN = [kind for name in ("judged", "located", "none") for kind in STANDINGS[name].split()]
OPEN = STANDINGS["unclassified"].split()


def said(kind: str, **options: Any) -> list[Fail]:
    """What the rule says of one resource of a type."""
    parameters = options.pop("parameters", {})
    boundary = options.pop("boundary", "eu")
    return [one.said for one in judge(stack(boundary, res(kind, "it", **options), **parameters), {RULE}).failed]


def test_a_strangers_ordinary_stack_has_no_such_finding() -> None:
    resources = [res(kind, f"it{number}") for number, kind in enumerate(KNOWN)]
    assert not findings(stack("eu", *resources), RULE)


@pytest.mark.parametrize("kind", OPEN)
def test_an_unclassified_type_fails_and_prints_the_line_that_classifies_it(kind: str) -> None:
    (one,) = said(kind)
    assert one.path == ""
    assert one.message.startswith(f"{kind} is not classified: ")
    assert one.message.endswith(line(kind))
    assert not said(kind, parameters={"classified": {kind: "none: it draws the page of help"}})


def test_it_fails_without_a_boundary_too() -> None:
    assert len(said(OPEN[0], boundary=None)) == 1


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("mongodbatlas:index/cluster:Cluster", "it is of a package that this pack does not know"),
        ("pulumi-python:dynamic:Resource", "a dynamic provider: what it does is code of its own program"),
        ("command:local:Command", "runs a command, which can do anything"),
        ("aws:appflow/flow:Flow", "nobody has said whether it holds or moves data"),
        ("aws:cloudfront/keyValueStore:KeyValueStore", "keeps its values at edge locations all over the world"),
    ],
)
def test_the_message_says_why_it_cannot_be_judged(kind: str, why: str) -> None:
    assert f": {why}. No rule judges where its data goes; add classified: " in said(kind)[0].message


def test_components_and_providers_hold_nothing_themselves() -> None:
    assert not said("acme:index:Lake", custom=False)
    assert not said("homeshore:aws:Bucket", custom=False)
    assert not said("pulumi:providers:mongodbatlas")
    assert len(said("acme:index:Lake")) == 1


def test_config_classifies_by_pattern_and_takes_no_rule_away() -> None:
    assert not said("aws:appflow/flow:Flow", parameters={"classified": {"aws:appflow/*": "none: tests only"}})
    assert said("aws:appflow/flow:Flow", parameters={"classified": {"aws:appflow/*": "none:"}})
    topic = res("gcp:pubsub/topic:Topic", "it")
    open_topic = stack("eu", topic, classified={"gcp:pubsub/*": "none: tests only"})
    assert ("SOV-GCP-004", "messageStoragePolicy") in findings(open_topic)


def test_the_rule_is_of_the_house_and_the_catalogue_has_its_108() -> None:
    about = catalogue()[RULE]
    assert (about.title, about.category, about.severity.value) == ("Type not classified", "sovereignty", "high")
    assert about.frameworks == catalogue()["SOV-X-005"].frameworks
    assert about.firm
    assert sum(one.cloud != "house" for one in catalogue().values()) == 108
