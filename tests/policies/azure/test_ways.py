"""Each way by which data leaves an Azure resource: to what the stack does not declare, and to what lies outside."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

import geography
from policies.azure import facts
from policies.rules import UNPLACED
from tests.policies.build import UNKNOWN, findings, res, stack, unsure, urn

with (Path(__file__).parent / "ways.csv").open(encoding="utf-8", newline="") as file:
    WAYS = [(row["rule"], row["type"], row["path"]) for row in csv.DictReader(file)]
INSIDE = next(one.name for one in geography.regions("azure") if one.country == "NL")
OUTSIDE = next(one.name for one in geography.regions("azure") if one.country == "GB")
DATASOURCE = {"type": "Microsoft.EventHub/EventHub", "serviceBusNamespace": "far"}


def nested(path: str, value: Any) -> dict[str, Any]:
    """The inputs in which `value` stands at `path`: a list of one where a list belongs, a key `k` in a mapping."""
    first, _, rest = path.partition(".")
    inner = nested(rest, value) if rest else value
    key = first.removesuffix("[]")
    return {"k" if key == "*" else key: [inner] if first != key else inner}


def where(path: str) -> str:
    return path.replace("[]", "[0]").replace("*", "k")


def targets(rule: str, kind: str, path: str) -> tuple[str, ...]:
    return next(one.targets for one in facts.destinations()[rule, kind] if one.path == path)


@pytest.mark.parametrize(("rule", "kind", "path"), WAYS)
def test_nobody_can_place_what_the_stack_does_not_declare(rule: str, kind: str, path: str) -> None:
    source = path.endswith("datasource")
    at = where(path) + (".serviceBusNamespace" if source else "")
    it = res(kind, "it", {"location": INSIDE, **nested(path, DATASOURCE if source else "far")})
    assert (UNPLACED, at) in findings(stack("eu", it), UNPLACED)


@pytest.mark.parametrize(("rule", "kind", "path"), [one for one in WAYS if "marketplacePartner" not in one[2]])
def test_what_lies_outside_is_found_by_name_and_by_link(rule: str, kind: str, path: str) -> None:
    source = path.endswith("datasource")
    aims = targets(rule, kind, path)
    aim = {"@vault": facts.VAULT, "@datasource": facts.NAMESPACE}.get(aims[0], aims[0])
    far = res(aim, "there", {facts.named()[aim].input: "far", "location": OUTSIDE})
    at = where(path) + (".serviceBusNamespace" if source else "")
    by_name = res(kind, "it", {"location": INSIDE, **nested(path, DATASOURCE if source else "far")})
    assert (rule, at) in findings(stack("eu", by_name, far), rule)
    value = {**DATASOURCE, "serviceBusNamespace": UNKNOWN} if source else UNKNOWN
    top = re.split(r"[.\[]", path)[0]
    by_link = res(kind, "it", {"location": INSIDE, **nested(path, value)}, links={top: (urn(aim, "there"),)})
    assert (rule, at) in findings(stack("eu", by_link, far), rule)
    unlinked = res(kind, "it", {"location": INSIDE, **nested(path, value)})
    assert (rule, at) in unsure(stack("eu", unlinked, far), rule)
    assert (rule, at) not in findings(stack("eu", unlinked, far), rule)


def test_every_way_is_listed_here() -> None:
    assert sorted((rule, kind, one.path) for (rule, kind), many in facts.destinations().items() for one in many) == WAYS
