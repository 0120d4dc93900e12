"""The sections of the stack file: frozen plain data, each key explained once, here.

The descriptions are the source of the JSON schema, of docs/stack-file.md and of the remedies in error messages. What a
section may say on which cloud is checked in stacks.models, which knows the placement.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

import geography
from components.refusal import refusal
from stacks import fields


class Blueprint(StrEnum):
    """What a stack builds."""

    STREAMING = "streaming"
    BASELINE = "baseline"


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


class Transfer(Section):
    """Data that leaves the boundary, and by which right. No exemption: see docs/transfers.md."""

    what: fields.Sentence = Field(description="What is transferred, in a few words.", examples=["pseudonymised clicks"])
    destination: fields.Destination = Field(
        description="Where to: a jurisdiction, an ISO country code, or a boundary.", examples=["uk"]
    )
    recipient: fields.Sentence = Field(description="Who receives it, by name.", examples=["Example Analytics Ltd"])
    basis: Literal["adequacy", "scc", "bcr", "consent", "derogation"] = Field(
        description="By which right: a decision of adequacy, standard contractual clauses, binding corporate rules, "
        "consent, or another derogation. The law of every jurisdiction of residency.boundary must know it; "
        "`geography/grounds.csv` says which does, and what it may lower.",
        examples=["adequacy"],
    )
    reference: fields.Sentence = Field(
        description="Where it is written down: the contract, assessment or ticket.", examples=["DPO-117"]
    )
    expires: fields.Day = Field(
        description="The last day, in quotes, within a year: somebody decides again before it. Expired, it fails every "
        "check and lowers nothing; 30 days before, the check warns.",
        examples=["2027-06-30"],
    )
    rules: tuple[fields.RuleId, ...] = Field(
        default=(),
        max_length=50,
        description="The rules whose findings it may lower; all that its basis allows when empty.",
        examples=[["SOV-AWS-003"]],
    )
    resources: tuple[fields.Identifier, ...] = Field(
        default=(),
        max_length=50,
        description="The resources, by name or URN, whose findings it may lower; all when empty.",
        examples=[["pipeline-lake"]],
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
        default=24,
        description="Hours that the stream keeps raw events for another reading: 24 to 8760 on AWS, "
        "to 2160 on Azure, to 744 on Google Cloud; less in their smaller offers.",
    )
    hot_days: fields.Days = Field(
        default=30,
        description="Days in the standard storage class, before objects move to a cooler one (Standard-IA, Cool, "
        "Nearline).",
    )
    cool_days: fields.Days = Field(
        default=150,
        description="Day of an object's life on which it moves on to the coldest class that answers at once (Glacier "
        "Instant Retrieval, Cold, Coldline).",
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


class Budget(Section):
    """What the stack may cost."""

    monthly_usd: fields.Dollars = Field(
        description="US dollars per month; the owner's contact is warned on the way there. On Google Cloud it needs "
        "placement.billing_account.",
        examples=[9000],
    )
    starts: fields.FirstDay | None = Field(
        default=None,
        description="On Azure only, and required there: the first day of a month, in quotes, from which the budget "
        "counts. When the stack is made, that month must not be over; the day is never changed afterwards.",
        examples=["2026-12-01"],
    )


class Standby(Section):
    """A second region that takes over."""

    region: fields.Identifier = Field(
        description="The region that takes over, another one of the placement's cloud; it must lie inside "
        "residency.boundary too. `homeshore plan standby REGION` finds one.",
        examples=[next(r.name for r in geography.regions("aws") if r.country == "IE")],
    )


class ProcessorSettings(Section):
    """What the processor's code runs on."""

    architecture: Literal["arm64", "x86_64"] = Field(
        description="The architecture of the processor's machines; derived from the placement when absent: arm64 on "
        "AWS, where it costs about a fifth less, x86_64 on Azure and Google Cloud, which offer no other.",
        examples=["x86_64"],
    )
    runtime: Literal["python3.12", "python3.13"] = Field(
        default="python3.13", description="The processor's Python, which its packaged dependencies are built for."
    )


class Slo(Section):
    """What the stack promises its readers."""

    freshness_minutes: fields.Minutes = Field(
        description="Minutes after which an event is visible to SQL; derived from latency when absent "
        f"({', '.join(f'{name} {minutes}' for name, minutes in FRESHNESS_MINUTES.items())}).",
        examples=[5],
    )
    refresh_minutes: fields.Minutes | None = Field(
        default=None,
        description="Minutes between two refreshes of silver and gold; bronze is fresh all the same. Each refresh "
        "reads whole days of it, so without a number the plan chooses: hourly for a small workload, daily for a large.",
        examples=[60],
    )


class Storage(Section):
    """How many places of the cloud hold a copy of each object."""

    redundancy: Literal["local", "zone", "pair"] = Field(
        default="zone",
        description="zone: copies in several zones of the region. On Azure also local (one datacentre) and pair "
        "(zones, and the region that Azure pairs with, which must lie inside the boundary). AWS and Google Cloud keep "
        "copies in several zones always; a copy in another region is what standby makes.",
    )


class KeySettings(Section):
    """The region's own encryption key."""

    rotation_days: fields.RotationDays = Field(
        description="Days after which the key's material is replaced, 90 to 365; old data stays readable. Derived from "
        "the placement when absent: 365 on AWS and Azure, 90 on Google Cloud, where the benchmarks (CIS) ask for it.",
        examples=[90],
    )
    deletion_days: fields.DeletionDays = Field(
        default=30, description="Days during which a deletion of the key can be undone, 7 to 30."
    )
    expires: fields.Day | None = Field(
        default=None,
        description="On Azure only: the day, in quotes, on which the key's first version expires. It is replaced 30 "
        "days before, whatever rotation_days says; later versions follow rotation_days. Absent, the first version "
        "follows rotation_days too, and expires at the end of 2035. Azure reads it when it makes the key: one that "
        "exists stays as it is. Keys of AWS and Google Cloud do not expire.",
        examples=["2030-01-31"],
    )


class StreamSettings(Section):
    """What the stream promises its consumers."""

    ordered: fields.Flag = Field(
        default=False,
        description="Keep the order of events with one key where the cloud does so only on request: Pub/Sub, at a "
        "lower throughput per key. Kinesis and Event Hubs keep it always.",
    )


class Baseline(Section):
    """Who looks after what exists once per account or project and region."""

    managed_by: Literal["stack", "platform"] = Field(
        default="stack",
        description="stack: a baseline stack of this project. platform: somebody else, so account-wide rules are not "
        "evaluated here.",
    )


class Extent(Section):
    """How much of what exists only once a baseline stack looks after."""

    account_wide: fields.Flag = Field(
        default=True,
        description="Whether the stack also declares what the whole account or subscription has once, not only what "
        "its region has: true in one baseline stack of an account, false in those of its further regions.",
    )


class BroughtNetwork(Section):
    """A network that exists already, in the words of the placement's cloud."""

    subnet_ids: tuple[fields.Identifier, ...] = Field(
        default=(),
        max_length=16,
        description="AWS: the subnets for the processor's interfaces, one per zone.",
        examples=[["subnet-0a1b2c3d4e5f60718"]],
    )
    guard_ids: tuple[fields.Identifier, ...] = Field(
        default=(),
        max_length=5,
        description="AWS: the security groups that limit the processor's connections.",
        examples=[["sg-0a1b2c3d4e5f60718"]],
    )
    processor_subnet: fields.Identifier | None = Field(
        default=None, description="Azure: resource id of the subnet delegated to the function app."
    )
    jobs_subnet: fields.Identifier | None = Field(
        default=None, description="Azure: resource id of the subnet delegated to the sink's job environment."
    )
    endpoints_subnet: fields.Identifier | None = Field(
        default=None, description="Azure: resource id of the subnet in which the private endpoints lie."
    )
    network: fields.Identifier | None = Field(
        default=None, description="Google Cloud: the VPC network, projects/PROJECT/global/networks/NAME."
    )
    subnetwork: fields.Identifier | None = Field(
        default=None,
        description="Google Cloud: the subnetwork in the placement's region, "
        "projects/PROJECT/regions/REGION/subnetworks/NAME.",
    )


class Bring(Section):
    """What exists already and is used instead of being made; it must lie in the placement's region."""

    key: fields.Identifier | None = Field(
        default=None,
        description="The encryption key: a KMS key ARN (AWS), the resource id of a Key Vault key (Azure), or "
        "projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY (Google Cloud).",
    )
    bucket: fields.Identifier | None = Field(
        default=None,
        description="The lake's store: a bucket's name (AWS, Google Cloud) or a blob container's resource id (Azure).",
    )
    network: BroughtNetwork | None = Field(
        default=None, description="The network that the processor runs in, with network.mode private."
    )
    permission_boundary: fields.Identifier | None = Field(
        default=None, description="On AWS only: ARN of the IAM policy that bounds every role of the stack."
    )
    cluster: fields.Identifier | None = Field(
        default=None,
        description="On Azure only: resource id of the Event Hubs Dedicated cluster that carries the stream.",
    )
