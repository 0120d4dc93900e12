"""The typed stack file: its sections, and what they may say together.

What holds on one cloud only is decided in stacks.by_cloud and stacks.brought; the checks here ask them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import Field, ValidationInfo, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import PydanticCustomError

import geography
from components.placement import BUILT, Placement
from components.refusal import refusal
from stacks import brought, by_cloud, fields
from stacks.by_cloud import Place
from stacks.sections import (
    FRESHNESS_MINUTES,
    Baseline,
    Blueprint,
    Bring,
    BroughtNetwork,
    Budget,
    EventRate,
    Extent,
    KeySettings,
    Latency,
    Network,
    Owner,
    ProcessorSettings,
    Removal,
    Residency,
    Retention,
    Section,
    Slo,
    Standby,
    Storage,
    StreamSettings,
    Transfer,
    Workload,
)

__all__ = [
    "FRESHNESS_MINUTES",
    "PLACE",
    "Baseline",
    "BaselineConfig",
    "Blueprint",
    "Bring",
    "BroughtNetwork",
    "Budget",
    "EventRate",
    "Extent",
    "KeySettings",
    "Latency",
    "Network",
    "Owner",
    "Placed",
    "Placement",
    "ProcessorSettings",
    "Removal",
    "Residency",
    "Retention",
    "Section",
    "Slo",
    "StackConfig",
    "Standby",
    "Storage",
    "StreamSettings",
    "Transfer",
    "Workload",
    "brought_faults",
    "placement_faults",
    "transfer_faults",
]

PLACE = "place"
"""Where a caller of `model_validate` may put a by_cloud.Place into the context: it stands in for a placement that has
faults of its own, so that the other keys are checked against its cloud all the same."""


def _slo(valid: dict[str, object]) -> Slo:
    latency = valid.get("latency")
    return Slo(freshness_minutes=FRESHNESS_MINUTES[latency if isinstance(latency, Latency) else Latency.INTERACTIVE])


def _key(valid: dict[str, object]) -> KeySettings:
    return _keep_unstated(KeySettings(rotation_days=by_cloud.ROTATION_DAYS[_cloud(valid)]), "rotation_days")


def _processor(valid: dict[str, object]) -> ProcessorSettings:
    return ProcessorSettings.model_validate({"architecture": by_cloud.ARCHITECTURES[_cloud(valid)][0]})


def _cloud(valid: dict[str, object]) -> str:
    placement = valid.get("placement")
    return placement.cloud if isinstance(placement, Placement) else BUILT[0]


def _keep_unstated(key: KeySettings, name: str) -> KeySettings:
    """`key`, which does not count its derived value `name` among those that the file states."""
    return KeySettings.model_construct(_fields_set=set(key.model_fields_set) - {name}, **dict(key))


class Placed(Section):
    """What every stack file says, whatever its blueprint: who, where, and how its keys and data are given up."""

    blueprint: Blueprint = Field(
        default=Blueprint.STREAMING,
        description="What the stack builds. streaming: one region's pipeline. baseline: what an account, subscription "
        "or project has only once, beneath its pipelines (docs/baseline.md).",
    )
    environment: fields.Environment = Field(
        description="What the stack is for, part of every physical name: dev, staging, prod.", examples=["prod"]
    )
    owner: Owner = Field(description="Who answers for the stack.")
    residency: Residency = Field(description="What the data must not leave.")
    placement: Placement = Field(
        discriminator="cloud",
        description="Where the stack stands: cloud, region, account. The other keys follow from the cloud.",
    )
    key: KeySettings = Field(
        default_factory=_key,
        description="How the region's own encryption key is renewed and given up.",
        examples=[{"rotation_days": 365, "deletion_days": 30}],
    )
    protect: fields.Flag = Field(
        default=True,
        description="Refuse to delete data-bearing resources. Deleting data takes two keys: "
        "protect: false and removal: destroy.",
    )
    removal: Removal = Field(
        default=Removal.RETAIN,
        description="What becomes of data-bearing resources when the stack is destroyed: "
        "retain leaves them in the account, destroy deletes them (with protect: false).",
    )
    generation: fields.Generation = Field(
        default=1,
        description="Part of fixed names, 1 to 99: raise it when a deleted name is still held by the cloud.",
    )
    transfers: tuple[Transfer, ...] = Field(
        default=(),
        max_length=50,
        description="The register of transfers out of the boundary, each with its legal basis and its end. It exempts "
        "from nothing: every report prints it, and what leads to a declared destination is a warning instead of an "
        "error only where the boundary's law lets that basis lower it (docs/transfers.md).",
        examples=[[{name: field.examples[0] for name, field in Transfer.model_fields.items() if field.examples}]],
    )

    # Fields are checked in their order; a check sees the earlier fields that are valid, so all faults show at once.
    @field_validator("placement")
    @classmethod
    def _lies_inside(cls, placement: Placement, info: ValidationInfo) -> Placement:
        for fault in placement_faults(by_cloud.place_of(placement), _boundary(info)):
            raise fault
        return placement

    @field_validator("transfers")
    @classmethod
    def _are_accepted(cls, transfers: tuple[Transfer, ...], info: ValidationInfo) -> tuple[Transfer, ...]:
        for fault in transfer_faults(transfers, _boundary(info)):
            raise fault
        return transfers

    @field_validator("key", mode="wrap")
    @classmethod
    def _rotates_as_the_cloud_asks(
        cls, key: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> KeySettings:
        if not isinstance(key, dict) or "rotation_days" in key:
            return cast("KeySettings", handler(key))
        place = _place(info)
        derived = by_cloud.ROTATION_DAYS[place.cloud if place else BUILT[0]]
        stated = cast("dict[str, object]", key)
        return _keep_unstated(cast("KeySettings", handler({"rotation_days": derived, **stated})), "rotation_days")

    @field_validator("key")
    @classmethod
    def _is_such_a_key(cls, key: KeySettings, info: ValidationInfo) -> KeySettings:
        if place := _place(info):
            _refuse(by_cloud.wrong_key(key, place.cloud))
        return key


class StackConfig(Placed):
    """One pipeline: one cloud, one region, one environment."""

    workload: Workload = Field(description="The load that the stack is sized for.")
    latency: Latency = Field(
        default=Latency.INTERACTIVE,
        description="How fast events must arrive: realtime (about a second), interactive (seconds), "
        "economy (a minute or more, at the lowest price). It drives sizing.",
    )
    events: fields.ProjectPath = Field(
        default="events/clickstream.yaml",
        description="The data contract that the processor enforces, a file inside the project.",
    )
    stream: StreamSettings = Field(
        default_factory=StreamSettings, description="What the stream promises its consumers."
    )
    retention: Retention = Field(default_factory=Retention, description="How long data is kept, and how warm.")
    storage: Storage = Field(
        default_factory=Storage,
        validate_default=True,
        description="How many places of the cloud hold a copy of each object.",
    )
    network: Network = Field(
        default_factory=Network, description="Who can reach the endpoints.", examples=[{"mode": "private"}]
    )
    standby: Standby | None = Field(
        default=None,
        description="A second region that takes over when the first one fails, inside the boundary too. What it copies "
        "and what it does not differs from cloud to cloud.",
    )
    budget: Budget | None = Field(default=None, description="What the stack may cost; none means nobody is warned.")
    processor: ProcessorSettings = Field(
        default_factory=_processor,
        description="What the processor's code runs on.",
        examples=[{"runtime": "python3.13"}],
    )
    slo: Slo = Field(default_factory=_slo, description="What the stack promises its readers.")
    baseline: Baseline = Field(
        default_factory=Baseline,
        description="Who looks after what exists once per account or project and region, beneath all stacks there.",
    )
    bring: Bring = Field(
        default_factory=Bring,
        description="What exists already and is used instead of being made, in the placement's region and in the "
        "words of its cloud.",
        examples=[{"permission_boundary": brought.KINDS["aws", "permission_boundary"].example}],
    )

    @field_validator("retention")
    @classmethod
    def _suits_the_cloud(cls, retention: Retention, info: ValidationInfo) -> Retention:
        if place := _place(info):
            _refuse(by_cloud.wrong_stages(retention, place.cloud) or by_cloud.wrong_replay(retention, place.cloud))
        return retention

    @field_validator("storage")
    @classmethod
    def _is_offered_inside(cls, storage: Storage, info: ValidationInfo) -> Storage:
        if place := _place(info):
            _refuse(by_cloud.wrong_redundancy(storage, place, _boundary(info)))
        return storage

    @field_validator("network")
    @classmethod
    def _reaches_its_services(cls, network: Network, info: ValidationInfo) -> Network:
        if place := _place(info):
            _refuse(by_cloud.unreachable(network, place, _boundary(info)))
        return network

    @field_validator("standby", "budget", mode="before")
    @classmethod
    def _says_something(cls, section: object, info: ValidationInfo) -> object:
        """A key without a value reads as if it were not there, although somebody wrote it: told, not guessed."""
        if section is None:
            model = {"standby": Standby, "budget": Budget}[str(info.field_name)]
            keys = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
            raise refusal(
                f"{info.field_name} is empty",
                consequence=f"The stack would have no {info.field_name}, although the file names one.",
                remedy=f"Fill it in ({keys}), or remove {info.field_name}.",
            )
        return section

    @field_validator("standby")
    @classmethod
    def _stands_by_inside(cls, standby: Standby | None, info: ValidationInfo) -> Standby | None:
        if standby is not None and (place := _place(info)):
            network = info.data.get("network")
            private = isinstance(network, Network) and network.mode == "private"
            _refuse(by_cloud.wrong_standby(standby.region, place, _boundary(info), private=private))
        return standby

    @field_validator("budget")
    @classmethod
    def _is_paid_by_somebody(cls, budget: Budget | None, info: ValidationInfo) -> Budget | None:
        if budget is not None and (place := _place(info)):
            _refuse(by_cloud.unbilled(place))
            _refuse(by_cloud.wrong_budget(budget, place.cloud))
        return budget

    @field_validator("processor", mode="before")
    @classmethod
    def _architecture_of_the_cloud(cls, processor: object, info: ValidationInfo) -> object:
        if not isinstance(processor, dict):
            return processor
        place = _place(info)
        derived = by_cloud.ARCHITECTURES[place.cloud if place else BUILT[0]][0]
        return {"architecture": derived, **cast("dict[str, object]", processor)}

    @field_validator("processor")
    @classmethod
    def _runs_there(cls, processor: ProcessorSettings, info: ValidationInfo) -> ProcessorSettings:
        if place := _place(info):
            _refuse(by_cloud.wrong_architecture(processor, place.cloud))
        return processor

    @field_validator("bring")
    @classmethod
    def _lies_there(cls, bring: Bring, info: ValidationInfo) -> Bring:
        network, key = info.data.get("network"), info.data.get("key")
        place = _place(info)
        mode = network.mode if isinstance(network, Network) else None
        stated = isinstance(key, KeySettings) and bool(key.model_fields_set)
        for fault in brought.faults(bring, place, mode, key_stated=stated) if place else ():
            raise fault
        return bring


class BaselineConfig(Placed):
    """What an account, subscription or project has only once, beneath its pipelines."""

    baseline: Extent = Field(
        default_factory=Extent,
        description="Which part of an account this stack looks after, where it has several regions.",
        examples=[{"account_wide": True}],
    )

    @field_validator("key")
    @classmethod
    def _there_is_a_key(cls, key: KeySettings, info: ValidationInfo) -> KeySettings:
        if place := _place(info):
            _refuse(by_cloud.keyless_baseline(place.cloud))
        return key

    @field_validator("baseline")
    @classmethod
    def _something_is_left(cls, extent: Extent, info: ValidationInfo) -> Extent:
        if place := _place(info):
            _refuse(by_cloud.empty_baseline(extent, place.cloud))
        return extent


def placement_faults(place: Place, boundary: geography.Boundary | None) -> Iterator[PydanticCustomError]:
    """What is wrong with where a placement lies."""
    if place.region is None:
        return
    if boundary is not None and (fault := by_cloud.outside("the region", place.region, boundary)):
        yield fault
    services = geography.services_of(place.cloud)
    if fault := by_cloud.without_services(place.region, services, boundary):
        yield fault


def transfer_faults(
    transfers: tuple[Transfer, ...], boundary: geography.Boundary | None
) -> Iterator[PydanticCustomError]:
    """What is wrong with declared transfers whatever the day; pydantic tells the first of them only."""
    for number, one in enumerate(transfers if boundary else ()):
        refused = geography.refusal(boundary, one.basis, geography.area(one.destination)) if boundary else ""
        if refused:
            yield refusal(
                refused,
                consequence="The register would say that a transfer is lawful which nobody has found to be so.",
                remedy="Name the basis that the transfer rests on, or remove it from the register and from the stack.",
                at=f"{number}.basis",
            )


def brought_faults(values: Mapping[str, object], place: Place) -> Iterator[PydanticCustomError]:
    """What is wrong with a valid section `bring` among the file's `values`; pydantic tells the first of them only."""
    network = values.get("network")
    mode = cast("dict[str, object]", network).get("mode") if isinstance(network, dict) else None
    bring = Bring.model_validate(values.get("bring", {}))
    mode = mode if isinstance(mode, str) else None
    yield from brought.faults(bring, place, mode, key_stated=bool(values.get("key")))


def _refuse(fault: PydanticCustomError | None) -> None:
    if fault is not None:
        raise fault


def _place(info: ValidationInfo) -> Place | None:
    placement = info.data.get("placement")
    if isinstance(placement, Placement):
        return by_cloud.place_of(placement)
    context = cast("Mapping[str, object]", info.context or {})
    place = context.get(PLACE)
    return place if isinstance(place, Place) else None


def _boundary(info: ValidationInfo) -> geography.Boundary | None:
    residency = info.data.get("residency")
    return geography.boundary(residency.boundary) if isinstance(residency, Residency) else None
