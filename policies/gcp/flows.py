"""Where data of Google Cloud goes: subscriptions, jobs, functions, log sinks, transfers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from policies.facts import rows
from policies.gcp.where import (
    ANYWHERE,
    BUCKET,
    DATASET,
    DATASET_DEFAULT,
    leads_inside,
    location,
    must_lie_inside,
    named,
    named_of,
    or_default,
    outside,
    places_of_host,
    target_lies_inside,
)
from policies.rules import Case, Said, rule
from policies.values import Reading

HOST: Final = re.compile(r"(?:[a-z]+:)?(?://)?(?:[^@/?#]*@)?([^/:?#@]+)")
WRITTEN: Final = (
    ("bucket", re.compile(r"gs://")),
    ("topic", re.compile(r"projects/[^/]+/topics/")),
    ("dataset", re.compile(r"(?:[\w.-]+:)?[\w-]+[.:][\w-]+\.[\w$-]+$|[\w.-]+:\w+\.[\w$-]+$")),
)
"""How a job's parameter looks that names something to write to."""
SUBSCRIPTION: Final = "gcp:pubsub/subscription:Subscription"
JOBS: Final = ("gcp:dataflow/job:Job", "gcp:dataflow/flexTemplateJob:FlexTemplateJob")
FUNCTION: Final = "gcp:cloudfunctions/function:Function"
FUNCTION_2: Final = "gcp:cloudfunctionsv2/function:Function"
SINKS: Final = tuple(
    f"gcp:logging/{one[0].lower()}{one[1:]}:{one}"
    for one in ("ProjectSink", "FolderSink", "OrganizationSink", "BillingAccountSink")
)
LOG_BUCKETS: Final = tuple(
    f"gcp:logging/{one[0].lower()}{one[1:]}:{one}"
    for one in ("ProjectBucketConfig", "FolderBucketConfig", "OrganizationBucketConfig", "BillingAccountBucketConfig")
)
TRANSFER: Final = "gcp:bigquery/dataTransferConfig:DataTransferConfig"
BIGQUERY_JOB: Final = "gcp:bigquery/job:Job"
TABLES_OF_JOBS: Final = (
    *("copy.sourceTables[]", "copy.destinationTable", "extract.sourceTable", "load.destinationTable"),
    *("query.destinationTable", "query.defaultDataset"),
)
"""Blocks of a BigQuery job by whose dataset BigQuery tells where to run it."""
TRANSFER_JOB: Final = "gcp:storage/transferJob:TransferJob"
SERVICES: Final = (FUNCTION, FUNCTION_2, "gcp:cloudrunv2/service:Service", "gcp:cloudrun/service:Service")


class Destination(NamedTuple):
    """A row of the table: an input through which data leaves, and what kind of thing it names."""

    path: str
    kind: str
    what: str


@cache
def destinations(identity: str, kind: str) -> tuple[Destination, ...]:
    """The destinations of a type that a rule judges."""
    found = (row for row in rows("destinations.csv") if row["rule"] == identity and row["type"] == kind)
    return tuple(Destination(row["path"], row["kind"], row["what"]) for row in found)


def all_lead_inside(case: Case, identity: str, *, placed: bool = False) -> Iterator[Said]:
    """Every destination of the resource that the rule judges.

    `placed`: the resource's own location is said, and BigQuery refuses a dataset that lies elsewhere, but for a copy:
    a table may be copied into another region.
    """
    for row in destinations(identity, case.resource.type):
        kind = "dataset" if row.kind == "table" else row.kind
        for at in _table(case, row.path) if row.kind == "table" else case.read_all(row.path):
            held = placed and kind == "dataset" and not row.path.startswith("copy.")
            if not (held and not named_of(case.stack, case.resource, at, kind)):
                yield from leads_inside(case, at, kind, row.what)


def _table(case: Case, path: str) -> Iterator[Reading]:
    """What names the dataset of a table that is written as a block, or as one name in its id."""
    dataset = case.read(f"{path}.datasetId")
    yield dataset if dataset.present else case.read(f"{path}.tableId")


@rule("SOV-GCP-005", SUBSCRIPTION)
def subscription_delivers_inside(case: Case) -> Iterator[Said]:
    """What a subscription writes, pushes or gives up stays inside."""
    yield from all_lead_inside(case, "SOV-GCP-005")
    at = case.read("pushConfig.pushEndpoint")
    if at.missing:
        return
    services = [
        one
        for urn in case.resource.property_dependencies.get("pushConfig", ())
        if (one := case.stack.by_urn.get(urn)) is not None and one.type in SERVICES
    ]
    if at.unknown:
        for one in services:
            yield from target_lies_inside(case, at, one)
        if not services:
            yield case.unsure(at, "where it leads is known only after the update")
        return
    yield from _push_host(case, at)


def _push_host(case: Case, at: Reading) -> Iterator[Said]:
    found = HOST.match(at.text.strip().lower())
    host = found[1] if found else ""
    stack = case.stack
    if stack.boundary is None or any(
        host == one.lower() or host.endswith(f".{one.lower().lstrip('.')}") for one in stack.parameters.allowed_hosts
    ):
        return
    if at.text in stack.parameters.allowed_destinations:
        return
    regions = places_of_host(host)
    gone = [one.name for one in regions if not stack.holds(one)]
    if gone:
        yield case.fail(at, f"{at.path} delivers to {gone[0]}, outside the boundary {stack.boundary.name}")
    elif not regions:
        yield case.fail(
            at, f"{at.path} delivers to {host or 'a host'}: nobody can tell its region, and it is not allowed by name"
        )
        yield from case.unplaced(at, "the messages")


@rule("SOV-GCP-007", *JOBS)
def job_runs_inside(case: Case) -> Iterator[Said]:
    """A job says its region, works in a zone of it, and writes inside."""
    region = case.read("region")
    if region.missing:
        yield case.fail(region, "region is missing: the job runs wherever its starter's default is")
    yield from must_lie_inside(case, region)
    zone = case.read("zone")
    if zone.unknown:
        yield case.unsure(zone)
    elif zone.text:
        its, said = location(zone.text), location(region.text) if region.text else None
        if its is None or not case.stack.holds(its) or (said is not None and its != said):
            yield case.fail(zone, f"zone {zone.text} is not in the job's region inside the boundary")
    yield from all_lead_inside(case, "SOV-GCP-007")
    yield from _parameters_lead_inside(case)


def _parameters_lead_inside(case: Case) -> Iterator[Said]:
    """What a job's template is told to write to, under whatever name, lies inside where the stack declares it."""
    listed = {row.path for row in destinations("SOV-GCP-007", case.resource.type)}
    for at in case.read_all("parameters.*"):
        name = at.path.removeprefix("parameters.")
        if at.path not in listed and not name.lower().startswith("input"):
            yield from _written_inside(case, at)
    for at in case.read_all("additionalPipelineOptions[]"):
        name, _, value = at.text.removeprefix("--").partition("=")
        if not name.lower().startswith("input"):
            yield from _written_inside(case, Reading(at.path, at.state, value if at.text else None))


def _written_inside(case: Case, at: Reading) -> Iterator[Said]:
    kind = next((kind for kind, form in WRITTEN if form.match(at.text)), "")
    for target in named_of(case.stack, case.resource, at, kind) if kind else ():
        yield from target_lies_inside(case, at, target)


@rule("SOV-GCP-008", FUNCTION, FUNCTION_2)
def function_runs_inside(case: Case) -> Iterator[Said]:
    """A function, the events that start it and its source lie inside."""
    at = case.stack.location(case.resource)
    if at.missing:
        path = "location" if case.resource.type == FUNCTION_2 else "region"
        yield case.fail(path, f"{path} is missing, and no provider says one")
    yield from must_lie_inside(case, at)
    trigger = case.read("eventTrigger.triggerRegion")
    if trigger.among(ANYWHERE):
        yield case.fail(trigger, f"{trigger.path} is global: events of any country come here")
    else:
        yield from must_lie_inside(case, trigger)
    for path in ("buildConfig.source.storageSource.bucket", "sourceArchiveBucket"):
        source = case.read(path)
        for bucket in named(case.stack, case.resource, source, BUCKET):
            yield from target_lies_inside(case, source, bucket)


@rule("SOV-GCP-009", *SINKS)
def sink_leads_inside(case: Case) -> Iterator[Said]:
    """A log sink leads to a place inside."""
    yield from all_lead_inside(case, "SOV-GCP-009")


@rule("SOV-GCP-009", *LOG_BUCKETS)
def log_bucket_lies_inside(case: Case) -> Iterator[Said]:
    """A log bucket lies in a place inside, not everywhere."""
    at = case.read("location")
    if at.missing:
        yield case.fail(at, "location is missing: a log bucket lies where it is said to")
    elif at.among(ANYWHERE):
        yield case.fail(at, "location is global: the log entries may lie in any country")
    else:
        yield from must_lie_inside(case, at)


@rule("SOV-GCP-011", TRANSFER)
def transfer_lands_inside(case: Case) -> Iterator[Said]:
    """A transfer lands in a dataset inside; BigQuery puts it in the United States where nothing is said."""
    at = or_default(case.read("location"), DATASET_DEFAULT)
    yield from must_lie_inside(case, at)
    yield from all_lead_inside(case, "SOV-GCP-011", placed=at.present)


@rule("SOV-GCP-011", BIGQUERY_JOB)
def job_says_where_it_runs(case: Case) -> Iterator[Said]:
    """A job says its location, or works on datasets of the stack; else BigQuery runs it in the United States."""
    at, stack = case.read("location"), case.stack
    if at.present or stack.boundary is None:
        return
    tables = [one for path in TABLES_OF_JOBS for one in case.read_all(f"{path}.datasetId") if one.present]
    tables += [one for path in TABLES_OF_JOBS for one in case.read_all(f"{path}.tableId") if one.present]
    if any(named(stack, case.resource, one, DATASET) for one in tables):
        return
    if any(one.unknown for one in tables):
        yield case.unsure(at, "it is not said, and the datasets that would say it are known only after the update")
    elif outside(stack, or_default(at, DATASET_DEFAULT)):
        yield case.fail(at, "location is missing: BigQuery runs the job in the United States")


@rule("SOV-GCP-011", BIGQUERY_JOB, TRANSFER_JOB)
def copy_lands_inside(case: Case) -> Iterator[Said]:
    """What a job copies, extracts, loads or moves lands inside."""
    at = case.read("location")
    yield from must_lie_inside(case, at)
    yield from all_lead_inside(case, "SOV-GCP-011", placed=at.present)
