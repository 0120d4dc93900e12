"""What a key may say on which cloud and in which place: pure functions that return a refusal, or None."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple, cast

from pydantic_core import PydanticCustomError

import geography
from components.placement import BUILT, TITLES, AwsPlacement, AzurePlacement, GcpPlacement, Placement, region_check
from components.refusal import refusal
from stacks.retention import replay, stages
from stacks.sections import Budget, Extent, KeySettings, Network, ProcessorSettings, Retention, Storage

PLACEMENTS = {"aws": AwsPlacement, "azure": AzurePlacement, "gcp": GcpPlacement}
# The first is what a placement means that does not say; a list of one is all that the cloud's offer runs on.
ARCHITECTURES = {"aws": ("arm64", "x86_64"), "azure": ("x86_64",), "gcp": ("x86_64",)}
# Azure: Functions, Flex Consumption. Google Cloud: Cloud Run, container runtime contract.
RUNS_ON = {"azure": "Flex Consumption", "gcp": "Cloud Run"}
# AWS and Azure rotate once a year by their own default; the CIS benchmark of Google Cloud asks for 90 days at most.
ROTATION_DAYS = {"aws": 365, "azure": 365, "gcp": 90}
SHOWN_NAMES = 6


class Place(NamedTuple):
    """Where a stack stands, as far as its file says so: the region is None while its name is missing or unknown.

    The placement may have other faults all the same. `billed` says whether a budget can be declared for it.
    """

    cloud: str
    region: geography.Region | None
    billed: bool


def place_of(placement: Placement) -> Place:
    """The place of a valid placement."""
    billed = placement.cloud != "gcp" or placement.billing_account is not None
    return Place(placement.cloud, geography.region(placement.cloud, placement.region), billed)


def sketched(placement: object) -> Place | None:
    """The place that a placement means as it stands in the file, valid or not; None while its cloud is not known."""
    if not isinstance(placement, dict):
        return None
    stated = cast("dict[str, object]", placement)
    cloud = stated.get("cloud")
    if not isinstance(cloud, str) or cloud not in BUILT:
        return None
    billed = cloud != "gcp" or stated.get("billing_account") is not None
    try:
        region = geography.region(cloud, str(stated.get("region")))
    except geography.UnknownRegion:
        return Place(cloud, None, billed)
    return Place(cloud, region if region.kind == "region" else None, billed)


def guessed_cloud(placement: Mapping[str, object]) -> str | None:
    """The cloud that a placement may mean whose `cloud` is missing or wrong.

    By a near name, by its other keys, or by a region that only one cloud has; None where nothing tells.
    """
    cloud = placement.get("cloud")
    near = get_close_matches(cloud.strip().lower(), BUILT, n=1, cutoff=0.5) if isinstance(cloud, str) else []
    if near:
        return near[0]
    common = set(placement).intersection(*(kind.model_fields for kind in PLACEMENTS.values()))
    own = set(placement) - common
    by_keys = [name for name, kind in PLACEMENTS.items() if own & set(kind.model_fields)]
    by_region = [place.cloud for place in geography.regions() if place.name == placement.get("region")]
    return by_keys[0] if by_keys else by_region[0] if len(by_region) == 1 else None


def outside(what: str, place: geography.Region, boundary: geography.Boundary) -> PydanticCustomError | None:
    """The fault of a region outside a boundary, None where it lies inside."""
    if boundary.holds(place):
        return None
    around = ", ".join([b.name for b in geography.boundaries() if b.holds(place)][:SHOWN_NAMES])
    choices = [*_inside(place.cloud, boundary), f"a boundary that holds it ({around})"]
    return refusal(
        f"{what} {_described(place)} lies outside the boundary {boundary.name}: {boundary.title}",
        consequence="The data would leave its home shore: this is what the boundary forbids.",
        remedy=f"Choose {', or '.join(choices)}.",
        at="region",
    )


def _inside(cloud: str, boundary: geography.Boundary) -> list[str]:
    names = [r.name for r in geography.regions(cloud) if r.kind == "region" and boundary.holds(r)]
    more = ", …" * (len(names) > SHOWN_NAMES)
    return [f"a region inside {boundary.name} ({', '.join(names[:SHOWN_NAMES])}{more})"] if names else []


def _described(place: geography.Region) -> str:
    return f"{place.name} ({place.country}, jurisdiction {place.jurisdiction})"


def without_services(
    place: geography.Region, names: tuple[str, ...], boundary: geography.Boundary | None, at: str = "region"
) -> PydanticCustomError | None:
    """The fault of a region that is known to lack one of the services `names`, None where none is known to.

    `at` is the key that asks for them.
    """
    lacking = geography.unavailable(place.cloud, place.name, names, boundary=boundary)
    if not lacking:
        return None
    titles = " and ".join(each.service.title for each in lacking)
    near = [name for name in lacking[0].near if all(name in each.near for each in lacking)][:SHOWN_NAMES]
    within = f" inside {boundary.name}" if boundary else ""
    return refusal(
        f"the region {place.name} does not offer {titles} (as of {lacking[0].as_of}: {lacking[0].source})",
        consequence="The stack uses it; nothing is placed elsewhere in silence, so the deployment would fail there.",
        remedy=f"Choose a region{within} that has it, such as {', '.join(near)}."
        if near
        else f"No other region{within} is known to have it: choose a wider boundary, or another cloud.",
        at=at,
    )


def unreachable(network: Network, place: Place, boundary: geography.Boundary | None) -> PydanticCustomError | None:
    """Why a network without a way to the internet cannot reach what the processor calls, None where it can."""
    if network.mode != "private" or place.region is None:
        return None
    return without_services(place.region, geography.services_of(place.cloud, "private"), boundary, at="mode")


def wrong_standby(
    name: str, place: Place, boundary: geography.Boundary | None, *, private: bool
) -> PydanticCustomError | None:
    """Why the region `name` cannot stand by for `place`, None where it can; `private` says what its network is."""
    try:
        other = geography.region(place.cloud, region_check(place.cloud)(name))
    except PydanticCustomError as unknown:
        told = cast("dict[str, str]", unknown.context)
        return refusal(told["problem"], consequence=told["consequence"], remedy=told["remedy"], at="region")
    home = place.region
    if home is None:
        return None if boundary is None else outside("the standby", other, boundary)
    partners = geography.partners(home.cloud, home.name, boundary.name) if boundary else ()
    found = ", ".join(each.region.name for each in partners[:SHOWN_NAMES])
    remedy = (
        f"Choose {'one of ' * (len(partners) > 1)}{found}."
        if found
        else "Remove standby: no other region of the cloud there can stand by."
    )
    if other.name == home.name:
        return refusal(
            f"the standby {name} is the placement's own region",
            consequence="It would fail together with the region that it stands by for.",
            remedy=remedy,
            at="region",
        )
    if boundary is not None and not boundary.holds(other):
        return refusal(
            f"the pair {home.name} and {other.name} leaves the boundary {boundary.name}: the standby "
            f"{_described(other)} lies outside {boundary.title}",
            consequence="Every copy for the standby would leave its home shore: this is what the boundary forbids.",
            remedy=remedy,
            at="region",
        )
    if geography.world(other) != geography.world(home):
        return refusal(
            f"the regions {home.name} and {other.name} belong to separate worlds of {TITLES[home.cloud]} "
            f"({geography.world(home) or 'public'} and {geography.world(other) or 'public'})",
            consequence="Nothing is replicated from one to the other, and no account belongs to both.",
            remedy=remedy,
            at="region",
        )
    inside = geography.services_of(place.cloud, "private") if private else ()
    return without_services(other, (*geography.standby_services(place.cloud), *inside), boundary)


def wrong_redundancy(storage: Storage, place: Place, boundary: geography.Boundary | None) -> PydanticCustomError | None:
    """Why the store cannot be kept as redundant as asked for, None where it can."""
    asked = storage.redundancy
    if place.cloud != "azure":
        return None if asked == "zone" else _only_zones(asked, place.cloud)
    home = place.region
    if home is None:
        return None
    pair = geography.pair_of(home)
    if asked == "pair" and pair is None:
        return refusal(
            f"the region {home.name} has no paired region",
            consequence="There is no place for the copies that `pair` asks for.",
            remedy="Use redundancy: zone, and standby for a copy in a region that you choose.",
            at="redundancy",
        )
    if asked == "pair" and pair is not None and boundary is not None and not boundary.holds(pair):
        return refusal(
            f"the pair {home.name} and {pair.name} leaves the boundary {boundary.name}: {_described(pair)} lies "
            f"outside {boundary.title}",
            consequence="Azure would copy every object there: this is what the boundary forbids.",
            remedy="Use redundancy: zone, or standby with a region inside the boundary.",
            at="redundancy",
        )
    if asked != "local" and geography.missing("azure", home.name, ("storage-zrs",)):
        return refusal(
            f"the region {home.name} has no availability zones, so its storage cannot be kept in several",
            consequence=f"Azure would refuse redundancy: {asked}, which is "
            f"{'the default' if 'redundancy' not in storage.model_fields_set else 'asked for'}.",
            remedy="Use redundancy: local, and standby for a copy elsewhere, or choose a region with zones.",
            at="redundancy",
        )
    return None


def _only_zones(asked: str, cloud: str) -> PydanticCustomError:
    title = TITLES[cloud]
    instead = {
        "pair": "Use redundancy: zone, and standby for copies in a second region that you choose.",
        "local": "Use redundancy: zone, which is what every store there is.",
    }
    return refusal(
        f"{title} has no storage redundancy {asked}",
        consequence={
            "pair": f"{title} pairs no regions, so there is no place for the copies.",
            "local": f"Stores of {title} keep copies in several zones of the region always.",
        }[asked],
        remedy=instead[asked],
        at="redundancy",
    )


def wrong_key(key: KeySettings, cloud: str) -> PydanticCustomError | None:
    """Why the cloud's keys cannot be so, None where they can."""
    if key.expires is None or cloud == "azure":
        return None
    return refusal(
        f"a key of {TITLES[cloud]} does not expire",
        consequence="The date would do nothing, although the file says so.",
        remedy="Remove expires; rotation_days says how often the key's material is replaced.",
        at="expires",
    )


def wrong_budget(budget: Budget, cloud: str) -> PydanticCustomError | None:
    """Why the cloud has no such budget, None where it has."""
    if (budget.starts is not None) == (cloud == "azure"):
        return None
    if cloud == "azure":
        return refusal(
            "budget.starts is missing",
            consequence="Azure makes no budget without the day from which it counts.",
            remedy="Add starts: the first day of the month in which the stack is made, and leave it so afterwards.",
            at="starts",
        )
    return refusal(
        f"a budget of {TITLES[cloud]} has no first day",
        consequence="The date would do nothing, although the file says so.",
        remedy="Remove starts: the budget counts each month from its first day.",
        at="starts",
    )


def wrong_architecture(processor: ProcessorSettings, cloud: str) -> PydanticCustomError | None:
    """Why the processor cannot run on the architecture, None where it can."""
    if processor.architecture in ARCHITECTURES[cloud]:
        return None
    runs = " or ".join(ARCHITECTURES[cloud])
    return refusal(
        f"{RUNS_ON[cloud]}, where the processor runs on {TITLES[cloud]}, runs {runs} only",
        consequence=f"A package that is built for {processor.architecture} would not start.",
        remedy=f"Write architecture: {runs}, or remove it: it follows from the placement.",
        at="architecture",
    )


def wrong_replay(retention: Retention, cloud: str) -> PydanticCustomError | None:
    """Why no offer of the cloud's stream keeps events for so long, None where one does."""
    most = replay(cloud)
    if retention.replay_hours <= most.longest_hours:
        return None
    return refusal(
        f"the stream would have to keep events for {retention.replay_hours} hours, and {most.offer} keeps them for "
        f"{most.longest_hours} at most",
        consequence=f"{TITLES[cloud]} would refuse the stream.",
        remedy=f"Set replay_hours to {most.longest_hours} or less; what is older is replayed from the lake.",
        at="replay_hours",
    )


def wrong_stages(retention: Retention, cloud: str) -> PydanticCustomError | None:
    """Why the cloud's storage classes cannot be used as retention says, None where they can."""
    for stage in stages(cloud, retention.hot_days, retention.cool_days, retention.delete_after_days):
        kind, length = stage.storage_class, stage.end - stage.start
        if stage.start < kind.earliest_day:
            return refusal(
                f"objects would move to {kind.name} on day {stage.start}; the earliest is day {kind.earliest_day}",
                consequence="The cloud refuses the bucket's lifecycle rule.",
                remedy=f"Set {kind.entered_by} to {kind.earliest_day} or more, or equal to the next one to skip "
                f"{kind.name}.",
                at=kind.entered_by,
            )
        if stage.ends_early:
            following = "cool_days" if kind.entered_by == "hot_days" else "delete_after_days"
            # Deleted on the very day of the next move: the two days have to grow together.
            both = " and delete_after_days" * (stage.last and following == "cool_days")
            counted = (
                f"objects would stay in {kind.name} for {length} day{'s' * (length != 1)} "
                f"(day {stage.start} to {stage.end})"
                if kind.counted_from == "entry"
                else f"objects would be deleted from {kind.name} on day {stage.end} of their life"
            )
            return refusal(
                f"{counted}; its minimum stay is {kind.minimum_stay_days}",
                consequence=f"Each object is billed for {kind.minimum_stay_days} days there all the same, "
                "and for the move.",
                remedy=f"Set {following}{both} to {stage.earliest_end} or more, or make the two equal to skip "
                f"{kind.name}.",
                at=following,
            )
    return None


def unbilled(place: Place) -> PydanticCustomError | None:
    """Why no budget can be declared for the placement, None where one can."""
    if place.billed:
        return None
    return refusal(
        "Google Cloud declares a budget on a billing account, and placement.billing_account is missing",
        consequence="There would be nothing to declare the budget on, so nobody would be warned.",
        remedy="Add billing_account to placement (`gcloud billing accounts list` shows it), or remove budget.",
    )


def keyless_baseline(cloud: str) -> PydanticCustomError | None:
    """Why a baseline of the cloud takes no settings of a key, None where it has a key."""
    if cloud != "azure":
        return None
    return refusal(
        "a baseline on Azure makes no key",
        consequence="The settings would do nothing, although the file says so.",
        remedy="Remove key: a workspace for logs takes a key of one's own only in a dedicated cluster.",
    )


def empty_baseline(extent: Extent, cloud: str) -> PydanticCustomError | None:
    """Why a baseline of one region only would hold nothing on the cloud, None where it holds something."""
    if extent.account_wide or cloud != "gcp":
        return None
    return refusal(
        "a baseline on Google Cloud without account_wide would hold nothing",
        consequence="All that Google Cloud has only once, it has once per project.",
        remedy="Set account_wide: true, and keep one baseline stack per project.",
        at="account_wide",
    )
