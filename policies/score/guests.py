"""Guests: resources that no stack of ours has, one clean stack per cloud, so that rules about them are tested too."""

from __future__ import annotations

from functools import cache
from typing import cast

import yaml

import geography
from policies.model import Resource, Stack
from policies.parameters import Parameters
from policies.score.abroad import DATA
from policies.values import Plain


@cache
def guests() -> tuple[Stack, ...]:
    """The clean stacks of the table."""
    document = cast("dict[str, dict[str, object]]", yaml.safe_load((DATA / "guests.yaml").read_text(encoding="utf-8")))
    return tuple(_stack(name, described) for name, described in document.items())


def _stack(name: str, described: dict[str, object]) -> Stack:
    resources = cast("dict[str, dict[str, object]]", described["resources"])
    kinds = {key: str(one["type"]) for key, one in resources.items()}
    made: list[Resource] = []
    for key, one in resources.items():
        links = cast("dict[str, list[str]]", one.get("links", {}))
        behind = str(one.get("provider", described["provider"]))
        made.append(
            Resource(
                urn=_urn(name, kinds[key], key),
                type=kinds[key],
                name=key,
                inputs=cast("dict[str, Plain]", one.get("inputs", {})),
                provider=None if ":providers:" in kinds[key] else f"{_urn(name, kinds[behind], behind)}::id",
                protect=True,
                property_dependencies={
                    top: tuple(_urn(name, kinds[to], to) for to in several) for top, several in links.items()
                },
            )
        )
    told = cast("dict[str, int | bool]", described.get("parameters", {}))
    parameters = Parameters(
        sovereignty_level=int(told.get("sovereignty_level", 1)),
        guardrails_here=bool(told.get("guardrails_here")),
    )
    return Stack(name, made, boundary=geography.area(str(described["boundary"])), parameters=parameters)


def _urn(stack: str, kind: str, name: str) -> str:
    return f"urn:pulumi:{stack}::guests::{kind}::{name}"
