"""`homeshore plan`: what a workload needs, and where it can fail over. Subcommands are siblings."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import click

import geography
from homeshore.errors import UserError

if TYPE_CHECKING:
    from stacks.models import Latency, Retention, Slo
    from stacks.sizing import CapacityPlan, Load, Site

VERSION = 1
LATENCIES = ("realtime", "interactive", "economy")


class Place(NamedTuple):
    """Where the load is carried."""

    cloud: str
    region: str


class EventRate(NamedTuple):
    """Events per second."""

    average: int
    peak: int


class Workload(NamedTuple):
    """The load that the options state."""

    events_per_second: EventRate
    event_bytes: int


class Request(NamedTuple):
    """What a plan is asked for: `origin` is the stack file, or the options."""

    origin: str
    stack: str | None
    place: Site
    workload: Load
    latency: Latency
    retention: Retention
    slo: Slo


@click.group()
def command() -> None:
    """What a workload needs, with the reason for each number, and where it can fail over.

    Example: homeshore plan size dev
    """


@command.command()
@click.argument("stack", required=False)
@click.option("--cloud", help="The cloud, when no STACK is named.  [default: aws]")
@click.option("--region", help="The region, as the cloud writes it (see `homeshore regions`).")
@click.option("--eps", type=click.IntRange(min=1), help="Events per second, averaged over a month.")
@click.option("--peak", type=click.IntRange(min=1), help="Events per second in the busiest minute.  [default: --eps]")
@click.option("--bytes", "event_bytes", type=click.IntRange(min=1), help="Bytes of one event as it is sent.")
@click.option("--latency", type=click.Choice(LATENCIES), help="How fast events must arrive.  [default: interactive]")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with the source of every limit.")
def size(
    stack: str | None,
    *,
    cloud: str | None,
    region: str | None,
    eps: int | None,
    peak: int | None,
    event_bytes: int | None,
    latency: str | None,
    as_json: bool,
) -> None:
    """Capacity for STACK's workload, or for the load that the options state.

    Each number comes with its reason and the limit that drove it.

    \b
    Example: homeshore plan size dev
    Example: homeshore plan size --eps 30000 --peak 100000 --bytes 1024 --region REGION

    \b
    JSON: {"version": 1, "stack", "placement", "workload", "latency",
      "decisions": [{"name", "value", "unit", "reason", "limit", "source", "confidence", "assumptions"}],
      "plan": {"stream", "processor", "storage", "operations", "sink" where a job writes silver and gold}}
    """
    from stacks.sizing import SizingError, plan

    options = {"--cloud": cloud, "--region": region, "--eps": eps, "--peak": peak, "--bytes": event_bytes}
    given = [name for name, value in {**options, "--latency": latency}.items() if value is not None]
    if stack is not None:
        if given:
            raise UserError(
                f"{', '.join(given)}: name a stack or a load, not both; the stack file states its own load."
            )
        request = _from_stack(stack)
    else:
        if eps is None or event_bytes is None or region is None:
            missing = [name for name in ("--eps", "--bytes", "--region") if options[name] is None]
            raise UserError(f"name a stack, or state the load: {', '.join(missing)} missing.")
        load = Workload(EventRate(eps, eps if peak is None else peak), event_bytes)
        request = _from_options(_place(cloud or "aws", region), load, latency or "interactive")
    try:
        capacity = plan(request.place, request.workload, request.latency, request.retention, request.slo)
    except SizingError as fault:
        raise UserError(f"{request.origin}: {fault}") from None
    if as_json:
        _print_json(request, capacity)
    else:
        from homeshore.capacity_table import print_plan

        print_plan(_title(request), capacity)


@command.command()
@click.argument("target", metavar="REGION|STACK")
@click.option("--cloud", type=click.Choice(geography.CLOUDS), help="The cloud of REGION.  [default: that which has it]")
@click.option(
    "--boundary",
    metavar="NAME",
    help="What the standby must not leave (see `homeshore regions --boundaries`).  [default: REGION's jurisdiction]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document (shape below) instead of text.")
def standby(target: str, *, cloud: str | None, boundary: str | None, as_json: bool) -> None:
    """Regions that can stand by for REGION, or for STACK's region, inside the boundary.

    A partner has every service that the stack uses, as far as the sources say; where they say nothing, the service is
    named. Exits 1 where no region inside can stand by, with the reason.

    \b
    Example: homeshore plan standby dev
    Example: homeshore plan standby REGION --boundary eu+uk

    \b
    JSON: {"version": 1, "stack", "placement": {"cloud", "region"}, "boundary", "services": [name],
      "partners": [{"region", "country", "own_pair", "same_country", "unknown": [service]}],
      "ruled_out": [{"region", "reason"}], "pair_outside",
      "replication": [{"cloud", "subject", "copied", "text", "source"}]}
    """
    import json

    from homeshore.errors import Verdict
    from homeshore.planning import standby as body

    found = body.answer(body.question(target, cloud, boundary))
    if as_json:
        click.echo(json.dumps(body.document(found), indent=2, ensure_ascii=False))
    else:
        body.print_answer(found)
    if not found.partners:
        raise Verdict(body.none_found(found))


def _from_stack(stack: str) -> Request:
    from homeshore.stackfile import load_stack

    _, path, loaded = load_stack(stack)
    config = loaded.config
    return Request(path.name, stack, config.placement, config.workload, config.latency, config.retention, config.slo)


def _from_options(place: Place, workload: Workload, latency: str) -> Request:
    from stacks.models import FRESHNESS_MINUTES, Latency, Retention, Slo

    chosen = Latency(latency)
    slo = Slo(freshness_minutes=FRESHNESS_MINUTES[chosen])
    return Request("plan size", None, place, workload, chosen, Retention(), slo)


def _place(cloud: str, region: str) -> Place:
    try:
        found = geography.region(cloud, region)
    except geography.UnknownRegion as fault:
        near = f" Did you mean {' or '.join(fault.suggestions)}?" if fault.suggestions else ""
        raise UserError(f"{fault}.{near} `homeshore regions` lists them all.") from None
    if found.kind != "region":
        raise UserError(
            f"{region} is a {found.kind} location of {cloud}, not a region. `homeshore regions` lists them."
        )
    return Place(cloud, region)


def _title(request: Request) -> str:
    rate = request.workload.events_per_second
    where = f"{request.place.cloud} {request.place.region}"
    return (
        f"{request.stack or 'plan'}: {where}, {rate.average:,} events/s on average, {rate.peak:,} at peak, "
        f"{request.workload.event_bytes:,} B each, {request.latency.value}"
    )


def _print_json(request: Request, capacity: CapacityPlan) -> None:
    import json

    rate = request.workload.events_per_second
    numbers = asdict(capacity)
    document = {
        "version": VERSION,
        "stack": request.stack,
        "placement": {"cloud": request.place.cloud, "region": request.place.region},
        "workload": {
            "events_per_second": {"average": rate.average, "peak": rate.peak},
            "event_bytes": request.workload.event_bytes,
        },
        "latency": request.latency.value,
        "decisions": numbers.pop("decisions"),
        "plan": {part: values for part, values in numbers.items() if values is not None},
    }
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
