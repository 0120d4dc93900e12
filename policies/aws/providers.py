"""What an AWS provider must be held to. Its inputs are texts: lists and objects stand in them as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from policies.aws.whereabouts import Verdict, of_host, of_region
from policies.rules import Case, Said, rule
from policies.values import Reading, State, as_json, classify, is_unknown, opened

PROVIDER: Final = "pulumi:providers:aws"


@rule("SOV-AWS-014", PROVIDER)
def provider_is_held(case: Case) -> Iterator[Said]:
    """Region and account are named, and no call goes to a place outside."""
    region = case.read("region")
    if region.missing:
        yield case.fail(region, "region is missing: the environment would decide where everything lies")
    yield from _inside(case, region)
    yield from _inside(case, case.read("stsRegion"))
    yield from _of_one_account(case)
    legacy = case.read("s3UsEast1RegionalEndpoint")
    if legacy.unknown:
        yield case.unsure(legacy)
    elif legacy.among("legacy"):
        yield case.fail(legacy, "s3UsEast1RegionalEndpoint must be regional: legacy sends calls to the global endpoint")
    yield from _endpoints(case)


def _inside(case: Case, reading: Reading) -> Iterator[Said]:
    if case.stack.boundary is None or reading.missing:
        return
    if reading.unknown:
        yield case.unsure(reading)
        return
    found = of_region(case.stack, reading.text)
    if found.verdict is Verdict.OUTSIDE:
        yield case.fail(reading, f"{reading.path} is {found.where}, outside the boundary")


def _of_one_account(case: Case) -> Iterator[Said]:
    listed = _decoded(case.read("allowedAccountIds"))
    if listed.state is not State.UNKNOWN and not listed.value:
        yield case.fail(
            listed, "allowedAccountIds is missing: any account whose credentials lie about would be changed"
        )


def _endpoints(case: Case) -> Iterator[Said]:
    if case.stack.boundary is None:
        return
    listed = _decoded(case.read("endpoints"))
    if listed.unknown:
        yield case.unsure(listed)
    value = cast("object", listed.value)
    blocks = cast("list[object]", value) if isinstance(value, list) else [value]
    for number, block in enumerate(blocks):
        inner = opened(block)
        if not isinstance(inner, Mapping):
            continue
        for service, url in cast("Mapping[str, object]", inner).items():
            at = classify(f"endpoints[{number}].{service}", url)
            if at.unknown:
                yield case.unsure(at)
            elif at.text and of_host(case.stack, at.text).verdict is not Verdict.INSIDE:
                yield case.fail(
                    at, f"{at.path} sends calls to a host outside the boundary, or to one that nobody can place"
                )


def _decoded(reading: Reading) -> Reading:
    """The reading, with the JSON in its text taken out."""
    inner = as_json(reading.text) if isinstance(reading.value, str) else None
    if inner is None:
        return reading
    members = cast("list[object]", inner) if isinstance(inner, list) else []
    if members and all(is_unknown(opened(one)) for one in members):
        return Reading(reading.path, State.UNKNOWN)
    return classify(reading.path, cast("object", inner))
