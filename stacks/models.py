"""The typed stack file: frozen plain data, each key explained once, here.

The descriptions are the source of the JSON schema, of docs/stack-file.md and of the remedies in error messages.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

import geography
from components.placement import BUILT, AwsRegion, Placement
from components.refusal import refusal
from stacks import fields
from stacks.retention import stages


class Latency(StrEnum):
    """How long an event may take from the stream to the bucket."""

    REALTIME = "realtime"
    INTERACTIVE = "interactive"
    ECONOMY = "economy"


class Removal(StrEnum):
    """What becomes of data-bearing resources when the stack is destroyed."""

    RETAIN = "retain"
    DESTROY = "destroy"


# Silver is refreshed about once per objective; the numbers follow what each latency promises its readers.
FRESHNESS_MINUTES = {Latency.REALTIME: 1, Latency.INTERACTIVE: 5, Latency.ECONOMY: 30}


class Section(BaseModel):
    """A mapping of the stack file: unknown keys are refused, values never change after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Owner(Section):
    """Who answers for the stack; all three become tags of every resource."""

    team: fields.Label = Field(description="The team that owns the stack.", examples=["data-platform"])
    cost_center: fields.Label = Field(
        description="Where the bill goes; digits need quotes, so that leading zeros survive.", examples=["4711"]
    )
    contact: fields.Email = Field(
        description="The e-mail address that alarms and budget warnings reach.", examples=["data-platform@example.com"]
    )


class Residency(Section):
    """What the data must not leave."""

    boundary: fields.BoundaryName = Field(
        description="The area that data must not leave, a name that `homeshore regions --boundaries` lists. "
        "The region must lie inside; events from a country outside are quarantined without personal data.",
        examples=["eu"],
    )


class EventRate(Section):
    """Events per second, average and peak."""

    average: fields.Rate = Field(
        description="Events per second, averaged over a month: what storage and price follow.", examples=[30000]
    )
    peak: fields.Rate = Field(
        description="Events per second in the busiest minute, at least the average: what capacity follows.",
        examples=[100000],
    )

    @model_validator(mode="after")
    def _peak_is_highest(self) -> Self:
        if self.peak < self.average:
            raise refusal(
                f"the peak of {self.peak} events/s is below the average of {self.average} events/s",
                consequence="The stream would be sized for the peak and throttle most of the day.",
                remedy=f"Raise peak to {self.average} or more, or lower the average.",
                at="peak",
            )
        return self


class Workload(Section):
    """The load that the stack is sized for."""

    events_per_second: EventRate = Field(description="How many events arrive.")
    event_bytes: fields.Bytes = Field(
        description="Bytes of one event as it is sent, on average, before packing or encoding.", examples=[1024]
    )


class Retention(Section):
    """How long data is kept. Equal days skip the storage class between them: 7, 7, 7 deletes on day 7, unmoved."""

    replay_hours: fields.ReplayHours = Field(
        default=24, description="Hours that the stream keeps raw events for another reading, 24 to 8760."
    )
    hot_days: fields.Days = Field(
        default=30, description="Days in the standard storage class, before objects move to infrequent access."
    )
    cool_days: fields.Days = Field(
        default=150, description="Day of an object's life on which it moves on to the archive with instant retrieval."
    )
    delete_after_days: fields.Days = Field(
        default=730, description="Day of an object's life on which it is deleted for good."
    )

    @model_validator(mode="after")
    def _grows(self) -> Self:
        for earlier, later in (("hot_days", "cool_days"), ("cool_days", "delete_after_days")):
            first, second = int(getattr(self, earlier)), int(getattr(self, later))
            if second < first:
                raise refusal(
                    f"retention shrinks: {later} is {second}, before {earlier} at {first}",
                    consequence="Objects would have to leave a storage class before they enter it.",
                    remedy=f"Keep hot_days <= cool_days <= delete_after_days, all counted from an object's creation; "
                    f"set {later} to {first} or more.",
                    at=later,
                )
        return self


class Network(Section):
    """Who can reach the endpoints; storage, keys and SQL stay closed in both modes."""

    mode: Literal["private", "public"] = Field(
        default="private",
        description="private: the processor runs in a network of its own without an internet path. "
        "public: public endpoints, closed to all but allowed_cidrs.",
    )
    allowed_cidrs: tuple[fields.Cidr, ...] = Field(
        default=(),
        max_length=50,
        description="With mode public: the networks that may send events, in CIDR form. The whole internet is refused.",
        examples=[["203.0.113.0/24"]],
    )

    @model_validator(mode="after")
    def _names_its_callers(self) -> Self:
        if self.mode == "public" and not self.allowed_cidrs:
            raise refusal(
                "mode is public and allowed_cidrs is empty",
                consequence="The endpoints are closed by default, so nobody could send an event.",
                remedy="List the networks that send events under allowed_cidrs, or use mode: private.",
                at="allowed_cidrs",
            )
        if self.mode == "private" and self.allowed_cidrs:
            raise refusal(
                "allowed_cidrs is set and mode is private",
                consequence="A private network has no endpoint to open, so the list would do nothing.",
                remedy="Remove allowed_cidrs, or use mode: public.",
                at="allowed_cidrs",
            )
        return self


class Standby(Section):
    """A second region that takes over."""

    region: AwsRegion = Field(
        description="The region that takes over; it must lie inside residency.boundary too.",
        examples=[next(r.name for r in geography.regions("aws") if r.country == "IE")],
    )


class Budget(Section):
    """What the stack may cost."""

    monthly_usd: fields.Dollars = Field(
        description="US dollars per month; the owner's contact is warned on the way there.", examples=[9000]
    )


class ProcessorSettings(Section):
    """What the processor's code runs on."""

    architecture: Literal["arm64", "x86_64"] = Field(
        default="arm64", description="The processor architecture of the function; arm64 costs about a fifth less."
    )
    runtime: Literal["python3.12", "python3.13"] = Field(
        default="python3.13", description="The function's Python, which its packaged dependencies are built for."
    )


class Slo(Section):
    """What the stack promises its readers."""

    freshness_minutes: fields.Minutes = Field(
        description="Minutes after which an event is visible to SQL; derived from latency when absent "
        f"({', '.join(f'{name} {minutes}' for name, minutes in FRESHNESS_MINUTES.items())}).",
        examples=[5],
    )


def _slo(valid: dict[str, object]) -> Slo:
    latency = valid.get("latency")
    return Slo(freshness_minutes=FRESHNESS_MINUTES[latency if isinstance(latency, Latency) else Latency.INTERACTIVE])


class StackConfig(Section):
    """One stack: one cloud, one region, one environment."""

    environment: fields.Environment = Field(
        description="What the stack is for, part of every physical name: dev, staging, prod.", examples=["prod"]
    )
    owner: Owner = Field(description="Who answers for the stack.")
    residency: Residency = Field(description="What the data must not leave.")
    placement: Placement = Field(description="Where the stack stands: cloud, region, account.")
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
    retention: Retention = Field(default_factory=Retention, description="How long data is kept, and how warm.")
    network: Network = Field(
        default_factory=Network, description="Who can reach the endpoints.", examples=[{"mode": "private"}]
    )
    standby: Standby | None = Field(
        default=None, description="A second region that takes over. This version does not build it yet."
    )
    budget: Budget | None = Field(default=None, description="What the stack may cost; none means nobody is warned.")
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
    processor: ProcessorSettings = Field(
        default_factory=ProcessorSettings, description="What the processor's code runs on."
    )
    slo: Slo = Field(default_factory=_slo, description="What the stack promises its readers.")

    # Fields are checked in their order; a check sees the earlier fields that are valid, so all faults show at once.
    @field_validator("placement")
    @classmethod
    def _lies_inside(cls, placement: Placement, info: ValidationInfo) -> Placement:
        residency = info.data.get("residency")
        if isinstance(residency, Residency):
            fault = outside("the region", placement.region, residency.boundary)
            if fault is not None:
                raise fault
        return placement

    @field_validator("retention")
    @classmethod
    def _respects_storage_classes(cls, retention: Retention, info: ValidationInfo) -> Retention:
        placement = info.data.get("placement")
        cloud = placement.cloud if isinstance(placement, Placement) else BUILT[0]
        for stage in stages(cloud, retention.hot_days, retention.cool_days, retention.delete_after_days):
            kind, length = stage.storage_class, stage.end - stage.start
            if stage.start < kind.earliest_day:
                raise refusal(
                    f"objects would move to {kind.name} on day {stage.start}; the earliest is day {kind.earliest_day}",
                    consequence="The cloud refuses the bucket's lifecycle rule.",
                    remedy=f"Set {kind.entered_by} to {kind.earliest_day} or more, or equal to the next one to skip "
                    f"{kind.name}.",
                    at=kind.entered_by,
                )
            if length < kind.minimum_stay_days:
                following = "cool_days" if kind.entered_by == "hot_days" else "delete_after_days"
                raise refusal(
                    f"objects would stay in {kind.name} for {length} day{'s' * (length != 1)} "
                    f"(day {stage.start} to {stage.end}); its minimum stay is {kind.minimum_stay_days}",
                    consequence=f"Each object is billed for {kind.minimum_stay_days} days there all the same, "
                    "and for the move.",
                    remedy=f"Set {following} to {stage.start + kind.minimum_stay_days} or more, or make the two equal "
                    f"to skip {kind.name}.",
                    at=following,
                )
        return retention

    @field_validator("standby")
    @classmethod
    def _stays_inside(cls, standby: Standby | None, info: ValidationInfo) -> Standby | None:
        if standby is None:
            return None
        residency = info.data.get("residency")
        if isinstance(residency, Residency):
            fault = outside("the standby", standby.region, residency.boundary)
            if fault is not None:
                raise fault
        raise refusal(
            "a standby is not built by this version",
            consequence="Nothing would take over when the region fails, although the file says so.",
            remedy="Remove standby until a version builds it.",
        )


def outside(what: str, name: str, boundary_name: str) -> PydanticCustomError | None:
    """The fault of an AWS region outside a boundary, None where it lies inside. Both names must be known."""
    boundary, place = geography.boundary(boundary_name), geography.region("aws", name)
    if boundary.holds(place):
        return None
    inside = [r.name for r in geography.regions(place.cloud) if r.kind == "region" and boundary.holds(r)]
    around = [b.name for b in geography.boundaries() if b.holds(place)]
    choose = f"a region inside {boundary.name} ({', '.join(inside[:6])}{', …' if len(inside) > 6 else ''})"  # noqa: PLR2004
    return refusal(
        f"{what} {name} ({place.country}, jurisdiction {place.jurisdiction}) lies outside the boundary "
        f"{boundary.name}: {boundary.title}",
        consequence="The data would leave its home shore: this is what the boundary forbids.",
        remedy=f"Choose {choose}, " * bool(inside) + f"{'or ' * bool(inside)}a boundary that holds it "
        f"({', '.join(around[:6])}).",
        at="region",
    )
