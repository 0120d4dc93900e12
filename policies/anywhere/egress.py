"""Ways out of stores and services that no rule of the catalogue names: each row of data/egress.csv is an input.

A row says under which rule a type's input is judged, and of what kind its value is:

- `region`: a place in any spelling; where it is one of `when`, it names none;
- `arn`, `bucket`, `endpoint`, `subscriber` on AWS, `bucket`, `dataset`, `topic`, `any` on Google Cloud, or types of
  Azure: a destination, resolved as that cloud's own rules resolve it;
- `type#input`: a resource of the stack that is called so by that input;
- `host`: a host or URL, on Google Cloud;
- `account`: whom something is shared with;
- `pair`: a value among `when` copies to the region's pair, `default` is what the cloud takes where none is said;
- `worldwide`: a value among `when` lets the data go anywhere;
- `closest`: where none is said, Google takes the multi-region of the continent (`default`), if what stands at the path
  `when` is there and not off; what is said, SOV-GCP-001 judges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple, cast

import geography
from policies.aws import destinations as aws
from policies.aws.whereabouts import Verdict
from policies.azure import where as azure
from policies.facts import rows
from policies.gcp import where as gcp
from policies.model import Resource
from policies.rules import UNPLACED, Case, Check, Fail, Said, rule
from policies.values import Plain, Reading, State, as_json, read_all

HOST: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@]*@)?([^/:?#]+)|([^/:?#]+)", re.IGNORECASE)


class Way(NamedTuple):
    """A row of the table."""

    rule: str
    type: str
    path: str
    kind: str
    what: str
    default: str
    when: str


@cache
def ways() -> dict[tuple[str, str], tuple[Way, ...]]:
    """The rows by rule and type."""
    found: dict[tuple[str, str], tuple[Way, ...]] = {}
    for fields in rows("egress.csv"):
        one = Way(**fields)
        found[one.rule, one.type] = (*found.get((one.rule, one.type), ()), one)
    return found


def _readings(resource: Resource, path: str) -> Iterator[Reading]:
    """Every value at `path`, also where its first step holds a document as text."""
    top = re.split(r"[.\[]", path, maxsplit=1)[0]
    at = resource.read(top)
    inner = as_json(at.value) if isinstance(at.value, str) else None
    yield from resource.read_all(path) if inner is None else read_all({top: cast("Plain", inner)}, path)


def _region(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    if at.missing or at.among(*way.when.split()):
        return
    if case.resource.cloud == "aws":
        yield from _aws(case, way, at)
    elif case.resource.cloud == "azure":
        yield from azure.inside(case, at, at, case.resource.name)
    else:
        yield from gcp.must_lie_inside(case, at)


def _aws(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    """A destination as AWS's own rules resolve it."""
    if at.missing:
        return
    found = aws.KINDS[way.kind](case, at)
    if found.verdict is Verdict.OUTSIDE:
        yield case.fail(at, f"{at.path} leads {way.what} to {found.where}, outside the boundary")
    elif found.verdict is Verdict.UNKNOWN:
        yield case.unsure(at, f"nobody can tell yet where {way.what} would go")
    elif found.verdict is Verdict.NOWHERE:
        yield from case.unplaced(at, way.what)


def _azure(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    yield from azure.destination(case, at, tuple(way.kind.split()), way.what)


def _gcp(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    yield from gcp.leads_inside(case, at, way.kind, way.what)


def _host(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    """A host of Google Cloud says its region, a link says whose it is; any other has to be allowed."""
    if at.unknown:
        yield from _ends(case, way, at, list(case.stack.target(case.resource, at).inside))
    found = HOST.match(at.text)
    if found is None:
        return
    host = (found[1] or found[2]).lower()
    places = gcp.places_of_host(host)
    gone = [one for one in places if not case.stack.holds(one)]
    if gone:
        yield case.fail(at, f"{at.path} leads {way.what} to {gone[0].name}, outside the boundary")
    elif not places and host not in {one.lower() for one in case.stack.parameters.allowed_hosts}:
        yield from case.unplaced(at, way.what)


def _named(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    """A resource of the stack, told by the input that names it or by the link to it."""
    if at.missing:
        return
    kind, _, own = way.kind.partition("#")
    words = set(re.split(r"[/:]", at.text.lower()))
    linked = case.resource.property_dependencies.get(re.split(r"[.\[]", at.path, maxsplit=1)[0], ())
    among = list(case.stack.of(kind))
    called = [one for one in among if one.read(own).text.lower() in words - {""}]
    yield from _ends(case, way, at, called or [one for one in among if one.urn in linked])


def _ends(case: Case, way: Way, at: Reading, found: list[Resource]) -> Iterator[Said]:
    """What is wrong with leading to the given resources; none of them is something that nobody can place."""
    regions = [case.stack.region(one) for one in found]
    gone = [one for one in regions if one is not None and not case.stack.holds(one)]
    if gone:
        yield case.fail(at, f"{at.path} leads {way.what} to {gone[0].name}, outside the boundary")
    elif (at.unknown and not found) or None in regions:
        yield case.unsure(at, f"nobody can tell yet where {way.what} would go")
    elif not found:
        yield from case.unplaced(at, way.what)


def _account(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    """Another account may take its share anywhere: it has to be allowed."""
    if at.unknown:
        yield case.unsure(at, f"with whom {way.what} is shared is known only after the update")
    elif at.text and at.text not in case.stack.parameters.allowed_accounts:
        told = f"{at.path} shares {way.what} with {at.text}, which may take it anywhere and is not among the allowed"
        yield Fail(at.path, told, at.found(), under=UNPLACED)


def _pair(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    taken = Reading(at.path, State.KNOWN, way.default) if at.missing else at
    boundary = case.stack.boundary
    if taken.unknown:
        yield case.unsure(at)
    elif boundary is not None and taken.among(*way.when.split()):
        lies = azure.region(case.stack, case.resource)
        pair = geography.pair_of(lies) if lies else None
        if lies is None:
            yield case.unsure(at, f"{at.path} copies {way.what} to the pair of a region that is not known")
        elif pair is None or not boundary.holds(pair):
            there = f"{pair.name}, outside {boundary.title}" if pair else f"the pair of {lies.name}, which is not known"
            yield case.fail(at, f"{at.path} copies {way.what} to {there}")


def _worldwide(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    if at.unknown:
        yield case.unsure(at)
    elif at.among(*way.when.split()):
        yield case.fail(at, f"{at.path} is {at.text}: {way.what} may be handled in any region of the world")


def _closest(case: Case, way: Way, at: Reading) -> Iterator[Said]:
    switch = case.read(way.when) if way.when else None
    if at.present or (switch is not None and (switch.missing or switch.flag is False)):
        return
    if switch is not None and switch.unknown:
        yield case.unsure(at, f"whether Google keeps {way.what} is known only after the update")
        return
    lies = case.stack.region(case.resource)
    areas = dict(one.split("=") for one in way.default.split())
    area = areas.get(lies.name.partition("-")[0]) if lies else None
    taken = gcp.bucket_location(area) if area else None
    if taken is None:
        yield case.unsure(at, f"Google keeps {way.what} in the multi-region closest to a place that is not known")
    elif not case.stack.holds(taken):
        yield case.fail(at, f"{at.path} is missing: Google keeps {way.what} in {area}, outside the boundary")


Judge = Callable[[Case, Way, Reading], Iterator[Said]]
KINDS: Final[dict[str, Judge]] = {
    "region": _region,
    "host": _host,
    "account": _account,
    "pair": _pair,
    "worldwide": _worldwide,
    "closest": _closest,
}
BY_CLOUD: Final[dict[str, Judge]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}


def _judge(case: Case, way: Way) -> Judge:
    return KINDS.get(way.kind) or (_named if "#" in way.kind else BY_CLOUD[case.resource.cloud or ""])


def _check(identity: str) -> Check:
    def check(case: Case) -> Iterator[Said]:
        if case.stack.boundary is not None:
            for way in ways()[identity, case.resource.type]:
                for at in _readings(case.resource, way.path):
                    yield from _judge(case, way)(case, way, at)

    return check


for _identity, _type in ways():
    rule(_identity, _type)(_check(_identity))
