"""The same handles on every cloud: what the blueprint gets back has each attribute of its Protocol, callable alike."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

import pulumi
import pytest

from components import contracts
from components.contracts import Toolkit
from components.placement import Placement
from stacks import streaming
from tests.conformance import tables
from tests.conformance.subjects import fresh, subject

CLOUDS = ("aws", "azure", "gcp")
HANDLES = {
    "key": contracts.KeyHandle,
    "logs": contracts.Handle,
    "lake": contracts.BucketHandle,
    "failed": contracts.BucketHandle,
    "stream": contracts.StreamHandle,
    "network": contracts.NetworkHandle,
    "processor": contracts.ProcessorHandle,
    "sink": contracts.SinkHandle,
    "watch": contracts.ObservabilityHandle,
    "pair": contracts.PairHandle,
}


@dataclass
class Seen:
    """The handles that one run of the real blueprint got from a cloud's toolkit."""

    handles: dict[str, Any] = field(default_factory=dict[str, Any])

    def through(self, toolkit: Toolkit) -> Toolkit:
        """The toolkit, keeping what it hands out at the end, when all parts are there."""

        def observability(name: str, spec: Any, *, parts: Any, parent: Any) -> Any:
            self.handles |= {each.name: getattr(parts, each.name) for each in fields(parts)}
            self.handles["watch"] = toolkit.observability(name, spec, parts=parts, parent=parent)
            return self.handles["watch"]

        def pair(name: str, **stores: Any) -> Any:
            self.handles["pair"] = toolkit.pair(name, **stores)
            return self.handles["pair"]

        return replace(toolkit, observability=observability, pair=pair)


@pytest.fixture(scope="module", params=CLOUDS)
def handles(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the blueprint gets for the stack with every setting."""
    seen, chosen = Seen(), streaming.toolkit_for

    def spying(placement: Placement) -> Toolkit:
        return seen.through(chosen(placement))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "toolkit_for", spying)
        fresh(f"{request.param}-maximum")
    return seen.handles


def members(protocol: type) -> set[str]:
    """What a Protocol asks for."""
    return {name for base in protocol.__mro__ if base is not object for name in vars(base) if not name.startswith("_")}


@pytest.mark.parametrize("role", HANDLES)
def test_a_handle_has_what_its_protocol_asks_for(handles: dict[str, Any], role: str) -> None:
    handle, protocol = handles[role], HANDLES[role]
    assert members(protocol)
    for name in members(protocol):
        found, asked = getattr(handle, name), inspect.getattr_static(protocol, name)
        if isinstance(asked, property):
            returns = str(inspect.signature(asked.fget).return_annotation)  # type: ignore[arg-type]
            assert is_a(found, returns), (role, name, found)
        else:
            assert answers_to(found, asked), (role, name, inspect.signature(found))


def is_a(found: object, returns: str) -> bool:
    """Whether a value is of the kind that the Protocol says."""
    if returns == "str":
        return isinstance(found, str) and bool(found)
    if returns.startswith("list"):
        return isinstance(found, list) and all(isinstance(each, pulumi.Output) for each in cast("list[object]", found))
    return isinstance(found, pulumi.Output)


def answers_to(found: Any, asked: Any) -> bool:
    """Whether a method can be called as the Protocol says; what it takes beyond has a default."""
    wanted = [each for each in inspect.signature(asked).parameters.values() if each.name != "self"]
    given = list(inspect.signature(found).parameters.values())
    same = [(each.name, each.kind) for each in given[: len(wanted)]] == [(each.name, each.kind) for each in wanted]
    return same and all(each.default is not each.empty for each in given[len(wanted) :])


def test_physical_names_are_known_before_anything_exists(handles: dict[str, Any]) -> None:
    named = {role: handle.physical_name for role, handle in handles.items() if role != "pair"}
    assert all(named.values())
    assert named["lake"] != named["failed"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_components_have_the_same_names_on_every_cloud(cloud: str) -> None:
    """Kinds of component, and how each is called; what one cloud has beside them is a declared deviation."""
    everywhere = {kind for each in CLOUDS for kind in kinds(each)}
    assert kinds(cloud) == everywhere - LOGS_ARE_A_BUCKET.get(cloud, set())


LOGS_ARE_A_BUCKET = {"aws": {("Logs", "pipeline-access-logs"), ("Logs", "standby-access-logs")}}
"""S3 writes access logs into a bucket, which is one like the others."""


def kinds(cloud: str) -> frozenset[tuple[str, str]]:
    """Type and logical name of each component, without AWS's bucket of logs."""
    components = [r for r in subject(f"{cloud}-maximum").snapshot.resources if r.type.startswith(f"homeshore:{cloud}:")]
    found = {(r.type.rpartition(":")[2], r.name) for r in components}
    return frozenset(each for each in found if each[0] == "Logs" or "access-logs" not in each[1])


def test_the_same_files_hold_the_same_components() -> None:
    """The seam of the toolkits: each field is there on each cloud, whose table of deviations names real components."""
    named = {deviation.component for deviation in tables.deviations()}
    assert named <= {each.name for each in fields(Toolkit)}
